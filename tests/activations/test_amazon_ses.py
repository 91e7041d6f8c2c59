"""Amazon SES as moto serves it, over HTTP: what it holds then, and whether it takes our signature for AWS's own."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.activations.conftest import KINDS, Desk, desk_for

server = pytest.importorskip("moto.server", reason="moto is not here: it comes with the extra dev")
from moto.core import DEFAULT_ACCOUNT_ID  # noqa: E402
from moto.iam.models import iam_backends  # noqa: E402
from moto.ses.models import ses_backends  # noqa: E402

REGION, SENDER = "eu-central-1", "shop@example.com"
MAY_SEND = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "ses:*", "Resource": "*"}],
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of the server, which checks signatures from here on."""
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    found = f"http://{host}:{port}"
    requests.post(f"{found}/moto-api/reset-auth", data="0", timeout=30).raise_for_status()
    yield found
    requests.post(f"{found}/moto-api/reset-auth", data="inf", timeout=30).raise_for_status()
    running.stop()


@pytest.fixture
def account() -> Iterator[Any]:
    """The account's SES, with a sender that it knows."""
    ses = ses_backends[DEFAULT_ACCOUNT_ID][REGION]
    ses.verify_email_identity(SENDER)
    yield ses
    ses.reset()


def desk_at(url: str, home: Path) -> Desk:
    """A desk whose messages go over the wire, signed with a key of its own."""
    iam = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
    name = f"shop-{uuid.uuid4().hex}"
    user = iam.create_user(region_name=REGION, user_name=name)
    user.put_policy("send", json.dumps(MAY_SEND))
    key = iam.create_access_key(name)
    desk = desk_for(KINDS["amazon_ses"], home)
    desk.vendor = None
    desk.environ |= {
        "MILLRACE_AMAZON_SES_URL": url,
        "MILLRACE_AMAZON_SES_REGION": REGION,
        "MILLRACE_AMAZON_SES_KEY_ID": key.access_key_id,
        "MILLRACE_AMAZON_SES_SECRET": key.secret_access_key,
        "MILLRACE_AMAZON_SES_FROM": SENDER,
    }
    return desk


def test_messages_are_in_the_backend_under_the_ids_that_we_keep(
    url: str, account: Any, tmp_path: Path
) -> None:
    """Each once, as it was written; the second run sends nothing."""
    desk = desk_at(url, tmp_path / "home")
    desk.fill(desk.rows(3))

    assert desk.go().counts["delivered"] == 3
    assert desk.later().counts["unchanged"] == 3

    held = {one.id: one for one in account.sent_messages}
    known = desk.query("select key, vendor_id from activations.acknowledged order by key")
    assert sorted(held) == sorted(number for _, number in known)
    for place, (_, number) in enumerate(known):
        row, message = desk.kind.row(place), held[number]
        assert message.destinations["ToAddresses"] == [row["to"]]
        assert (message.source, message.subject) == (SENDER, row["subject"])
        assert message.body == row["html"]


def test_another_secret_is_another_signature(url: str, account: Any, tmp_path: Path) -> None:
    """The server reckons the signature itself: one of a wrong secret stops the run, and nothing is sent."""
    desk = desk_at(url, tmp_path / "home")
    desk.environ["MILLRACE_AMAZON_SES_SECRET"] = "wrong" * 8
    desk.fill(desk.rows(2))

    result = desk.go()

    assert result.counts["deferred"] == 2
    assert "403" in str(result.reason)
    assert account.sent_messages == []


def test_a_sender_that_was_never_verified_sends_nothing(
    url: str, account: Any, tmp_path: Path
) -> None:
    """The vendor's own refusal, by its own name."""
    desk = desk_at(url, tmp_path / "home")
    desk.environ["MILLRACE_AMAZON_SES_FROM"] = "nobody@example.org"
    desk.fill(desk.rows(1))

    assert desk.go().counts["rejected"] == 1
    assert desk.query("select code from activations.retries") == [("MessageRejected",)]
    assert account.sent_messages == []
