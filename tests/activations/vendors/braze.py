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
)
