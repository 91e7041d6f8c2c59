"""Every error that `warehouse` raises on purpose.

- WarehouseError
  - SettingsError        a setting is missing or cannot be read
  - ManifestError        the dbt manifest is missing or says something impossible
  - ContractError        a landing contract or a landing file's columns do not fit together (stops that table only)
  - FileError            one landing file cannot be read at all (the file is set aside, the table goes on)
  - ErasureError         a person cannot be found, or cannot be erased now
  - TokenError           a sealed link was changed, or is none of ours
    - TokenExpired       it was ours, and came too late
  - BusyError            another process holds the warehouse longer than we are willing to wait
"""

from __future__ import annotations


class WarehouseError(Exception):
    """Base of the tree above; its message says what, where and what to do next."""


class SettingsError(WarehouseError):
    """A setting is missing or cannot be read."""


class ManifestError(WarehouseError):
    """The dbt manifest is missing or says something impossible."""


class ContractError(WarehouseError):
    """A landing contract and a file's columns do not fit together."""


class FileError(WarehouseError):
    """One landing file cannot be read at all."""


class BusyError(WarehouseError):
    """Another process holds the warehouse longer than we are willing to wait."""


class ErasureError(WarehouseError):
    """A person cannot be found, or cannot be erased now."""


class TokenError(WarehouseError):
    """A sealed link was changed, or is none of ours."""


class TokenExpired(TokenError):
    """A sealed link was ours, and came too late."""
