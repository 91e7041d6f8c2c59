"""Holds a sync back while a score that it reads says what it never said before: the predictions' own watch objects.

`ml.monitors` says per model and moment whether its scores' distribution broke. A score names the prediction it shows
(`meta.prediction`), and the manifest knows which syncs read it, directly or over other models.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from activations.syncs import Sync
from warehouse.relations import has_table


def objection(con: duckdb.DuckDBPyConnection, sync: Sync) -> str | None:
    """Why `sync` must wait for its scores, or None."""
    broken = _broken(con, sync.predictions)
    if not broken:
        return None
    told = "; ".join(f"{name}: {seen}" for name, seen in broken)
    accept = " and ".join(f"`millrace model accept {name}`" for name, _ in broken)
    return (
        f"the scores it sends have broken ({told}). Look at them with `millrace model card {broken[0][0]}`, mend what "
        f"they read and run `millrace run score`; if they are meant, {accept}."
    )


def _broken(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> list[tuple[str, str]]:
    if not names or not has_table(con, "ml", "monitors"):
        return []
    rows = con.execute(
        "select model, seen from (select * from ml.monitors where monitor = 'distribution' and model in "
        f"({', '.join('?' * len(names))}) "
        "qualify row_number() over (partition by model order by as_of desc) = 1) where is_held order by model",
        list(names),
    )
    return [(str(model), str(seen)) for model, seen in rows.fetchall()]
