"""A stand-in for listmonk: 409 for an address that is there, and PUT that replaces everything."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.activations.scripted import Answer, Kind, Vendor, path_of, query_of, sent_json


@dataclass
class Listmonk(Vendor):
    """Subscribers by number."""

    people: dict[int, dict[str, Any]] = field(default_factory=dict)
    made: int = 0

    def state(self) -> dict[str, Any]:
        return {
            one["email"]: {"name": one["name"], **one["attribs"]} for one in self.people.values()
        }

    def foreign(self) -> str | None:
        self.add({"email": "foreign@example.com", "name": "F", "attribs": {}, "lists": []})
        return "foreign@example.com"

    def add(self, sent: dict[str, Any]) -> Answer:
        self.made += 1
        lists = [{"id": number} for number in sent["lists"]]
        self.people[self.made] = {**sent, "id": self.made, "lists": lists}
        return 200, {}, {"data": {"id": self.made}}

    def handle(self, request: requests.PreparedRequest) -> Answer:
        assert request.headers["Authorization"] == "token api:monk-secret"
        match request.method, path_of(request).removeprefix("/api/").split("/"):
            case "GET", ["lists"]:
                return 200, {}, {"data": {"results": []}}
            case "GET", ["subscribers"]:
                email = re.fullmatch(r"subscribers\.email = '(.*)'", query_of(request)["query"])
                assert email
                found = [one for one in self.people.values() if one["email"] == email.group(1)]
                return 200, {}, {"data": {"results": found}}
            case "POST", ["subscribers"]:
                sent = lowered(sent_json(request))
                if sent["email"] in self.bad_keys:
                    return 400, {}, {"message": f"Invalid email {sent['email']}"}
                if sent["email"] in self.left_keys:
                    self.add({**sent, "status": "blocklisted"})
                if sent["email"] in self.state():
                    return 409, {}, {"message": "E-mail already exists."}
                return self.add(sent)
            case "PUT", ["subscribers", "lists"]:
                assert sent_json(request)["status"] == "unconfirmed"
                return 200, {}, {"data": True}
            case "PUT", ["subscribers", number]:
                sent = lowered(sent_json(request))
                lists = [{"id": one} for one in sent["lists"]]
                self.people[int(number)] = {**sent, "id": int(number), "lists": lists}
                return 200, {}, {"data": {"id": int(number)}}
            case "DELETE", ["subscribers", number]:
                del self.people[int(number)]
                return 200, {}, {"data": True}
        return 404, {}, {"message": "no such path"}


def lowered(sent: dict[str, Any]) -> dict[str, Any]:
    """As listmonk keeps a subscriber: the address in lower case."""
    return {**sent, "email": sent["email"].strip().lower()}


KINDS = (
    Kind(
        destination="listmonk",
        object="subscriber",
        key="email",
        mode="upsert",
        columns={"email": "varchar", "name": "varchar", "score": "bigint"},
        vendor=Listmonk,
        sample=lambda number: {
            "email": f"person{number}@example.com",
            "name": f"Firstname{number}",
            "score": number,
        },
        changing="score",
        environ={
            "MILLRACE_LISTMONK_URL": "http://127.0.0.1:9000",
            "MILLRACE_LISTMONK_USER": "api",
            "MILLRACE_LISTMONK_TOKEN": "monk-secret",
            "MILLRACE_LISTMONK_LISTS": "3",
        },
        secrets=("MILLRACE_LISTMONK_TOKEN",),
        long="name",
        learns="opt_out",
        private=("email", "name"),
        removal="delete",
    ),
)
