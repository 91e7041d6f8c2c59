"""Ledgers in files share what SQLAlchemy compiled, and nothing else."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from activations import dialects
from activations.ledger import Ledger
from activations.schema import LEASE, RUN
from activations.statements import _compiled
from warehouse.clock import naive
from warehouse.settings import load


def test_a_second_ledger_compiles_nothing_anew(tmp_path: Path) -> None:
    """The same statements, read and written, with each file's own rows."""
    ledgers = [Ledger(f"sqlite:///{tmp_path / name}.sqlite") for name in ("one", "two")]
    moment = naive(load({"MILLRACE_AS_OF": "2026-06-30T00:00:00Z"}).as_of)  # type: ignore[arg-type]
    found, kept, texts = [], [], []
    for number, ledger in enumerate(ledgers):
        with ledger as opened, opened.engine.begin() as con:
            row = {"name": f"n{number}", "fence": number, "expires_at": moment}
            con.execute(sa.insert(LEASE), row)
            found.append(con.execute(sa.select(LEASE.c.name, LEASE.c.expires_at)).all())
            texts.append(_compiled(sa.insert(RUN).values(run_id="r"), con.dialect)[0])
            assert con.dialect.name == "sqlite"
        kept.append(set(dialects.compiled))

    assert found == [[("n0", moment)], [("n1", moment)]]
    assert kept[0] == kept[1] != set()
    assert texts[0] == texts[1]
    assert hash(ledgers[0].engine.dialect) == hash(ledgers[1].engine.dialect)


def test_any_other_database_has_its_own() -> None:
    """What a server tells of itself holds for that server alone."""
    urls = [sa.make_url("postgresql+psycopg://here/a"), sa.make_url("sqlite+pysqlite://")]
    for url in urls:
        one, two = dialects.engine(url), dialects.engine(url)
        assert one.dialect != two.dialect
        assert "compiled_cache" not in one.get_execution_options()
