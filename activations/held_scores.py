"""Tells what must wait while a score says what it never said before: the predictions' own watch objects to it.

`ml.monitors` says per model and moment whether its scores' distribution broke. A score names the prediction it shows
(`meta.prediction`), and the manifest knows what reads it, directly or over other models: syncs, and through segments
and scores journeys and campaigns. What only chooses by a score (an hour, a variant) falls back instead.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from activations.syncs import Sync, predictions_of
from warehouse.manifest import Manifest
from warehouse.relations import has_table


def objection(con: duckdb.DuckDBPyConnection, sync: Sync) -> str | None:
    """Why `sync` must wait for its scores, or None."""
    broken = broken_of(con, sync.predictions)
    if not broken:
        return None
    told = "; ".join(f"{name}: {seen}" for name, seen in broken)
    accept = " and ".join(f"`millrace model accept {name}`" for name, _ in broken)
    return (
        f"the scores it sends have broken ({told}). Look at them with `millrace model card {broken[0][0]}`, mend what "
        f"they read and run `millrace run score`; if they are meant, {accept}."
    )


def held_models(con: duckdb.DuckDBPyConnection, manifest: Manifest) -> dict[str, str]:
    """The scores, segments and marts that read a score whose distribution broke, and why they are not to be trusted."""
    models = [m for folder in ("scores", "segments", "marts") for m in manifest.in_folder(folder)]
    read = {model.name: predictions_of(model, manifest) for model in models}
    broken = dict(broken_of(con, sorted({name for names in read.values() for name in names})))
    told = {name: _why(name, seen) for name, seen in broken.items()}
    return {
        model: "; ".join(told[name] for name in names if name in told)
        for model, names in read.items()
        if any(name in told for name in names)
    }


def _why(name: str, seen: str) -> str:
    return f"the scores of {name} have broken ({seen}); see `millrace model card {name}`"


def broken_of(con: duckdb.DuckDBPyConnection, names: Sequence[str]) -> list[tuple[str, str]]:
    """Those of the prediction models `names` whose newest scores are held back, and what was seen."""
    if not names or not has_table(con, "ml", "monitors"):
        return []
    rows = con.execute(
        "select model, seen from (select * from ml.monitors where monitor = 'distribution' and model in "
        f"({', '.join('?' * len(names))}) "
        "qualify row_number() over (partition by model order by as_of desc) = 1) where is_held order by model",
        list(names),
    )
    return [(str(model), str(seen)) for model, seen in rows.fetchall()]
