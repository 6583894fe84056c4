"""Adapters: which one a profile means for each port, with the credentials it needs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd

from seedbed.declare.entity import Dataset
from seedbed.declare.resource import Resource
from seedbed.engine.services import Services
from seedbed.services.accounts import AuthServer
from seedbed.services.bucket import StorageServer
from seedbed.services.errors import BadCredential, NoCredentials
from seedbed.services.files import Bucket, Folder
from seedbed.services.mux import BASE, Mux
from seedbed.services.port import Held, Store
from seedbed.services.studio import Studio

SUPABASE = ("SUPABASE_URL", "SUPABASE_SERVICE_ROLE_KEY")
S3 = ("SEEDBED_S3_ENDPOINT", "SEEDBED_S3_KEY", "SEEDBED_S3_SECRET")
MUX = ("MUX_TOKEN_ID", "MUX_TOKEN_SECRET")
SECRETS = ("SUPABASE_SERVICE_ROLE_KEY", "SEEDBED_S3_SECRET", "MUX_TOKEN_SECRET")
ADDRESSES = ("SUPABASE_URL", "SEEDBED_S3_ENDPOINT", "MUX_BASE_URL")

LOCAL_AUTH = "local, rows of the auth server's tables; nobody logs in by them without that server"


class Adapters:
    """The services of one run, each opened when it is first asked for.

    `folder` is where the local adapters keep what they hold.
    """

    def __init__(self, settings: Services, environ: Mapping[str, str], folder: Path) -> None:
        self.settings = settings
        self._environ = environ
        self._folder = folder
        self._stores: dict[str, Store] = {}
        self._accounts: AuthServer | None = None

    def store(self, port: str) -> Store:
        """The adapter of a port that holds objects.

        Raises:
            NoCredentials, BadCredential: a remote one's address or key is missing, or wrong.
        """
        if port not in self._stores:
            makers = {
                "storage": self._storage,
                "video": self._video,
            }
            self._stores[port] = makers[port]()
        return self._stores[port]

    def accounts(self) -> AuthServer | None:
        """The auth server; None where accounts are rows of the database.

        Raises:
            NoCredentials, BadCredential: its address or key is missing, or wrong.
        """
        if self.settings.auth.adapter == "local":
            return None
        if self._accounts is None:
            self._accounts = AuthServer(*self._taken("auth", self.settings.auth.adapter, SUPABASE))
        return self._accounts

    def close(self) -> None:
        """Let go of all connections."""
        for store in self._stores.values():
            store.close()
        if self._accounts is not None:
            self._accounts.close()

    def held(self, resource: Resource) -> dict[str, Held]:
        """What the service holds of a resource, by key; objects of others are left out."""
        found = self.store(resource.port).held(resource.place, resource.prefix)
        return {key: one for key, one in found.items() if resource.owns(key)}

    def frame(self, resource: Resource) -> pd.DataFrame:
        """What the service holds of a resource: key, id, state, playback; a row an object."""
        held = self.held(resource)
        columns = ("key", "id", "state", "playback")
        return pd.DataFrame(
            [[getattr(one, column) for column in columns] for one in held.values()],
            columns=list(columns),
            dtype=object,
        )

    def kinds(self, chosen: Dataset) -> list[str]:
        """The adapter of every service that a dataset uses, a line each."""
        return [
            f"{port}: {LOCAL_AUTH if adapter is None else adapter.kind}"
            for port, adapter in self.used(chosen).items()
        ]

    def used(self, chosen: Dataset) -> dict[str, Store | AuthServer | None]:
        """The adapters of the services that a dataset uses, by port; None: rows of accounts."""
        ports = {one.port for one in chosen.later if isinstance(one, Resource)}
        found: dict[str, Store | AuthServer | None] = {}
        if any(one.through == "auth" for one in chosen.entities):
            found["auth"] = self.accounts()
        return found | {port: self.store(port) for port in sorted(ports)}

    def _storage(self) -> Store:
        adapter = self.settings.storage.adapter
        if adapter == "s3":
            endpoint, key, secret = self._taken("storage", adapter, S3)
            return Bucket(endpoint, key, secret, self._environ.get("SEEDBED_S3_REGION", "auto"))
        if adapter == "supabase":
            base, key = self._taken("storage", adapter, SUPABASE)
            return StorageServer(f"{base.rstrip('/')}/storage/v1", key)
        return Folder(self._folder / "storage")

    def _video(self) -> Store:
        settings = self.settings.video
        if settings.adapter == "mux":
            token, secret = self._taken("video", settings.adapter, MUX)
            base = _clean("MUX_BASE_URL", self._environ.get("MUX_BASE_URL") or BASE)
            return Mux(token, secret, base=base, creates_per_second=settings.creates_per_second)
        return Studio(self._folder / "video")

    def _taken(self, service: str, adapter: str, names: tuple[str, ...]) -> tuple[str, ...]:
        missing = [name for name in names if not self._environ.get(name)]
        if missing:
            raise NoCredentials(service, adapter, missing)
        return tuple(_clean(name, self._environ[name]) for name in names)


def _clean(name: str, value: str) -> str:
    """A variable's value without the line's end that files of secrets have.

    Raises:
        BadCredential: it cannot stand in a request. The value itself is not shown.
    """
    value = value.strip()
    if name in ADDRESSES and not _is_address(value):
        raise BadCredential(name, "address like https://host, without a login in it")
    if not (value.isascii() and value.isprintable()):
        raise BadCredential(name, "key: it holds characters that no key has")
    return value


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and "@" not in parts.netloc
        and port != 0
    )
