"""A sealed link says what it was given, to us alone; nobody can change it, and only confirmations grow old."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse import tokens
from warehouse.errors import SettingsError, TokenError, TokenExpired
from warehouse.settings import load

OLD, NEW = "o" * 32, "n" * 32
NOW = datetime(2026, 6, 30, tzinfo=UTC)
ADA = "ada@mail.example"


def confirmation(keys: tuple[str, ...] = (NEW,)) -> str:
    return tokens.mint_confirmation(keys, "s1", "email", ADA, NOW)


def test_a_confirmation_says_what_it_was_given_until_it_is_too_old() -> None:
    token = confirmation()
    last = NOW + tokens.CONFIRM_WITHIN - timedelta(seconds=1)

    found = tokens.open_confirmation([NEW], token, last)

    assert (found.submission_id, found.channel, found.address) == ("s1", "email", ADA)
    with pytest.raises(TokenExpired):
        tokens.open_confirmation([NEW], token, NOW + tokens.CONFIRM_WITHIN)


def test_an_unsubscribe_link_never_ends() -> None:
    """It holds no time at all, so no clock can end it."""
    token = tokens.mint_unsubscribe([NEW], "email", ADA, ["news", "marketing"])
    found = tokens.open_unsubscribe([NEW], token)
    assert (found.channel, found.address, found.purposes) == ("email", ADA, ("marketing", "news"))


def test_the_same_content_gives_the_same_token() -> None:
    """A sync states it in each run; a token that differed would look like a change."""
    assert confirmation() == confirmation()
    assert confirmation() != tokens.mint_confirmation([NEW], "s2", "email", ADA, NOW)


def test_nobody_can_read_the_address() -> None:
    token = confirmation()
    raw = base64.urlsafe_b64decode(token + "==")
    assert b"ada" not in raw.lower()
    assert ADA not in token


def test_the_older_key_opens_and_the_newer_one_seals() -> None:
    before = tokens.mint_unsubscribe([OLD], "email", ADA)
    after = tokens.mint_unsubscribe([NEW, OLD], "email", ADA)

    assert tokens.open_unsubscribe([NEW, OLD], before).address == ADA
    assert tokens.open_unsubscribe([NEW], after).address == ADA
    with pytest.raises(TokenError):
        tokens.open_unsubscribe([NEW], before)


def test_one_kind_of_token_is_no_other() -> None:
    """Whoever has a confirmation cannot unsubscribe with it, nor the other way round."""
    with pytest.raises(TokenError):
        tokens.open_unsubscribe([NEW], confirmation())
    with pytest.raises(TokenError):
        tokens.open_confirmation([NEW], tokens.mint_unsubscribe([NEW], "email", ADA), NOW)
    with pytest.raises(TokenError):
        tokens.open_stamp([NEW], confirmation())


@pytest.mark.parametrize("place", range(len(confirmation())))
def test_a_token_changed_anywhere_is_none(place: int) -> None:
    token = confirmation()
    other = "A" if token[place] != "A" else "B"
    for changed in (token[:place] + other + token[place + 1 :], token[:place], token + "A"):
        with pytest.raises(TokenError):
            tokens.open_confirmation([NEW], changed, NOW)


@given(st.text(max_size=300))
def test_no_text_at_all_breaks_the_reader(text: str) -> None:
    with pytest.raises(TokenError):
        tokens.open_unsubscribe([NEW, OLD], text)


@given(st.text(min_size=1), st.lists(st.text(min_size=1), min_size=1))
def test_any_address_and_purpose_comes_back(address: str, purposes: list[str]) -> None:
    try:
        address.encode(), [purpose.encode() for purpose in purposes]
    except UnicodeEncodeError:
        return
    found = tokens.open_unsubscribe([NEW], tokens.mint_unsubscribe([NEW], "sms", address, purposes))
    assert (found.address, found.purposes) == (address, tuple(sorted(set(purposes))))


def test_without_a_key_nothing_is_sealed() -> None:
    with pytest.raises(TokenError, match="MILLRACE_COLLECTOR_SIGNING_KEY"):
        tokens.mint_unsubscribe([], "email", ADA)
    with pytest.raises(ValueError, match="purpose"):
        tokens.mint_unsubscribe([NEW], "email", ADA, [])


def test_a_short_key_is_refused_and_a_long_one_is_in_no_repr() -> None:
    with pytest.raises(SettingsError, match="32 characters"):
        load({"MILLRACE_COLLECTOR_SIGNING_KEY": f"{NEW},short"})
    settings = load({"MILLRACE_COLLECTOR_SIGNING_KEY": f"{NEW}, {OLD}"})
    assert settings.signing_keys == (NEW, OLD)
    assert NEW not in repr(settings)


def test_the_headers_are_those_of_one_click() -> None:
    assert tokens.unsubscribe_headers("https://e.example/unsubscribe/t") == {
        "List-Unsubscribe": "<https://e.example/unsubscribe/t>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
