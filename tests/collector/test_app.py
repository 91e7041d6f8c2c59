"""What comes in by the Segment API and by webhooks, and what is turned away with which status."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from starlette.testclient import TestClient

from collector.app import application
from collector.fetch import Fetcher, FetchError
from collector.settings import Settings, read
from collector.webhooks import amazon_ses, webhooks
from warehouse.errors import SettingsError

URL = "https://events.shop.example"
TOPIC = "arn:aws:sns:eu-central-1:1:mail"
EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
RESEND_SECRET = base64.b64encode(b"resend secret").decode()


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def mac(secret: str | bytes, text: str | bytes, algorithm: str = "sha256") -> bytes:
    key = secret.encode() if isinstance(secret, str) else secret
    raw = text.encode() if isinstance(text, str) else text
    return hmac.new(key, raw, algorithm).digest()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    public = EC_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return read(
        {
            "MILLRACE_HOME": str(tmp_path),
            "MILLRACE_COLLECTOR_WRITE_KEYS": "key-one, key-two",
            "MILLRACE_COLLECTOR_PUBLIC_URL": URL,
            "MILLRACE_WEBHOOK_SENDGRID_PUBLIC_KEY": b64(public),
            "MILLRACE_WEBHOOK_TWILIO_TOKEN": "old-token,twilio-token",
            "MILLRACE_WEBHOOK_VONAGE_SECRET": "old-secret,vonage-secret",
            "MILLRACE_WEBHOOK_MAILGUN_KEY": "mailgun-key",
            "MILLRACE_WEBHOOK_MANDRILL_KEY": "mandrill-key",
            "MILLRACE_WEBHOOK_RESEND_SECRET": f"whsec_{RESEND_SECRET}",
            "MILLRACE_WEBHOOK_AMAZON_SES_TOPICS": TOPIC,
            "MILLRACE_WEBHOOK_POSTMARK_PASSWORD": "user:word",
            "MILLRACE_WEBHOOK_BREVO_PASSWORD": "user:word",
            "MILLRACE_WEBHOOK_MAILJET_PASSWORD": "user:word",
            "MILLRACE_WEBHOOK_SPARKPOST_PASSWORD": "user:word",
            "MILLRACE_WEBHOOK_ACTIVECAMPAIGN_PASSWORD": "secret-token",
        }
    )


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(application(settings, Amazon()), base_url="http://inside:8030") as found:
        yield found


def landed(settings: Settings, client: TestClient, table: str) -> list[Any]:
    """Everything that the loader would see once the server has stopped."""
    client.__exit__(None, None, None)
    files = sorted((settings.landing / table).glob("collector-*.ndjson"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


BASIC = {"Authorization": f"Basic {b64(b'key-two:')}"}


def test_one_call_lands_with_its_key_and_times(settings: Settings, client: TestClient) -> None:
    now = datetime.now(UTC)
    body = {
        "userId": 42,
        "anonymousId": None,
        "event": "Product Viewed",
        "timestamp": (now - timedelta(minutes=70)).isoformat(),
        "sentAt": (now - timedelta(minutes=60)).isoformat(),
    }

    answer = client.post("/v1/track", json=body, headers=BASIC)

    [row] = landed(settings, client, "segment/events")
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert (row["type"], row["userId"], row["anonymousId"]) == ("track", "42", None)
    assert row["messageId"].startswith("derived-")
    # The sender's clock is an hour behind; by ours the call is ten minutes old.
    ago = datetime.fromisoformat(row["receivedAt"]) - datetime.fromisoformat(row["timestamp"])
    assert timedelta(minutes=9, seconds=50) < ago < timedelta(minutes=10, seconds=10)


def test_a_batch_keeps_good_and_bad_items(settings: Settings, client: TestClient) -> None:
    items = [
        {"type": "track", "event": "A", "messageId": "m1", "userId": "u"},
        "not a call",
        {"messageId": "m3"},
    ]
    body = {"batch": items, "writeKey": "key-one", "sentAt": "2026-01-01T00:00:00Z"}

    answer = client.post(
        "/v1/batch",
        content=gzip.compress(json.dumps(body).encode()),
        headers={"Content-Encoding": "gzip"},
    )

    rows = landed(settings, client, "segment/events")
    assert answer.status_code == 200
    assert [row if isinstance(row, str) else row["messageId"] for row in rows] == [
        "m1",
        "not a call",
        "m3",
    ]
    assert "writeKey" not in json.dumps(rows)


@pytest.mark.parametrize(
    "odd",
    [
        {"timestamp": "9999-12-31T23:59:59Z"},
        {"timestamp": "0001-01-01T00:00:00Z"},
        {"timestamp": "0001-01-01T00:00:00+14:00"},
        {"messageId": None, "properties": {"name": "\ud800"}},
    ],
)
def test_one_odd_item_does_not_cost_the_batch(
    settings: Settings, client: TestClient, odd: dict[str, Any]
) -> None:
    good = {"type": "track", "event": "A", "messageId": "m1", "userId": "u"}
    sent = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    body = json.dumps({"batch": [good, {**good, "messageId": "m2", **odd}], "sentAt": sent})

    answer = client.post("/v1/batch", content=body, headers=BASIC)

    assert answer.status_code == 200
    assert len(landed(settings, client, "segment/events")) == 2


@pytest.mark.parametrize("kind", ["t", "i", "p", "s", "g", "a"])
def test_the_browser_says_the_first_letter(
    client: TestClient, settings: Settings, kind: str
) -> None:
    answer = client.post(
        f"/v1/{kind}",
        content=json.dumps({"anonymousId": "d", "writeKey": "key-one"}),
        headers={"Content-Type": "text/plain", "Origin": "https://shop.example"},
    )

    [row] = landed(settings, client, "segment/events")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert row["type"][0] == kind


def test_the_browser_may_ask_first(client: TestClient) -> None:
    answer = client.options(
        "/v1/t",
        headers={
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,x-retry-count",
        },
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("path", "content", "headers", "status"),
    [
        ("/v1/track", b"{", BASIC, 400),
        ("/v1/track", b"[]", BASIC, 400),
        ("/v1/batch", b'{"batch": 3}', BASIC, 400),
        ("/v1/batch", b"zip?", {**BASIC, "Content-Encoding": "gzip"}, 400),
        ("/v1/track", b"{}", {}, 401),
        ("/v1/track", b"{}", {"Authorization": "Basic !"}, 401),
        ("/v1/track", b'{"writeKey": "key-three"}', {}, 401),
        ("/v1/nothing", b"{}", BASIC, 404),
        ("/v1/track", b"x" * (9 << 20), BASIC, 413),
        ("/v1/track", gzip.compress(b"x" * (9 << 20)), {**BASIC, "Content-Encoding": "gzip"}, 413),
    ],
)
def test_what_is_wrong_is_said_with_the_status_that_fits(
    client: TestClient,
    settings: Settings,
    path: str,
    content: bytes,
    headers: dict[str, str],
    status: int,
) -> None:
    answer = client.post(path, content=content, headers=headers)

    assert answer.status_code == status
    assert set(answer.json()) == {"code", "message"}
    assert landed(settings, client, "segment/events") == []


def test_one_event_that_is_too_large_is_kept_apart(settings: Settings, client: TestClient) -> None:
    items = [
        {"type": "track", "event": "A", "messageId": "small", "userId": "u"},
        {
            "type": "track",
            "event": "A",
            "messageId": "large",
            "userId": "u",
            "properties": {"x": "x" * (2 << 20)},
        },
    ]
    answer = client.post("/v1/batch", json={"batch": items}, headers=BASIC)

    assert answer.status_code == 200
    assert [row["messageId"] for row in landed(settings, client, "segment/events")] == ["small"]
    assert [row["messageId"] for row in landed(settings, client, "too_large/segment_events")] == [
        "large"
    ]


def form(fields: dict[str, str]) -> tuple[str, dict[str, str]]:
    from urllib.parse import urlencode

    return urlencode(fields), {"Content-Type": "application/x-www-form-urlencoded"}


def signed(vendor: str) -> tuple[str, bytes, dict[str, str]]:
    """A request as the vendor sends it: path, body, headers."""
    path, now = f"/webhooks/{vendor}", str(int(datetime.now(UTC).timestamp()))
    body: Any
    match vendor:
        case "sendgrid":
            body = b'[{"event":"open","sg_event_id":"e"},  {"event":"click","sg_event_id":"f"}]\r\n'
            signature = EC_KEY.sign(now.encode() + body, ec.ECDSA(SHA256()))
            prefix = "X-Twilio-Email-Event-Webhook"
            return path, body, {f"{prefix}-Signature": b64(signature), f"{prefix}-Timestamp": now}
        case "twilio":
            path += "?message_key=a:1"
            fields = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+4930111"}
            text = URL + path + "".join(k + fields[k] for k in sorted(fields))
            body, headers = form(fields)
            return (
                path,
                body.encode(),
                {**headers, "X-Twilio-Signature": b64(mac("twilio-token", text, "sha1"))},
            )
        case "vonage":
            fields = {
                "messageId": "V1",
                "status": "delivered",
                "msisdn": "4930111",
                "client-ref": "a&b=c",
            }
            body, headers = form({**fields, "sig": vonage_signature(fields)})
            return path, body.encode(), headers
        case "mailgun":
            signature = {
                "timestamp": now,
                "token": "t",
                "signature": mac("mailgun-key", now + "t").hex(),
            }
            body = {"signature": signature, "event-data": {"event": "opened", "id": "e"}}
            return path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        case "mandrill":
            fields = {"mandrill_events": '[{"event":"open","_id":"e"},{"event":"click","_id":"f"}]'}
            text = URL + path + "mandrill_events" + fields["mandrill_events"]
            body, headers = form(fields)
            return (
                path,
                body.encode(),
                {**headers, "X-Mandrill-Signature": b64(mac("mandrill-key", text, "sha1"))},
            )
        case "resend":
            body = b'{"type":"email.opened","data":{}}'
            signature = b64(mac(b"resend secret", b"id1." + now.encode() + b"." + body))
            return (
                path,
                body,
                {
                    "svix-id": "id1",
                    "svix-timestamp": now,
                    "svix-signature": f"v1,bad v1,{signature}",
                },
            )
        case "amazon_ses":
            return path, *envelope()
        case "activecampaign":
            body, headers = form({"type": "open", "contact[email]": "a@x.example"})
            return f"{path}?token=secret-token", body.encode(), headers
        case _:
            body = {"sparkpost": [{"msys": {"track_event": {"type": "open"}}}, {"msys": {}}]}.get(
                vendor, {"RecordType": "Open", "event": "open"}
            )
            return path, json.dumps(body).encode(), {"Authorization": f"Basic {b64(b'user:word')}"}


def vonage_signature(fields: dict[str, str], algorithm: str = "sha256") -> str:
    """As the vendor's page on signing messages builds it."""
    clean = {name: value.replace("&", "_").replace("=", "_") for name, value in fields.items()}
    text = "".join(f"&{name}={clean[name]}" for name in sorted(clean))
    return mac("vonage-secret", text, algorithm).hex().upper()


