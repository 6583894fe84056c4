"""Mux, emulated: assets that are prepared, held to Mux's own description of its API."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

from tests.services.emulator import Answer, Asked, Emulator

SPEC = OpenAPI.from_dict(
    json.loads((Path(__file__).parent / "contracts" / "mux-video-openapi.json").read_text())
)
TOKEN, SECRET = "canary-token-id", "canary-mux-S3cret"
ASSETS = "/video/v1/assets"


class MuxServer(Emulator):
    """An account with its assets, newest first. Time passes by looks: each list is one."""

    def __init__(self, *, cursors: bool = False) -> None:
        super().__init__()
        self.assets: dict[str, dict[str, Any]] = {}
        self.looks = 1
        """Lists until a new asset is ready."""
        self.broken: set[str] = set()
        """Passthroughs whose assets end in error."""
        self.stuck: set[str] = set()
        """Passthroughs whose assets are never ready."""
        self.validated = 0
        self._cursors = cursors
        self._left: dict[str, int] = {}
        self._made = 0

    def made(self, passthrough: str) -> list[dict[str, Any]]:
        """The assets of a passthrough."""
        return [one for one in self.assets.values() if one.get("passthrough") == passthrough]

    def put(self, passthrough: str | None, **more: Any) -> str:
        """An asset that somebody made before."""
        made = self._create({"passthrough": passthrough} if passthrough is not None else {})
        self._left.pop(made["id"])
        made |= {"status": "ready", **more}
        return str(made["id"])

    def answer(self, asked: Asked) -> Answer:
        """Answer as Mux does, and hold both sides to its description."""
        answer = self._answer(asked)
        self._validate(asked, answer)
        return answer

    def trouble(self, status: int) -> Any:
        """The body of its errors."""
        return {"errors": [f"trouble {status}"]}

    def _answer(self, asked: Asked) -> Answer:
        login = base64.b64encode(f"{TOKEN}:{SECRET}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {login}":
            return _no(401, "unauthorized", "Unauthorized request")
        if asked.path == ASSETS:
            if asked.method == "POST":
                return Answer(201, {"data": self._create(asked.json)})
            return self._list(asked)
        return self._one(asked.method, asked.path.removeprefix(f"{ASSETS}/"))

    def _one(self, method: str, name: str) -> Answer:
        if name not in self.assets:
            return _no(404, "not_found", "The requested resource either doesn't exist")
        if method == "GET":
            return Answer(200, {"data": self.assets[name]})
        if self.assets[name]["status"] == "preparing":
            return _no(400, "invalid_parameters", "Can't delete a preparing asset.")
        del self.assets[name]
        return Answer(204)

    def _create(self, wanted: dict[str, Any]) -> dict[str, Any]:
        self._made += 1
        policies = wanted.get("playback_policy") or []
        asset: dict[str, Any] = {
            "id": f"asset{self._made:05}",
            "status": "preparing",
            "created_at": str(1_770_000_000 + self._made),
            "playback_ids": [
                {"id": f"playback{self._made:05}", "policy": policy} for policy in policies
            ],
            "master_access": "none",
            "mp4_support": "none",
            **{name: wanted[name] for name in ("passthrough", "encoding_tier") if name in wanted},
        }
        self.assets[asset["id"]] = asset
        self._left[asset["id"]] = self.looks
        return asset

    def _list(self, asked: Asked) -> Answer:
        limit = int(asked.query.get("limit", 25))
        if asked.query.get("page", "1") == "1" and "cursor" not in asked.query:
            self._pass_time()
        every = list(reversed(self.assets.values()))
        if "cursor" in asked.query:
            ids = [one["id"] for one in every]
            start = ids.index(asked.query["cursor"]) + 1
        else:
            start = (int(asked.query.get("page", 1)) - 1) * limit
        page = every[start : start + limit]
        body: dict[str, Any] = {"data": page}
        if self._cursors:
            more = start + limit < len(every)
            body["next_cursor"] = page[-1]["id"] if more else None
        return Answer(200, body)

    def _pass_time(self) -> None:
        for name, left in list(self._left.items()):
            asset = self.assets.get(name)
            if asset is None or asset.get("passthrough") in self.stuck:
                continue
            self._left[name] = left - 1
            if left > 0:
                continue
            del self._left[name]
            if asset.get("passthrough") in self.broken:
                asset["status"] = "errored"
                asset["errors"] = {
                    "type": "download_failed",
                    "messages": ["The file could not be downloaded."],
                }
            else:
                asset |= {"status": "ready", "duration": 23.8}

    def _validate(self, asked: Asked, answer: Answer) -> None:
        """Every request, and every answer that the description knows: it has the good ones only."""
        request = MockRequest(
            "https://api.mux.com",
            asked.method.lower(),
            asked.path,
            args=dict(asked.query),
            headers=dict(asked.headers),
            data=asked.body,
            content_type=asked.headers.get("content-type", "application/json"),
        )
        response = MockResponse(answer.body, status_code=answer.status)
        try:
            SPEC.validate_request(request)
            if answer.status < 400:
                SPEC.validate_response(request, response)
        except OpenAPIError as error:
            self.wrong.append(f"{asked}: {error}")
        self.validated += 1


def _no(status: int, kind: str, message: str) -> Answer:
    return Answer(status, {"error": {"type": kind, "messages": [message]}})
