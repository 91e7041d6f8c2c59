"""Amazon SES through SNS: an envelope whose message is JSON, signed with the certificate that the envelope names.

Source: the vendor's page on verifying SNS signatures. The secret is the list of topics (ARN) that may send. A
subscription is kept like any envelope, then confirmed at the address that it names, when that is Amazon's.
"""

from __future__ import annotations

import logging
import re
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from collector.errors import unsigned
from collector.fetch import Fetch, FetchError
from collector.received import Received
from collector.signatures import from_base64, matches

log = logging.getLogger(__name__)

FETCHES = True
TABLE = "amazon_ses/events"
SECRETS = "MILLRACE_WEBHOOK_AMAZON_SES_TOPICS"
HOST = re.compile(r"^sns\.[a-zA-Z0-9-]{3,}\.amazonaws\.com(\.cn)?$")
NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


@lru_cache(maxsize=16)
def certificate(fetch: Fetch, address: str) -> bytes:
    """The PEM at an address of Amazon's."""
    return fetch(address)


def verify(received: Received, secrets: list[str], fetch: Fetch) -> None:
    """The topic is one of ours, the certificate lies at Amazon's, and its key signed the envelope."""
    try:
        envelope = received.json()
        address, signature = str(envelope["SigningCertURL"]), str(envelope["Signature"])
        names = NOTIFICATION if envelope["Type"] == "Notification" else CONFIRMATION
        text = "".join(f"{name}\n{envelope[name]}\n" for name in names if name in envelope)
    except (ValueError, KeyError, TypeError) as error:
        raise unsigned("this is no signed SNS envelope") from error
    for header, name in (("x-amz-sns-message-type", "Type"), ("x-amz-sns-message-id", "MessageId")):
        if received.header(header) != envelope[name]:
            raise unsigned(f"{header} is not the envelope's {name}")
    if not matches(str(envelope.get("TopicArn")), secrets):
        raise unsigned("the topic is none of ours")
    if not _is_amazons(address) or not urlsplit(address).path.endswith(".pem"):
        raise unsigned("the certificate does not lie at Amazon's")
    try:
        key = x509.load_pem_x509_certificate(certificate(fetch, address)).public_key()
    except (FetchError, ValueError) as error:
        # Amazon comes back after a 401 as after any other refusal.
        raise unsigned("the certificate could not be read") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise unsigned("the certificate has no RSA key")
    method = SHA256() if str(envelope.get("SignatureVersion")) == "2" else SHA1()  # noqa: S303 - version 1 is SHA-1
    try:
        key.verify(from_base64(signature), text.encode(), padding.PKCS1v15(), method)
    except InvalidSignature as error:
        raise unsigned("the signature does not fit") from error


def rows(received: Received) -> list[Any]:
    """The envelope as it came."""
    return [received.json()]


def after(received: Received, fetch: Fetch) -> None:
    """Confirm a subscription once its envelope is on disk; what fails is logged, and its row still says where."""
    envelope = received.json()
    topic, kind = str(envelope.get("TopicArn")), envelope.get("Type")
    if kind == "UnsubscribeConfirmation":
        log.warning("SNS has ended the subscription of %s: nothing more comes from it", topic)
    if kind != "SubscriptionConfirmation":
        return
    address = str(envelope.get("SubscribeURL"))
    asked = parse_qs(urlsplit(address).query)
    wanted = {"Action": ["ConfirmSubscription"], "TopicArn": [topic]}
    if not _is_amazons(address) or any(asked.get(name) != wanted[name] for name in wanted):
        log.error(
            "the subscription of %s was not confirmed: its SubscribeURL is not Amazon's", topic
        )
        return
    try:
        fetch(address)
    except FetchError as error:
        log.error(
            "the subscription of %s was not confirmed: %s; ask SNS to send the request once more",
            topic,
            error,
        )
    else:
        log.info("the subscription of %s is confirmed", topic)


def _is_amazons(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" and bool(HOST.fullmatch(parts.netloc))
