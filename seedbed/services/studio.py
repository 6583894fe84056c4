"""Studio: a video provider on this machine, with the states of a real one.

An asset is a file. It is being prepared for a moment and then ready; it does not play: its
playback id leads nowhere. That is enough for everything that a run does with videos.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from seedbed.services.port import Held

PREPARING_SECONDS = 0.5


class Studio:
    """Assets by passthrough, a JSON file each."""

    interval = 0.1

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def kind(self) -> str:
        """See `Store`."""
        return "local provider; its videos do not play"

    def held(self, place: str, prefix: str) -> dict[str, Held]:
        """See `Store`."""
        assets = [json.loads(path.read_text()) for path in self._folder.glob("*.json")]
        found = {one["passthrough"]: _held(one) for one in assets}
        return {key: one for key, one in found.items() if key.startswith(prefix)}

    def create(self, place: str, key: str, spec: Mapping[str, Any]) -> None:
        """See `Store`; `spec` has `url`, the source. Ids follow from the key, as digests need."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(f"asset {key}".encode()).hexdigest()[:32]
        asset = {
            "id": f"local-{name}",
            "playback_id": f"local-{hashlib.sha256(key.encode()).hexdigest()[:32]}",
            "passthrough": key,
            "source": spec["url"],
            "status": "preparing",
            "created_at": time.time(),
        }
        # Replaced in one go: nobody finds half an asset.
        draft = self._folder / f"{name}.draft"
        draft.write_text(json.dumps(asset))
        draft.replace(self._folder / f"{name}.json")

    def remove(self, place: str, gone: Iterable[Held]) -> None:
        """See `Store`."""
        for one in gone:
            (self._folder / f"{one.id.removeprefix('local-')}.json").unlink(missing_ok=True)

    def close(self) -> None:
        """See `Store`; nothing is open."""

    def check(self, place: str) -> str:
        """See `Store`."""
        return "no credentials needed"


def _held(asset: Mapping[str, Any]) -> Held:
    state = asset["status"]
    if state == "preparing" and time.time() - asset["created_at"] > PREPARING_SECONDS:
        state = "ready"
    problem = asset.get("problem", "")
    return Held(asset["passthrough"], asset["id"], state, asset["playback_id"], problem)
