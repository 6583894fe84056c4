"""Variables: a misspelt one is an error with a suggestion, and nobody else's is one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seedbed.context.datasets import dataset, sources
from seedbed.context.errors import UnknownVariable
from seedbed.context.project import opened
from seedbed.context.variables import (
    KNOWN,
    VARIABLES,
    require_known,
    require_known_of,
    variables_of,
)

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "seedbed" / "context" / "variables.py"
SHIPPED = opened().own_environments
NAMES = tuple(sources())

MISSPELT = [
    ("SEEDBED_COMERCE_DATABASE_URL", "did you mean SEEDBED_COMMERCE_DATABASE_URL?"),
    ("SEEDBED_DATABSE_URL", "did you mean SEEDBED_DATABASE_URL?"),
    ("SEEDBED_ENVIRONMENT", "did you mean SEEDBED_ENVIRONMENTS?"),
    ("SEEDBED_TIMING", "did you mean SEEDBED_TIMINGS?"),
    ("SEEDBED_XYZ", "unset it, or correct its name"),
]


@pytest.mark.parametrize(("name", "hint"), MISSPELT)
def test_a_misspelt_variable_is_refused_with_a_suggestion(name: str, hint: str) -> None:
    with pytest.raises(UnknownVariable) as caught:
        require_known({name: "canary-S3cret"}, SHIPPED, NAMES)
    assert str(caught.value) == f"unknown environment variable {name}; {hint}"
    assert caught.value.exit_code == 2


OF_A_DATASET = [
    ("therapy", "SEEDBED_THERAPY_CLIENT_POST", "did you mean SEEDBED_THERAPY_CLIENT_POSTS?"),
    ("therapy", "SEEDBED_THERAPY_LEVLE", "did you mean SEEDBED_THERAPY_LEVEL?"),
    ("therapy", "SEEDBED_THERAPY_DATABASE", "did you mean SEEDBED_THERAPY_DATABASE_URL?"),
    ("commerce", "SEEDBED_COMMERCE_LEVEL", "unset it, or correct its name"),  # it has no numbers
]


@pytest.mark.parametrize(("owner", "name", "hint"), OF_A_DATASET)
def test_a_misspelt_variable_of_a_dataset_stops_that_dataset_and_no_other(
    owner: str, name: str, hint: str
) -> None:
    environ = {name: "canary-S3cret"}
    with pytest.raises(UnknownVariable) as caught:
        require_known_of(dataset(owner), environ, SHIPPED, NAMES)
    assert str(caught.value) == f"unknown environment variable {name}; {hint}"
    require_known(environ, SHIPPED, NAMES)
    require_known_of(dataset("streaming"), environ, SHIPPED, NAMES)


def test_of_two_datasets_the_longer_name_owns_a_variable(tmp_path: Path) -> None:
    names = ("commerce", "commerce_eu")
    environ = {"SEEDBED_COMMERCE_EU_LEVEL": "full"}
    require_known_of(dataset("commerce"), environ, tmp_path, names)
    with pytest.raises(UnknownVariable):
        require_known_of(dataset("commerce"), environ, tmp_path, ("commerce",))


def named_in_code() -> set[str]:
    """What the code names of variables that are ours or a service's, the table of them apart."""
    found: set[str] = set()
    names = r"\b(?:SEEDBED?|SUPABASE|MUX|XDG|APP|NODE)_[A-Z0-9_]*[A-Z0-9]\b"
    for top in ("seedbed", "tasks", "flows", "deployments"):
        for path in (ROOT / top).rglob("*"):
            if path.suffix in (".py", ".toml", ".yaml") and path != TABLE:
                found |= set(re.findall(names, path.read_text(encoding="utf-8")))
    return found


def test_every_variable_that_something_reads_is_known_and_no_other() -> None:
    read = named_in_code() - {"SEEDBED_TEST"}
    require_known(dict.fromkeys(read, "value"), SHIPPED, NAMES)
    assert set(KNOWN) <= read


def test_every_variable_that_something_reads_is_in_the_table() -> None:
    described = {name for held in VARIABLES.values() for name in held}
    of_datasets = {name for one in NAMES for name in variables_of(dataset(one))}
    read = {name for name in named_in_code() if not name.startswith("SEEDBED_TEST")}
    assert read - described - of_datasets == set()


def test_the_variables_of_a_dataset_are_its_database_level_numbers_and_words() -> None:
    assert variables_of(dataset("commerce")) == ("SEEDBED_COMMERCE_DATABASE_URL",)
    of_streaming = variables_of(dataset("streaming"))
    assert "SEEDBED_STREAMING_FOLLOWERS" in of_streaming
    require_known(dict.fromkeys(of_streaming, "1"), SHIPPED, NAMES)
    require_known_of(dataset("streaming"), dict.fromkeys(of_streaming, "1"), SHIPPED, NAMES)


def test_tests_and_other_programs_have_variables_of_their_own() -> None:
    names = ("SEEDBED_TEST_DATABASE_URL", "SEEDBEDDING", "SEED_AUDIT", "PATH", "PREFECT_HOME")
    require_known(dict.fromkeys(names, "value"), SHIPPED, NAMES)


def test_a_variable_that_any_profile_names_is_known(tmp_path: Path) -> None:
    (tmp_path / "ci.toml").write_text('[database]\nvariable = "SEEDBED_SHOP"\n')
    (tmp_path / "qa.toml").write_text('[database]\nvariable = "SEEDBED_QA_{DATASET}"\n')
    (tmp_path / "dev.toml").write_text("not TOML [")
    (tmp_path / "odd.toml").write_text("[database]\nvariable = 3\n")
    environ = {"SEEDBED_SHOP": "postgresql://h/d", "SEEDBED_QA_COMMERCE": "postgresql://h/d"}
    require_known(environ, tmp_path, NAMES)
    with pytest.raises(UnknownVariable, match="did you mean SEEDBED_SHOP"):
        require_known({"SEEDBED_SHOPS": "postgresql://h/d"}, tmp_path, NAMES)
