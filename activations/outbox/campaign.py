"""Campaigns: one message to one segment at the times of a schedule; each is one file in `models/campaigns/`."""

from __future__ import annotations

import datetime as dt
import logging
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
from pydantic import Field, field_validator, model_validator

from activations.errors import DefinitionError
from activations.held_scores import held_models
from activations.outbox.change import cancel
from activations.outbox.choose_time import EXPLORE
from activations.outbox.propose import propose
from activations.outbox.rules import Duration, Rules, Strict, parse
from activations.outbox.states import UNSENT, listed
from activations.outbox.template import Message
from warehouse.clock import naive
from warehouse.dialect import ident, literal, utc_time
from warehouse.manifest import Manifest

log = logging.getLogger(__name__)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CATCH_UP = timedelta(days=1)  # a time missed by more than this is not made up for
SPREAD = 2  # days by which local dates may differ from UTC's, and then some
USUAL_HOUR = 10  # of whoever has no best hour
CONTACT, WORKSPACE, BEST = "contact", "workspace", "best"


class Schedule(Strict):
    """Once at a `date`, or `every` day, week (on `weekday`) or month (on `day`), at a clock time or the best hour."""

    date: dt.date | None = None
    every: Literal["day", "week", "month"] | None = None
    weekday: (
        Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] | None
    ) = None
    day: int | None = Field(default=None, ge=1, le=28)
    time: dt.time | Literal["best"]
    zone: str = CONTACT
    start: dt.date | None = None
    end: dt.date | None = None
    explore: float = Field(default=EXPLORE, ge=0, le=1)
    """Of messages at the best time, the share that goes to any hour, to learn from."""

    @model_validator(mode="after")
    def _is_one_or_the_other(self) -> Schedule:
        if (self.date is None) == (self.every is None):
            raise ValueError("say either a date or every day, week or month")
        if (self.every == "week") != (self.weekday is not None):
            raise ValueError("every week goes with a weekday, and a weekday with every week")
        if (self.every == "month") != (self.day is not None):
            raise ValueError("every month goes with a day of 1 to 28, and a day with every month")
        return self

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        if name in (CONTACT, WORKSPACE):
            return name
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(
                f"there is no time zone {name!r}; write contact, workspace or one of IANA's"
            ) from error
        return name

    def holds(self, day: dt.date) -> bool:
        """Whether there is an occurrence on this local date."""
        if (self.start and day < self.start) or (self.end and day > self.end):
            return False
        if self.date is not None:
            return day == self.date
        if self.every == "week":
            return DAYS[day.weekday()] == self.weekday
        return self.every == "day" or day.day == self.day


class Campaign(Strict):
    """A campaign as its file says it. Whoever leaves the segment before it is sent does not get it."""

    name: str
    description: str = ""
    owner: str = "growth"
    message: str
    segment: str
    without: tuple[str, ...] = ()
    schedule: Schedule
    priority: int = 0
    lead: Duration = timedelta(days=1)
    """How long before its time a message stands in the outbox, to be looked at, held or cancelled."""
    expires_after: Duration | None = None
    on_cap: Literal["defer", "drop"] | None = None
    variants: Literal["predictive"] | None = None
    """`predictive` = the content model chooses among the message's variants; else their weights do."""

    @property
    def path(self) -> str:
        """For error messages."""
        return f"models/campaigns/{self.name}.yml"

    def dates(self, as_of: datetime) -> list[dt.date]:
        """The local dates whose occurrence may be due, for somebody somewhere, between a missed day and the lead."""
        first = as_of.date() - CATCH_UP - timedelta(days=SPREAD)
        days = (CATCH_UP + self.lead).days + 2 * SPREAD + 1
        return [
            day
            for number in range(days + 1)
            if self.schedule.holds(day := first + timedelta(days=number))
        ]


def load_campaigns(
    folder: Path, messages: dict[str, Message], manifest: Manifest
) -> tuple[list[Campaign], dict[str, str]]:
    """Every campaign of the folder by name, and what is wrong with the files that are none, by name."""
    found, broken = [], {}
    for path in sorted(folder.glob("*.yml")) if folder.is_dir() else ():
        if path.name.startswith("_"):
            continue
        try:
            found.append(load_campaign(path, messages, manifest))
        except DefinitionError as error:
            broken[path.stem] = str(error)
    return found, broken


def load_campaign(path: Path, messages: dict[str, Message], manifest: Manifest) -> Campaign:
    """One campaign from its file; raises DefinitionError."""
    campaign: Campaign = parse(path, Campaign, name=path.stem)
    if campaign.message not in messages:
        raise DefinitionError(
            f"{campaign.path}: message: there is no {campaign.message!r}; there are {', '.join(messages) or 'none'}"
        )
    segments = {model.name for model in manifest.in_folder("segments")}
    for key, name in (("segment", campaign.segment), *(("without", n) for n in campaign.without)):
        if name not in segments:
            raise DefinitionError(
                f"{campaign.path}: {key}: there is no {name!r}; there are {', '.join(sorted(segments))}"
            )
    return campaign


