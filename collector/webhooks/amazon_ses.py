"""Amazon SES through SNS: an envelope whose message is JSON, signed with the certificate that the envelope names.

Source: the vendor's page on verifying SNS signatures. The secret is the list of topics (ARN) that may send. A
subscription is kept like any envelope and confirmed by hand: its address stands in the landed row.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from collector.errors import unsigned
from collector.received import Received
from collector.signatures import from_base64, matches

TABLE = "amazon_ses/events"
SECRETS = "MILLRACE_WEBHOOK_AMAZON_SES_TOPICS"
HOST = re.compile(r"^sns\.[a-zA-Z0-9-]{3,}\.amazonaws\.com(\.cn)?$")
NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


@lru_cache(maxsize=16)
def certificate(address: str) -> bytes:
    """The PEM at an address of Amazon's; tests put another function in its place."""
    with urlopen(address, timeout=10) as answer:  # noqa: S310 - the address was checked
        return bytes(answer.read(65_536))


def verify(received: Received, secrets: list[str]) -> None:
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
    parts = urlsplit(address)
    if parts.scheme != "https" or not HOST.match(parts.netloc) or not parts.path.endswith(".pem"):
        raise unsigned("the certificate does not lie at Amazon's")
    key = x509.load_pem_x509_certificate(certificate(address)).public_key()
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
