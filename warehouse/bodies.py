"""SQL that finds the records in bodies of requests as vendors post them: arrays of events, events in wrappers.

Every element of an array is a record. A contract's `landing.unwrap` names keys whose content is the record, or the
array of records; what stands beside such a key is kept with each record.
"""

from __future__ import annotations

import json

from warehouse.dialect import literal


def records(relation: str, unwrap: tuple[str, ...], keep: str = "") -> str:
    """A relation with one row per record of `relation`, whose column `j` holds one JSON value per row.

    `unwrap` are keys, each optionally followed by `.*` (the record is whatever stands under it); a value that lacks
    the key, or has nothing under it, stays as it is. `keep` names further columns to pass on (", a, b").
    """
    found = _elements(relation, keep)
    for path in unwrap:
        found = _elements(_unwrapped(found, path, keep), keep)
    return found


def _elements(relation: str, keep: str) -> str:
    # The first character tells an array from an object without parsing.
    is_array = "left(ltrim(cast(j as varchar)), 1) = '['"
    return (
        f"(select unnest(case when {is_array} then json_extract(j, '$[*]') else [j] end) as j{keep} "
        f"from {relation})"
    )


def _unwrapped(relation: str, path: str, keep: str) -> str:
    key = path.removesuffix(".*")
    where = literal(f'$."{key}"')
    inside = f"json_extract(j, {where})"
    # Forms and message queues carry JSON as text.
    text = f"try_cast(json_extract_string({inside}, '$') as json)"
    content = f"case when json_type({inside}) = 'VARCHAR' then {text} else {inside} end"
    if path.endswith(".*"):
        contents = "case when json_type(c) = 'OBJECT' then json_extract(c, '$.*') end"
    else:
        contents = (
            "case json_type(c) when 'ARRAY' then json_extract(c, '$[*]') when 'OBJECT' then [c] end"
        )
    rest = f"nullif(json_merge_patch(j, {literal(json.dumps({key: None}))}), '{{}}')"
    # A merge drops nulls inside the record, so it is made only where there is something to keep.
    merged = (
        "case when json_type(r) = 'OBJECT' and beside is not null "
        "then json_merge_patch(beside, r) else r end"
    )
    return (
        f"(select {merged} as j{keep} from (select unnest(case when len(rs) > 0 then rs else [j] end) as r, "
        f"case when len(rs) > 0 then beside end as beside{keep} "
        f"from (select *, {contents} as rs from (select *, {content} as c, "
        f"case when json_type(j) = 'OBJECT' then {rest} end as beside from {relation}))))"
    )
