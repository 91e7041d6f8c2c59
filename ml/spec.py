"""What a model declares about itself: the decision it supports, what it reads, and when it may speak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class Minimum:
    """How many mature entities of each outcome a model needs, and what people call them."""

    positives: int = 100
    negatives: int = 100
    positive_name: str = "positive outcomes"
    negative_name: str = "negative outcomes"


@dataclass(frozen=True)
class Ladder:
    """Rates that serve when no model may: each level's cells are shrunk to the level before it.

    `levels` go from coarse to fine, each a tuple of column names; before the first stands the rate of
    all entities. `strength` is how many entities a parent's rate counts for; below `minimum` known
    outcomes there is no rate at all.
    """

    levels: tuple[tuple[str, ...], ...] = ()
    strength: float = 20.0
    minimum: int = 30
    per_row: bool = False


@dataclass(frozen=True)
class Spec:
    """One model: a row of the predictions it makes is one `entity` at one `as_of`.

    `words` are templates for reasons by feature, and `shown` names the column whose value a reason shows in a
    feature's place. `known` names the column that tells when the label became known; without it a label is known
    `horizon_days` after `time`. `weight` names a column of row weights for fitting only. `candidates` compete.
    Without `time` rows are tested in folds of whole entities. `dates` are columns that become days before `time`; they
    are among `numeric`.
    """

    name: str
    question: str
    decision: str
    entity: str
    relations: tuple[str, ...]
    time: str = ""
    label: str = ""
    known: str | None = None
    horizon_days: float = 0.0
    weight: str | None = None
    numeric: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    minimum: Minimum = field(default_factory=Minimum)
    fallback: Ladder = field(default_factory=Ladder)
    slices: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ("logistic", "xgboost")
    words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    shown: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    bounds: tuple[float, float] = (0.0, 1.0)
    retrain_days: float = 7.0
    seed: int = 7
    settings: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def as_dict(self) -> dict[str, object]:
        """Everything above as plain data, for hashing and for people."""
        plain = {
            name: dict(value) if isinstance(value, Mapping) else value
            for name, value in self.__dict__.items()
        }
        return plain | {"minimum": asdict(self.minimum), "fallback": asdict(self.fallback)}
