"""What the front door may take and from whom, read from the environment once, when it starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from collector.webhooks import webhooks
from warehouse.errors import SettingsError
from warehouse.settings import ROOT, load

MOST_BODY = 8 << 20
MOST_EVENT = 1 << 20
FORM_POSTS_PER_MINUTE = 30


@dataclass(frozen=True)
class Settings:
    """Secrets are in no repr."""

    home: Path
    write_keys: frozenset[str] = field(repr=False)
    secrets: Mapping[str, list[str]] = field(repr=False)
    public_url: str | None = None
    signing_keys: tuple[str, ...] = field(default=(), repr=False)
    forms: Path = ROOT / "models" / "forms"
    form_posts_per_minute: int = FORM_POSTS_PER_MINUTE
    feed_key: str | None = field(default=None, repr=False)

    @property
    def landing(self) -> Path:
        """Where the loader looks for files."""
        return self.home / "landing"


def read(environ: Mapping[str, str] | None = None, forms: Path | None = None) -> Settings:
    """Read the settings of the collector and the secret of each vendor; `forms` is a folder of other forms than ours.

    Raises SettingsError when nothing may come in at all.
    """
    env = os.environ if environ is None else environ
    keys = frozenset(_list(env.get("MILLRACE_COLLECTOR_WRITE_KEYS")))
    secrets = {
        name: values
        for name, hook in webhooks().items()
        if (values := _list(env.get(hook.secrets)))
    }
    installation = load(env)
    if not (keys or secrets or installation.signing_keys or installation.feed_key):
        raise SettingsError(
            "nobody may send or read anything: set MILLRACE_COLLECTOR_WRITE_KEYS, the secret of a webhook, "
            "MILLRACE_COLLECTOR_SIGNING_KEY for forms, or MILLRACE_FEED_KEY for decisions (see .env.example)"
        )
    return Settings(
        home=installation.home,
        write_keys=keys,
        secrets=secrets,
        public_url=installation.public_url,
        signing_keys=installation.signing_keys,
        forms=forms or installation.project / "models" / "forms",
        feed_key=installation.feed_key,
        form_posts_per_minute=_whole(env, "MILLRACE_COLLECTOR_FORM_POSTS_PER_MINUTE"),
    )


def _whole(env: Mapping[str, str], name: str) -> int:
    text = env.get(name) or str(FORM_POSTS_PER_MINUTE)
    if not text.isdigit() or int(text) < 1:
        raise SettingsError(f"{name}={text!r} is not a whole number of 1 or more")
    return int(text)


def _list(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]
