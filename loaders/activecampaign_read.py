"""The readers of ActiveCampaign's tables. Each moves its cursors before it yields: what was yielded is what was passed.

The vendor says nothing of deletions, so a row that is gone is written once more with `millrace_is_gone`. Where only the
rows of one contact were read, a row with `millrace_read_of` (the contact, or `*` for all) says that older rows of that
contact, which were not among them, are gone.
"""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from loaders.activecampaign import SOURCE, Table, now
from loaders.api import Api
from loaders.errors import RefusedError, UnavailableError
from loaders.landing import PULLED_AT, Row, State, line
from loaders.paging import PAGE, following
from warehouse.connection import connect
from warehouse.dialect import ident
from warehouse.settings import Settings

GONE, READ_OF = "millrace_is_gone", "millrace_read_of"
OVERLAP = timedelta(hours=1)  # what the vendor may be late with, and our clocks apart
SWEEP_EVERY = timedelta(days=7)
MOST_RECENT = 50_000  # rows of the overlap to remember
SETTLED_SECONDS = 5.0
FEW_CONTACTS = 500  # more changed contacts than this, and than a scan has pages, are read by a scan
CHILDREN = ("field_values", "contact_tags", "contact_lists")

Pages = Iterator[tuple[list[Row], bool]]


class Reader:
    """Reads tables of one account; the state is one dict per table and survives the process."""

    def __init__(self, api: Api, settings: Settings, clock: Callable[[], datetime] = now) -> None:
        self.api, self.settings, self.clock = api, settings, clock

    def read(self, table: Table, state: State) -> Pages:
        """One pass over a table: the rows to write, page by page, and whether the page was the last."""
        own = state.setdefault(table.name, {})
        match table.reader:
            case "contacts":
                return self._contacts(table, own, state)
            case "of_contacts":
                return self._of_contacts(table, own)
            case "deals":
                return self._deals(table, own)
            case "log":
                return self._log(table, own)
            case "activities":
                return self._activities(table, own)
            case _:
                return self._listing(table, own)

    def _contacts(self, table: Table, own: State, state: State) -> Pages:
        """All by id at first, then those changed since; every week a look at which ids still exist."""
        is_swept = "pass" not in own and "since" in own and self._due(own, "swept_at")
        if is_swept or own.get("pass", {}).get("kind") == "sweep":
            yield from self._sweep(table, own)
        run = own.setdefault("pass", self._begin("changed", own.get("since", "")))
        ended = False
        while not ended:
            moment = self.clock()
            rows = self._after(table, run)
            ended = not rows
            fresh = self._recent(own, run, rows, "udate")
            for child in CHILDREN if run["since"] else ():
                todo = state.setdefault(child, {}).setdefault("todo", [])
                todo += [str(row["id"]) for row in fresh]
            if ended:
                del own["pass"]
                if not run["since"]:
                    own["swept_at"] = run["started"]
                self._end(own, run)
            yield stamped(fresh, moment), ended

    def _sweep(self, table: Table, own: State) -> Pages:
        """Write once more, as gone, what the warehouse has and the vendor has not."""
        run = own.setdefault("pass", self._begin("sweep", ""))
        known, ended = self._known(table.name), False
        while not ended:
            moment, first = self.clock(), bisect_right(known, int(run["after"]))
            rows = self._after(table, run)
            ended = not rows
            last = len(known) if ended else bisect_right(known, int(run["after"]))
            ids = {int(row["id"]) for row in rows}
            gone: list[Row] = [
                {"id": str(i), GONE: True} for i in known[first:last] if i not in ids
            ]
            if ended:
                own["swept_at"] = run["started"]
                del own["pass"]
            yield stamped(gone, moment), False

    def _after(self, table: Table, run: State) -> list[Row]:
        """The next page in order of id; by offset, should the vendor not combine `id_greater` with the filter."""
        params = {**table.params, "limit": str(PAGE)}
        if run["since"]:
            params["filters[updated_after]"] = run["since"]
        if "place" not in run:
            rows = self._page(table, {**params, "id_greater": str(run["after"])})
            ids = [int(row["id"]) for row in rows]
            if ids == sorted(ids) and (not ids or ids[0] > int(run["after"])):
                run["after"] = ids[-1] if ids else run["after"]
                return rows
            if not run["since"]:
                raise UnavailableError(f"{SOURCE}: contacts do not come in order of id; pull later")
            run["place"] = {}
        return self._next(table, params, run["place"])[0]

    def _begin(self, kind: str, changed_since: str) -> State:
        started = self.clock().isoformat()
        return {"kind": kind, "since": changed_since, "after": 0, "started": started, "newest": ""}

    def _recent(self, own: State, run: State, rows: list[Row], column: str) -> list[Row]:
        """Those not written before: the overlap brings rows again. Notes the newest change, by the vendor's clock."""
        seen = own.setdefault("recent", {})
        digests = {str(row["id"]): [digest(row), row.get(column)] for row in rows}
        run["newest"] = max([run["newest"], *(str(row.get(column)) for row in rows)], key=instant)
        first = instant(since(run["newest"], run["started"]))
        # The vendor counts in seconds: what changed just now may change again under the same time.
        last = self.clock().timestamp() - SETTLED_SECONDS
        fresh = [row for row in rows if seen.get(str(row["id"])) != digests[str(row["id"])]]
        for number, one in digests.items():
            if first <= instant(one[1]) <= last:
                seen[number] = one
        if len(seen) > MOST_RECENT:
            seen.clear()  # costs repeats, which the key of the table takes out
        return fresh

    def _end(self, own: State, run: State) -> None:
        """Never later than the start of the pass: what changed behind the cursor meanwhile is for the next one."""
        own["since"] = since(run["newest"], run["started"]) or own.get("since", "")
        limit = instant(own["since"])
        seen = own.get("recent", {})
        own["recent"] = {number: one for number, one in seen.items() if instant(one[1]) >= limit}

    def _of_contacts(self, table: Table, own: State) -> Pages:
        """All of them at first and every week, in between those of changed contacts."""
        todo = own["todo"] = list(dict.fromkeys(own.get("todo", [])))
        is_dear = len(todo) > max(FEW_CONTACTS, own.get("pages", 0))
        if "scan" in own or is_dear or self._due(own, "swept_at"):
            if "scan" not in own:
                own["scan"] = {"started": self.clock().isoformat(), "place": {}, "pages": 0}
                todo.clear()
            yield from self._scan(table, own)
        while todo:
            contact, moment = todo[0], self.clock()
            rows = self.api.rows(f"contacts/{contact}/{table.path}", {"limit": str(PAGE)}) or []
            todo.pop(0)
            yield stamped([*rows, read_of(contact)], moment), not todo

    def _scan(self, table: Table, own: State) -> Pages:
        scan, ended = own["scan"], False
        while not ended:
            moment = self.clock()
            rows, ended = self._next(table, {**table.params, "limit": str(PAGE)}, scan["place"])
            scan["pages"] += 1
            page = stamped(rows, moment)
            if ended:
                own["swept_at"], own["pages"] = scan["started"], scan["pages"]
                del own["scan"]
                page += stamped([read_of("*")], datetime.fromisoformat(own["swept_at"]))
            yield page, ended and not own["todo"]

    def _deals(self, table: Table, own: State) -> Pages:
        """All every week, which shows what is gone; in between those changed since."""
        if "pass" in own or self._due(own, "swept_at"):
            for rows, ended in self._listing(table, own, keep="newest"):
                if ended:
                    own["swept_at"] = own["started"]
                    own["since"] = since(own["newest"], own["started"])
                yield rows, ended
            return
        run = own.setdefault("changed", self._begin("changed", own["since"]) | {"place": {}})
        params = {**table.params, "limit": str(PAGE)}
        if run["since"]:
            params["filters[updated_after]"] = run["since"]
        ended = False
        while not ended:
            moment = self.clock()
            rows, ended = self._next(table, params, run["place"])
            run["newest"] = max([run["newest"], *(str(r.get("mdate")) for r in rows)], key=instant)
            fresh = self._unlike(own["digests"], rows, own["digests"])
            if ended:
                own["since"] = since(run["newest"], run["started"]) or own["since"]
                del own["changed"]
            yield stamped(fresh, moment), ended

    def _listing(self, table: Table, own: State, keep: str = "") -> Pages:
        """The whole listing; only rows that are new, changed or gone since the last time are written."""
        digests = own.setdefault("digests", {})
        run = own.setdefault("pass", {**self._begin("all", ""), "place": {}, "seen": {}})
        ended = False
        while not ended:
            moment = self.clock()
            rows, ended = self._next(table, {**table.params, "limit": str(PAGE)}, run["place"])
            fresh = self._unlike(digests, rows, run["seen"])
            if keep:
                newest = [run["newest"], *(str(row.get("mdate")) for row in rows)]
                run["newest"] = max(newest, key=instant)
            if ended:
                fresh += [{"id": one, GONE: True} for one in digests if one not in run["seen"]]
                own["digests"] = run["seen"]
                own["started"], own["newest"] = run["started"], run["newest"]
                del own["pass"]
            yield stamped(fresh, moment), ended

    def _log(self, table: Table, own: State) -> Pages:
        """A listing that only grows: continues where the last pass ended."""
        place, ended = own.setdefault("place", {}), False
        while not ended:
            moment = self.clock()
            rows, ended = self._next(table, {**table.params, "limit": str(PAGE)}, place)
            ids = [int(own.get("last", 0)), *(int(row["id"]) for row in rows)]
            if ids != sorted(ids):
                raise RefusedError(
                    f"{SOURCE}: {table.path} are not listed oldest first, so new ones cannot be told; "
                    f"leave {table.name} out"
                )
            own["last"] = ids[-1]
            yield stamped(rows, moment), ended

    def _activities(self, table: Table, own: State) -> Pages:
        """Those after the newest of the last pass, by time."""
        run = own.setdefault("pass", self._begin("changed", own.get("since", "")) | {"place": {}})
        params = {**table.params, "limit": str(PAGE)}
        if run["since"]:
            params["after"] = run["since"]
        ended = False
        while not ended:
            moment = self.clock()
            rows, ended = self._next(table, params, run["place"])
            fresh = self._recent(own, run, rows, "tstamp")
            if ended:
                del own["pass"]
                self._end(own, run)
            yield stamped(fresh, moment), ended

    def _unlike(self, old: State, rows: list[Row], seen: State) -> list[Row]:
        fresh = []
        for row in rows:
            found = digest(row)
            if old.get(str(row["id"])) != found:
                fresh.append(row)
            seen[str(row["id"])] = found
        return fresh

    def _next(self, table: Table, params: dict[str, str], place: State) -> tuple[list[Row], bool]:
        return following(lambda at: self._page(table, {**params, "offset": str(at)}), place)

    def _page(self, table: Table, params: dict[str, str]) -> list[Row]:
        rows = self.api.rows(table.path, params)
        if rows is None:
            raise RefusedError(
                f"{SOURCE}: HTTP 404 for {table.path}: the address is wrong, or the account does not have them"
            )
        return rows

    def _due(self, own: State, name: str) -> bool:
        last = own.get(name)
        return last is None or self.clock() - datetime.fromisoformat(last) >= SWEEP_EVERY

    def _known(self, name: str) -> list[int]:
        """Ids of the rows in the warehouse that are not known to be gone; short, for it holds the warehouse."""
        relation = ident(f"raw_{SOURCE}", name)
        if not self.settings.database.exists():
            return []
        with connect(self.settings) as con:
            there = con.execute(
                "select count(*) from information_schema.tables where table_schema = ? and table_name = ?",
                [f"raw_{SOURCE}", name],
            ).fetchall()
            if not there[0][0]:
                return []
            rows = con.execute(
                f"select cast(id as bigint) from {relation} group by id "
                "having not arg_max(coalesce(is_gone, false), pulled_at) order by 1"
            ).fetchall()
        return [int(row[0]) for row in rows]


