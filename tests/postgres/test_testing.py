"""seedbed.testing: what a user's `pytest` says in a project that `seedbed init` wrote."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from seedbed.cli import init
from seedbed.testing import Cluster, Connection
from seedbed.testing.columns import NoValue, columns, something
from seedbed.testing.strangers import insert
from seedbed.testing.worlds import url

NOTES = {
    "tasks/notes/__init__.py": """
from pathlib import Path

from seedbed import Columns, Dataset, Rows, entity, exactly, text, uuid_key


@entity(table="notes", key=uuid_key("0002-0001"), count=exactly(3))
def entries(rows: Rows) -> Columns:
    return {"body": text(rows.position + 1, prefix="note ")}


notes = Dataset(name="notes", folder=Path(__file__).parent, entities=(entries,))
""",
    "tasks/notes/schema.sql": "CREATE TABLE notes (id uuid PRIMARY KEY, body text UNIQUE)",
    "tasks/notes/checks.sql": """
-- name: no_note_is_empty
-- A note says something.
SELECT n.id FROM {entries} AS n WHERE n.body = ''
""",
}
"""A dataset of one table, at which nothing points, that no scale makes larger."""


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A new project, `shop`."""
    init.write(tmp_path, "shop")
    return tmp_path


def add(made: Path, files: dict[str, str]) -> None:
    """Write files into the project."""
    for path, text in files.items():
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).write_text(text)


def laws_of(made: Path, cluster: Cluster, *arguments: str) -> tuple[int, str]:
    """`pytest` there, on the server of these tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEEDBED_")}
    environ = {**kept, "SEEDBED_TEST_DATABASE_URL": url(cluster.address)}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", *arguments]
    done = subprocess.run(
        command, cwd=made, env=environ, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_every_law_holds_in_a_new_project_and_for_the_smallest_dataset(
    made: Path, cluster: Cluster
) -> None:
    add(made, NOTES)
    code, said = laws_of(made, cluster)
    assert code == 0, said
    skipped = {(int(n), why) for n, why in re.findall(r"^SKIPPED \[(\d)\] \S+ (.*)$", said, re.M)}
    assert skipped == {
        (1, "no value follows the seed"),
        (1, "no count follows the scale"),
        (1, "most entities have no column that nothing constrains"),
        (1, "no row of others can point at most of the tables"),
        (1, "no row of others can point at any of the tables"),
        (1, f"no {made}/tests/breaks/notes.sql: nothing shows that the checks can fail"),
        (3, "no step with rows is followed by another"),
    }


def test_a_mistake_of_a_dataset_is_told_by_the_laws(made: Path, cluster: Cluster) -> None:
    checks = made / "tasks" / "shop" / "checks.sql"
    checks.write_text(checks.read_text().replace("BETWEEN 1 AND 5", "BETWEEN 2 AND 5"))
    code, said = laws_of(made, cluster, "-k", "every_check")
    assert code == 1
    assert "name='every_customer_has_ordered'" in said
    assert "2 failed" in said


def test_without_the_plugin_the_laws_say_how_to_have_it(made: Path, cluster: Cluster) -> None:
    (made / "tests" / "conftest.py").unlink()
    code, said = laws_of(made, cluster, "tests/test_laws.py")
    assert code == 2
    assert 'write pytest_plugins = ["seedbed.testing"] into tests/conftest.py' in said


def test_the_laws_are_of_the_folder_that_pytest_runs_for(
    made: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = laws_of(made.parent, cluster, str(made), "--collect-only", "-q")
    assert (code, "::TestLaws::test_1_" in said, "[shop]" in said) == (0, True, True)


def test_without_a_schema_there_is_no_database(made: Path, cluster: Cluster) -> None:
    (made / "tasks" / "shop" / "schema.sql").unlink()
    code, said = laws_of(made, cluster, "-k", "every_check_passes")
    assert code == 1
    assert f"shop: the tests make its tables from {made}/tasks/shop/schema.sql, which is" in said


def test_a_row_is_made_up_for_types_of_every_kind(connection: Connection) -> None:
    connection.execute("""
        CREATE DOMAIN reference AS uuid;
        CREATE TYPE mood AS ENUM ('calm', 'cross');
        CREATE TABLE kinds (
            id reference NOT NULL, file bytea NOT NULL, span tstzrange NOT NULL, at time NOT NULL,
            day date NOT NULL, mood mood NOT NULL, short varchar(4) NOT NULL, tags text[] NOT NULL,
            few numeric(1, 0) NOT NULL, facts jsonb NOT NULL, host inet NOT NULL, on_off bool
        )
    """)
    draw, there = random.Random(1), columns(connection, "kinds")
    row = {column.name: something(column, draw) for column in there}
    insert(connection, "kinds", dict(row))
    assert connection.execute("SELECT mood, length(short) FROM kinds").fetchall() == [("calm", 4)]


def test_a_type_without_a_known_value_is_named(connection: Connection) -> None:
    connection.execute("CREATE TABLE places (at point NOT NULL)")
    [column] = columns(connection, "places")
    with pytest.raises(NoValue) as caught:
        something(column, random.Random(1))
    assert str(caught.value) == (
        "the laws put in a row as the application would, and know no value of the type point for "
        "its column 'at'; give the column a default in schema.sql"
    )
