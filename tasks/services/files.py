"""Files: storage in a folder, or in a bucket of an S3 server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, S3Store

from tasks.services.port import Held, ServiceFailed

MANY = 1_000
"""Objects in one request to delete: what S3 takes."""


class Folder:
    """Storage on this machine: a place is a folder, a key a file."""

    interval = 0.0

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def kind(self) -> str:
        """See `Store`."""
        return "local folder"

    def held(self, place: str, prefix: str) -> dict[str, Held]:
        """See `Store`."""
        if not (self._folder / place).is_dir():
            return {}
        return _held(self._store(place), prefix)

    def create(self, place: str, key: str, spec: Mapping[str, Any]) -> None:
        """See `Store`; `spec` has `content` (bytes)."""
        obstore.put(self._store(place), key, spec["content"])

    def remove(self, place: str, gone: Iterable[Held]) -> None:
        """See `Store`."""
        store = self._store(place)
        for one in gone:
            try:
                obstore.delete(store, one.key)
            except NotFoundError:
                continue  # gone already; only this store objects

    def check(self) -> str:
        """See `Store`."""
        return "no credentials needed"

    def _store(self, place: str) -> ObjectStore:
        # Empty folders go with their last file: a reset leaves nothing behind.
        return LocalStore(self._folder / place, mkdir=True, automatic_cleanup=True)


class Bucket:
    """Storage on an S3 server: a place is a bucket."""

    interval = 0.0

    def __init__(self, endpoint: str, key: str, secret: str, region: str) -> None:
        self._options = {
            "endpoint": endpoint,
            "access_key_id": key,
            "secret_access_key": secret,
            "region": region,
            "virtual_hosted_style_request": False,
        }
        self._endpoint = endpoint

    @property
    def kind(self) -> str:
        """See `Store`."""
        return f"S3 at {self._endpoint}"

    def held(self, place: str, prefix: str) -> dict[str, Held]:
        """See `Store`."""
        try:
            return _held(self._store(place), prefix)
        except BaseError as error:
            raise _failed(f"list bucket {place!r}", error) from None

    def create(self, place: str, key: str, spec: Mapping[str, Any]) -> None:
        """See `Store`; `spec` has `content` (bytes) and `content_type`."""
        try:
            obstore.put(
                self._store(place),
                key,
                spec["content"],
                attributes={"Content-Type": spec["content_type"]},
            )
        except BaseError as error:
            raise _failed(f"put {key!r}", error) from None

    def remove(self, place: str, gone: Iterable[Held]) -> None:
        """See `Store`."""
        keys = [one.key for one in gone]
        try:
            for start in range(0, len(keys), MANY):
                obstore.delete(self._store(place), keys[start : start + MANY])
        except BaseError as error:
            raise _failed(f"delete {len(keys)} files", error) from None

    def check(self) -> str:
        """See `Store`; lists one page of the bucket for thumbnails."""
        try:
            next(iter(obstore.list(self._store("thumbnails"), chunk_size=1)), None)
        except BaseError as error:
            raise _failed("list bucket 'thumbnails'", error) from None
        return "the bucket can be listed"

    def _store(self, place: str) -> ObjectStore:
        plain = self._endpoint.startswith("http://")
        options: Any = self._options
        return S3Store(place, **options, client_options={"allow_http": plain})


def _held(store: ObjectStore, prefix: str) -> dict[str, Held]:
    """Keys come in order, so those before the prefix are skipped by the server."""
    found = {}
    for batch in obstore.list(store, offset=_before(prefix)):
        for one in batch:
            key = str(one["path"])
            if key.startswith(prefix):
                found[key] = Held(key, key)
    return found


def _before(prefix: str) -> str | None:
    """A key right before every one that begins with the prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) - 1) + "~" if prefix else None


def _failed(doing: str, error: BaseError) -> ServiceFailed:
    # The text of these errors quotes the request, and with it the host and sometimes a key.
    return ServiceFailed("storage", doing, type(error).__name__.removesuffix("Error"))
