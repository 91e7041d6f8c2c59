"""The sample shop from landing to endpoints: once, again, killed at random moments, and two runs at a time."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from examples.shop.__main__ import environment
from orchestration.due import due_assets
from tests.e2e import shop
from warehouse.connection import connect
from warehouse.manifest import load_manifest
from warehouse.settings import load

pytestmark = pytest.mark.e2e
# What a run has to ask even where nothing is new.
ALWAYS = {
    "raw_millrace/clock",
    "activecampaign/contact",
    "hubspot/deal",
    "twilio/message",
    "outbox/messages",
    "journeys/tick",
    "journeys/actions",
    "journeys/ahead",
    "journeys/backtests",
}
KILLS = int(os.environ.get("MILLRACE_TEST_KILLS", "10"))


def due(home: Path, *, predicts: bool = True) -> set[str]:
    """The assets that a run would have to look at."""
    settings = load({"MILLRACE_HOME": str(home), "MILLRACE_AS_OF": shop.AS_OF})
    found = due_assets(settings, load_manifest(settings), predicts=predicts)
    assert found is not None
    return {"/".join(key.path) for key in found}


# What tells of the steps that contacts have left, as they do once their messages are sent.
HEARD = ("intermediate.int_journeys__", "reports.rpt_journey")


def at_rest(home: Path) -> None:
    """Run until nothing is new: what a run delivered is news to the next, and what that one moved to its reports."""
    for _ in range(4):
        if due(home) == ALWAYS:
            return
        shop.run(home)
    assert due(home) == ALWAYS


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, float]:
    """One undisturbed run: its home, what it printed, and how long it took."""
    home = tmp_path_factory.mktemp("clean")
    began = time.monotonic()
    return home, shop.run(home), time.monotonic() - began


def test_first_run_prints_every_layer_and_what_was_pushed(
    clean: tuple[Path, str, float],
) -> None:
    """Rows per layer, segments, scores with calibration, deliveries to all vendors."""
    _, output, _ = clean

    for word in ("Landed", "intermediate", "seg_vip", "Lead scores", "Win probability", "said"):
        assert word in output
    for sync in (
        "activecampaign_contact",
        "hubspot_deal",
        "twilio_message",
        "outbox_email",
        "outbox_sms",
        "actions_crm_contact",
        "actions_crm_deal",
        "actions_crm_task",
        "actions_slack_notify",
    ):
        assert sync in output


def test_second_run_loads_nothing_builds_the_same_and_pushes_nothing(
    clean: tuple[Path, str, float],
) -> None:
    """Nothing new in, nothing new out: the journeys hear that their messages went, and nothing else moves."""
    home, _, _ = clean
    content, vendors = shop.warehouse_digest(home), shop.endpoint_state(home)

    shop.run(home)

    found = shop.warehouse_digest(home)
    moved = {name for name in content if found[name] != content[name]}
    assert {name for name in moved if not name.startswith(HEARD)} == set()
    assert shop.endpoint_state(home) == vendors
    with connect(load({"MILLRACE_HOME": str(home)})) as con:
        newest = con.execute(
            "select sync, creates + updates + removes from activations.plans "
            "qualify row_number() over (partition by sync order by planned_at desc) = 1"
        ).fetchall()
        files = con.execute(
            "select count(*), count(distinct file_id) from landing.files"
        ).fetchall()
    assert len(newest) == 9
    assert [changes for _, changes in newest] == [0] * 9
    assert files[0][0] == files[0][1]
    at_rest(home)
    content = shop.warehouse_digest(home)
    shop.run(home)
    assert shop.warehouse_digest(home) == content
    assert shop.endpoint_state(home) == vendors


def test_only_what_new_files_touch_is_due(clean: tuple[Path, str, float], tmp_path: Path) -> None:
    """Nothing new: the clock and the syncs, which may owe an answer. A product: what reads products, no event."""
    reference, _, _ = clean
    at_rest(reference)
    home = tmp_path / "due"
    shutil.copytree(reference, home)

    idle = due(home)
    (home / "landing/shop/products/new.csv").write_text("product_id,name,price\nP999,Lamp,9.5\n")
    names = due(home)

    assert idle == ALWAYS
    assert {"raw_shop/products", "marts/dim_products", "serving/millrace"} <= names
    assert not names & {
        "intermediate/int_events__unioned",
        "marts/dim_contacts",
        "raw_shop/contacts",
    }


def test_a_model_that_was_not_asked_when_a_run_died_is_asked_by_the_next(
    clean: tuple[Path, str, float], tmp_path: Path
) -> None:
    """Its tables are up to date, and it has not spoken since they are. Who does not predict has nothing to do."""
    reference, _, _ = clean
    at_rest(reference)
    home = tmp_path / "died"
    shutil.copytree(reference, home)
    with connect(load({"MILLRACE_HOME": str(home)})) as con:
        con.execute("delete from landing.built where name = 'ml.win_probability'")

    names = due(home)

    assert {"ml/win_probability", "ml/predictions", "scores/score_win_probability"} <= names
    assert not {"ml/send_hour", "intermediate/int_deals__weekly"} & names
    assert due(home, predicts=False) == ALWAYS


def test_killed_at_random_moments_and_run_again_ends_like_one_clean_run(
    clean: tuple[Path, str, float], tmp_path: Path
) -> None:
    """Kill -9 at random moments from landing to settling: same warehouse content, same endpoint state."""
    reference, _, seconds = clean
    home = tmp_path / "killed"
    home.mkdir()
    rng = random.Random(20260630)
    moments = []
    for _ in range(KILLS):
        process = shop.start(home)
        # Early kills hit generating and loading, late ones delivering: spread them over a whole run.
        moment = rng.uniform(1.0, seconds)
        try:
            process.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            shop.kill(process)
        else:
            process.communicate()
        moments.append(round(moment, 1))

    shop.run(home)
    at_rest(home)
    at_rest(reference)

    doubts = shop.in_doubt(home)
    found = shop.known(shop.warehouse_digest(home), doubts)
    assert found == shop.known(shop.warehouse_digest(reference), doubts), f"killed at {moments}"
    assert shop.endpoint_state(home) == shop.endpoint_state(reference), f"killed at {moments}"
    wanted, arrived = shop.mail(reference), shop.mail(home)
    assert all(wanted[key] == row for key, row in arrived.items()), f"killed at {moments}"
    assert {row["copies"] for row in arrived.values()} == {1}
    # What was on its way when it was killed is in doubt: listed, and never sent twice.
    assert len(wanted) - len(arrived) <= doubts, f"killed at {moments}"


def test_concurrent_runs_wait_for_each_other(
    clean: tuple[Path, str, float], tmp_path: Path
) -> None:
    """Two runs started at once both succeed: the warehouse has one writer, so they queue."""
    reference, _, _ = clean
    home = tmp_path / "twice"
    shutil.copytree(reference / "landing", home / "landing")
    settings = {**os.environ, **environment(home, "http://127.0.0.1:9"), "COLUMNS": "160"}

    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "cli.main", "run", "refresh"],
            cwd=shop.ROOT,
            env=settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=900)[0] for process in runs]

    assert [process.returncode for process in runs] == [0, 0], "\n".join(outputs)
    content = shop.warehouse_digest(home)
    marts = {name: rows for name, rows in content.items() if name.startswith("raw_")}
    assert marts == {
        name: rows
        for name, rows in shop.warehouse_digest(reference).items()
        if name.startswith("raw_")
    }
