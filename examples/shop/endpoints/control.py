"""The shop's own paths beside the vendors': state, recorded requests, faults, opt-outs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from examples.shop.endpoints.exchange import Answer, Request, whole_number
from examples.shop.endpoints.state import Objects

if TYPE_CHECKING:
    from examples.shop.endpoints.server import Endpoints


def answer(endpoints: Endpoints, request: Request) -> Answer:
    """GET _state, _requests, _faults; POST _faults (rules), _optouts (numbers); DELETE _faults."""
    match request.method, request.path:
        case "GET", "/_state":
            state = endpoints.state()
            is_short = "digest" in request.query
            return Answer(200, {"digest": state["digest"]} if is_short else state)
        case "GET", "/_requests":
            after = whole_number(request.query.get("after"), 0)
            limit = whole_number(request.query.get("limit"), 1_000)
            return Answer(200, endpoints.store.requests(after, limit))
        case "GET", "/_faults":
            return Answer(200, endpoints.faults.report())
        case "DELETE", "/_faults":
            endpoints.faults.clear()
            return Answer(204)
        case "POST", "/_faults" | "/_optouts":
            return _change(endpoints, request)
    return Answer(404, {"message": "Own paths: /_state, /_requests, /_faults, /_optouts"})


def _change(endpoints: Endpoints, request: Request) -> Answer:
    try:
        given = json.loads(request.body)
        if not isinstance(given, list):
            raise TypeError("send a JSON list")
        if request.path == "/_faults":
            endpoints.faults.add(given)
        else:
            opt_out(endpoints, given)
    except (ValueError, TypeError) as error:
        return Answer(400, {"message": str(error)})
    return Answer(201, endpoints.faults.report())


def opt_out(endpoints: Endpoints, numbers: list[str]) -> None:
    """Let these recipients have answered STOP: Twilio refuses them with 21610 from now on."""
    with endpoints.store.transaction() as connection:
        objects = Objects(connection, "twilio")
        for number in numbers:
            if objects.find("opt_out", number) is None:
                objects.put("opt_out", number, {"number": number})