def envelope(version: str = "2", **changes: str) -> tuple[bytes, dict[str, str]]:
    fields = {
        "Message": '{"eventType":"Open"}',
        "MessageId": "sns-1",
        "Timestamp": "2026-01-01T00:00:00.000Z",
        "TopicArn": TOPIC,
        "Type": "Notification",
        **changes,
    }
    names = amazon_ses.NOTIFICATION if fields["Type"] == "Notification" else amazon_ses.CONFIRMATION
    text = "".join(f"{key}\n{fields[key]}\n" for key in names if key in fields)
    signature = RSA_KEY.sign(
        text.encode(), padding.PKCS1v15(), SHA256() if version == "2" else SHA1()
    )
    whole = {
        "SigningCertURL": "https://sns.eu-central-1.amazonaws.com/x.pem",
        **fields,
        "SignatureVersion": version,
        "Signature": b64(signature),
    }
    headers = {"x-amz-sns-message-type": fields["Type"], "x-amz-sns-message-id": "sns-1"}
    return json.dumps(whole).encode(), headers


class Amazon:
    """The addresses of Amazon's that the front door reads: its certificate, and what confirms a subscription."""

    def __init__(self, fails: bool = False) -> None:
        self.fails, self.asked = fails, list[str]()

    def __call__(self, address: str) -> bytes:
        self.asked.append(address)
        if address.endswith(".pem"):
            return pem()
        if self.fails:
            raise FetchError("HTTPError: 500")
        return b"<ConfirmSubscriptionResponse/>"


