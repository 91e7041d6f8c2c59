"""Every request is valid against the vendor's own API description, kept beside the project; limits are ours."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from openapi_core import Config, OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest

from tests.activations.conftest import Desk
from tests.activations.scripted import sent_json
from tests.conftest import SHARED

# The vendor's page on removing a tag names this path; the description leaves it out.
# https://developers.activecampaign.com/reference/remove-a-contacts-tag
NOT_DESCRIBED = re.compile(r"^/api/3/contacts/\d+/contactTags$")
FILES = {
    "activecampaign": "activecampaign/activecampaign-v3.json",
    "twilio": "twilio/twilio_api_v2010.json",
}


@cache
def description(destination: str) -> OpenAPI:
    path = SHARED / "openapi" / FILES[destination]
    if not path.exists():
        pytest.skip(
            f"the vendor's description is not beside the project: shared/openapi/{FILES[destination]}"
        )
    spec = json.loads(path.read_text(encoding="utf-8"))
    # Only the paths we use: resolving all of Twilio's takes half a minute.
    wanted = re.compile(
        r"/(contact|tags|fields|import|contacts/\{id\})|/Messages\.json$|^/contacts$"
    )
    spec["paths"] = {name: item for name, item in spec["paths"].items() if wanted.search(name)}
    # ActiveCampaign's defaults contradict their own types, and would be checked in place of what was left out.
    for item in spec["paths"].values():
        for operation in (value for value in item.values() if isinstance(value, dict)):
            for parameter in operation.get("parameters", []):
                parameter.get("schema", {}).pop("default", None)
    return OpenAPI.from_dict(spec, config=Config(spec_validator_cls=None))


def check(destination: str, sent: list[requests.PreparedRequest]) -> int:
    """Validate every request; returns how many were checked."""
    checked = 0
    for request in sent:
        if NOT_DESCRIBED.match(urlsplit(str(request.url)).path):
            continue
        url = str(request.url).replace("https://shop.", "https://yourAccountName.")
        again = requests.Request(
            request.method, url, headers=dict(request.headers), data=request.body
        )
        description(destination).validate_request(RequestsOpenAPIRequest(again))
        checked += 1
    return checked


def test_activecampaign_requests_are_valid(activecampaign: Desk) -> None:
    """Fields, tags, one by one, in bulk, tags taken away, contacts removed."""
    description("activecampaign")
    desk = activecampaign
    desk.change(mode="mirror", on_remove="delete")
    desk.fill(desk.rows(5))
    desk.go()
    desk.fill(desk.rows(40))
    desk.later()
    desk.fill([{**row, "tags": "shop", "phone": None} for row in desk.rows(3)])
    desk.go(override=True)

    assert check("activecampaign", desk.vendor.requests) > 40
    assert desk.vendor.state()["person0@example.com"]["tags"] == ["shop"]


def test_twilio_requests_are_valid(twilio: Desk) -> None:
    """Scheduled messages and the list that answers doubts."""
    description("twilio")
    from tests.activations.scripted import times_out

    twilio.vendor.faults = [times_out]
    twilio.fill(twilio.rows(3))
    twilio.go()
    twilio.later()

    assert check("twilio", twilio.vendor.requests) == 4


def test_an_invalid_request_is_noticed(twilio: Desk) -> None:
    """The check is worth something only if it can fail."""
    description("twilio")
    twilio.environ["MILLRACE_TWILIO_MESSAGING_SERVICE_SID"] = "nonsense"
    twilio.fill(twilio.rows(1))
    twilio.go()

    with pytest.raises(Exception, match=r"(?i)invalid|error"):
        check("twilio", twilio.vendor.requests)


def test_hubspot_requests_have_the_documented_shape(hubspot: Desk) -> None:
    """There is no description we may keep: the fields of the vendor's page, by hand."""
    hubspot.fill(hubspot.rows(150))
    hubspot.go()

    assert len(hubspot.vendor.requests) == 2
    for request in hubspot.vendor.requests:
        assert urlsplit(str(request.url)).path == "/crm/v3/objects/deals/batch/upsert"
        assert request.headers["Content-Type"] == "application/json"
        inputs: list[dict[str, Any]] = sent_json(request)["inputs"]
        assert 0 < len(inputs) <= 100
        for item in inputs:
            assert set(item) == {"id", "idProperty", "objectWriteTraceId", "properties"}
            assert all(isinstance(value, str) for value in item["properties"].values())
        assert len({item["objectWriteTraceId"] for item in inputs}) == len(inputs)
