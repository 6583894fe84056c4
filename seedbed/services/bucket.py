"""Bucket: storage on a Supabase storage server, by its REST API.

The API answers 400 to nearly every error; the code in the body tells what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from seedbed.services.http import Api
from seedbed.services.port import Held

PAGE = 1_000
MANY = 1_000
"""Keys that one request deletes, at most."""


class StorageServer:
    """Files by path in its buckets; the role of the key is the service's."""

    interval = 0.0

    def __init__(self, base: str, key: str) -> None:
        self._api = Api(
            "storage",
            f"{base.rstrip('/')}/",
            headers={"Authorization": f"Bearer {key}", "apikey": key},
        )

    @property
    def kind(self) -> str:
        """See `Store`."""
        return f"storage server at {self._api.host}"

    def held(self, place: str, prefix: str) -> dict[str, Held]:
        """See `Store`."""
        found: dict[str, Held] = {}
        page: dict[str, Any] = {"prefix": prefix, "limit": PAGE, "with_delimiter": False}
        while True:
            body = self._api.json(
                "POST",
                f"object/list-v2/{quote(place)}",
                doing=f"list bucket {place!r}",
                needs="objects",
                repeatable=True,  # it only reads
                json=page,
            )
            for one in body["objects"]:
                found[one["name"]] = Held(one["name"], one["id"])
            if not body.get("hasNext"):
                return found
            page["cursor"] = body["nextCursor"]

    def create(self, place: str, key: str, spec: Mapping[str, Any]) -> None:
        """See `Store`; with upsert it can be repeated, and the object keeps its id."""
        self._api.json(
            "POST",
            f"object/{quote(place)}/{quote(key)}",
            doing=f"put {key!r}",
            repeatable=True,
            content=spec["content"],
            headers={"content-type": spec["content_type"], "x-upsert": "true"},
        )

    def remove(self, place: str, gone: Iterable[Held]) -> None:
        """See `Store`; keys that are not there are no error to it."""
        keys = [one.key for one in gone]
        for start in range(0, len(keys), MANY):
            self._api.json(
                "DELETE",
                f"object/{quote(place)}",
                doing=f"delete {len(keys)} files",
                json={"prefixes": keys[start : start + MANY]},
            )

    def close(self) -> None:
        """See `Store`."""
        self._api.close()

    def check(self, place: str) -> str:
        """See `Store`."""
        doing = f"look at bucket {place!r}"
        self._api.json("GET", f"bucket/{quote(place)}", doing=doing, needs="id")
        return f"bucket {place!r} is there"