@cache
def pem() -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(RSA_KEY.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(RSA_KEY, SHA256())
        .public_bytes(Encoding.PEM)
    )


ROWS = {"sendgrid": 2, "mandrill": 2}


@pytest.mark.parametrize("vendor", sorted(webhooks()))
def test_a_signed_webhook_lands_and_a_forged_one_does_not(
    client: TestClient, settings: Settings, vendor: str
) -> None:
    path, body, headers = signed(vendor)
    forged = {
        name: value[:-3] + "AA=" if "ignature" in name else value for name, value in headers.items()
    }
    if forged == headers:
        forged.pop("Authorization", None)
    bad_body = body.replace(b'"signature": "', b'"signature": "0') if vendor == "mailgun" else body
    bad_body = (
        bad_body.replace(b'"Signature": "', b'"Signature": "AAAA')
        if vendor == "amazon_ses"
        else bad_body
    )
    if vendor == "vonage":
        bad_body = body.replace(b"status=delivered", b"status=failed")

    good = client.post(path, content=body, headers=headers)
    bad = client.post(path.replace("secret-token", "guess"), content=bad_body, headers=forged)

    rows = landed(settings, client, webhooks()[vendor].table)
    assert (good.status_code, bad.status_code) == (200, 401)
    assert len(rows) == ROWS.get(vendor, 1)
    assert all(row["received_at"] for row in rows)
    assert "mailgun-key" not in bad.text


