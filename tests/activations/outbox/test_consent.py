"""Nobody is written to who may not be: judged when a message's time has come, and kept with the reason."""

from __future__ import annotations

import pytest

from activations.errors import DefinitionError
from activations.outbox import arbitrate
from tests.activations.outbox.conftest import AS_OF, DAY, HOUR, Box, rules


def test_a_consenting_contact_is_cleared_at_the_address_that_consented(box: Box) -> None:
    """The plain case."""
    box.contact("ada")
    message = box.propose("ada")

    assert box.arbitrate(rules()) == {"cleared": 1}
    assert box.state(message) == ("cleared", "may go")


@pytest.mark.parametrize(
    "reason", ["hard_bounce", "complaint", "erasure", "opt_out", "soft_bounces"]
)
def test_a_suppressed_address_gets_no_marketing(box: Box, reason: str) -> None:
    """Whatever closed it, and whatever the permissions of the contact still say."""
    box.contact("ada")
    box.suppress("ada", reason)
    message = box.propose("ada")
    box.arbitrate(rules())

    assert box.state(message) == ("skipped", reason)


def test_a_transactional_message_passes_an_opt_out_but_no_bounce(box: Box) -> None:
    """A receipt reaches whoever left the newsletter; a dead mailbox it does not."""
    for name, reason in (("ada", "opt_out"), ("ben", "hard_bounce")):
        box.contact(name, email=False)
        box.suppress(name, reason)
    ada = box.propose("ada", purpose="transactional")
    ben = box.propose("ben", purpose="transactional")
    box.arbitrate(rules())

    assert box.state(ada) == ("cleared", "may go")
    assert box.state(ben) == ("skipped", "hard_bounce")


def test_an_unconfirmed_address_is_skipped_as_such(box: Box) -> None:
    """A double opt-in says nothing until it is confirmed."""
    box.contact("ada", email=False)
    box.con.execute(
        "insert into marts.dim_pending_confirmations values "
        "('s1', 'email', 'ada@mail.example', 'ada', 'newsletter', 'marketing', null, null)"
    )
    message = box.propose("ada")
    box.arbitrate(rules())

    assert box.state(message) == ("skipped", "unconfirmed")


def test_consent_is_asked_per_purpose_and_channel(box: Box) -> None:
    """Yes to marketing by mail is no yes to a survey, nor to a text message."""
    box.contact("ada", sms=False)
    survey = box.propose("ada", purpose="survey", step_id="a")
    text = box.propose("ada", channel="sms", step_id="b")
    box.arbitrate(rules())

    assert box.state(survey) == ("skipped", "no consent to survey")
    assert box.state(text) == ("skipped", "no consent to marketing")


def test_a_contact_who_is_gone_or_has_no_address_is_skipped(box: Box) -> None:
    """Erased, merged away, or never reachable."""
    box.contact("ada")
    box.con.execute("update marts.dim_contacts set email = null")
    gone, nowhere = box.propose("nobody"), box.propose("ada")
    box.arbitrate(rules())

    assert box.state(gone) == ("skipped", "the contact is gone")
    assert box.state(nowhere) == ("skipped", "no e-mail address")


def test_a_refusal_before_a_messages_time_is_not_held_against_it(box: Box) -> None:
    """Consent counts at the time of sending: it may be given, or taken back, until then."""
    box.contact("ada", email=False)
    message = box.propose("ada", due_at=(AS_OF + 2 * HOUR).replace(tzinfo=None))
    box.arbitrate(rules())
    assert box.state(message)[0] == "planned"

    box.contact("ada2")
    box.con.execute(
        "insert into marts.dim_contact_permissions values "
        "('ada', 'email', 'marketing', 'ada@mail.example', true, null, null)"
    )
    box.arbitrate(rules(), AS_OF + 2 * HOUR)
    assert box.state(message)[0] == "cleared"

    box.suppress("ada", "opt_out")
    box.arbitrate(rules(), AS_OF + 2 * HOUR)
    assert box.state(message) == ("skipped", "opt_out")


def test_the_same_moment_twice_decides_the_same_and_records_nothing_new(box: Box) -> None:
    """A dispatch that was killed starts over."""
    for name in ("ada", "ben"):
        box.contact(name)
        box.propose(name)
    box.suppress("ben", "complaint")
    first = box.arbitrate(rules())
    before, states = box.decisions(), box.states()
    assert first == {"cleared": 1, "skipped": 1}

    box.arbitrate(rules())

    assert (box.decisions(), box.states()) == (before, states)


def test_a_channel_without_a_destination_skips_its_messages(box: Box) -> None:
    """Nothing waits for ever for a way out that nobody declared."""
    box.contact("ada")
    message = box.propose("ada", channel="onsite")
    box.arbitrate(rules())

    assert box.state(message) == ("skipped", "no destination for onsite")


def test_without_the_models_of_consent_nothing_is_decided(box: Box) -> None:
    """Not knowing who may be written to is no permission."""
    box.con.execute("drop table marts.dim_contact_permissions")

    with pytest.raises(DefinitionError, match="dim_contact_permissions is not built"):
        arbitrate(box.con, rules(), AS_OF + DAY)
