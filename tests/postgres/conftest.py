"""A real server for the tests: the embedded one, or the one that SEEDBED_TEST_DATABASE_URL names.

Every test gets databases of its own, copied from a template that is made once a session.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seedbed.context.datasets import dataset, sources
from seedbed.declare.entity import Dataset
from seedbed.postgres.connection.address import Address, parse
from seedbed.postgres.embedded import embedded
from tests.postgres.worlds import Cluster, Connection, World, services

TEST_SERVER = "SEEDBED_TEST_DATABASE_URL"


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where pools are cached and the local services keep what they hold."""
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
            made[chosen.name] = cluster.create()
            with cluster.connect(made[chosen.name].database) as connection:
                connection.execute((chosen.folder / "schema.sql").read_bytes())
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


@pytest.fixture(params=list(sources()))
def chosen(request: pytest.FixtureRequest) -> Dataset:
    """Every dataset of the registry, one after the other."""
    return dataset(request.param)


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
