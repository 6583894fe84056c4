"""Cluster: the server of the tests, and a database for each test."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import uuid4

import psycopg
from psycopg import sql

from seedbed.postgres.connection.address import Address

Connection: TypeAlias = psycopg.Connection[Any]


@dataclass(frozen=True)
class Cluster:
    """The server of the tests, as its superuser."""

    address: Address

    def connect(self, database: str | None = None) -> Connection:
        """A session in autocommit, with the settings that row texts depend on.

        `search_path` leaves out "$user": a superuser called seedbed would otherwise make its
        tables in the schema of our records.
        """
        keywords: dict[str, Any] = {**self.address.keywords()}
        if database:
            keywords["dbname"] = database
        settings = ("timezone=UTC", "datestyle=ISO,YMD", "intervalstyle=iso_8601")
        path = "search_path=public"
        keywords["options"] = " ".join(f"-c {setting}" for setting in (*settings, path))
        return psycopg.connect(autocommit=True, **keywords)

    def create(self, template: str = "template0") -> Address:
        """A new database, equal to the template."""
        name = f"seedbed_test_{uuid4().hex[:12]}"
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with self.connect() as connection:
            connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        known = self.address
        return Address(known.host, known.port, name, known.user, known.password, known.options)

    def drop(self, address: Address) -> None:
        """Remove a database with all sessions in it."""
        with self.connect() as connection:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            connection.execute(drop.format(sql.Identifier(address.database)))


def eventually(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether it becomes true in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True
