"""Landing to raw: one asset per contracted source table, with its checks, and the clock that models read."""

from collections.abc import Iterator

import dagster as dg

from orchestration import quality
from orchestration.resources import Installation
from warehouse import clock
from warehouse.connection import connect
from warehouse.contract import Contract
from warehouse.errors import ContractError
from warehouse.internal import ensure, set_clock
from warehouse.landing import unknown_files
from warehouse.load import FileResult, last_batch, load_table, loaded_since
from warehouse.manifest import Manifest, Source

GROUP = "raw"
CONTRACT_CHECK = "columns_match_contract"
QUARANTINE_CHECK, BATCH_CHECK = "every_row_loaded", "batch_meets_expectations"
UNKNOWN_CHECK = "files_have_contracts"
CLOCK = dg.AssetKey(["raw_millrace", "clock"])
CHECKS = {
    CONTRACT_CHECK: "No file lacks a required column.",
    QUARANTINE_CHECK: "No row went to quarantine.",
    BATCH_CHECK: "What Great Expectations says of the new rows.",
}


@dg.asset(
    key=CLOCK,
    group_name=GROUP,
    kinds={"duckdb"},
    owners=["team:data"],
    check_specs=[
        dg.AssetCheckSpec(
            UNKNOWN_CHECK, asset=CLOCK, description="Every landing file has a contract."
        )
    ],
)
def clock_asset(
    installation: Installation,
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:  # type: ignore[type-arg]
    """One row: the moment that models take for now. Also creates whatever tables do not exist yet."""
    settings, contracts = installation.settings(), installation.contracts()
    as_of = clock.as_of(settings)
    with connect(settings) as con:
        ensure(con, contracts)
        moved = set_clock(con, as_of)
    yield dg.MaterializeResult(metadata={"as_of": as_of.isoformat(), "moved": moved})
    unknown = unknown_files(settings, contracts)
    yield dg.AssetCheckResult(
        check_name=UNKNOWN_CHECK,
        passed=not unknown,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "not loaded": ", ".join(unknown[:20]),
            "what to do": "declare a landing contract in models/staging/<source>/, or move the files away",
        },
    )


def raw_assets(manifest: Manifest, contracts: dict[str, Contract]) -> list[dg.AssetsDefinition]:
    """One asset per landing contract."""
    return [_raw_asset(contract, manifest.sources[label]) for label, contract in contracts.items()]


def _raw_asset(contract: Contract, source: Source) -> dg.AssetsDefinition:
    key = dg.AssetKey([contract.schema, contract.table])
    extra = (source.meta["landing"] or {}).get("expectations") or []

    @dg.asset(
        key=key,
        group_name=GROUP,
        kinds={"duckdb"},
        description=source.description,
        owners=[f"team:{source.meta.get('owner', 'data')}"],
        deps=[clock_asset],
        check_specs=[
            dg.AssetCheckSpec(name, asset=key, description=text) for name, text in CHECKS.items()
        ],
    )
    def load(
        context: dg.AssetExecutionContext, installation: Installation
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:  # type: ignore[type-arg]
        settings = installation.settings()

        def progress(path: str, done: int, total: int) -> None:
            context.log.info("%s: %.0f of %.0f MB", path, done / 1e6, total / 1e6)

        error = ""
        with connect(settings) as con:
            ensure(con, {contract.label: contract})
            first = last_batch(con)
            try:
                load_table(con, settings, contract, clock.now(), progress)
            except ContractError as problem:
                # This table stops; the others, and what can be built without it, go on.
                error = str(problem)
                context.log.error(error)
            results = loaded_since(con, contract, first)
        for result in results:
            if result.status in ("failed", "repaired"):
                context.log.warning("%s: %s: %s", result.path, result.status, result.message)
        yield dg.MaterializeResult(metadata=_metadata(results, error))
        yield dg.AssetCheckResult(
            check_name=CONTRACT_CHECK, passed=not error, metadata={"error": error}
        )
        yield _quarantine_check(results)
        batches = [result.batch for result in results if result.rows_loaded]
        checks = quality.expectations(contract, extra)
        verdicts = quality.validate(settings, contract, batches, checks) if batches else []
        yield _batch_check(verdicts)

    return load


def _metadata(results: list[FileResult], error: str) -> dict[str, object]:
    rows = "\n".join(
        f"| {r.path} | {r.status} | {r.rows_loaded} | {r.rows_quarantined} | {r.message} |"
        for r in results[:50]
    )
    header = "| file | status | loaded | quarantined | note |\n|---|---|---|---|---|\n"
    return {
        "dagster/row_count": sum(result.rows_loaded for result in results),
        "quarantined": sum(result.rows_quarantined for result in results),
        "new_files": len(results),
        **({"error": error} if error else {}),
        "files": dg.MetadataValue.md(header + rows),
    }


def _quarantine_check(results: list[FileResult]) -> dg.AssetCheckResult:
    bad = [result for result in results if result.rows_quarantined or result.status == "failed"]
    return dg.AssetCheckResult(
        check_name=QUARANTINE_CHECK,
        passed=not bad,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={result.path: result.message for result in bad[:20]},
    )


def _batch_check(verdicts: list[quality.Verdict]) -> dg.AssetCheckResult:
    failed = [verdict for verdict in verdicts if not verdict.held]
    grave = any(verdict.severity == quality.ERROR for verdict in failed)
    return dg.AssetCheckResult(
        check_name=BATCH_CHECK,
        passed=not failed,
        severity=dg.AssetCheckSeverity.ERROR if grave else dg.AssetCheckSeverity.WARN,
        metadata={
            "evaluated": len(verdicts),
            **{verdict.expectation: verdict.observed for verdict in failed},
        },
    )
