"""A stand-in for Braze: success with errors by index; only what changed may be sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests

from tests.activations.scripted import Answer, Kind, Throttle, Vendor, path_of, sent_json


@dataclass
class Braze(Vendor):
    """Users by external id, and the data points they cost."""

    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    points: int = 0

    def state(self) -> dict[str, Any]:
        return self.users

    def foreign(self) -> str | None:
        self.users["foreign"] = {}
        return "foreign"

    def handle(self, request: requests.PreparedRequest) -> Answer:
        assert request.headers["Authorization"] == "Bearer braze-secret"
        match request.method, path_of(request):
            case "GET", "/segments/list":
                return 200, {}, {"message": "success", "segments": []}
            case "POST", "/v2/subscription/status/set":
                return self.groups(sent_json(request)["subscription_groups"])
            case "POST", "/users/delete":
                gone = sent_json(request)["external_ids"]
                assert 0 < len(gone) <= 50
                for key in gone:
                    self.users.pop(key, None)
                return 201, {}, {"message": "success", "deleted": len(gone)}
            case "POST", "/users/track":
                sent = sent_json(request)["attributes"]
                assert 0 < len(sent) <= 75
                errors = []
                for place, user in enumerate(sent):
                    key = user.pop("external_id")
                    assert user.pop("_update_existing_only") is False
                    if key in self.bad_keys:
                        words = f"{key} holds a reserved word"
                        errors.append({"type": words, "input_array": "attributes", "index": place})
                        continue
                    self.points += len(user)
                    self.users.setdefault(key, {}).update(user)
                done = {"message": "success", "attributes_processed": len(sent) - len(errors)}
                return 201, {}, {**done, **({"errors": errors} if errors else {})}
        return 404, {}, {"message": "no such path"}

    def groups(self, sent: list[dict[str, Any]]) -> Answer:
        """Who is subscribed to what; a user whom it does not know fails the whole request."""
        people = [user for one in sent for user in one["external_ids"]]
        assert 0 < len(people) <= 50
        if bad := [user for user in people if user in self.bad_keys]:
            return 400, {}, {"message": f"external_id {bad[0]} is not valid"}
        for one in sent:
            for user in one["external_ids"]:
                self.users[user] = {"subscription_state": one["subscription_state"]}
        for user in [
            u for u, held in self.users.items() if held.get("subscription_state") == "unsubscribed"
        ]:
            del self.users[user]
        return 201, {}, {"message": "success"}


KINDS = (
    Kind(
        destination="braze",
        object="user",
        key="external_id",
        mode="upsert",
        columns={
            "external_id": "varchar",
            "email": "varchar",
            "first_name": "varchar",
            "score": "bigint",
        },
        vendor=Braze,
        sample=lambda number: {
            "external_id": f"c{number}",
            "email": f"person{number}@example.com",
            "first_name": f"Firstname{number}",
            "score": number,
        },
        changing="score",
        environ={
            "MILLRACE_BRAZE_URL": "https://rest.iad-01.braze.com",
            "MILLRACE_BRAZE_TOKEN": "braze-secret",
        },
        secrets=("MILLRACE_BRAZE_TOKEN",),
        long="first_name",
        private=("email", "first_name"),
        throttles=(Throttle(429, 2, {"X-RateLimit-Reset": "3"}, {"message": "Rate limited"}),),
    ),
    Kind(
        destination="braze",
        object="subscription",
        key="membership",
        mode="upsert",
        columns={
            "membership": "varchar",
            "external_id": "varchar",
            "subscription_group_id": "varchar",
            "subscription_state": "varchar",
            "score": "bigint",
        },
        vendor=Braze,
        sample=lambda number: {
            "membership": f"user-{number:04}:news",
            "external_id": f"user-{number:04}",
            "subscription_group_id": "b1234567-89ab-cdef-0123-456789abcdef",
            "subscription_state": "subscribed",
            "score": number,
        },
        changing="score",
        carries_values=False,
        environ={
            "MILLRACE_BRAZE_URL": "https://rest.fra-01.braze.eu",
            "MILLRACE_BRAZE_TOKEN": "braze-secret",
        },
        secrets=("MILLRACE_BRAZE_TOKEN",),
        identity="external_id",
        removal="unsubscribe",
    ),
)
