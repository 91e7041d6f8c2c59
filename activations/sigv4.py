"""Signs requests for Amazon Web Services (Signature Version 4).

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (read 2026-11).
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, quote, urlsplit

import requests

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class Signer:
    """Puts a signature on each request of one service in one region."""

    key_id: str
    secret: str
    region: str
    service: str
    session_token: str = ""

    def sign(self, request: requests.PreparedRequest, moment: datetime) -> requests.PreparedRequest:
        """Add the headers that prove who sends `request` at `moment` (UTC)."""
        url = urlsplit(str(request.url))
        body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
        stamp, day = moment.strftime("%Y%m%dT%H%M%SZ"), moment.strftime("%Y%m%d")
        signed = {"host": url.netloc, "x-amz-date": stamp}
        if self.session_token:
            signed["x-amz-security-token"] = self.session_token
        names = ";".join(sorted(signed))
        canonical = "\n".join(
            [
                str(request.method),
                # Every service but S3 encodes the path, which is encoded already, once more.
                quote(url.path or "/", safe="/-_.~"),
                _query(url.query),
                *(f"{name}:{signed[name].strip()}" for name in sorted(signed)),
                "",
                names,
                hashlib.sha256(body).hexdigest(),
            ]
        )
        scope = f"{day}/{self.region}/{self.service}/aws4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = "\n".join([ALGORITHM, stamp, scope, digest])
        key = f"AWS4{self.secret}".encode()
        for part in (day, self.region, self.service, "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        request.headers.update({name: value for name, value in signed.items() if name != "host"})
        request.headers["Authorization"] = (
            f"{ALGORITHM} Credential={self.key_id}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        )
        return request


def _query(text: str) -> str:
    pairs = sorted(parse_qsl(text, keep_blank_values=True))
    return "&".join(f"{quote(n, safe='-_.~')}={quote(v, safe='-_.~')}" for n, v in pairs)
