"""Mux: videos at Mux, by its REST API (https basic login with a token's id and secret).

The API has no key for idempotence and no filter: everything is listed once, and what is ours is
known by its passthrough. So a crash between making an asset and noting it down is healed by the
next run, which finds it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from seedbed.services.errors import ServiceFailed
from seedbed.services.http import Api, Unanswered
from seedbed.services.port import Held

BASE = "https://api.mux.com"
ASSETS = "/video/v1/assets"
PAGE = 100
LOOKS = 3
"""How often a creation that got no answer is looked for and asked for again."""


class Mux:
    """Assets by passthrough."""

    interval = 0.0

    def __init__(
        self, token_id: str, secret: str, *, base: str = BASE, creates_per_second: float
    ) -> None:
        self._api = Api("video", base, login=(token_id, secret))
        self._pause = 1 / creates_per_second
        self._next = 0.0

    @property
    def kind(self) -> str:
        """See `Store`."""
        return f"Mux at {self._api.host}"

    def held(self, place: str, prefix: str) -> dict[str, Held]:
        """See `Store`. Of several assets with one passthrough the best counts."""
        found: dict[str, Held] = {}
        for one in self._all():
            known = found.get(one.key)
            if one.key.startswith(prefix) and (known is None or _rank(one) < _rank(known)):
                found[one.key] = one
        return found

    def create(self, place: str, key: str, spec: Mapping[str, Any]) -> None:
        """See `Store`; `spec` has `url`, the source. Without an answer it looks before it repeats.

        Raises:
            ServiceFailed: Mux refuses, or never answers.
        """
        body = {
            "input": [{"url": spec["url"]}],
            "playback_policy": ["signed"],
            "passthrough": key,
            "encoding_tier": "baseline",
        }
        problem = ""
        for _ in range(LOOKS):
            self._throttle()
            try:
                self._api.json("POST", ASSETS, doing=f"create the asset of {key}", json=body)
                return
            except Unanswered as unanswered:
                problem = unanswered.problem
            if key in self.held(place, key):
                return
        raise ServiceFailed("video", f"create the asset of {key}", problem)

    def remove(self, place: str, gone: Iterable[Held]) -> None:
        """See `Store`; an asset that is being prepared cannot be deleted, and is an error."""
        for one in gone:
            doing = f"delete the asset of {one.key}"
            answer = self._api.request("DELETE", f"{ASSETS}/{one.id}", doing=doing)
            if answer.status_code == 400 and one.state == "preparing":
                raise ServiceFailed("video", doing, "it is still being prepared; try again later")
            if not answer.is_success and answer.status_code != 404:
                raise self._api.refused(doing, answer)

    def close(self) -> None:
        """See `Store`."""
        self._api.close()

    def check(self, place: str) -> str:
        """See `Store`."""
        self._api.json("GET", ASSETS, doing="list assets", params={"limit": 1})
        return "assets can be listed"

    def _all(self) -> Iterator[Held]:
        where: dict[str, str | int] = {"limit": PAGE}
        while True:
            body = self._api.json("GET", ASSETS, doing="list assets", needs="data", params=where)
            assets = body["data"]
            yield from map(_held, assets)
            cursor = body.get("next_cursor")
            if cursor:
                where = {"limit": PAGE, "cursor": cursor}
            elif "cursor" not in where and len(assets) == PAGE:
                where["page"] = int(where.get("page", 1)) + 1
            else:
                return

    def _throttle(self) -> None:
        """No more creations a second than Mux takes."""
        now = time.monotonic()
        time.sleep(max(0.0, self._next - now))
        self._next = max(now, self._next) + self._pause


def _rank(one: Held) -> int:
    """From the best to the worst."""
    return ("ready", "preparing", "errored").index(one.state)


def _held(asset: Mapping[str, Any]) -> Held:
    playback = [one["id"] for one in asset.get("playback_ids") or ()]
    errors = asset.get("errors") or {}
    said = "; ".join(errors.get("messages") or ())
    return Held(
        asset.get("passthrough") or "",
        asset["id"],
        asset["status"],
        playback[0] if playback else None,
        f"{errors.get('type', '')}: {said}" if errors else "",
    )
