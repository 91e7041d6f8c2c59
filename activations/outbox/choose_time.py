"""Chooses the hour of messages that may go at any of several: by the contact's curve, within capacity, some at random.

Eligible are the full hours from a message's time until `choose_until` by the contact's clock, at most 24 of them, less
quiet hours. Caps count by day and so are the same for every hour of it. A share `explore` of messages goes to any
eligible hour, each with the same chance, so that what is learned is learned from all hours; contacts of the permanent
control group always get the hour that is best for everyone.
"""

from __future__ import annotations

import json
from datetime import datetime

import duckdb
import numpy as np
import pyarrow as pa

from activations.outbox import times
from activations.outbox.assign import Floats32, Indices, Problem, assign
from activations.outbox.rules import Rules
from activations.outbox.states import COUNTED, UNSENT, listed
from warehouse.clock import naive
from warehouse.dialect import bucket, literal, local_time, utc_time
from warehouse.relations import has_table

SLOTS = 24
EXPLORE = 0.1
CONTROL_PERCENT = 10
USUAL_HOURS = range(9, 13)  # where nothing was learned yet
BUCKETS = 1_000_000
CURVES = "ml.send_curves"
MADE = pa.schema(
    [
        ("row", pa.int64()),
        ("options", pa.string()),
        ("propensities", pa.string()),
        ("chosen", pa.string()),
        ("propensity", pa.float64()),
        ("is_explore", pa.bool_()),
        ("moment", pa.timestamp("us")),
    ]
)


def fill(con: duckdb.DuckDBPyConnection, rules: Rules, as_of: datetime) -> int:
    """Fill `choosing_made`, one row per message that gets its hour now; returns how many."""
    _open(con, rules, as_of)
    if not _count(con, "choosing"):
        return 0
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
    con.execute(f"""
        create or replace temp table choosing as
        with open as (
            select o.* from activations.outbox as o
            where o.state in ({listed(UNSENT)}) and o.choose_until > {moment} and o.contact_id is not null
                and not exists (select 1 from raw_activations.choices as c
                    where c.message_id = o.message_id and c.kind = 'time')
        )
        select row_number() over (order by o.message_id nulls last) - 1 as row, o.message_id, o.channel, o.purpose,
            coalesce(own.name, said.name, {literal(rules.zone)}) as zone,
            greatest(o.due_at, {moment}) as opens_at, o.choose_until,
            coalesce(o.explore, {EXPLORE}) as explore,
            {_draw("'time|' || o.message_id || '|whether'")} as whether,
            {_draw("'time|' || o.message_id || '|which'")} as which,
            {bucket("'time control|' || o.contact_id", 100)} < {CONTROL_PERCENT} as is_control,
            {_curves(con)}
        from open as o
        left join marts.dim_contacts as p on o.contact_id = p.contact_id
        left join (select name from pg_timezone_names()) as own on p.timezone = own.name
        left join (select name from pg_timezone_names()) as said on o.zone = said.name
        {_joined(con)}""")


def _curves(con: duckdb.DuckDBPyConnection) -> str:
    if not _is_there(con):
        usual = "cast(null as float[])"
        return (
            f"{usual} as hour_values, 'nothing learned yet: a usual hour' as level, "
            "cast(null as varchar) as policy_version"
        )
    return (
        "coalesce(h.hour_values, e.hour_values) as hour_values, "
        "coalesce(h.level, e.level, 'nothing learned yet: a usual hour') as level, "
        "coalesce(h.version, e.version) as policy_version"
    )


