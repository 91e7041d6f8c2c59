"""Definitions: what is understood, and what is refused with the file and the fix."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from activations import destinations
from activations.errors import DefinitionError
from activations.syncs import load_sync, load_syncs
from tests.activations.conftest import KINDS, model
from warehouse.manifest import Column, Manifest


def test_a_definition_is_read_whole() -> None:
    """Guards, owner and custom fields come from the model's meta."""
    sync = load_sync(
        model(KINDS["activecampaign"], guards={"min_rows": 3, "max_change_fraction": 0.3})
    )

    assert sync.guards.min_rows == 3
    assert sync.owner == "growth"
    assert dict(sync.custom_fields) == {"lead_score": "Lead score"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"destination": "fax"}, "unknown destination 'fax'"),
        ({"object": "note"}, "takes contact, company, deal, task, list_member, not 'note'"),
        ({"mode": "append"}, "can be synced by mirror, update, upsert"),
        ({"mode": "mirror"}, "needs on_remove"),
        ({"mode": "mirror", "on_remove": "explode"}, "on_remove may be archive"),
        ({"on_remove": "archive"}, "only goes with mode mirror"),
        ({"key": "nothing"}, "is none of its columns"),
        ({"guards": {"min_row": 3}}, "meta.sync.guards.min_row"),
        ({"guards": {"max_change_fraction": 3}}, "max_change_fraction"),
        ({"colour": "red"}, "meta.sync.colour"),
    ],
)
def test_a_mistake_is_named_with_its_file(change: dict[str, Any], words: str) -> None:
    """No stack trace sends a reader looking for the model."""
    with pytest.raises(DefinitionError) as caught:
        load_sync(model(KINDS["hubspot"], **change))

    assert str(caught.value).startswith("models/syncs/sync_hubspot_deal.sql: ")
    assert words in str(caught.value)


def test_two_syncs_may_not_write_the_same_field() -> None:
    """They would undo each other for ever."""
    first = model(KINDS["hubspot"])
    second = replace(
        first, name="sync_hubspot_deal_amounts", path="models/syncs/sync_hubspot_deal_amounts.sql"
    )

    with pytest.raises(DefinitionError, match=r"writes hubspot deal\.dealname too"):
        load_syncs(Manifest(models={m.name: m for m in (first, second)}, sources={}))


def test_syncs_of_one_object_may_share_it_by_columns() -> None:
    """Disjoint columns are fine."""
    first = model(KINDS["hubspot"])
    columns = {"deal_id": Column("deal_id", "VARCHAR", ""), "note": Column("note", "VARCHAR", "")}
    second = replace(first, name="sync_hubspot_deal_notes", columns=columns)

    syncs = load_syncs(Manifest(models={m.name: m for m in (first, second)}, sources={}))

    assert [sync.name for sync in syncs] == ["sync_hubspot_deal", "sync_hubspot_deal_notes"]


def test_every_connector_file_defines_its_connector() -> None:
    """Discovery is by presence; each states limits, needs and modes."""
    for name in destinations.names():
        connector = destinations.connector(name)
        assert connector.name == name
        assert connector.objects
        assert connector.needs
        assert connector.limits.max_rows >= 1
        assert connector.separate <= set(connector.objects)


def test_syncs_whose_rows_are_their_own_may_share_columns() -> None:
    """Two files with a column of the same name undo nothing."""
    first = model(KINDS["files"])
    second = replace(first, name="sync_files_others", path="models/syncs/sync_files_others.sql")

    assert len(load_syncs(Manifest(models={m.name: m for m in (first, second)}, sources={}))) == 2
