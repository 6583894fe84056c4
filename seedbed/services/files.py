"""Files: storage in a folder, or in a bucket of an S3 server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from seedbed.services.errors import ServiceFailed
from seedbed.services.port import Held

if TYPE_CHECKING:
    from obstore.store import RetryConfig  # a type only

MANY = 1_000
"""Objects in one request to delete: what S3 takes."""

RETRY: RetryConfig = {
    "max_retries": 100,
    "retry_timeout": timedelta(seconds=30),
    "backoff": {
        "init_backoff": timedelta(seconds=0.1),
        "max_backoff": timedelta(seconds=2),
        "base": 2,
    },
}
"""By time: a server that is started anew is back before that, and ten tries take six seconds."""

FAILURES = (BaseError, FileNotFoundError)
"""What obstore raises; it has no class of its own for what is not there."""


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
        keys = _keys(self._store(place), prefix)
        return {key: Held(key, key) for key in keys if key.startswith(prefix)}

    def create(self, place: str, key: str, spec: Mapping[str, Any]) -> None:
        """See `Store`; `spec` has `content` (bytes)."""
        with _told(f"put {key!r}", "the folder cannot be written to"):
            obstore.put(self._store(place), key, spec["content"])

    def remove(self, place: str, gone: Iterable[Held]) -> None:
        """See `Store`."""
        store = self._store(place)
        for one in gone:
            try:
                obstore.delete(store, one.key)
            except FileNotFoundError:
                continue  # gone already; only this store objects

    def close(self) -> None:
        """See `Store`; nothing is open."""

    def check(self, place: str) -> str:
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
        self._plain = endpoint.startswith("http://")
        self._host = urlsplit(endpoint).hostname

    @property
    def kind(self) -> str:
        """See `Store`."""
        return f"S3 at {self._host}"

    def held(self, place: str, prefix: str) -> dict[str, Held]:
        """See `Store`. S3 lists in order: what comes before the prefix and after it is not read."""
        found = {}
        with _told(f"list bucket {place!r}"):
            for key in _keys(self._store(place), prefix):
                if key.startswith(prefix):
                    found[key] = Held(key, key)
                elif key > prefix:
                    break
        return found

    def create(self, place: str, key: str, spec: Mapping[str, Any]) -> None:
        """See `Store`; `spec` has `content` (bytes) and `content_type`."""
        attributes = {"Content-Type": spec["content_type"]}
        with _told(f"put {key!r}"):
            obstore.put(self._store(place), key, spec["content"], attributes=attributes)

    def remove(self, place: str, gone: Iterable[Held]) -> None:
        """See `Store`."""
        keys = [one.key for one in gone]
        with _told(f"delete {len(keys)} files"):
            for start in range(0, len(keys), MANY):
                obstore.delete(self._store(place), keys[start : start + MANY])

    def close(self) -> None:
        """See `Store`; nothing is open."""

    def check(self, place: str) -> str:
        """See `Store`."""
        with _told(f"list bucket {place!r}"):
            next(_keys(self._store(place), ""), None)
        return f"bucket {place!r} can be listed"

    def _store(self, place: str) -> ObjectStore:
        options: Any = self._options
        client: Any = {"allow_http": self._plain}
        return S3Store(place, **options, client_options=client, retry_config=RETRY)


def _keys(store: ObjectStore, prefix: str) -> Iterator[str]:
    """The keys that come after those before the prefix, which the server skips."""
    for batch in obstore.list(store, offset=_before(prefix)):
        yield from (str(one["path"]) for one in batch)


def _before(prefix: str) -> str | None:
    """A key right before every one that begins with the prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) - 1) + "~" if prefix else None


@contextmanager
def _told(doing: str, otherwise: str = "it gives no answer") -> Iterator[None]:
    """Errors in words, with the code or status of an answer.

    The text of obstore's errors quotes the request, and with it the host and sometimes a key.
    """
    try:
        yield
    except FAILURES as error:
        codes = (r"<Code>(\w+)</Code>", r"status code: (\d+)")
        said = [found[1] for code in codes if (found := re.search(code, str(error)))]
        problem = f"it answered {said[0]}" if said else otherwise
        raise ServiceFailed("storage", doing, problem) from None
