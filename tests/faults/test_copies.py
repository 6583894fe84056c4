"""A copy of a marked database is not marked, however it was made."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from psycopg import sql

from tasks.postgres import binaries
from tasks.postgres.guard import GuardRefused
from tests.faults.server import Server
from tests.postgres.test_laws import mark_as_owner, staging
from tests.postgres.worlds import Cluster, World, versions

__all__ = ["staging"]

Program = Callable[..., None]


@pytest.fixture
def program(server: Server, tmp_path: Path) -> Program:
    """Runs one of the server's own client programs; a dump goes to `tmp_path`."""
    folder = server.home / "postgres"
    found = binaries.find(folder, os.environ, None)

    def run(name: str, *arguments: str) -> None:
        known = server.address
        login = ["-h", known.host, "-p", str(known.port), "-U", known.user or ""]
        environ = {**os.environ, "PGPASSWORD": known.password or ""}
        subprocess.run(
            [found.place / name, *login, *arguments], env=environ, check=True, cwd=tmp_path
        )

    return run


def refused(world: World, database: str, said: str) -> None:
    """A run of staging writes nothing to a copy."""
    copy = replace(world, address=replace(world.address, database=database))
    place = {"hosts": [copy.address.host], "databases": [database]}
    copy.profile("staging", guard={"shared": True, **place})
    with Cluster(world.owner).connect(database) as person:
        before = versions(person)
        with pytest.raises(GuardRefused, match=said):
            copy.seed("staging")
        assert versions(person) == before


def comment(cluster: Cluster, source: str) -> str:
    """The comment of a database."""
    query = """
        SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s
    """
    with cluster.connect() as admin:
        [(found,)] = admin.execute(query, (source,)).fetchall()
    return str(found)


def write_comment(cluster: Cluster, database: str, text: str) -> None:
    """Carry a comment over by hand, as a careless script does."""
    with cluster.connect() as admin:
        admin.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                sql.Identifier(database), sql.Literal(text)
            )
        )


def test_a_copy_by_template_is_not_marked(cluster: Cluster, staging: World) -> None:
    mark_as_owner(staging)
    text = comment(cluster, staging.address.database)
    staging.seed("staging")
    copy = cluster.create(staging.address.database)
    try:
        refused(staging, copy.database, "has no marker")
        write_comment(cluster, copy.database, text)
        refused(staging, copy.database, "marker")
    finally:
        cluster.drop(copy)


@pytest.mark.parametrize("options", [[], ["--create"]], ids=["plain", "create"])
def test_a_restored_dump_is_not_marked(
    cluster: Cluster, staging: World, program: Program, options: list[str]
) -> None:
    """With --create the comment itself comes along; its binding to the database does not."""
    mark_as_owner(staging)
    staging.seed("staging")
    name = staging.address.database
    text = comment(cluster, name)
    program("pg_dump", "-Fc", "-f", "dump", *options, name)
    cluster.drop(staging.address)
    if options:
        program("pg_restore", "-d", "postgres", "--create", "dump")
        assert comment(cluster, name) == text
        refused(staging, name, "marker")
    else:
        with cluster.connect() as admin:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        program("pg_restore", "-d", name, "dump")
        refused(staging, name, "has no marker")
        write_comment(cluster, name, text)
        refused(staging, name, "marker")
