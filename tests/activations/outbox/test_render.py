"""What is rendered says what was meant: words by Liquid, layout by MJML, links with parameters, errors by place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from activations.errors import DefinitionError
from activations.outbox.check import check
from activations.outbox.markup import plain, tag_html, with_parameters
from activations.outbox.render import Addressee, RenderError, choose, render
from activations.outbox.template import Message, load_message, load_messages
from tests.activations.outbox.house import CONTACTS, DOOR, HELLO, KEY, model
from warehouse.manifest import Manifest
from warehouse.settings import Settings, load

SCORES = model("score_lead", "scores", {"contact_id": "VARCHAR", "score": "BIGINT"})
MANIFEST = Manifest(models={"dim_contacts": CONTACTS, "score_lead": SCORES}, sources={})
ADA = Addressee(
    "ada@mail.example", {"first_name": "Ada <3 & co", "country": "DE"}, source_name="cart"
)


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    made = load({"MILLRACE_HOME": str(tmp_path), "MILLRACE_COLLECTOR_SIGNING_KEY": KEY})
    return replace(made, public_url=DOOR)


def write(
    folder: Path, body: str = HELLO, ending: str = "mjml", name: str = "hello", **said: Any
) -> Message:
    usual = {"channel": "email", "purpose": "marketing", "subject": "Hi {{ contact.first_name }}"}
    (folder / f"{name}.yml").write_text(yaml.safe_dump({**usual, **said}))
    (folder / f"{name}.{ending}").write_text(body)
    return load_message(folder / f"{name}.yml")


def mjml(words: str) -> str:
    leave = '<a href="{{ unsubscribe_url }}">Leave</a>'
    inner = f"<mj-section><mj-column><mj-text>{words} {leave}</mj-text></mj-column></mj-section>"
    return f"<mjml><mj-body>{inner}</mj-body></mjml>"


def test_values_are_escaped_in_html_and_not_in_subject_and_text(
    here: Settings, tmp_path: Path
) -> None:
    """A name is no markup."""
    made = render(here, write(tmp_path), None, ADA)

    assert made.html is not None and "Ada &lt;3 &amp; co" in made.html
    assert made.subject == "Hi Ada <3 & co"
    assert made.text is not None and "Hello Ada <3 & co" in made.text


def test_dynamic_content_follows_the_contact(here: Settings, tmp_path: Path) -> None:
    """Whole sections come and go with what is known."""
    message = write(
        tmp_path,
        HELLO.replace(
            "</mj-body>",
            "{% if contact.country == 'DE' %}<mj-section><mj-column><mj-text>Free delivery</mj-text>"
            "</mj-column></mj-section>{% endif %}</mj-body>",
        ),
    )
    abroad = replace(ADA, contact={**ADA.contact, "country": "FR"})

    assert "Free delivery" in str(render(here, message, None, ADA).html)
    assert "Free delivery" not in str(render(here, message, None, abroad).html)


def test_html_stands_alone_and_tells_no_font_host_who_reads_it(
    here: Settings, tmp_path: Path
) -> None:
    """MJML's own fonts would be loaded from elsewhere."""
    html = str(render(here, write(tmp_path), None, ADA).html)

    assert html.lstrip().lower().startswith("<!doctype html>") and "fonts.googleapis" not in html


def test_links_get_their_parameters_once_and_ours_stay_as_they_are(
    here: Settings, tmp_path: Path
) -> None:
    """What a link says already is kept; the door's own links are sealed; mailto is no page."""
    message = write(
        tmp_path,
        mjml(
            '<a href="https://a.example/x?utm_source=own#top">1</a> <a href="mailto:a@b.example">2</a>'
        ),
        links={"utm_source": "millrace", "utm_campaign": "{{ message.source }} 1"},
    )
    html = str(render(here, message, None, ADA).html)

    assert 'href="https://a.example/x?utm_source=own&amp;utm_campaign=cart%201#top"' in html
    assert 'href="mailto:a@b.example"' in html
    assert f'href="{DOOR}/unsubscribe/' in html and "unsubscribe?" not in html
    assert html.count("utm_campaign") == 1


def test_a_text_beside_the_html_is_taken_as_it_is(here: Settings, tmp_path: Path) -> None:
    """With parameters on its links too."""
    message = write(tmp_path, links={"utm_source": "m"})
    (tmp_path / "hello.txt").write_text("Dear {{ contact.first_name }}: https://shop.example/cart.")

    made = render(here, message, None, ADA)

    assert made.text == "Dear Ada <3 & co: https://shop.example/cart?utm_source=m."


