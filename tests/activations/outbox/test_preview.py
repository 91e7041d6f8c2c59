"""A preview is what the contact would get, for any contact, and sends nothing; mistakes are named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from activations.errors import DefinitionError
from activations.outbox import look
from activations.outbox.definitions import definitions
from activations.outbox.preview import parse_data, preview
from tests.activations.outbox.house import HELLO, House, house
from warehouse.connection import connect


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        with made.box() as box:
            box.contact("ada")
        yield made


def test_a_preview_is_for_whom_it_is_asked_for(home: House) -> None:
    """By id or address, or from the example when nobody is named."""
    message = definitions(home.settings, home.manifest).message("hello")
    with connect(home.settings) as con:
        found = [
            preview(con, home.settings, home.manifest, message, who)
            for who in ("ada", " ADA@mail.example", None)
        ]

    assert [one.contact_id for one in found] == ["ada", "ada", None]
    assert all("Hello Ada" in str(one.made.text) for one in found[:2])
    assert "Hello you" in str(found[2].made.text)
    assert found[0].made.to == "ada@mail.example"
    assert home.mail.messages == []


def test_a_preview_of_a_text_counts_segments_and_cost(home: House) -> None:
    """At the channel's price, with the data that was given."""
    home.write(
        "ping", "Hi {{ data.word }}", "txt", channel="sms", subject=None, example={"word": "x"}
    )
    message = definitions(home.settings, home.manifest).message("ping")
    with connect(home.settings) as con:
        found = preview(
            con, home.settings, home.manifest, message, "ada", data=parse_data('{"word": "ж"}'), price=0.075
        )  # fmt: skip

    assert found.made.text == "Hi ж"
    assert found.size is not None
    assert (found.size.encoding, found.size.segments, found.cost) == ("UCS-2", 1, 0.075)


def test_what_cannot_be_previewed_is_named(home: House) -> None:
    """The contact, the variant, the data."""
    home.write("hello", HELLO, variants=[{"name": "a"}, {"name": "b"}])
    message = definitions(home.settings, home.manifest).message("hello")
    with connect(home.settings) as con:
        with pytest.raises(DefinitionError, match=r"no contact has .* 'zoe'"):
            preview(con, home.settings, home.manifest, message, "zoe")
        with pytest.raises(DefinitionError, match="no variant 'c'; there are a, b"):
            preview(con, home.settings, home.manifest, message, "ada", variant="c")
    for text in ("[1]", "{"):
        with pytest.raises(DefinitionError, match="--data is no JSON"):
            parse_data(text)


def test_the_outbox_tells_what_goes_out_and_why(home: House) -> None:
    """Listed by time; each decision with its values; ids by their beginning."""
    (made,) = home.propose("ben")
    home.dispatch()
    with connect(home.settings) as con:
        (entry,) = look.entries(con, state="handed_over")
        assert (entry.message_id, entry.message, entry.reason) == (made, "hello", "to smtp")
        assert look.entries(con, contact="nobody") == []
        assert look.counts(con) == [("journey:cart", "hello", "handed_over", 1)]
        told = look.why(con, made[:6])
        assert [decision for _, decision, _, _ in told] == ["cleared", "claimed", "handed_over"]
        assert told[0][3]["zone"] == "UTC"
        with pytest.raises(DefinitionError, match="no message has an id"):
            look.why(con, "zz")