def bare(row: Row) -> Row:
    """A row without the addresses of what belongs to it, which follow from its id."""
    return {k: v for k, v in row.items() if k != "links" or not isinstance(v, dict)}


def digest(row: Row) -> str:
    """What tells a row from its earlier versions."""
    return format(zlib.crc32(line(bare(row)).encode()), "08x")


def stamped(rows: list[Row], moment: datetime) -> list[Row]:
    """Rows with the moment before they were asked for."""
    return [{**bare(row), PULLED_AT: moment.isoformat()} for row in rows]


def read_of(contact: str) -> Row:
    """Says that all rows of a contact (`*`: of every contact) were read."""
    return {"id": f"read:{contact}", READ_OF: contact}


def instant(text: Any) -> float:
    """A vendor's time as epoch seconds; what is none is older than everything."""
    try:
        return datetime.fromisoformat(str(text).replace(" ", "T")).timestamp()
    except ValueError:
        return float("-inf")


def since(newest: str, started: str) -> str:
    """The next `updated_after`: the overlap before the earlier of both, in the vendor's own offset.

    In that offset it means the same to a vendor that reads the offset and to one that takes the wall clock.
    """
    if instant(newest) == float("-inf"):
        return ""
    zone = datetime.fromisoformat(newest).tzinfo
    earlier = min(instant(newest), instant(started))
    return (datetime.fromtimestamp(earlier, zone) - OVERLAP).isoformat(timespec="seconds")
