"""Great Expectations over one loaded batch of a raw table, evaluated inside the warehouse.

The expectations follow from the landing contract (required columns are filled, the key is unique); a contract adds
its own under `meta.landing.expectations`, as Great Expectations spells them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.connection import exclusive
from warehouse.contract import Contract
from warehouse.dialect import columns, ident
from warehouse.settings import Settings

ERROR, WARN = "error", "warn"


@dataclass(frozen=True)
class Verdict:
    """The outcome of one expectation: whether it held, how bad it is when not, and what was seen."""

    expectation: str
    held: bool
    severity: str
    observed: str


def expectations(contract: Contract, extra: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The expectations of a contract's batch, as `{type, kwargs, severity}`."""
    found: list[dict[str, Any]] = [
        {
            "type": "expect_column_values_to_not_be_null",
            "kwargs": {"column": field.name},
            "severity": ERROR,
        }
        for field in contract.required
    ]
    unique: dict[str, Any]
    if len(contract.key) == 1:
        unique = {
            "type": "expect_column_values_to_be_unique",
            "kwargs": {"column": contract.key[0]},
        }
    else:
        unique = {
            "type": "expect_compound_columns_to_be_unique",
            "kwargs": {"column_list": list(contract.key)},
        }
    # Delivery is at least once, so duplicates are news, not an error: staging keeps the newest.
    found.append({**unique, "severity": WARN})
    for item in extra:
        kwargs = {key: value for key, value in item.items() if key not in ("type", "severity")}
        severity = str(item.get("severity", ERROR))
        found.append({"type": str(item["type"]), "kwargs": kwargs, "severity": severity})
    return found


def validate(
    settings: Settings, contract: Contract, batches: list[int], checks: list[dict[str, Any]]
) -> list[Verdict]:
    """Evaluate `checks` on the rows of `batches`, holding the warehouse meanwhile."""
    query = (
        f"select {columns(_mentioned(contract, checks))} "
        f"from {ident(contract.schema, contract.table)} "
        f"where _batch in ({', '.join(str(batch) for batch in batches)})"
    )
    with exclusive(settings) as database, _validator(database, query) as validator:
        return [_verdict(validator, check) for check in checks]


@contextmanager
def _validator(database: Path, query: str) -> Iterator[Any]:
    """A validator over `query`, with one connection kept open: the batch is a temporary table of its session."""
    # Importing the library takes seconds, and it reports usage unless told not to before.
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx
    import sqlalchemy
    from great_expectations.core.batch import Batch
    from great_expectations.execution_engine import SqlAlchemyExecutionEngine
    from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
    from great_expectations.validator.validator import Validator
    from sqlalchemy.pool import StaticPool

    source = sqlalchemy.create_engine(f"duckdb:///{database}", poolclass=StaticPool)
    kept = source.connect()

    class OneConnectionEngine(SqlAlchemyExecutionEngine):
        """Hands out the same open connection every time."""

        @contextmanager
        def get_connection(self) -> Iterator[sqlalchemy.Connection]:
            """The one connection."""
            yield kept

    try:
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        engine = OneConnectionEngine(engine=source)
        data = SqlAlchemyBatchData(execution_engine=engine, query=query)
        yield Validator(execution_engine=engine, batches=[Batch(data=data)], data_context=context)
    finally:
        kept.close()
        source.dispose()


def _mentioned(contract: Contract, checks: list[dict[str, Any]]) -> list[str]:
    """The contract's columns that any check names: the batch is copied, so the rest stays behind."""
    words = {
        str(word) for check in checks for value in check["kwargs"].values() for word in _flat(value)
    }
    return [field.name for field in contract.fields if field.name in words] or [contract.key[0]]


def _flat(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _verdict(validator: Any, check: Mapping[str, Any]) -> Verdict:
    kwargs = dict(check["kwargs"])
    outcome = getattr(validator, check["type"])(**kwargs)
    shown = ", ".join(f"{key}={value}" for key, value in kwargs.items())
    raised = [info for info in _exceptions(outcome.exception_info) if info]
    if raised:
        raise RuntimeError(f"{check['type']}({shown}) could not be evaluated: {raised[0]}")
    result = outcome.result
    observed = result.get("observed_value", f"{result.get('unexpected_count', 0)} unexpected rows")
    return Verdict(
        f"{check['type']}({shown})", bool(outcome.success), check["severity"], str(observed)
    )


def _exceptions(info: Mapping[str, Any] | None) -> list[str]:
    if not info:
        return []
    nested = [info] if "raised_exception" in info else list(info.values())
    return [str(item["exception_message"]) for item in nested if item.get("raised_exception")]
