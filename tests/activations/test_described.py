"""Every request is valid against the vendor's own descriptions, where some are beside the project."""

from __future__ import annotations

import importlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema
import pytest
import requests
import yaml
from openapi_core import Config, OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest

from activations import destinations
from tests.activations import vendors
from tests.activations.conftest import KINDS, desk_for
from tests.activations.scripted import sent_json, times_out
from tests.conftest import SHARED


class Yaml(yaml.CSafeLoader):
    """YAML without timestamps: Brevo's examples hold impossible dates."""


Yaml.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def module(name: str) -> Any:
    return importlib.import_module(f"tests.activations.vendors.{KINDS[name].destination}")


DESCRIBED = sorted(name for name in KINDS if hasattr(module(name), "DESCRIPTIONS"))


@cache
def document_of(file: str) -> dict[str, Any]:
    """One description; skips where it is not beside the project."""
    path = SHARED / "openapi" / file
    if not path.exists():
        pytest.skip(f"the vendor's description is not beside the project: {path.name}")
    text = path.read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text) if file.endswith("json") else yaml.load(text, Yaml)
    return found


def documents(files: tuple[str, ...]) -> list[dict[str, Any]]:
    return [document_of(file) for file in files]


def is_like(template: str, path: str) -> bool:
    """Whether `path` is an instance of a description's path."""
    pattern = re.sub(r"\\\{[^/]*?\\\}", "[^/]+", re.escape(template.rstrip("/")))
    return re.fullmatch(pattern, path.rstrip("/")) is not None


@cache
def opened(file: str, servers: str | None, template: str) -> OpenAPI:
    """One path of one description: resolving all of them takes too long."""
    document = document_of(file)
    kept = {**document, "paths": {template: document["paths"][template]}}
    if servers:  # the file's own are wrong, at every level
        item = {n: v for n, v in document["paths"][template].items() if n != "servers"}
        for verb, operation in item.items():
            if isinstance(operation, dict):
                item[verb] = {n: v for n, v in operation.items() if n != "servers"}
        kept |= {"servers": [{"url": servers}], "paths": {template: item}}
    return OpenAPI.from_dict(kept, config=Config(spec_validator_cls=None))


def check_swagger(document: dict[str, Any], template: str, request: Any) -> None:
    """Swagger 2.0: the body against its schema, the query against its names."""
    operation = document["paths"][template][request.method.lower()]
    names = {one.get("name") for one in operation.get("parameters", []) if one["in"] == "query"}
    query = urlsplit(str(request.url)).query
    assert {part.split("=")[0] for part in query.split("&") if part} <= names
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "body":
            schema = {**parameter["schema"], "definitions": document.get("definitions", {})}
            jsonschema.Draft4Validator(schema).validate(sent_json(request))


def check(name: str, request: requests.PreparedRequest) -> bool:
    """Validate one request; False where the vendor's file leaves its path out, and we know that."""
    wanted = module(name)
    path = urlsplit(str(request.url)).path
    for file, document in zip(wanted.DESCRIPTIONS, documents(wanted.DESCRIPTIONS), strict=True):
        base = getattr(wanted, "SERVERS", {}).get(file)
        prefix = document.get("basePath") or urlsplit(base or document["servers"][0]["url"]).path
        if not path.startswith(prefix):
            continue
        getattr(wanted, "correct", lambda document: None)(document)
        for template in document["paths"]:
            verbs = document["paths"][template]
            if request.method.lower() in verbs and is_like(
                template, path[len(prefix.rstrip("/")) :]
            ):  # type: ignore[union-attr]
                if "swagger" in document:
                    check_swagger(document, template, request)
                else:
                    again = requests.Request(
                        request.method,
                        request.url,
                        headers=dict(request.headers),
                        data=request.body,
                    )
                    api = opened(file, base, template)
                    api.validate_request(RequestsOpenAPIRequest(again))
                return True
    known = getattr(wanted, "NOT_DESCRIBED", None)
    assert known, f"{request.method} {path} is in none of the descriptions"
    assert re.search(known, path), f"{request.method} {path} is in none of the descriptions"
    return False


@pytest.mark.parametrize("name", DESCRIBED)
def test_every_request_is_valid_by_the_vendors_own_description(name: str, tmp_path: Path) -> None:
    """Few and many, changed, emptied, removed, looked up after a doubt."""
    documents(module(name).DESCRIPTIONS)
    desk = desk_for(KINDS[name], tmp_path / "home")
    kind = desk.kind
    connector = destinations.connector(kind.destination)
    if "mirror" in connector.objects[kind.object]:
        desk.change(mode="mirror", on_remove=kind.removal or sorted(connector.removals)[0])
    desk.fill(desk.rows(3))
    desk.vendor.faults = [] if connector.replay_safe else [times_out]
    desk.go()
    desk.fill(desk.rows(40))
    desk.later()
    changed = [{**row, kind.changing: None} for row in desk.rows(3)]
    desk.fill(changed)
    desk.go(override=True)

    checked = [check(name, request) for request in desk.vendor.requests]

    assert sum(checked) >= 2


def test_every_stand_in_for_a_described_vendor_is_checked() -> None:
    """The vendors whose descriptions are beside the project, and that have a connector."""
    if not (SHARED / "openapi").exists():
        pytest.skip("the vendors' descriptions are not beside the project")
    given = {path.name for path in (SHARED / "openapi").iterdir() if path.is_dir()}
    theirs = {name for name in vendors.names() if name.split("_")[0] in given}
    elsewhere = {"activecampaign", "twilio"}  # test_openapi.py

    assert theirs - elsewhere == {KINDS[name].destination for name in DESCRIBED}


def test_an_invalid_request_is_noticed() -> None:
    """The check is worth something only if it can fail, in each kind of description."""
    documents(module("sendgrid").DESCRIPTIONS)
    headers = {"Content-Type": "application/json"}
    for name, method, url, body in (
        ("sendgrid", "PUT", "https://api.sendgrid.com/v3/marketing/contacts", {"contacts": 1}),
        (
            "mailchimp",
            "POST",
            "https://us1.api.mailchimp.com/3.0/lists/L1",
            {"members": [{"vip": 1}]},
        ),
        ("brevo", "POST", "https://api.brevo.com/v3/contacts", {"email": 5}),
        ("brevo", "GET", "https://api.brevo.com/v3/no/such/path", None),
    ):
        request = requests.Request(method, url, headers=headers, json=body).prepare()
        with pytest.raises(Exception, match=r"(?i)invalid|error|type|none of"):
            check(name, request)
