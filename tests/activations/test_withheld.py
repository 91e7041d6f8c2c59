"""Whom a plan holds back is on record, once for as long as it lasts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.activations.conftest import AS_OF, KINDS, Desk, desk_for

WITHHELD = (
    "select contact_id, state, reason, ended_at is null from raw_activations.withheld "
    "order by withheld_at, contact_id"
)


def desk(tmp_path: Path) -> Desk:
    """A sync of messages whose model names contacts and says who may not be written to."""
    kind = KINDS["twilio"]
    more = {"contact_id": "varchar", "suppressed_reason": "varchar"}
    made = desk_for(kind, tmp_path / "home")
    made.kind = made.kind.__class__(**{**vars(kind), "columns": {**kind.columns, **more}})
    return made


def test_a_contact_who_is_held_back_is_one_row_until_it_ends(tmp_path: Path) -> None:
    """However many plans say so; another reason is another row."""
    made = desk(tmp_path)
    rows = [
        {**KINDS["twilio"].row(n), "contact_id": f"c{n}", "suppressed_reason": None}
        for n in range(3)
    ]
    rows[1]["suppressed_reason"] = "opt_out"
    made.fill(rows)
    made.go()
    made.go(AS_OF + timedelta(hours=1))
    assert made.query(WITHHELD) == [("c1", "suppressed", "opt_out", True)]

    rows[1]["suppressed_reason"] = "complaint"
    made.fill(rows)
    made.go(AS_OF + timedelta(hours=2))
    assert made.query(WITHHELD) == [
        ("c1", "suppressed", "opt_out", False),
        ("c1", "suppressed", "complaint", True),
    ]

    rows[1]["suppressed_reason"] = None
    made.fill(rows)
    made.go(AS_OF + timedelta(hours=3))
    assert made.query("select count(*) from raw_activations.withheld where ended_at is null") == [
        (0,)
    ]
    assert len(made.vendor.state()) == 3