def _joined(con: duckdb.DuckDBPyConnection) -> str:
    if not _is_there(con):
        return ""
    return (
        f"left join {CURVES} as h on o.contact_id = h.contact_id "
        f"left join (select * from {CURVES} where contact_id = '') as e on true"
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
            row_number() over (partition by choosing_window order by moment nulls last) - 1 as slot
        from (select distinct choosing_window, zone, channel, purpose, choose_until, moment from hours)
        where moment < choose_until and not ({quiet or "false"})
            and extract(hour from {local_time("moment", "zone")})
                between {rules.chosen_hours.first} and {rules.chosen_hours.last}
        qualify slot < {SLOTS}""")


def _decide(con: duckdb.DuckDBPyConnection, rules: Rules, as_of: datetime) -> pa.Table:
    """Each message's hour, as MADE; messages without an eligible hour are left out."""
    windows = _count(con, "choosing_windows")
    slots = con.execute(
        "select choosing_window, slot, local_hour, epoch_us(moment) from choosing_slots"
    ).fetchnumpy()
    window, slot = slots["choosing_window"].astype(np.int64), slots["slot"].astype(np.int64)
    where = np.asarray(window), np.asarray(slot)
    local = np.full((windows, SLOTS), -1, dtype=np.int64)
    local[where] = slots["local_hour"]
    moment = np.zeros((windows, SLOTS), dtype=np.int64)
    moment[where] = slots["epoch_us(moment)"]
    found = [
        _channel(con, channel, rules, as_of, local, moment)
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
) -> pa.Table:
    """The messages of one channel: assignment under its capacity, then the draw."""
    rows = con.sql(
        "select c.row, w.choosing_window, c.explore, c.whether, c.which, c.is_control, c.hour_values "
        "from choosing as c join choosing_windows as w on c.zone = w.zone and c.channel = w.channel "
        "and c.purpose = w.purpose and c.opens_at = w.opens_at and c.choose_until = w.choose_until "
        f"where c.channel = {literal(channel)} order by c.row nulls last"
    ).to_arrow_table()
    window = rows["choosing_window"].to_numpy().astype(np.int64)
    values, everyone = _values(con, rows), _everyone(con)
    open_ = local[window] >= 0
    value = np.where(open_, np.take_along_axis(values, local[window].clip(0), axis=1), -np.inf)
    hours, start = _hours(moment, local)
    explore = rows["explore"].to_numpy().astype(np.float64)
    control = rows["is_control"].to_numpy(zero_copy_only=False)
    explore[control] = 0.0
    shared = np.where(local >= 0, everyone[local.clip(0)], -np.inf).argmax(axis=1)[window]
    capacity = _capacity(con, channel, rules, as_of, start, int(hours.max()) + 1)
    best = shared.copy()
    best[~control] = assign(
        Problem(
            value[~control].astype(np.float32), window[~control], hours,
            _left(capacity, hours, window, shared, open_, explore, control),
        )
    )  # fmt: skip
    return _made(rows, window, open_, best, explore, local, moment)


def _values(con: duckdb.DuckDBPyConnection, rows: pa.Table) -> Floats32:
    """Each message's curve over the local hours, n × 24; everyone's where the contact has none."""
    column = rows["hour_values"].combine_chunks()
    found = np.tile(_everyone(con), (rows.num_rows, 1))
    known = np.asarray(column.is_valid())
    flat = np.asarray(column.flatten(), dtype=np.float32)
    if known.any():
        found[known] = np.nan_to_num(flat.reshape(-1, SLOTS), neginf=0.0, posinf=0.0)
    return found


def _everyone(con: duckdb.DuckDBPyConnection) -> Floats32:
    found = (
        con.execute(f"select hour_values from {CURVES} where contact_id = ''").fetchall()
        if _is_there(con)
        else []
    )
    if found and found[0][0] is not None:
        return np.asarray(found[0][0], dtype=np.float32)
    usual = np.zeros(SLOTS, dtype=np.float32)
    usual[USUAL_HOURS] = 1.0
    usual[USUAL_HOURS[1]] = 1.01
    return usual


def _hours(moment: Indices, local: Indices) -> tuple[Indices, int]:
    """Slots as numbers of UTC hours from the first on, and that first hour since 1970."""
    whole = moment // 3_600_000_000
    start = int(whole[local >= 0].min(initial=np.iinfo(np.int64).max)) if (local >= 0).any() else 0
    return np.where(local >= 0, whole - start, 0), start


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


def _left(
    capacity: np.ndarray, hours: Indices, window: Indices, shared: Indices, open_: np.ndarray,
    explore: np.ndarray, control: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Capacity for the assignment: less the control group's hours, and room for those who will be drawn elsewhere."""
    if np.isinf(capacity).all():
        return capacity
    theirs = hours[window[control], shared[control]]
    room = capacity - np.bincount(theirs, minlength=len(capacity))
    count = np.maximum(open_.sum(axis=1), 1)
    weight = np.where(open_ & ~control[:, None], (explore / count)[:, None], 0.0)
    drawn = np.bincount(hours[window].ravel(), weights=weight.ravel(), minlength=len(capacity))
    kept = 1 - float(explore[~control].mean()) if (~control).any() else 1.0
    return np.asarray(np.floor(np.maximum(room - drawn, 0.0) / max(kept, 1e-9)))


def _made(
    rows: pa.Table, window: Indices, open_: np.ndarray, best: Indices, explore: np.ndarray,
    local: Indices, moment: Indices,
) -> pa.Table:  # fmt: skip
    """The draw: with the chance `explore` any open hour, else the assigned one; every hour's chance beside it."""
    count = open_.sum(axis=1)
    some = count > 0
    drawn = rows["whether"].to_numpy() < explore
    any_ = np.minimum((rows["which"].to_numpy() * count).astype(np.int64), np.maximum(count - 1, 0))
    chosen = np.where(drawn, any_, best)  # open slots come first, so the n-th open slot is slot n
    share = np.divide(explore, count, out=np.zeros(len(count)), where=some)
    own = share + (1 - explore)
    labels = _labels(local)
    texts = _texts(window, count, best, share, own, some)
    return pa.table(
        {
            "row": rows["row"].to_numpy()[some],
            "options": labels[window][some],
            "propensities": texts[some],
            "chosen": local[window, chosen.clip(0)][some].astype(str),
            "propensity": np.where(chosen == best, own, share)[some],
            "is_explore": drawn[some],
            "moment": moment[window, chosen.clip(0)][some].astype("datetime64[us]"),
        },
        schema=MADE,
    )


def _labels(local: Indices) -> np.ndarray:
    """Each window's local hours as a JSON list."""
    return np.array([json.dumps([str(h) for h in row if h >= 0]) for row in local], dtype=object)


def _texts(
    window: Indices, count: Indices, best: Indices, share: np.ndarray, own: np.ndarray, some: np.ndarray
) -> np.ndarray:  # fmt: skip
    """Every option's chance as a JSON list; few differ, so each is written once."""
    key = np.stack([count, best, np.round(share * 1e9), np.round(own * 1e9)], axis=1)
    distinct, where = np.unique(key, axis=0, return_inverse=True)
    written = []
    for number, place, low, high in distinct:
        low, high = low / 1e9, high / 1e9
        cells = [f"{high if slot == place else low:.6g}" for slot in range(int(number))]
        written.append("[" + ", ".join(cells) + "]")
    return np.asarray(np.array(written, dtype=object)[where.ravel()])


def _draw(text: str) -> str:
    return f"({bucket(text, BUCKETS)} + 0.5) / {BUCKETS}"


def _is_there(con: duckdb.DuckDBPyConnection) -> bool:
    return has_table(con, "ml", "send_curves")


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(con.execute(f"select count(*) from {table}").fetchall()[0][0])
