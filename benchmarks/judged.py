"""What an evaluation on a real data set yields: a model's figures, its baselines' from the same run, and its bars."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ml import metrics
from ml.metrics import Floats

Figures = Mapping[str, float]
HOLDS = {">=": operator.ge, "<=": operator.le}


@dataclass(frozen=True)
class Bar:
    """A figure's least or greatest value, `sign` being ">=" or "<="."""

    figure: str
    sign: str
    value: float

    def __str__(self) -> str:
        return f"{self.sign} {self.value:g}"

    def met(self, figures: Figures) -> bool:
        """Whether the figure is there and on the right side."""
        found = figures.get(self.figure)
        return found is not None and bool(HOLDS[self.sign](found, self.value))


@dataclass(frozen=True)
class Judged:
    """One model on one data set; `verdict` is the model's own sentence about itself."""

    dataset: str
    model: str
    verdict: str
    figures: Figures
    baselines: Mapping[str, Figures] = field(default_factory=dict)
    bars: tuple[Bar, ...] = ()

    @property
    def missed(self) -> list[str]:
        """The bars that were not reached, in words."""
        return [f"{bar.figure} {bar}" for bar in self.bars if not bar.met(self.figures)]

    def as_dict(self) -> dict[str, Any]:
        """One object of evaluation.json: figures flat, baselines by name, bars in words."""
        return {
            "dataset": self.dataset,
            "model": self.model,
            "verdict": self.verdict,
            **{name: tidy(value) for name, value in self.figures.items()},
            "baselines": {
                name: {figure: tidy(value) for figure, value in found.items()}
                for name, found in self.baselines.items()
            },
            "bars": {bar.figure: str(bar) for bar in self.bars},
            "missed": self.missed,
        }


def tidy(value: float) -> float:
    """Four decimals, enough for a probability's figures."""
    return round(float(value), 4)


def scores(y: Floats, p: Floats) -> dict[str, float]:
    """AUC, log loss, Brier, ECE and its noise floor of probabilities; rows count as independent."""
    area = metrics.auc(y, p)
    found = {
        "log_loss": float(metrics.losses(y, p).mean()),
        "brier": float(np.mean((p - y) ** 2)),
        "ece": metrics.ece(y, p),
        "ece_floor": metrics.ece_floor(p, len(y)),
    }
    return found if area is None else {"auc": area, **found}
