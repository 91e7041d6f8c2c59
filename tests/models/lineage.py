"""What has to be built for a model."""

from __future__ import annotations

from warehouse.manifest import Manifest


def closure(manifest: Manifest, *names: str) -> list[str]:
    """The models and all that they read, by name."""
    by_id = {model.unique_id: model for model in manifest.models.values()}
    found: set[str] = set()
    waiting = [manifest.models[name] for name in names]
    while waiting:
        model = waiting.pop()
        if model.name not in found:
            found.add(model.name)
            waiting += [by_id[parent] for parent in model.depends_on if parent in by_id]
    return sorted(found)
