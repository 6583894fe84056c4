"""The Supabase storage server: its recorded exchanges, and an emulator that has a memory."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.services.emulator import Answer, Asked, Emulator

KEY = "canary-service-S3cret"
ROOT = "/storage/v1"
EXCHANGES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "contracts" / "storage-exchanges.json").read_text()
)["exchanges"]


class Replay(Emulator):
    """Answers what was recorded, in that order, and holds every request to the record."""

    def __init__(self, *numbers: int) -> None:
        super().__init__()
        self._exchanges = [EXCHANGES[number] for number in numbers]

    @property
    def left(self) -> int:
        """Exchanges that have not been asked for."""
        return len(self._exchanges)

    def answer(self, asked: Asked) -> Answer:
        """The next recorded answer."""
        if not self._exchanges:
            self.wrong.append(f"{asked}: nothing more was recorded")
            return Answer(500)
        exchange = self._exchanges.pop(0)
        difference = _difference(asked, exchange["request"])
        if difference:
            self.wrong.append(f"{asked}: {difference}")
        response = exchange["response"]
        return Answer(response["status"], response["json"])


def _difference(asked: Asked, recorded: dict[str, Any]) -> str:
    """What a request has else than the recorded one."""
    if asked.headers.get("authorization") != f"Bearer {KEY}":
        return "no service key"
    wanted = f"{recorded['method']} {ROOT}{recorded['path']}"
    if f"{asked.method} {asked.raw}" != wanted:
        return f"instead of {wanted}"
    for name, value in recorded["headers"].items():
        if name != "cache-control" and asked.headers.get(name) != value:
            return f"{name} is {asked.headers.get(name)}, not {value}"
    if recorded["json"] is not None and asked.json != recorded["json"]:
        return f"the body is {asked.json}, not {recorded['json']}"
    if recorded["json"] is None and len(asked.body) != recorded["body_bytes"]:
        return f"{len(asked.body)} bytes, not {recorded['body_bytes']}"
    return ""


class StorageServer(Emulator):
    """Buckets in memory, with the statuses and codes of the record."""

    def __init__(self, *buckets: str) -> None:
        super().__init__()
        self.buckets: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in buckets}
        self.most = 1_000
        """Objects a page, at most."""

    def put(self, bucket: str, *keys: str) -> None:
        """Objects that somebody put there before."""
        for key in keys:
            self.buckets[bucket][key] = _object(key, b"theirs", "text/plain")

    def answer(self, asked: Asked) -> Answer:
        """Answer as the server does to the service's key."""
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return _no("403", "Unauthorized", "AccessDenied")
        kind, _, rest = asked.path.removeprefix(f"{ROOT}/").partition("/")
        if rest.startswith("list-v2/"):
            kind, rest = "list-v2", rest.removeprefix("list-v2/")
        bucket, _, key = rest.partition("/")
        if bucket not in self.buckets:
            return _no("404", "Bucket not found", "NoSuchBucket")
        held = self.buckets[bucket]
        if kind == "list-v2":
            return self._list(held, asked.json)
        if kind == "bucket":
            return Answer(200, {"id": bucket, "name": bucket, "public": True})
        if asked.method == "POST":
            return _put(held, bucket, key, asked)
        return _delete(held, asked.json["prefixes"])

    def trouble(self, status: int) -> Any:
        """The body of its errors."""
        return {"statusCode": str(status), "error": "Internal", "code": "InternalError"}

    def _list(self, held: dict[str, dict[str, Any]], wanted: dict[str, Any]) -> Answer:
        if wanted["with_delimiter"]:
            self.wrong.append("lists one level only")
        after = base64.b64decode(wanted.get("cursor", "")).decode().removeprefix("l:")
        keys = sorted(key for key in held if key.startswith(wanted["prefix"]) and key > after)
        page = keys[: min(wanted["limit"], self.most)]
        body: dict[str, Any] = {"folders": [], "objects": [held[key] for key in page]}
        body["hasNext"] = len(page) < len(keys)
        if body["hasNext"]:
            body["nextCursor"] = base64.b64encode(f"l:{page[-1]}".encode()).decode()
            body["nextCursorKey"] = page[-1]
        return Answer(200, body)


def _put(held: dict[str, dict[str, Any]], bucket: str, key: str, asked: Asked) -> Answer:
    if not key.isascii():
        return _no("400", "InvalidKey", "InvalidKey")
    known = held.get(key)
    if known and asked.headers.get("x-upsert") != "true":
        return _no("409", "Duplicate", "KeyAlreadyExists")
    made = _object(key, asked.body, asked.headers.get("content-type", ""))
    held[key] = made | ({"id": known["id"]} if known else {})
    return Answer(200, {"Key": f"{bucket}/{key}", "Id": held[key]["id"]})


def _delete(held: dict[str, dict[str, Any]], keys: list[str]) -> Answer:
    if len(keys) > 1_000:
        return _no("400", "Bad Request", "InvalidRequest")
    return Answer(200, [held.pop(key) for key in keys if key in held])


def _object(key: str, content: bytes, kind: str) -> dict[str, Any]:
    metadata = {"size": len(content), "mimetype": kind}
    return {"id": str(uuid4()), "name": key, "metadata": metadata}


def _no(status: str, error: str, code: str) -> Answer:
    """Nearly every error has status 400."""
    content = {"statusCode": status, "error": error, "message": error, "code": code}
    return Answer(400, content)
