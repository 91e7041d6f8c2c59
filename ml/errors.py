"""Every error that `ml` raises on purpose; too little data or signal is a verdict, never an error.

- WarehouseError
  - ModelError           a model's definition and the table it reads do not fit together
    - ArtifactError      a trained model's files are missing or damaged
"""

from __future__ import annotations

from warehouse.errors import WarehouseError


class ModelError(WarehouseError):
    """A model's definition and the table it reads do not fit together."""


class ArtifactError(ModelError):
    """A trained model's files are missing or damaged."""
