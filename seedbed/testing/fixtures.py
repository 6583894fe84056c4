"""Fixtures: a real server, and databases of each dataset's own; and the project they are of.

The server is the embedded one in a temporary folder, or the one that SEEDBED_TEST_DATABASE_URL
names (as a superuser). Every test gets databases of its own, copied from a template that is made
once a session.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from psycopg import sql

from seedbed.context.datasets import dataset, sources
from seedbed.context.errors import VARIABLE, NoDatasets
from seedbed.context.project import Project, opened
from seedbed.declare.entity import Dataset
from seedbed.declare.errors import UsageError
from seedbed.postgres.connection.address import Address, parse
from seedbed.postgres.embedded import embedded
from seedbed.postgres.guard.grants import grants
from seedbed.testing.cluster import Cluster, Connection
from seedbed.testing.contents import services
from seedbed.testing.worlds import World

TEST_SERVER = "SEEDBED_TEST_DATABASE_URL"


class NoSchema(UsageError):
    """A dataset whose tables nobody can make."""

    def __init__(self, chosen: Dataset) -> None:
        super().__init__(
            f"{chosen.name}: the tests make its tables from {chosen.folder / 'schema.sql'}, which "
            "is missing; put a dump of the application's schema there"
        )


def pytest_configure(config: pytest.Config) -> None:
    """Test the project of the folder that pytest runs for, whatever a shell's variable names."""
    if Project(config.rootpath).is_one:
        os.environ[VARIABLE] = str(config.rootpath)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what takes a dataset once for every dataset of the project.

    Raises:
        NoDatasets: it has none.
        NoProject, NotAProject, TwoDatasets: see `sources`.
    """
    if "dataset_name" in metafunc.fixturenames:
        names = list(sources())
        if not names:
            raise NoDatasets(opened())
        metafunc.parametrize("dataset_name", names)


@pytest.fixture(scope="session", autouse=True)
def seedbed_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keeps the tests' pools, databases and files out of the developer's own home."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("SEEDBED_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The server; the embedded one lives in a folder that its user can enter, and is stopped."""
    if TEST_SERVER in os.environ:
        yield Cluster(parse(os.environ[TEST_SERVER], TEST_SERVER))
        return
    home = Path(tempfile.mkdtemp(prefix="seedbed-", dir="/tmp"))
    home.chmod(0o755)
    try:
        server = embedded.ensure(home)
        yield Cluster(Address(server.host, server.port, "postgres", server.user, server.password))
    finally:
        embedded.stop(home)
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> Iterator[Callable[[Dataset], Address]]:
    """Gives the database that holds a dataset's schema and the application's own rows."""
    made: dict[str, Address] = {}

    def once(chosen: Dataset) -> Address:
        if chosen.name not in made:
            schema = chosen.folder / "schema.sql"
            if not schema.is_file():
                raise NoSchema(chosen)
            made[chosen.name] = cluster.create()
            with cluster.connect(made[chosen.name].database) as connection:
                connection.execute(schema.read_bytes())
        return made[chosen.name]

    yield once
    for address in made.values():
        cluster.drop(address)


@pytest.fixture(scope="session")
def seeded_template(
    cluster: Cluster,
    template: Callable[[Dataset], Address],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[Dataset], Address]]:
    """Gives a database in which the dataset has been seeded once, undisturbed."""
    made: dict[str, Address] = {}

    def once(chosen: Dataset) -> Address:
        if chosen.name not in made:
            made[chosen.name] = cluster.create(template(chosen).database)
            place = tmp_path_factory.mktemp("profiles")
            world = World(chosen, made[chosen.name], made[chosen.name], place)
            world.profile()
            world.mark()
            world.seed()
        return made[chosen.name]

    yield once
    for address in made.values():
        cluster.drop(address)


@pytest.fixture
def chosen(dataset_name: str) -> Dataset:
    """Every dataset of the project, one after the other."""
    return dataset(dataset_name)


@pytest.fixture
def fresh(
    cluster: Cluster,
    template: Callable[[Dataset], Address],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[Dataset], World]]:
    """Makes worlds whose database holds the application's own rows only."""
    made: list[Address] = []

    def new(chosen: Dataset) -> World:
        made.append(cluster.create(template(chosen).database))
        world = World(chosen, made[-1], made[-1], tmp_path_factory.mktemp("profiles"))
        world.profile()
        world.mark()
        return world

    yield new
    for address in made:
        cluster.drop(address)


@pytest.fixture
def world(chosen: Dataset, fresh: Callable[[Dataset], World]) -> World:
    """The dataset with the application's own rows only."""
    return fresh(chosen)


@pytest.fixture
def seeded(
    chosen: Dataset,
    cluster: Cluster,
    seeded_template: Callable[[Dataset], Address],
    tmp_path: Path,
) -> Iterator[World]:
    """The dataset, seeded at scale 1 as of `AS_OF`."""
    source = seeded_template(chosen)
    address = cluster.create(source.database)
    world = World(chosen, address, address, tmp_path)
    world.profile()
    world.mark()
    if services(source).exists():  # what the local services hold belongs to the database
        shutil.copytree(services(source), services(address))
    yield world
    cluster.drop(address)
    shutil.rmtree(services(address), ignore_errors=True)


@pytest.fixture
def staging(world: World) -> Iterator[World]:
    """A shared environment as it should be, except that nobody has marked the database."""
    role = f"seed {uuid4().hex[:8]}"
    name = sql.Identifier(role)
    with world.superuser() as owner:
        owner.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'Kanarienvogel'").format(name))
        rights = grants(owner, world.dataset.tables, role, reads=world.dataset.reads)
        owner.execute(rights.encode())
        unmarked = sql.SQL("COMMENT ON DATABASE {} IS NULL")
        owner.execute(unmarked.format(sql.Identifier(world.address.database)))
    place = {"hosts": [world.address.host], "databases": [world.address.database]}
    world.profile("staging", guard={"shared": True, **place})
    restricted = replace(world.address, user=role, password="Kanarienvogel")
    yield replace(world, address=restricted, variables={"APP_ENV": "staging"})
    with world.superuser() as owner:
        owner.execute(sql.SQL("DROP OWNED BY {}").format(name))
        owner.execute(sql.SQL("DROP ROLE {}").format(name))


@pytest.fixture
def address(cluster: Cluster) -> Iterator[Address]:
    """An empty database."""
    made = cluster.create()
    yield made
    cluster.drop(made)


@pytest.fixture
def connection(address: Address) -> Iterator[Connection]:
    """A superuser's session in the empty database."""
    session = Cluster(address).connect()
    session.autocommit = False
    yield session
    session.close()