def test_a_preheader_is_there_and_not_in_the_text(here: Settings, tmp_path: Path) -> None:
    """Mail programs show it in the list; readers of the text need it not."""
    made = render(here, write(tmp_path, preheader="For {{ contact.first_name }}"), None, ADA)

    assert "For Ada &lt;3 &amp; co</div>" in str(made.html)
    assert "For Ada" not in str(made.text)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"body": mjml("{{ contact.firstname }}")}, r"hello.mjml: line 1: there is no contact.firstname; there are"),
        ({"body": mjml("\n{{ data.price }}")}, r"hello.mjml: line 2: there is no data.price; name it under example"),
        ({"body": mjml("{{ user.name }}")}, r"hello.mjml: there is no 'user'; there are .*contact"),
        ({"body": mjml("{% if contact.country %}")}, r"hello.mjml: .*endif"),
        ({"body": mjml("{{ contact.country | shout }}")}, r"hello.mjml: .*unknown filter 'shout'"),
        ({"body": "<mjml><mj-body><mj-foo></mj-body></mjml>{{ unsubscribe_url }}"}, r"hello.mjml: MJML: "),
        ({"body": HELLO.replace("unsubscribe_url", "send_at")}, r"marketing e-mail needs a visible way to leave"),
        ({"subject": "{{ contact.nope }}"}, r"hello.yml: subject: line 1: there is no contact.nope"),
        ({"reads": {"lead": "score_led"}}, r"reads.lead: there is no model 'score_led'"),
        ({"reads": {"lead": "score_lead"}, "body": mjml("{{ lead.points }}")}, r"there is no lead.points"),
        ({"subject": None}, r"an e-mail needs a subject"),
        ({"colour": "red"}, r"colour: there is no such key; the file takes channel, purpose"),
        ({"from": "nobody"}, r"'nobody' is no address"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_with_its_place(
    here: Settings, tmp_path: Path, said: dict[str, Any], words: str
) -> None:
    """File and line before anybody gets it."""
    said = dict(said)
    body = said.pop("body", HELLO)

    with pytest.raises(DefinitionError, match=words):
        check(here, write(tmp_path, body, **said), MANIFEST)


def test_what_is_in_order_passes(here: Settings, tmp_path: Path) -> None:
    """With a model that it reads, an example and variants."""
    message = write(
        tmp_path,
        mjml("{{ lead.score }} {{ data.cart.value }} {% for item in data.items %}{{ item }}{% endfor %}"),
        reads={"lead": "score_lead"},
        example={"cart": {"value": 3}, "items": ["a"]},
        variants=[{"name": "a"}, {"name": "b", "subject": "Other"}],
    )  # fmt: skip

    check(here, message, MANIFEST)


def test_one_broken_file_leaves_the_others_usable(tmp_path: Path) -> None:
    """And is named."""
    write(tmp_path)
    (tmp_path / "torn.yml").write_text("channel: email\nsubject: [\n")
    (tmp_path / "bare.yml").write_text("channel: email\npurpose: marketing\nsubject: Hi\n")

    found, broken = load_messages(tmp_path)

    assert list(found) == ["hello"]
    assert "torn.yml, line 3" in broken["torn"]
    assert "write bare.mjml or bare.html or bare.txt beside it" in broken["bare"]


def test_an_undefined_value_stops_the_message_and_names_no_value(
    here: Settings, tmp_path: Path
) -> None:
    """`default` catches it where it is meant to be missing."""
    message = write(tmp_path, mjml("{{ data.price | default: 'ask us' }} {{ data.weight }}"))

    with pytest.raises(
        RenderError, match=r"hello.mjml: line 1: data.weight is undefined"
    ) as caught:
        render(here, message, None, replace(ADA, data={"secret": "4711"}))
    assert "4711" not in str(caught.value)


def test_variants_are_stable_and_keep_their_shares(tmp_path: Path) -> None:
    """A function of source, message and contact: 100 000 contacts at 50/30/20 lie within 3 sigma."""
    message = write(
        tmp_path, variants=[{"name": "a", "weight": 50}, {"name": "b", "weight": 30}, {"name": "c", "weight": 20}]
    )  # fmt: skip
    drawn: dict[str, int] = {}
    for number in range(100_000):
        variant, chance = choose(message, "autumn", f"C{number}")
        assert variant is not None and chance == variant.weight / 100
        drawn[variant.name] = drawn.get(variant.name, 0) + 1

    for name, share in (("a", 0.5), ("b", 0.3), ("c", 0.2)):
        assert abs(drawn[name] - 100_000 * share) < 3 * (100_000 * share * (1 - share)) ** 0.5
    again = [choose(message, "autumn", f"C{number}")[0] for number in range(100)]
    assert again == [choose(message, "autumn", f"C{number}")[0] for number in range(100)]
    other = [choose(message, "winter", f"C{number}")[0] for number in range(100)]
    assert again != other


def test_plain_text_keeps_words_links_and_lines() -> None:
    """What is hidden, and what only styles, is left out."""
    html = (
        "<head><style>p {}</style></head><body><div style='display:none'>pre</div><h1>Hi</h1>"
        "<p>One<br>two &amp; <a href='https://x.example'>three</a></p><img alt='A cat' src=x></body>"
    )

    assert plain(html) == "Hi\n\nOne\ntwo & three (https://x.example)\nA cat\n"


def test_only_addresses_of_links_change() -> None:
    """Not the words beside them, nor other tags."""
    html = '<p>href="https://a.example"</p>\n<a class=x href=\'https://b.example/?q=1&amp;r=2\'>b</a><img href="https://c.example">'

    changed = tag_html(html, lambda url: with_parameters(url, {"s": "ü"}))

    assert changed == html.replace(
        "'https://b.example/?q=1&amp;r=2'", '"https://b.example/?q=1&amp;r=2&amp;s=%C3%BC"'
    )
