"""What both connectors to a SendGrid account share: address and API key."""

from __future__ import annotations

from abc import ABC

from activations.token_account import TokenAccount


class SendGridAccount(TokenAccount, ABC):
    """One account; contacts and mail have limits of their own."""

    key_in = "MILLRACE_SENDGRID_TOKEN"
    url_in = "MILLRACE_SENDGRID_URL"
    scale_in = "MILLRACE_SENDGRID_RATE_SCALE"
    vendor_url = "https://api.sendgrid.com"
