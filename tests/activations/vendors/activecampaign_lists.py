"""A stand-in for ActiveCampaign's lists: every address is a contact; memberships with their status."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests

from tests.activations.scripted import (
    Answer,
    Kind,
    Throttle,
    Vendor,
    path_of,
    query_of,
    sent_json,
)

DESCRIPTIONS = ("activecampaign/activecampaign-v3.json",)
SERVERS = {DESCRIPTIONS[0]: "https://shop.api-us1.com/api/3"}


def correct(document: dict[str, Any]) -> None:
    """The file's defaults contradict their own types, and would be checked in place of what was left out."""
    for item in document["paths"].values():
        for operation in (value for value in item.values() if isinstance(value, dict)):
            for parameter in operation.get("parameters", []):
                parameter.get("schema", {}).pop("default", None)


@dataclass
class Lists(Vendor):
    """Statuses by contact and list."""

    contacts: list[str] = field(default_factory=list)
    links: dict[tuple[str, str], str] = field(default_factory=dict)

    def state(self) -> dict[str, Any]:
        joined = [contact for (contact, _), status in self.links.items() if status == "1"]
        return {self.contacts[int(contact)]: {} for contact in joined}

    def handle(self, request: requests.PreparedRequest) -> Answer:
        assert request.headers["Api-Token"] == "ac-secret"
        match request.method, path_of(request).removeprefix("/api/3/").split("/"):
            case "GET", ["lists"]:
                return 200, {}, {"lists": []}
            case "GET", ["contacts"]:
                email = query_of(request)["email"]
                if email not in self.contacts:
                    self.contacts.append(email)
                return 200, {}, {"contacts": [{"id": str(self.contacts.index(email))}]}
            case "GET", ["contacts", number, "contactLists"]:
                held = [
                    {"list": name, "status": status}
                    for (contact, name), status in self.links.items()
                    if contact == number
                ]
                return 200, {}, {"contactLists": held}
            case "POST", ["contactLists"]:
                sent = sent_json(request)["contactList"]
                place = (sent["contact"], sent["list"])
                if self.contacts[int(sent["contact"])] in self.bad_keys:
                    return 422, {}, {"errors": [{"title": "the list is closed", "code": "closed"}]}
                assert self.links.get(place) != "2", "this would put somebody back"
                self.links[place] = sent["status"]
                return 200, {}, {"contactList": {"id": "1"}}
        return 404, {}, {"message": "no such path"}


KINDS = (
    Kind(
        destination="activecampaign_lists",
        object="list_member",
        key="member_key",
        mode="upsert",
        columns={
            "member_key": "varchar",
            "email": "varchar",
            "list_id": "varchar",
            "reason": "varchar",
        },
        vendor=Lists,
        sample=lambda number: {
            "member_key": f"m{number}",
            "email": f"person{number}@example.com",
            "list_id": "3",
            "reason": "shop",
        },
        changing="reason",
        environ={
            "MILLRACE_ACTIVECAMPAIGN_URL": "https://shop.api-us1.com",
            "MILLRACE_ACTIVECAMPAIGN_TOKEN": "ac-secret",
        },
        secrets=("MILLRACE_ACTIVECAMPAIGN_TOKEN",),
        identity="email",
        private=("email",),
        carries_values=False,
        throttles=(Throttle(429, 3, {"Retry-After": "3"}),),
    ),
)