@pytest.mark.parametrize(
    "changes",
    [
        {"TopicArn": "arn:aws:sns:eu-central-1:2:theirs"},
        {"SigningCertURL": "https://sns.eu-central-1.amazonaws.com.evil.example/x.pem"},
        {"SigningCertURL": "http://sns.eu-central-1.amazonaws.com/x.pem"},
        {"MessageId": "another"},
    ],
)
def test_an_envelope_of_somebody_else_is_refused(
    client: TestClient, changes: dict[str, str]
) -> None:
    body, headers = envelope(**changes)
    assert client.post("/webhooks/amazon_ses", content=body, headers=headers).status_code == 401


SUBSCRIBE = (
    f"https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=t"
)


def subscription(**changes: str) -> tuple[bytes, dict[str, str]]:
    return envelope(
        **{
            "Type": "SubscriptionConfirmation",
            "Message": "You have chosen to subscribe to the topic.",
            "Token": "t",
            "SubscribeURL": SUBSCRIBE,
            **changes,
        }
    )


def subscribed(settings: Settings, amazon: Amazon, **changes: str) -> tuple[int, list[Any]]:
    """What the front door answers to a request of SNS, and what lands."""
    body, headers = subscription(**changes)
    with TestClient(application(settings, amazon)) as client:
        status = client.post("/webhooks/amazon_ses", content=body, headers=headers).status_code
        return status, landed(settings, client, "amazon_ses/events")


def test_a_subscription_is_confirmed_once_it_is_known_to_be_ours(settings: Settings) -> None:
    amazon = Amazon()

    status, rows = subscribed(settings, amazon)

    assert (status, len(rows)) == (200, 1)
    assert amazon.asked[-1] == SUBSCRIBE


