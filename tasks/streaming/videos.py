"""Videos: an asset for every episode, awaited, and noted down where it is ready."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from seedbed import Columns, Rows, resource, update, wait_until_ready
from tasks.streaming.series import episodes, seasons_published

SOURCES = tuple(f"https://media.mock.streaming.test/stock/{number:02}.mp4" for number in range(16))
"""Stock films that the assets are made from; several episodes share one."""


def _keys(rows: Rows) -> list[str]:
    return [str(name) for name in rows.names]


@resource(
    episodes,
    port="video",
    keys=_keys,
    prefix="00000000-5eed-0002-0003-",
    rest="[0-9]{12}",
    after=(seasons_published,),
)
def videos(rows: Rows) -> list[Mapping[str, Any]]:
    """One asset an episode, known by the episode's key as its passthrough."""
    return [{"url": SOURCES[number % len(SOURCES)]} for number in (rows.number - 1).tolist()]


videos_ready = wait_until_ready(
    videos, "videos_ready", about="The provider prepares the assets; the run waits, batch by batch."
)


@update(episodes, upstream=(videos,), after=(videos_ready,))
def episodes_playable(rows: Rows, videos: pd.DataFrame) -> Columns:
    """An episode plays as soon as its asset is ready, and has no ids as long as it is not."""
    ready = videos[videos["state"] == "ready"].set_index("key")
    found = ready.reindex([str(name) for name in rows.names]).astype(object)
    found = found.where(found.notna(), None)
    return {
        "mux_asset_id": found["id"].to_numpy(),
        "mux_playback_id": found["playback"].to_numpy(),
    }
