"""The landing sensor asks for one refresh per state of the folder."""

from __future__ import annotations

import dagster as dg
import pytest

from orchestration.resources import Installation
from orchestration.sensors import landing_sensor


def test_a_new_file_asks_for_one_refresh(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing new, nothing asked; a half-written file is not new yet."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("MILLRACE_HOME", str(home))
    folder = home / "landing" / "shop" / "products"
    folder.mkdir(parents=True)
    installation = Installation()

    def look(cursor: str | None) -> tuple[object, str | None]:
        context = dg.build_sensor_context(cursor=cursor, resources={"installation": installation})
        answer = landing_sensor(context)
        return answer, context.cursor

    _, cursor = look(None)
    (folder / ".half.csv").write_text("product_id\n")
    same, _ = look(cursor)
    (folder / "whole.csv").write_text("product_id\nP1\n")
    changed, after = look(cursor)

    assert isinstance(same, dg.SkipReason)
    assert isinstance(changed, dg.RunRequest)
    assert after != cursor
