"""A project of somebody else: from the built wheel in an empty folder to seeded rows and back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).parents[2]
BUILT_FROM = ("seedbed", "flows", "deployments", "prefect.yaml", "pyproject.toml", "README.md")


@dataclass(frozen=True)
class Made:
    """A project, made by `init`, and what it runs with."""

    folder: Path
    """Where everything is: project, library, home."""

    @property
    def project(self) -> Path:
        return self.folder / "project"

    def run(self, *command: str, where: Path | None = None, **more: str) -> tuple[int, str]:
        """A Python command, with the library of the wheel and an empty home."""
        others = ("SEEDBED_", "PREFECT_", "PYTHON", "APP_ENV", "NODE_ENV")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
        environ = {
            **kept,
            "HOME": str(self.folder / "nobody"),
            "SEEDBED_HOME": str(self.folder / "home"),
            "PYTHONPATH": str(self.folder / "library"),
            "COLUMNS": "200",
            **more,
        }
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=where or self.project,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=180,
        )
        assert "Traceback" not in done.stdout
        return done.returncode, done.stdout.strip()

    def seedbed(self, *arguments: str, where: Path | None = None, **more: str) -> tuple[int, str]:
        return self.run("seedbed.cli", *arguments, where=where, **more)

    def prefect(self, *arguments: str) -> tuple[int, str]:
        return self.run("prefect", *arguments)

    def query(self, text: str) -> list[tuple[object, ...]]:
        """Ask the dataset's database on the embedded server."""
        code, url = self.seedbed("db", "url")
        assert code == 0
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(text.encode())
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of this repository."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in BUILT_FROM:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=ignored)
        else:
            shutil.copy(ROOT / name, source / name)
    shutil.copy(ROOT / "LICENSE", source)
    build = ["pip", "wheel", "--quiet", "--no-build-isolation", "--no-deps", "--wheel-dir"]
    command = [sys.executable, "-m", *build, str(target), str(source)]
    subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=120)
    (found,) = target.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def made(wheel: Path) -> Iterator[Made]:
    """An empty folder, after `seedbed init shop` and `seedbed up`."""
    folder = Path(tempfile.mkdtemp(prefix="seedbed-project-"))
    folder.chmod(0o755)  # the embedded server's own user enters it
    for part in ("project", "library", "home", "nobody"):
        (folder / part).mkdir(mode=0o755)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "library")
    one = Made(folder)
    try:
        code, said = one.seedbed("init", "shop")
        assert code == 0, said
        code, said = one.seedbed("up", where=one.project / "tasks")  # any folder of the project
        assert code == 0, said
        yield one
    finally:
        one.seedbed("down", where=folder)
        shutil.rmtree(folder)


def test_the_wheel_brings_one_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"seedbed"}
    flows = {f"seedbed/project/flows/{path.name}" for path in (ROOT / "flows").glob("*.py")}
    assert flows <= set(names)
    assert {"seedbed/project/gitignore", "seedbed/project/tasks/shop/schema.sql"} <= set(names)
    assert [name for name in names if "__pycache__" in name] == []


def test_a_new_project_is_seeded_by_its_deployment_verified_and_reset(made: Made) -> None:
    code, said = made.prefect("deployment", "run", "seed/dev", "--watch")
    assert code == 0, said
    assert made.query("SELECT count(*) FROM customers") == [(20,)]
    code, said = made.seedbed("verify", "shop")
    assert code == 0, said
    code, said = made.seedbed("reset", "--confirm")
    assert code == 0, said
    assert made.query("SELECT count(*) FROM orders") == [(0,)]


def test_prefects_own_deploy_finds_a_deployment_by_its_name(made: Made) -> None:
    code, said = made.prefect("--no-prompt", "deploy", "--name", "seed/staging")
    assert code == 0, said
    assert "Deployment 'seed/staging' successfully created" in said
    code, said = made.prefect("--no-prompt", "deploy", "--name", "plan/dev")
    assert code == 0, said
    code, said = made.prefect("deployment", "inspect", "plan/dev")
    assert "'entrypoint': 'flows.plan:plan'" in said
    assert "'path': None" in said
    assert str(made.project) not in said
    code, said = made.prefect("deployment", "run", "plan/dev", "--watch")
    assert code == 0, said


def test_a_background_serves_one_project(made: Made) -> None:
    other = made.folder / "other"
    other.mkdir()
    assert made.seedbed("init", "other", where=other)[0] == 0
    code, said = made.seedbed("up", where=other)
    assert code == 2
    assert f"serves the project {made.project}; run `seedbed down` first" in said


def test_the_processes_of_a_runner_find_the_projects_datasets(made: Made) -> None:
    profile = 'datasets = ["shop"]\nrunner = "processes"\nparts = 2\nscale = 400\n'
    (made.project / "deployments" / "environments" / "large.toml").write_text(profile)
    code, said = made.seedbed(
        "seed", "--environment", "large", where=made.project / "tests", PYTHONSAFEPATH="1"
    )
    assert code == 0, said
    assert made.query("SELECT count(*) FROM customers") == [(8000,)]
    code, said = made.seedbed("reset", "--confirm")
    assert code == 0, said


def test_a_changed_schema_is_applied_by_recreate_which_the_sentence_names(made: Made) -> None:
    made.query("DROP TABLE orders")
    for verb in ("plan", "seed", "reset"):
        code, said = made.seedbed(verb, *(["--confirm"] if verb == "reset" else []))
        assert code == 1
        assert "table orders does not exist or cannot be seen (`seedbed db recreate shop`" in said
    code, said = made.seedbed("guard", "dev")
    assert code == 3
    assert "run `seedbed db recreate shop` if its schema.sql has changed" in said
    assert made.seedbed("db", "recreate", "shop") == (
        0,
        "made shop anew, without a row; run `seedbed seed shop`",
    )
    assert made.query("SELECT count(*) FROM orders") == [(0,)]


def test_recreate_waits_for_nobody_and_takes_no_database_from_a_run(made: Made) -> None:
    code, url = made.seedbed("db", "url")
    with psycopg.connect(url) as run:
        run.execute(b"SELECT pg_advisory_xact_lock(x'5EED0000'::int, hashtext('shop'))")
        code, said = made.seedbed("db", "recreate", "shop")
        assert code == 3
        assert "another run is active" in said