@pytest.mark.parametrize(
    "address",
    [
        "https://sns.eu-central-1.amazonaws.com.evil.example/?Action=ConfirmSubscription&TopicArn=",
        "https://user@sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=",
        "https://sns.eu-central-1.amazonaws.com:8443/?Action=ConfirmSubscription&TopicArn=",
        "http://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=",
        "https://169.254.169.254/?Action=ConfirmSubscription&TopicArn=",
        "https://sns.eu-central-1.amazonaws.com/?Action=DeleteTopic&TopicArn=",
    ],
)
def test_a_subscription_is_confirmed_at_amazons_only(
    settings: Settings, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Even a signed envelope does not make us read any address it likes; its row still lands."""
    amazon = Amazon()

    status, rows = subscribed(settings, amazon, SubscribeURL=address + TOPIC)

    assert (status, len(rows)) == (200, 1)
    assert address + TOPIC not in amazon.asked
    assert "was not confirmed" in caplog.text


def test_somebody_elses_topic_confirms_nothing(settings: Settings) -> None:
    amazon = Amazon()
    status, rows = subscribed(settings, amazon, TopicArn="arn:aws:sns:eu-central-1:2:theirs")
    assert (status, rows, amazon.asked) == (401, [], [])


def test_a_confirmation_that_fails_is_logged_and_stays_visible(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    status, rows = subscribed(settings, Amazon(fails=True))

    assert status == 200
    assert rows[0]["SubscribeURL"] == SUBSCRIBE
    assert "was not confirmed" in caplog.text
    assert "Token" not in caplog.text


def test_the_end_of_a_subscription_is_told_and_not_undone(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """UnsubscribeConfirmation carries an address that would subscribe again; nobody asked for that."""
    amazon = Amazon()

    status, rows = subscribed(settings, amazon, Type="UnsubscribeConfirmation")

    assert (status, len(rows)) == (200, 1)
    assert all(address.endswith(".pem") for address in amazon.asked)
    assert "has ended the subscription" in caplog.text


def test_a_redirect_is_not_followed() -> None:
    """Where an address leads to was not checked, so it is an error like any other; so is silence."""
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    asked = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", "/secret")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(FetchError, match="302"):
            Fetcher()(f"http://127.0.0.1:{server.server_port}/first")
        server.shutdown()
    with pytest.raises(FetchError):
        Fetcher(0.2)(f"http://127.0.0.1:{server.server_port}/first")
    assert asked == ["/first"]


def test_the_older_signature_of_amazon_holds_too(client: TestClient, settings: Settings) -> None:
    body, headers = envelope(version="1", Subject="with a subject")
    assert client.post("/webhooks/amazon_ses", content=body, headers=headers).status_code == 200
    assert len(landed(settings, client, "amazon_ses/events")) == 1


def test_authentic_but_unreadable_is_kept_for_people(
    settings: Settings, client: TestClient
) -> None:
    headers = {"Authorization": f"Basic {b64(b'user:word')}"}
    answer = client.post("/webhooks/brevo", content=b"not json at all", headers=headers)

    assert answer.status_code == 200
    assert landed(settings, client, "brevo/events") == ["not json at all"]


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
@pytest.mark.parametrize("way", ["form", "json", "query"])
def test_vonage_signs_in_several_ways(
    client: TestClient, settings: Settings, way: str, algorithm: str
) -> None:
    """A form, JSON or the address itself, under any HMAC that an account can be set to; never the bare MD5."""
    said = {"messageId": "V1", "msisdn": "4930111", "to": "4930", "text": "a=1 & b", "type": "text"}
    bare = "".join(f"&{name}={said[name]}" for name in sorted(said)).replace("a=1 & b", "a_1 _ b")
    signatures = {
        200: vonage_signature(said, algorithm),
        401: hashlib.md5((bare + "vonage-secret").encode()).hexdigest(),
    }

    for status, signature in signatures.items():
        fields = {**said, "sig": signature}
        put = {"form": {"data": fields}, "json": {"json": fields}, "query": {"params": fields}}[way]
        answer = client.request("GET" if way == "query" else "POST", "/webhooks/vonage", **put)
        assert answer.status_code == status

    (row,) = landed(settings, client, "vonage/message_status")
    assert row.pop("received_at")
    assert row == {**said, "status": "received"}


def test_vonage_unsigned_needs_the_token(client: TestClient, settings: Settings) -> None:
    """Accounts that do not sign; the token lands nowhere, and a look at the address brings nothing."""
    fields = {"messageId": "V1", "msisdn": "4930111", "status": "delivered"}

    answers = [
        client.get("/webhooks/vonage", params={**fields, "token": "vonage-secret"}),
        client.post("/webhooks/vonage", params={"token": "vonage-secret"}, json=fields),
        client.get("/webhooks/vonage", params={**fields, "token": "guess"}),
        client.get("/webhooks/vonage", params=fields),
        client.get("/webhooks/vonage"),
        client.head("/webhooks/vonage"),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 401, 401, 200, 200]
    rows = landed(settings, client, "vonage/message_status")
    assert [{k: v for k, v in row.items() if k != "received_at"} for row in rows] == [fields] * 2


def test_a_replayed_token_of_mailgun_is_refused(client: TestClient) -> None:
    old = str(int(datetime.now(UTC).timestamp()) - 3600)
    signature = {"timestamp": old, "token": "t", "signature": mac("mailgun-key", old + "t").hex()}
    body = {"signature": signature, "event-data": {"event": "opened"}}
    assert client.post("/webhooks/mailgun", json=body).status_code == 401


def multipart(fields: dict[str, str], attached: str) -> tuple[bytes, dict[str, str]]:
    """A body with fields and one attached file."""
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    head = 'Content-Disposition: form-data; name="attachment-1"; filename="a.eml"'
    parts.append(f"--b\r\n{head}\r\nContent-Type: message/rfc822\r\n\r\n{attached}\r\n--b--\r\n")
    return "".join(parts).encode(), {"Content-Type": "multipart/form-data; boundary=b"}


def test_an_old_bounce_of_mailgun_comes_with_its_message_attached(
    client: TestClient, settings: Settings
) -> None:
    """As multipart: the fields land, the file does not."""
    now = str(int(datetime.now(UTC).timestamp()))
    signature = mac("mailgun-key", now + "t").hex()
    fields = {
        "event": "bounced",
        "recipient": "zoé@x.example",
        "code": "550",
        "error": "5.1.1\r\nno",
    }
    body, headers = multipart(
        {**fields, "timestamp": now, "token": "t", "signature": signature}, "secret text"
    )
    forged, _ = multipart(
        {**fields, "timestamp": now, "token": "u", "signature": signature}, "secret text"
    )

    good = client.post("/webhooks/mailgun", content=body, headers=headers)
    bad = client.post("/webhooks/mailgun", content=forged, headers=headers)
    none = client.post("/webhooks/mailgun", content=b"no parts", headers=headers)

    [row] = landed(settings, client, "mailgun/events")
    assert (good.status_code, bad.status_code, none.status_code) == (200, 401, 401)
    assert row.items() >= {**fields, "timestamp": now}.items()
    assert "secret text" not in json.dumps(row)


def test_without_its_secret_a_webhook_is_closed(tmp_path: Path) -> None:
    alone = read({"MILLRACE_HOME": str(tmp_path), "MILLRACE_COLLECTOR_WRITE_KEYS": "k"})
    with TestClient(application(alone)) as client:
        assert client.post("/webhooks/brevo", json={}).status_code == 401
        assert client.head("/webhooks/mandrill").status_code == 200
        assert client.post("/webhooks/unknown", json={}).status_code == 404
    assert "k'" not in repr(alone)


def test_nobody_to_listen_to_is_an_error() -> None:
    with pytest.raises(SettingsError, match="nobody may send or read anything"):
        read({})
