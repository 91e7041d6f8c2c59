"""Bars on real tables beside the project: skill where there is skill, refusal where there is none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from benchmarks.evaluation import maven_crm, x_education
from ml.learner import Learned, learn
from tests.conftest import SHARED

pytestmark = pytest.mark.real

DATA = SHARED / "data"


def figures(model: Learned) -> dict[str, float]:
    """What the served candidate showed on the held-out cohort."""
    return {m.metric: m.value for m in model.metrics if m[:2] == ("test", "served")}


@pytest.mark.skipif(
    not (DATA / x_education.NEEDS[0]).exists(),
    reason="the X Education leads are not beside the project",
)
def test_lead_conversion_reaches_the_bar_on_later_leads() -> None:
    """Trained on earlier leads, judged on the last 30 %: AUC, Brier and calibration as published for honest splits."""
    leads = x_education.frame(DATA)
    columns = [name for name in leads.columns if name not in x_education.LEFT_OUT]
    model = learn(
        leads,
        label="Converted",
        entity="Prospect ID",
        time="at",
        numeric=tuple(name for name in columns if leads.schema[name].is_numeric()),
        categorical=tuple(name for name in columns if not leads.schema[name].is_numeric()),
        as_of=datetime(2026, 1, 1, tzinfo=UTC),
    )
    found = figures(model)

    assert model.is_promoted, model.verdict
    assert found["auc"] >= 0.88
    assert found["brier"] <= 0.132
    assert found["ece"] <= 0.035


@pytest.mark.skipif(
    not (DATA / maven_crm.NEEDS[0]).exists(),
    reason="the Maven opportunities are not beside the project",
)
def test_a_pipeline_without_signal_is_refused() -> None:
    """What is known at creation tells nothing there; who shows skill has kept `close_value`."""
    model = learn(
        maven_crm.frame(DATA),
        label="won",
        entity="opportunity_id",
        time="at",
        known="closed_at",
        numeric=("revenue", "employees"),
        categorical=("sales_agent", "product", "sector", "office_location"),
        as_of=datetime(2018, 1, 1, tzinfo=UTC),
    )

    assert not model.is_promoted
    assert model.verdict.startswith("fallback: not enough signal")
