"""Chooses the hour of messages that may go at any of several: by the contact's curve, within capacity, some at random.

Eligible are the full hours from a message's time until `choose_until` by the contact's clock, at most 24 of them, less
quiet hours. Caps count by day and so are the same for every hour of it. A share `explore` of messages goes to any
eligible hour, each with the same chance, so that what is learned is learned from all hours; contacts of the permanent
control group always get the hour that is best for everyone.
"""

from __future__ import annotations

from datetime import datetime

import duckdb
import numpy as np
import pyarrow as pa

from activations.held_scores import broken_of
from activations.outbox import hour_draw, times
from activations.outbox.assign import Floats32, Indices, Problem, assign
from activations.outbox.hour_draw import SLOTS
from activations.outbox.rules import Rules
from activations.outbox.states import COUNTED, UNSENT, listed
from warehouse.clock import naive
from warehouse.dialect import bucket, ident, literal, local_time, utc_time
from warehouse.relations import has_table

EXPLORE = 0.1
CONTROL_PERCENT = 10
USUAL_HOURS = range(9, 13)  # where nothing was learned yet
BUCKETS = 1_000_000
CURVES = ("ml", "send_curves")
WEEKDAYS = ("ml", "send_weekdays")
MODEL = "send_hour"


def fill(con: duckdb.DuckDBPyConnection, rules: Rules, as_of: datetime) -> int:
    """Fill `choosing_made`, one row per message that gets its hour now; returns how many."""
    if not con.execute(f"select 1 {_unchosen(as_of)} limit 1").fetchall():
        return 0
    _open(con, rules, as_of)
    _slots(con, rules)
    made = _decide(con, rules, as_of)
    con.register("choosing_in", made)
    con.execute("""
        create or replace temp table choosing_made as
        select c.message_id, m.* exclude (row), c.is_control, c.policy_version, m.moment as scheduled_at,
            case when m.is_explore then 'any hour, to learn' when c.is_control then 'control group: everyone''s hour'
                else c.level end as reason
        from choosing_in as m join choosing as c on m.row = c.row""")
    con.unregister("choosing_in")
    return _count(con, "choosing_made")


def _open(con: duckdb.DuckDBPyConnection, rules: Rules, as_of: datetime) -> None:
    """`choosing`: messages without an hour yet, with the contact's curve, draws and place in the control group."""
    moment = literal(naive(as_of))
    columns, joins = _learned(con)
    con.execute(f"""
        create or replace temp table choosing as
        with open as (
            select o.* {_unchosen(as_of)}
        )
        select row_number() over (order by o.message_id nulls last) - 1 as row, o.message_id, o.channel, o.purpose,
            coalesce(own.name, said.name, {literal(rules.zone)}) as zone,
            greatest(o.due_at, {moment}) as opens_at, o.choose_until,
            coalesce(o.explore, {EXPLORE}) as explore,
            {_draw("'time|' || o.message_id || '|whether'")} as whether,
            {_draw("'time|' || o.message_id || '|which'")} as which,
            {bucket("'time control|' || o.contact_id", 100)} < {CONTROL_PERCENT} as is_control,
            {columns}
        from open as o
        left join marts.dim_contacts as p on o.contact_id = p.contact_id
        left join (select name from pg_timezone_names()) as own on p.timezone = own.name
        left join (select name from pg_timezone_names()) as said on o.zone = said.name
        {joins}""")


def _unchosen(as_of: datetime) -> str:
    """The messages `o` that still wait for their hour, as the rest of a SELECT."""
    return (
        f"from activations.outbox as o where o.state in ({listed(UNSENT)}) "
        f"and o.choose_until > {literal(naive(as_of))} and o.contact_id is not null "
        "and not exists (select 1 from raw_activations.choices as c "
        "where c.message_id = o.message_id and c.kind = 'time')"
    )


