"""Init: a project is written into a folder, extended, and looked over after an upgrade."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from seedbed.cli import init, upgrade
from seedbed.cli.errors import BadName
from seedbed.context.profiles import environments, read_profile
from seedbed.context.project import Project, opened
from seedbed.server.declared import FLOWS, read_deployments

ROOT = Path(__file__).parents[2]

FILES = [
    ".gitignore",
    "README.md",
    "deployments/automations.yaml",
    "deployments/environments/dev.toml",
    "deployments/environments/staging.toml",
    "flows/__init__.py",
    "flows/plan.py",
    "flows/refresh.py",
    "flows/reset.py",
    "flows/seed.py",
    "flows/verify.py",
    "prefect.yaml",
    "pyproject.toml",
    "tasks/__init__.py",
    "tasks/store/__init__.py",
    "tasks/store/checks.sql",
    "tasks/store/customers.py",
    "tasks/store/orders.py",
    "tasks/store/schema.sql",
    "tests/breaks/store.sql",
    "tests/conftest.py",
    "tests/test_laws.py",
    "tests/test_store.py",
]


@pytest.fixture
def made(tmp_path: Path) -> Project:
    """A new project, `store`."""
    init.write(tmp_path, "store")
    return Project(tmp_path)


def seedbed(where: Path, *arguments: str) -> tuple[int, str]:
    """A command in a process of its own, which has no project yet."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEEDBED_")}
    done = subprocess.run(
        [sys.executable, "-m", "seedbed.cli", *arguments],
        cwd=where,
        env={**kept, "SEEDBED_HOME": str(where / "home")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout.strip()


def test_a_project_has_the_shape_of_this_repository(tmp_path: Path) -> None:
    code, said = seedbed(tmp_path, "init", "store")
    assert code == 0
    assert sorted(said.splitlines()) == [f"wrote {one}" for one in FILES]
    there = [str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*") if one.is_file()]
    assert sorted(there) == FILES
    assert Project(tmp_path).is_one


def test_the_flows_are_this_repositorys_own(made: Project) -> None:
    for path in (ROOT / "flows").glob("*.py"):
        assert (made.folder / "flows" / path.name).read_text() == path.read_text()
    automations = ROOT / "deployments" / "automations.yaml"
    assert made.automations.read_text() == automations.read_text()


def test_this_repositorys_prefect_yaml_is_written_by_the_same_rule() -> None:
    project = opened()
    text = project.prefect_file.read_text()
    names = dict.fromkeys(one.name for one in read_deployments(project.prefect_file))
    assert sorted(names) == environments(project.own_environments)
    assert init.prefect_file("seedbed", names) == text


def test_no_word_of_the_template_is_left(made: Project) -> None:
    for path in FILES:
        text = (made.folder / path).read_text()
        assert "shop" not in text.lower().split("automations", 1)[0], path
    assert (made.folder / "prefect.yaml").read_text().count("\nname: store\n") == 1
    assert 'datasets = ["store"]' in (made.own_environments / "dev.toml").read_text()
    staging = read_profile("staging", made.own_environments)
    assert staging.guard.databases == ("store_staging",)


def test_a_new_project_lacks_nothing_and_its_own_tests_pass(made: Project) -> None:
    assert seedbed(made.folder, "init", "--check") == (0, "nothing is missing")
    code, said = seedbed(made.folder, "datasets")
    assert (code, said.splitlines()[0]) == (0, "store: 2 entities in 2 tables, from tasks/store")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEEDBED_")}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/test_store.py",
    ]
    done = subprocess.run(
        command, cwd=made.folder, env=kept, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_this_repository_lacks_nothing() -> None:
    assert upgrade.lacking(opened()) == []


@pytest.mark.parametrize("there", ["prefect.yaml", "tasks/store/orders.py", "README.md"])
def test_no_file_is_written_over_and_then_none_is_written(there: str, tmp_path: Path) -> None:
    (tmp_path / there).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / there).write_text("mine")
    code, said = seedbed(tmp_path, "init", "store")
    assert code == 2
    assert said.startswith(f"seedbed: seedbed init writes over no file, and {tmp_path} has {there}")
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [tmp_path / there]
    assert (tmp_path / there).read_text() == "mine"


@pytest.mark.parametrize("name", ["", "Store", "my-shop", "9lives", "class", "a b", "../up"])
def test_a_name_that_python_or_postgres_cannot_have_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadName, match="a project and its dataset cannot be called"):
        init.write(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_an_environment_is_a_file_and_five_deployments(made: Project) -> None:
    code, said = seedbed(made.folder, "init", "environment", "qa-eu")
    assert code == 0
    assert said.splitlines()[:2] == [
        "added plan/qa-eu, seed/qa-eu, verify/qa-eu, reset/qa-eu, refresh/qa-eu to prefect.yaml",
        "wrote deployments/environments/qa-eu.toml; set the variable that it names",
    ]
    profile = read_profile("qa-eu", made.own_environments)
    assert profile.datasets == ("store",)
    assert profile.database is not None
    assert profile.database.variable_of("store") == "QA_EU_STORE_DATABASE_URL"
    declared = [one for one in read_deployments(made.prefect_file) if one.name == "qa-eu"]
    assert [one.full_name for one in declared] == [f"{flow}/qa-eu" for flow in FLOWS]
    assert {one.parameters["environment"] for one in declared} == {"qa-eu"}
    assert seedbed(made.folder, "init", "--check") == (0, "nothing is missing")
    assert seedbed(made.folder, "init", "environment", "qa-eu") == (
        2,
        "seedbed: the environment 'qa-eu' has its file and its deployments already",
    )


def test_an_environment_whose_file_is_there_keeps_it(made: Project) -> None:
    (made.own_environments / "qa.toml").write_text('datasets = ["store"]\nscale = 3\n')
    code, said = seedbed(made.folder, "init", "--check")
    assert (code, said.splitlines()[0]) == (
        1,
        "prefect.yaml has no deployment plan/qa; run `seedbed init environment qa`",
    )
    assert seedbed(made.folder, "init", "environment", "qa")[0] == 0
    assert read_profile("qa", made.own_environments).scale == 3
    assert len(read_deployments(made.prefect_file)) == 15


def test_a_prefect_yaml_that_ends_otherwise_is_left_alone(made: Project) -> None:
    before = made.prefect_file.read_text().replace("name: store\n", "") + "\nname: store\n"
    made.prefect_file.write_text(before)
    code, said = seedbed(made.folder, "init", "environment", "qa")
    assert code == 2
    assert "the list of deployments is not the last thing in it; put these lines into" in said
    assert "  - {<<: *plan, name: qa, tags: [qa], parameters: {environment: qa}}" in said
    assert made.prefect_file.read_text() == before
    assert not (made.own_environments / "qa.toml").exists()


@pytest.mark.parametrize("name", ["", "QA", "../qa", "q_a"])
def test_an_environment_has_a_plain_name(name: str, made: Project) -> None:
    with pytest.raises(BadName, match="an environment cannot be called"):
        init.add_environment(made, name)


def edit(made: Project, path: str, old: str, new: str) -> None:
    text = (made.folder / path).read_text()
    assert old in text
    (made.folder / path).write_text(text.replace(old, new))


def test_what_an_older_project_lacks_is_told(made: Project) -> None:
    (made.folder / "flows" / "verify.py").unlink()
    made.automations.unlink()
    (made.folder / ".gitignore").write_text(".venv/\n")
    edit(made, "flows/reset.py", "    strict: bool = False,\n", "")
    edit(made, "pyproject.toml", "flows.heartbeat_frequency = 30\n", "")
    edit(made, "deployments/environments/dev.toml", "refresh", "refesh")
    seed = made.folder / "flows" / "seed.py"
    lines = "from seedbed.engine.settings import GONE\nfrom seedbed.gone import it\n"
    seed.write_text(seed.read_text() + lines)
    first = len(seed.read_text().splitlines()) - 1
    flows = init.TEMPLATES / "flows"
    assert upgrade.lacking(made) == [
        f"flows/seed.py, line {first}: seedbed.engine.settings has no GONE any more; "
        f"see {flows}/seed.py",
        f"flows/seed.py, line {first + 1}: there is no seedbed.gone any more; see {flows}/seed.py",
        f"flows/verify.py is missing; copy {flows}/verify.py",
        f"flows/reset.py: reset has no parameter 'strict'; add it as {flows}/reset.py has it",
        f"deployments/automations.yaml is missing; copy {init.TEMPLATES}/automations.yaml",
        "unknown setting of dev.toml 'refesh'; did you mean 'refresh'?",
        "pyproject.toml: [tool.prefect] has no flows.heartbeat_frequency; add "
        "`flows.heartbeat_frequency = 30`",
        ".gitignore does not name prefect.toml, which holds the server's login; add it",
    ]


def test_deployments_that_lack_a_setting_are_told(made: Project) -> None:
    edit(made, "prefect.yaml", "    enforce_parameter_schema: true\n", "")
    assert seedbed(made.folder, "init", "--check") == (
        2,
        "seedbed: prefect.yaml: deployments.0.enforce_parameter_schema field required",
    )