def members(campaign: Campaign, manifest: Manifest) -> str:
    """SQL for the contacts that the campaign is for now."""
    query = f"select contact_id from {manifest.models[campaign.segment].relation}"
    for name in campaign.without:
        query += f" except select contact_id from {manifest.models[name].relation}"
    return query


def proposals(
    campaign: Campaign,
    message: Message,
    manifest: Manifest,
    rules: Rules,
    as_of: datetime,
    *,
    expected: bool = False,
) -> str | None:
    """The query of messages that the campaign wants in the outbox as of now; None when no date is near.

    At the best time a message may go all day, and its hour is chosen in the outbox; with `expected` it is due at the
    contact's best hour instead, for whoever wants to see when messages are likely to go.
    """
    dates = campaign.dates(as_of)
    if not dates:
        return None
    said = campaign.schedule
    is_open = said.time == BEST and not expected
    usual = literal(rules.zone)
    zone = {CONTACT: f"coalesce(z.name, {usual})", WORKSPACE: usual}.get(
        said.zone, literal(said.zone)
    )
    wall, hours = _clock(said, is_open)
    days = ", ".join(f"({literal(day)})" for day in dates)
    life = campaign.expires_after or message.expires_after
    last = "coalesce(choose_until, due_at)"
    until = (
        f"{last} + to_seconds({int(life.total_seconds())})" if life else "cast(null as timestamp)"
    )
    next_day = utc_time("cast(d.day + 1 as timestamp)", zone) if is_open else "null"
    return f"""
        select 'campaign' as source, {literal(campaign.name)} as source_name, cast(day as varchar) as step_id,
            contact_id, {literal(message.channel)} as channel, {literal(message.name)} as message,
            {literal(message.purpose)} as purpose, {campaign.priority} as priority, due_at,
            {until} as expires_at, zone, {literal(campaign.on_cap)} as on_cap, choose_until,
            {said.explore} as explore, {literal(campaign.variants)} as variants
        from (
            select m.contact_id, d.day, {zone} as zone, {utc_time(wall, zone)} as due_at,
                cast({next_day} as timestamp) as choose_until
            from ({members(campaign, manifest)}) as m
            cross join (values {days}) as d(day)
            left join marts.dim_contacts as c on m.contact_id = c.contact_id
            left join (select name from pg_timezone_names()) as z on c.timezone = z.name
            left join {hours} as h on m.contact_id = h.contact_id
        )
        where due_at <= {literal(naive(as_of + campaign.lead))} and {last} > {literal(naive(as_of - CATCH_UP))}"""


def _clock(said: Schedule, is_open: bool) -> tuple[str, str]:
    """SQL for the wall clock at which a date's messages are due, and the relation of hours that it reads."""
    nothing = "(select null as contact_id, null as best_hour)"
    if is_open:
        return "cast(d.day as timestamp)", nothing
    if said.time == BEST:
        hour = f"to_hours(cast(coalesce(h.best_hour, {USUAL_HOUR}) as bigint))"
        return f"(cast(d.day as timestamp) + {hour})", "scores.score_send_hour"
    return f"(d.day + cast({literal(str(said.time))} as time))", nothing


def run(
    con: duckdb.DuckDBPyConnection,
    campaigns: list[Campaign],
    messages: dict[str, Message],
    manifest: Manifest,
    rules: Rules,
    as_of: datetime,
) -> int:
    """Propose what is near, and cancel what is for somebody who left the segment; returns how many are new.

    A campaign whose people are chosen by a score that broke waits, and so do its messages' cancellations.
    """
    new, held = 0, held_models(con, manifest)
    for campaign in campaigns:
        if why := next((held[n] for n in (campaign.segment, *campaign.without) if n in held), None):
            log.warning("campaign %s waits: %s", campaign.name, why)
            continue
        query = proposals(campaign, messages[campaign.message], manifest, rules, as_of)
        if query is None:
            continue
        _check_built(con, campaign, manifest)
        new += propose(con, query, as_of)
        cancel(
            con,
            f"select message_id from activations.outbox where source = 'campaign' "
            f"and source_name = {literal(campaign.name)} and state in ({listed(UNSENT)}) "
            f"and contact_id not in ({members(campaign, manifest)})",
            f"left {campaign.segment}",
            as_of,
        )
    return new


def _check_built(con: duckdb.DuckDBPyConnection, campaign: Campaign, manifest: Manifest) -> None:
    for name in (campaign.segment, *campaign.without):
        model = manifest.models[name]
        try:
            con.execute(f"select 1 from {ident(model.schema, model.name)} limit 0")
        except duckdb.CatalogException as error:
            raise DefinitionError(
                f"{campaign.path}: {name} is not built yet; run `millrace run refresh`"
            ) from error