def _learned(con: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """The columns of the contact's curve, else everyone's, and the joins that they need."""
    held = bool(broken_of(con, [MODEL]))
    if held or not has_table(con, *CURVES):
        words = "what was learned is held back" if held else "nothing learned yet"
        return (
            f"cast(null as float[]) as hour_values, '{words}: a usual hour' as level, "
            "cast(null as varchar) as policy_version",
            "",
        )
    curves = ident(*CURVES)
    return (
        "coalesce(h.hour_values, e.hour_values) as hour_values, "
        "coalesce(h.level, e.level, 'nothing learned yet: a usual hour') as level, "
        "coalesce(h.version, e.version) as policy_version",
        f"left join {curves} as h on o.contact_id = h.contact_id "
        f"left join (select * from {curves} where contact_id = '') as e on true",
    )


def _slots(con: duckdb.DuckDBPyConnection, rules: Rules) -> None:
    """`choosing_windows` and `choosing_slots`: who shares zone, channel and window shares their hours."""
    con.execute("""
        create or replace temp table choosing_windows as
        select row_number() over (order by zone nulls last, channel nulls last, purpose nulls last,
            opens_at nulls last, choose_until nulls last) - 1 as choosing_window, *
        from (select distinct zone, channel, purpose, opens_at, choose_until from choosing)""")
    wall = local_time("w.opens_at", "w.zone")
    later = utc_time(f"(date_trunc('hour', {wall}) + to_hours(cast(k.k as bigint)))", "w.zone")
    quiet = " or ".join(f"({times.is_quiet(one, 'moment', 'zone')})" for one in rules.quiet_hours)
    con.execute(f"""
        create or replace temp table choosing_slots as
        with hours as (
            select w.*, case when date_trunc('hour', {wall}) + to_hours(cast(k.k as bigint)) <= {wall}
                then w.opens_at else {later} end as moment
            from choosing_windows as w cross join (select unnest(range({SLOTS + 1})) as k) as k
        )
        select choosing_window, moment,
            cast(extract(hour from {local_time("moment", "zone")}) as integer) as local_hour,
            cast(extract(isodow from {local_time("moment", "zone")}) as integer) as local_weekday,
            row_number() over (partition by choosing_window order by moment nulls last) - 1 as slot
        from (select distinct choosing_window, zone, channel, purpose, choose_until, moment from hours)
        where moment < choose_until and not ({quiet or "false"})
            and extract(hour from {local_time("moment", "zone")})
                between {rules.chosen_hours.first} and {rules.chosen_hours.last}
        qualify slot < {SLOTS}""")


def _decide(con: duckdb.DuckDBPyConnection, rules: Rules, as_of: datetime) -> pa.Table:
    """Each message's hour, as hour_draw.MADE; messages without an eligible hour are left out."""
    windows = _count(con, "choosing_windows")
    slots = con.execute(
        "select choosing_window, slot, local_hour, local_weekday, epoch_us(moment) from choosing_slots"
    ).fetchnumpy()
    window, slot = slots["choosing_window"].astype(np.int64), slots["slot"].astype(np.int64)
    where = np.asarray(window), np.asarray(slot)
    local = np.full((windows, SLOTS), -1, dtype=np.int64)
    local[where] = slots["local_hour"]
    moment = np.zeros((windows, SLOTS), dtype=np.int64)
    moment[where] = slots["epoch_us(moment)"]
    factor = np.ones((windows, SLOTS), dtype=np.float32)
    day, hour = (
        np.asarray(slots[name], dtype=np.int64) for name in ("local_weekday", "local_hour")
    )
    factor[where] = _weekdays(con)[day - 1, hour]
    everyone = _everyone(con)
    found = [
        _channel(con, channel, rules, as_of, local, moment, everyone, factor)
        for (channel,) in con.execute("select distinct channel from choosing order by 1").fetchall()
    ]
    return pa.concat_tables(found)


def _channel(
    con: duckdb.DuckDBPyConnection,
    channel: str,
    rules: Rules,
    as_of: datetime,
    local: Indices,
    moment: Indices,
    everyone: Floats32,
    factor: Floats32,
) -> pa.Table:
    """The messages of one channel: assignment under its capacity, then the draw.

    `factor` (windows × slots) is what the slot's weekday makes of its hour.
    """
    rows = con.sql(
        "select c.row, w.choosing_window, c.explore, c.whether, c.which, c.is_control, c.hour_values "
        "from choosing as c join choosing_windows as w on c.zone = w.zone and c.channel = w.channel "
        "and c.purpose = w.purpose and c.opens_at = w.opens_at and c.choose_until = w.choose_until "
        f"where c.channel = {literal(channel)} order by c.row nulls last"
    ).to_arrow_table()
    window = rows["choosing_window"].to_numpy().astype(np.int64)
    values = _values(rows, everyone)
    open_ = local[window] >= 0
    worth = np.take_along_axis(values, local[window].clip(0), axis=1) * factor[window]
    value = np.where(open_, worth, -np.inf)
    hours, start = hour_draw.hours_of(moment, local)
    explore = rows["explore"].to_numpy().astype(np.float64)
    control = rows["is_control"].to_numpy(zero_copy_only=False)
    explore[control] = 0.0
    shared = np.where(local >= 0, everyone[local.clip(0)] * factor, -np.inf).argmax(axis=1)[window]
    capacity = _capacity(con, channel, rules, as_of, start, int(hours.max()) + 1)
    best = shared.copy()
    best[~control] = assign(
        Problem(
            value[~control].astype(np.float32), window[~control], hours,
            hour_draw.left(capacity, hours, window, shared, open_, explore, control),
        )
    )  # fmt: skip
    return hour_draw.draw(rows, window, open_, best, explore, local, moment)


def _values(rows: pa.Table, everyone: Floats32) -> Floats32:
    """Each message's curve over the local hours, n × 24; everyone's where the contact has none."""
    column = rows["hour_values"].combine_chunks()
    found = np.tile(everyone, (rows.num_rows, 1))
    known = np.asarray(column.is_valid())
    flat = np.asarray(column.flatten(), dtype=np.float32)
    if known.any():
        found[known] = np.nan_to_num(flat.reshape(-1, SLOTS), neginf=0.0, posinf=0.0)
    return found


def _weekdays(con: duckdb.DuckDBPyConnection) -> Floats32:
    """By what each weekday multiplies each local hour (7 × 24); by nothing where nothing was learned or it is held."""
    found = np.ones((7, SLOTS), dtype=np.float32)
    if not has_table(con, *WEEKDAYS) or broken_of(con, [MODEL]):
        return found
    rows = con.execute(f"select local_weekday, hour_factors from {ident(*WEEKDAYS)}").fetchall()
    for weekday, factors in rows:
        found[int(weekday) - 1] = factors
    return found


def _everyone(con: duckdb.DuckDBPyConnection) -> Floats32:
    found = (
        con.execute(f"select hour_values from {ident(*CURVES)} where contact_id = ''").fetchall()
        if has_table(con, *CURVES)
        else []
    )
    if found and found[0][0] is not None:
        return np.asarray(found[0][0], dtype=np.float32)
    usual = np.zeros(SLOTS, dtype=np.float32)
    usual[USUAL_HOURS] = 1.0
    usual[USUAL_HOURS[1]] = 1.01
    return usual


def _capacity(
    con: duckdb.DuckDBPyConnection,
    channel: str,
    rules: Rules,
    as_of: datetime,
    start: int,
    count: int,
) -> np.ndarray:
    """How many more messages each UTC hour takes: the channel's capacity less what is in it already."""
    said = rules.channels.get(channel)  # type: ignore[call-overload]
    if said is None or said.capacity_per_hour is None:
        return np.full(count, np.inf)
    rows = con.execute(
        "select cast(epoch(date_trunc('hour', coalesce(send_at, due_at))) / 3600 as bigint) as hour, count(*) as taken "
        f"from activations.outbox where channel = {literal(channel)} and state in ({listed((*UNSENT, *COUNTED))}) "
        "and message_id not in (select message_id from choosing) group by 1"
    ).fetchall()
    room = np.full(count, float(said.capacity_per_hour))
    for hour, taken in rows:
        if hour is not None and 0 <= hour - start < count:
            room[int(hour) - start] -= taken
    return np.asarray(np.maximum(room, 0.0))


def _draw(text: str) -> str:
    return f"({bucket(text, BUCKETS)} + 0.5) / {BUCKETS}"


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(con.execute(f"select count(*) from {table}").fetchall()[0][0])
