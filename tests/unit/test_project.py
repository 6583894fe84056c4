"""Project: which folder it is, what opening it does, and which datasets it has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = """
from pathlib import Path
from seedbed import Columns, Dataset, Rows, entity, scaled, uuid_key

@entity(table="users", key=uuid_key("0001-0001"), count=scaled(2))
def users(rows: Rows) -> Columns:
    '''Two people.'''
    return {"name": "Ann"}

NAME = Dataset(name="NAME", folder=Path(__file__).parent, entities=(users,))
"""

OPEN = "from seedbed.context.project import opened; print(opened().folder)"
LOAD = "from seedbed.context.datasets import dataset; print(dataset('{}').name)"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the dataset `shop`."""
    return made(tmp_path / "project", "shop")


def made(folder: Path, *datasets: str) -> Path:
    (folder / "deployments" / "environments").mkdir(parents=True)
    environment = folder / "deployments" / "environments" / "dev.toml"
    environment.write_text(f"datasets = {list(datasets)}\n")
    (folder / "prefect.yaml").write_text("name: mine\n")
    (folder / "tasks").mkdir()
    (folder / "tasks" / "__init__.py").write_text("")
    for name in datasets:
        wrote(folder, name, GOOD.replace("NAME", name))
    return folder


def wrote(folder: Path, name: str, content: str) -> None:
    (folder / "tasks" / name).mkdir()
    (folder / "tasks" / name / "__init__.py").write_text(content)


def run(where: Path, *command: str, **more: str) -> tuple[int, str]:
    """A command in a process of its own, which has no project yet."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEEDBED_")}
    environ = {**kept, "SEEDBED_HOME": str(where / "home"), **more}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=where,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout.strip()


def seedbed(where: Path, *arguments: str, **more: str) -> tuple[int, str]:
    return run(where, "-m", "seedbed.cli", *arguments, **more)


def test_the_nearest_folder_at_or_above_is_the_project(project: Path) -> None:
    assert run(project, "-c", OPEN) == (0, str(project))
    assert run(project / "tasks" / "shop", "-c", OPEN) == (0, str(project))
    inner = made(project / "inner", "other")
    assert run(inner / "tasks", "-c", OPEN) == (0, str(inner))


def test_the_variable_wins_and_is_handed_on(project: Path, tmp_path: Path) -> None:
    assert run(tmp_path, "-c", OPEN, SEEDBED_PROJECT=str(project)) == (0, str(project))
    inner = made(project / "inner", "other")
    assert run(inner, "-c", OPEN, SEEDBED_PROJECT=str(project)) == (0, str(project))
    child = f"import os, subprocess, sys; {OPEN}; os.chdir('/')\n"
    child += f"subprocess.run([sys.executable, '-c', {OPEN!r}], check=True)"
    assert run(project, "-c", child) == (0, f"{project}\n{project}")


def test_the_project_comes_first_on_the_import_path(project: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "tasks.py").write_text("raise RuntimeError('the other one')")
    path = str(tmp_path / "other")
    assert run(project / "tasks", "-c", LOAD.format("shop"), PYTHONPATH=path) == (0, "shop")


def test_without_a_project_a_command_says_so(tmp_path: Path) -> None:
    code, said = seedbed(tmp_path, "datasets")
    assert code == 2
    assert said == (
        f"seedbed: no project in {tmp_path} or above: none of these folders has prefect.yaml and "
        "deployments/environments; go into a project's folder, set SEEDBED_PROJECT to it, or run "
        "`seedbed init NAME` in an empty folder"
    )
    code, said = seedbed(tmp_path, "datasets", SEEDBED_PROJECT=str(tmp_path))
    assert code == 2
    assert said.startswith(f"seedbed: SEEDBED_PROJECT: {tmp_path} has no prefect.yaml with deploy")
    code, said = seedbed(tmp_path, "status")  # asks about the background, which is nobody's
    assert code == 1
    assert "database  stopped" in said


IMPORT_FIRST = "import sys; sys.path.insert(0, {other!r}); import tasks\n"


def test_tasks_of_somebody_else_that_is_imported_already_is_refused(
    project: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "tasks.py").write_text("")
    catch = "from seedbed.context.project import SomebodyElses, opened\n"
    catch += "try: opened()\nexcept SomebodyElses as error: print(error)"
    code, said = run(project, "-c", IMPORT_FIRST.format(other=str(other)) + catch)
    assert (code, said) == (
        0,
        f"the package 'tasks' that Python imports is {other}/tasks.py, not {project}/tasks; add an "
        f"__init__.py to {project}/tasks if it has none, or uninstall or rename the other",
    )


def test_tasks_without_an_init_loses_to_somebody_elses_and_is_refused(
    project: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other" / "tasks"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("")
    (project / "tasks" / "__init__.py").unlink()
    assert run(project, "-c", LOAD.format("shop")) == (0, "shop")
    path = str(other.parent)
    code, said = seedbed(project, "datasets", PYTHONPATH=path)
    assert code == 2
    assert f"is {other}, not {project}/tasks; add an __init__.py" in said


BROKEN = {
    "raises": (
        "import math\n\n\nvalue = 1 / 0\n",
        "tasks/raises/__init__.py, line 4: ZeroDivisionError: division by zero",
    ),
    "syntax": (
        "value = 1\nvalue = (\n",
        "tasks/syntax/__init__.py, line 2: SyntaxError: '(' was never closed",
    ),
    "missing": (
        "import a_package_that_is_missing\n",
        "tasks/missing/__init__.py, line 1: ModuleNotFoundError: No module named "
        "'a_package_that_is_missing'",
    ),
    "wrong": (
        GOOD.replace("NAME", "wrong").replace('table="users", ', ""),
        "tasks/wrong/__init__.py, line 5: TypeError: entity() missing 1 required keyword-only "
        "argument: 'table'",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_dataset_that_cannot_be_imported_is_a_sentence_and_hides_no_other(
    name: str, project: Path
) -> None:
    content, sentence = BROKEN[name]
    wrote(project, name, content)
    code, said = seedbed(project, "datasets")
    assert code == 1
    works = ["shop: 1 entities in 1 tables, from tasks/shop", "  users                Two people."]
    broken = [
        f"{name}: broken, in tasks/{name}",
        f"  dataset {name!r} cannot be imported: {sentence}; correct it",
    ]
    assert said.splitlines() == (broken + works if name < "shop" else works + broken)
    code, said = seedbed(project, "guard", "dev", name)
    assert (code, said) == (
        2,
        f"seedbed: dataset {name!r} cannot be imported: {sentence}; correct it",
    )
    assert run(project, "-c", LOAD.format("shop")) == (0, "shop")


def test_only_the_dataset_asked_for_is_imported(project: Path) -> None:
    wrote(project, "loud", "print('imported')\n")
    variable = {"SEEDBED_LOUD_LEVEL": "full"}
    assert run(project, "-c", LOAD.format("shop"), **variable) == (0, "shop")
    known = "from seedbed.context.where import profile_of; print(profile_of('dev').datasets)"
    assert run(project, "-c", known, **variable) == (0, "('shop',)")


def test_a_package_that_defines_no_dataset_is_told_and_one_that_begins_with_an_underscore_is_none(
    project: Path,
) -> None:
    wrote(project, "words", "shop = 'words'\n")
    wrote(project, "_shared", "raise RuntimeError")
    wrote(project, "store", GOOD.replace("NAME", "store").replace('name="store"', 'name="stores"'))
    code, said = seedbed(project, "datasets")
    assert code == 1
    assert (
        "tasks/words has to define a Dataset called 'words' and defines none; add "
        "`words = Dataset(name='words', …)`, or begin the folder's name with _ if it is no dataset"
    ) in said
    assert "called 'store' and defines a Dataset called 'stores'" in said
    assert "_shared" not in said


def test_a_project_without_datasets_says_so(tmp_path: Path) -> None:
    empty = made(tmp_path / "empty")
    code, said = seedbed(empty, "plan", "shop")
    assert code == 2
    assert said.startswith(f"seedbed: no dataset in {empty}/tasks, and none from an installed")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with an installed package that brings a dataset, as pip lays it out."""
    folder = tmp_path / "site"
    info = folder / "seeds_of_others-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: seeds-of-others\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[seedbed.datasets]\nlibrary = others.library\n")
    (folder / "others").mkdir()
    (folder / "others" / "__init__.py").write_text("")
    (folder / "others" / "library.py").write_text(GOOD.replace("NAME", "library"))
    return folder


