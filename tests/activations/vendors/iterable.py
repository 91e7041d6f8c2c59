"""A stand-in for Iterable: counts, and failures by e-mail."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import requests

from tests.activations.scripted import Answer, Kind, Throttle, Vendor, path_of, sent_json


@dataclass
class Iterable(Vendor):
    """Users, or members of one list, by e-mail."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    kinds: dict[str, list[str]] = field(default_factory=dict)  # failures of other kinds

    def state(self) -> dict[str, Any]:
        return self.users

    def foreign(self) -> str | None:
        self.users["foreign@example.com"] = {}
        return "foreign@example.com"

    def handle(self, request: requests.PreparedRequest) -> Answer:
        assert request.headers["Api-Key"] == "iter-secret"
        match request.method, path_of(request).removeprefix("/api/").split("/"):
            case "GET", ["lists"]:
                return 200, {}, {"lists": []}
            case "DELETE", ["users", email]:
                if self.users.pop(unquote(email), None) is None:
                    return 400, {}, {"code": "UnknownEmailError", "msg": "no such user"}
                return 200, {}, {"code": "Success"}
            case "POST", ["users", "bulkUpdate"]:
                people = sent_json(request)["users"]
            case "POST", ["lists", "subscribe" | "unsubscribe" as deed]:
                assert sent_json(request)["listId"] == 12
                people = sent_json(request)["subscribers"]
                if deed == "unsubscribe":
                    gone = [one["email"] for one in people if one["email"] not in self.users]
                    for one in people:
                        self.users.pop(one["email"], None)
                    counts = {"successCount": len(people) - len(gone), "failCount": len(gone)}
                    return 200, {}, {**counts, "failedUpdates": {"notFoundEmails": gone}}
            case _:
                return 404, {}, {"msg": "no such path"}
        assert 0 < len(people) <= 1000
        gone = [one["email"] for one in people if one["email"] in self.left_keys]
        other = {email for emails in self.kinds.values() for email in emails}
        bad = [one["email"] for one in people if one["email"] in self.bad_keys | other] + gone
        for one in people:
            if one["email"] not in bad:
                self.users.setdefault(one["email"], {}).update(one.get("dataFields", {}))
        counts = {"successCount": len(people) - len(bad), "failCount": len(bad)}
        kinds = {
            "invalidEmails": [one for one in bad if one not in {*gone, *other}],
            "forgottenEmails": gone,
        }
        told = {"invalidEmails": bad, "failedUpdates": {**kinds, **self.kinds}}
        return 200, {}, {**counts, **told, "filteredOutFields": []}


COMMON: dict[str, Any] = {
    "destination": "iterable",
    "vendor": Iterable,
    "environ": {"MILLRACE_ITERABLE_TOKEN": "iter-secret", "MILLRACE_ITERABLE_LIST": "12"},
    "secrets": ("MILLRACE_ITERABLE_TOKEN",),
    "throttles": (
        Throttle(429, 1, {}, {"code": "RateLimitExceeded"}),
        Throttle(429, 7, {}, {"code": "RateLimitExceeded", "params": {"rateLimitReset": 7}}),
    ),
    "key": "email",
    "mode": "upsert",
}
KINDS = (
    Kind(
        **COMMON,
        object="user",
        columns={"email": "varchar", "firstName": "varchar", "score": "bigint"},
        sample=lambda number: {
            "email": f"person{number}@example.com",
            "firstName": f"Firstname{number}",
            "score": number,
        },
        changing="score",
        long="firstName",
        learns="opt_out",
        private=("email", "firstName"),
        removal="delete",
    ),
    Kind(
        **COMMON,
        object="list_member",
        columns={"email": "varchar", "source": "varchar"},
        sample=lambda number: {"email": f"person{number}@example.com", "source": "shop"},
        changing="source",
        learns="opt_out",
        private=("email",),
        removal="remove_from_list",
        carries_values=False,
    ),
)
