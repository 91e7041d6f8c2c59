"""The picture of a trained version shows its calibration, and is not drawn from nothing."""

from __future__ import annotations

from ml.pictures import draw
from warehouse.connection import connect
from warehouse.internal import ensure
from warehouse.settings import Settings


def test_a_version_with_bins_gets_the_same_picture_every_time(settings: Settings) -> None:
    """PNG bytes beside the artifact; drawing again changes nothing."""
    with connect(settings) as con:
        ensure(con, {})
        con.execute(
            "insert into ml.calibration_bins values "
            "('win_probability', 'v1', timestamp '2026-06-30', 1, 0.2, 0.25, 100), "
            "('win_probability', 'v1', timestamp '2026-06-30', 2, 0.7, 0.6, 80)"
        )

    path = draw(settings, "win_probability", "v1")
    assert path is not None
    first = path.read_bytes()
    draw(settings, "win_probability", "v1")

    assert first.startswith(b"\x89PNG")
    assert path.read_bytes() == first


def test_a_version_without_figures_gets_none(settings: Settings) -> None:
    """Nothing to show, nothing drawn."""
    with connect(settings) as con:
        ensure(con, {})

    assert draw(settings, "win_probability", "unknown") is None
    assert not settings.models.exists()
