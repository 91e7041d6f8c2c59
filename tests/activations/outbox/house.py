"""A small installation that sends messages: consent in a warehouse, definitions in a folder, a server, a vendor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from socket import socket
from typing import Any

import yaml
from aiosmtpd.controller import Controller

from activations.outbox import dispatch as dispatching
from activations.outbox.definitions import definitions
from activations.outbox.dispatch import Dispatch
from activations.run import Tools
from tests.activations.conftest import Clock
from tests.activations.outbox.conftest import AS_OF, MARTS, Box
from tests.activations.scripted import Adapter
from tests.activations.test_smtp import Mailbox
from tests.activations.vendors.twilio import KINDS, Twilio
from warehouse.connection import connect
from warehouse.manifest import Column, Manifest, Model
from warehouse.settings import Settings, load

KEY = "k" * 32
DOOR = "https://events.shop.example"
HELLO = """<mjml><mj-body><mj-section><mj-column>
  <mj-text>Hello {{ contact.first_name | default: 'you' }}</mj-text>
  <mj-button href="https://shop.example/cart?id=1">To the cart</mj-button>
  <mj-text><a href="{{ unsubscribe_url }}">Unsubscribe</a></mj-text>
</mj-column></mj-section></mj-body></mjml>
"""


def model(name: str, schema: str, columns: Mapping[str, str]) -> Model:
    """A model as the manifest would hold it."""
    return Model(
        name=name, unique_id=f"model.millrace.{name}", schema=schema, folder=schema, path=f"models/{schema}/{name}.sql",
        description="", materialized="table", checksum="0",
        columns={n: Column(n, kind, "", {}) for n, kind in columns.items()}, meta={}, tags=(), depends_on=(),
    )  # fmt: skip


CONTACTS = model(
    "dim_contacts",
    "marts",
    {
        "contact_id": "VARCHAR",
        "email": "VARCHAR",
        "phone": "VARCHAR",
        "timezone": "VARCHAR",
        "first_name": "VARCHAR",
        "country": "VARCHAR",
    },
)


@dataclass
class House:
    """The installation; `mail` is what the mail server keeps, `twilio` what the vendor does."""

    settings: Settings
    mail: Mailbox
    twilio: Twilio
    environ: dict[str, str]
    clock: Clock = field(default_factory=Clock)
    manifest: Manifest = field(default_factory=lambda: Manifest({"dim_contacts": CONTACTS}, {}))

    @property
    def messages(self) -> Path:
        return self.settings.project / "models" / "messages"

    def write(self, name: str, body: str | None = None, ending: str = "mjml", **said: Any) -> None:
        """A message's files."""
        usual = {
            "channel": "email",
            "purpose": "marketing",
            "subject": "Hello",
            "from": "The Shop <hi@shop.example>",
        }
        path = self.messages / f"{name}.yml"
        path.write_text(yaml.safe_dump({**usual, **said}, sort_keys=False))
        (self.messages / f"{name}.{ending}").write_text(HELLO if body is None else body)

    def rules(self, **said: Any) -> None:
        """The workspace's rules."""
        usual = {"channels": {"email": {"destination": "smtp"}, "sms": {"destination": "twilio"}}}
        (self.messages / "_rules.yml").write_text(yaml.safe_dump({**usual, **said}))

    @contextmanager
    def box(self) -> Iterator[Box]:
        """The outbox, with the warehouse held."""
        with connect(self.settings) as con:
            yield Box(con)

    def propose(self, *contacts: str, **more: Any) -> list[str]:
        """One message to each of new, consenting contacts."""
        with self.box() as box:
            for name in contacts:
                box.contact(name)
            return [box.propose(name, **more) for name in contacts]

    def states(self) -> dict[str, str]:
        with self.box() as box:
            return box.states()

    def dispatch(self, at: datetime = AS_OF, tools: Tools | None = None) -> dict[str, Dispatch]:
        """What one dispatch did, by channel."""
        settings = replace(self.settings, as_of=at)
        defined = definitions(settings, self.manifest)
        used = tools or Tools(timer=self.clock.timer())
        done = dispatching.dispatch(settings, defined, self.manifest, at, self.environ, tools=used)
        return {one.channel: one for one in done}

    def by_twilio(self) -> Tools:
        """Requests go to the stand-in; mail, then, does not leave."""
        return Tools(timer=self.clock.timer(), adapter=Adapter(self.twilio))

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with connect(self.settings) as con:
            return con.execute(sql).fetchall()


@contextmanager
def house(folder: Path, **environ: str) -> Iterator[House]:
    """A house with the message `hello`, the usual rules, and a mail server that listens."""
    mailbox = Mailbox()
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    variables = {
        "MILLRACE_HOME": str(folder / "home"),
        "MILLRACE_THREADS": "1",
        "MILLRACE_COLLECTOR_SIGNING_KEY": KEY,
        "MILLRACE_COLLECTOR_PUBLIC_URL": DOOR,
        "MILLRACE_SMTP_URL": f"smtp://127.0.0.1:{port}",
        "MILLRACE_SMTP_FROM": "The Shop <shop@shop.example>",
        **KINDS[0].environ,
        **environ,
    }
    settings = replace(load(variables), project=folder / "project", as_of=AS_OF)
    made = House(settings, mailbox, Twilio(), variables)
    made.messages.mkdir(parents=True)
    made.rules()
    made.write("hello")
    with connect(settings) as con:
        con.execute(MARTS)
    try:
        yield made
    finally:
        controller.stop()
