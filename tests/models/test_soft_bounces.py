"""Soft bounces add up to a hard one by policy: so many messages, in so many days, with no delivery in between."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.orchestration.installation import AS_OF, installation, land, refresh, rows
from warehouse.clock import naive

LIMIT, DAYS = 5, 30
START = datetime(2026, 1, 1)
SUPPRESSED = "int_contacts__suppressions"
# (day, whether it was delivered) of each message to one address; every soft bounce is reported twice.
HISTORIES = st.lists(
    st.tuples(st.integers(0, 220), st.booleans()), max_size=14, unique_by=lambda m: m[0]
)


def webhooks(address: str, history: list[tuple[int, bool]]) -> list[dict[str, object]]:
    """What Postmark sends about one address."""
    found: list[dict[str, object]] = []
    for day, is_delivered in history:
        moment = (START + timedelta(days=day)).isoformat() + "Z"
        key = {"MessageID": f"{address}-{day}"}
        if is_delivered:
            found.append(
                {**key, "RecordType": "Delivery", "Recipient": address, "DeliveredAt": moment}
            )
        else:
            bounce = {
                "RecordType": "Bounce",
                "Type": "SoftBounce",
                "Email": address,
                "BouncedAt": moment,
            }
            later = (START + timedelta(days=day, minutes=5)).isoformat() + "Z"
            found += [{**key, **bounce, "ID": 1}, {**key, **bounce, "BouncedAt": later, "ID": 2}]
    return found


def is_closed(history: list[tuple[int, bool]]) -> bool:
    """Whether LIMIT soft bounces in a row were within DAYS, up to now."""
    last = (naive(AS_OF) - START).days
    in_a_row: list[int] = []
    for day, is_delivered in sorted(history):
        if day > last:
            break
        in_a_row = [] if is_delivered else [*in_a_row, day]
        if len(in_a_row) >= LIMIT and day - in_a_row[-LIMIT] <= DAYS:
            return True
    return False


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(HISTORIES, min_size=60, max_size=120), st.randoms(use_true_random=False))
def test_as_a_loop_would_count_them(
    tmp_path_factory: st.SearchStrategy[Path],
    histories: list[list[tuple[int, bool]]],
    random: object,
) -> None:
    made = installation(tmp_path_factory.mktemp("soft"))  # type: ignore[attr-defined]
    addresses = [f"p{number}@mail.example" for number in range(len(histories))]
    # Whatever hypothesis drew, these two are there: five in a month, and four, a delivery, and one.
    addresses += ["closed@mail.example", "open@mail.example"]
    histories = [
        *histories,
        [(day, False) for day in range(5)],
        [*((day, False) for day in range(4)), (4, True), (5, False)],
    ]
    sent = [w for a, h in zip(addresses, histories, strict=True) for w in webhooks(a, h)]
    random.shuffle(sent)  # type: ignore[attr-defined]
    land(made, "postmark.events", "1.ndjson", sent[::2])
    refresh(made, SUPPRESSED)
    land(made, "postmark.events", "2.ndjson", sent[1::2] + sent[:9])
    refresh(made, SUPPRESSED)

    found = rows(made, f"select address, reason from intermediate.{SUPPRESSED}")
    expected = {a for a, h in zip(addresses, histories, strict=True) if is_closed(h)}
    assert {"closed@mail.example"} <= expected
    assert "open@mail.example" not in expected
    assert set(found) == {(address, "hard_bounce") for address in expected}
