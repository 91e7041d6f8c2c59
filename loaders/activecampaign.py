"""ActiveCampaign's v3 API: what is listed where, and how each table is kept up to date.

Facts and their sources are in docs/guides/pull-activecampaign.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loaders.errors import CredentialsError, LoaderError, RefusedError, RunningError

if TYPE_CHECKING:
    from loaders.landing import Row, Rows, State

from warehouse import clock
from warehouse.errors import WarehouseError
from warehouse.settings import Settings

SOURCE = "activecampaign"
NEEDS = ("MILLRACE_ACTIVECAMPAIGN_URL", "MILLRACE_ACTIVECAMPAIGN_TOKEN")
PER_SECOND = 4.0  # of the account's 5: deliveries need some too
CHUNK_PAGES = 100  # requests between two moments at which everything read so far is safe
OnPage = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Table:
    """A landing table: where it is listed, and by which reader of `loaders.activecampaign_read` it is kept up."""

    name: str
    path: str
    reader: str
    params: Mapping[str, str] = field(default_factory=dict)


BY_ID = {"orders[id]": "ASC"}
TABLES = (
    Table("fields", "fields", "listing"),
    Table("tags", "tags", "listing"),
    Table("lists", "lists", "listing"),
    Table("users", "users", "listing"),
    Table("contacts", "contacts", "contacts", BY_ID | {"status": "-1"}),
    Table("field_values", "fieldValues", "of_contacts", BY_ID),
    Table("contact_tags", "contactTags", "of_contacts", BY_ID),
    Table("contact_lists", "contactLists", "of_contacts", BY_ID),
    Table("deal_groups", "dealGroups", "listing"),
    Table("deal_stages", "dealStages", "listing"),
    Table("deals", "deals", "deals", BY_ID),
    Table("deal_activities", "dealActivities", "log", BY_ID),
    Table("deal_task_types", "dealTasktypes", "listing"),
    Table("deal_tasks", "dealTasks", "listing"),
    Table("campaigns", "campaigns", "listing"),
    Table("messages", "messages", "listing"),
    Table("links", "links", "listing"),
    Table("bounce_logs", "bounceLogs", "log", BY_ID),
    Table("activities", "activities", "activities", {"orders[tstamp]": "asc"}),
)


@dataclass
class Pulled:
    """What a pull did: rows written per table, and requests sent."""

    rows: dict[str, int]
    requests: int


def configured(environ: Mapping[str, str]) -> bool:
    """Whether address and token are set."""
    return all(environ.get(name) for name in NEEDS)


def choose(names: tuple[str, ...]) -> tuple[Table, ...]:
    """The tables of these names, all without any. Raises LoaderError naming an unknown one."""
    known = {table.name: table for table in TABLES}
    if unknown := sorted(set(names) - set(known)):
        raise LoaderError(f"{SOURCE} has no table {', '.join(unknown)}: use {', '.join(known)}")
    return tuple(table for table in TABLES if not names or table.name in names)


def pull(
    settings: Settings,
    environ: Mapping[str, str],
    tables: tuple[str, ...] = (),
    on_page: OnPage | None = None,
) -> Pulled:
    """Bring the landing files up to date; continues what an earlier pull left unfinished.

    `on_page(table, rows, total)` is called after every page with what this pull has read of the table and how much
    there is (0 when the vendor does not say). Raises LoaderError; what was read until then is kept.
    """
    from filelock import FileLock, Timeout

    for name in NEEDS:
        if not environ.get(name):
            raise CredentialsError(f"{name} is not set; Settings > Developer of the account has it")
    chosen = choose(tables)
    folder = settings.home / "loaders"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(str(folder / f"{SOURCE}.lock"), timeout=0):
            return _pull(settings, environ, chosen, folder, on_page)
    except Timeout as error:
        raise RunningError(f"another process pulls {SOURCE} into {settings.home}") from error


def _pull(
    settings: Settings,
    environ: Mapping[str, str],
    tables: tuple[Table, ...],
    folder: Path,
    on_page: OnPage | None,
) -> Pulled:
    # Importing dlt takes a second, which only a pull should cost.
    from loaders.activecampaign_read import Reader
    from loaders.api import Api
    from loaders.landing import Landing

    scale = _scale(environ.get("MILLRACE_ACTIVECAMPAIGN_RATE_SCALE") or "1")
    landing = Landing(settings, SOURCE)
    landing.finish()
    url = environ[NEEDS[0]].rstrip("/") + "/api/3"
    with Api(SOURCE, url, environ[NEEDS[1]], folder / f"{SOURCE}.pace", PER_SECOND * scale) as api:
        pulled = Pulled({table.name: 0 for table in tables}, 0)
        chunk = _Chunk(Reader(api, settings), tables, pulled, on_page)
        while not chunk.ended:
            landing.extract(chunk.read)
            pulled.requests = api.requests
            if chunk.error:
                raise chunk.error
    landing.tidy()
    if chunk.refused:
        raise RefusedError("; ".join(chunk.refused))
    return pulled


def _scale(text: str) -> float:
    try:
        scale = float(text)
    except ValueError:
        scale = 0.0
    if scale <= 0:
        raise LoaderError(f"MILLRACE_ACTIVECAMPAIGN_RATE_SCALE={text!r} is not a positive number")
    return scale


@dataclass
class _Chunk:
    """Reads one table after the other, a limited number of requests at a time."""

    reader: Any
    tables: tuple[Table, ...]
    pulled: Pulled
    on_page: OnPage | None
    done: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    error: LoaderError | WarehouseError | None = None

    @property
    def ended(self) -> bool:
        return len(self.done) == len(self.tables)

    def read(self, state: State) -> Rows:
        """A chunk ends when it is long enough, when all is read, or with the first error that concerns every table."""
        first = self.reader.api.requests
        for table in self.tables:
            if table.name in self.done:
                continue
            try:
                for rows, is_last in self.reader.read(table, state):
                    yield table.name, self._told(table.name, rows)
                    if not is_last and self.reader.api.requests - first >= CHUNK_PAGES:
                        return
            except (RefusedError, CredentialsError) as error:
                # An account without deals refuses these and answers the others.
                self.refused.append(f"{table.name}: {error}")
                if len(self.refused) == len(self.done) + 1 and isinstance(error, CredentialsError):
                    self.error = error
                    return
            except (LoaderError, WarehouseError) as error:
                self.error = error
                return
            self.done.add(table.name)

    def _told(self, name: str, rows: list[Row]) -> list[Row]:
        self.pulled.rows[name] += len(rows)
        if self.on_page:
            self.on_page(name, self.pulled.rows[name], self.reader.api.total)
        return rows


def now() -> datetime:
    """The moment of a request."""
    return clock.now()
