"""What every connector to a Pipedrive company shares: address and token."""

from __future__ import annotations

from abc import ABC

from activations.token_account import TokenAccount


class PipedriveAccount(TokenAccount, ABC):
    """One company, and one budget for all that talk to it."""

    shares = "pipedrive"
    key_in = "MILLRACE_PIPEDRIVE_TOKEN"
    needs = (key_in,)
    url_in = "MILLRACE_PIPEDRIVE_URL"
    scale_in = "MILLRACE_PIPEDRIVE_RATE_SCALE"
    vendor_url = "https://api.pipedrive.com"
    header = ("x-api-token", "{}")