def test_an_installed_package_brings_a_dataset(project: Path, installed: Path) -> None:
    path = str(installed)
    code, said = seedbed(project, "datasets", PYTHONPATH=path)
    assert code == 0
    assert "library: 1 entities in 1 tables, from package seeds-of-others 1.2" in said
    (installed / "others" / "library.py").write_text("\nraise ValueError('not today')\n")
    code, said = seedbed(project, "datasets", PYTHONPATH=path)
    assert code == 1
    assert f"{installed}/others/library.py, line 2: ValueError: not today; correct it" in said
    assert "shop: 1 entities in 1 tables" in said


def test_the_same_name_twice_is_refused_with_both_places(project: Path, installed: Path) -> None:
    wrote(project, "library", GOOD.replace("NAME", "library"))
    code, said = seedbed(project, "datasets", PYTHONPATH=str(installed))
    assert (code, said) == (
        2,
        "seedbed: two datasets are called 'library': the one of tasks/library and that of "
        "package seeds-of-others 1.2; rename one of them",
    )


@pytest.mark.parametrize("command", ["datasets", "--help", "seed --help"])
def test_a_reader_who_has_seen_enough_is_no_error(command: str, project: Path) -> None:
    gone, ours = os.pipe()
    os.close(gone)
    environ = {**os.environ, "PYTHONUNBUFFERED": ""}  # argparse passes over what it cannot write
    try:
        done = subprocess.run(
            [sys.executable, "-m", "seedbed.cli", *command.split()],
            cwd=project,
            env=environ,
            stdout=ours,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    finally:
        os.close(ours)
    assert (done.returncode, done.stderr) == (141, b"")
