"""Variables: a misspelt one is an error with a suggestion, and nobody else's is one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seedbed.context.variables import KNOWN, UnknownVariable, require_known, variables_of
from seedbed.engine.settings import environments_folder
from seedbed.run.timings import FILE
from seedbed.services.queue import URL as QUEUE

ROOT = Path(__file__).parents[2]
SHIPPED = environments_folder({})

MISSPELT = [
    ("SEEDBED_THERAPY_CLIENT_POST", "did you mean SEEDBED_THERAPY_CLIENT_POSTS?"),
    ("SEEDBED_THERAPY_LEVLE", "did you mean SEEDBED_THERAPY_LEVEL?"),
    ("SEEDBED_THERAPY_DATABASE", "did you mean SEEDBED_THERAPY_DATABASE_URL?"),
    ("SEEDBED_COMMERCE_LEVEL", "unset it, or correct its name"),  # it has no numbers
    ("SEEDBED_COMERCE_DATABASE_URL", "did you mean SEEDBED_COMMERCE_DATABASE_URL?"),
    ("SEEDBED_DATABSE_URL", "did you mean SEEDBED_DATABASE_URL?"),
    ("SEEDBED_ENVIRONMENT", "did you mean SEEDBED_ENVIRONMENTS?"),
    ("SEEDBED_TIMING", "did you mean SEEDBED_TIMINGS?"),
    ("SEEDBED_XYZ", "unset it, or correct its name"),
]


@pytest.mark.parametrize(("name", "hint"), MISSPELT)
def test_a_misspelt_variable_is_refused_with_a_suggestion(name: str, hint: str) -> None:
    with pytest.raises(UnknownVariable) as caught:
        require_known({name: "canary-S3cret"}, SHIPPED)
    assert str(caught.value) == f"unknown environment variable {name}; {hint}"
    assert caught.value.exit_code == 2


def test_every_variable_that_something_reads_is_known() -> None:
    read: set[str] = set()
    for top in ("seedbed", "tasks", "flows", "deployments"):
        for path in (ROOT / top).rglob("*"):
            if path.suffix in (".py", ".toml", ".yaml"):
                read |= set(re.findall(r"\bSEEDBED_[A-Z0-9_]*[A-Z0-9]\b", path.read_text()))
    read |= {QUEUE, FILE}
    read -= {"SEEDBED_TEST"}
    require_known(dict.fromkeys(read, "value"), SHIPPED)
    assert set(KNOWN) <= read


def test_the_variables_of_a_dataset_are_its_database_level_numbers_and_words() -> None:
    assert variables_of("commerce") == ("SEEDBED_COMMERCE_DATABASE_URL",)
    of_streaming = variables_of("streaming")
    assert "SEEDBED_STREAMING_FOLLOWERS" in of_streaming
    require_known(dict.fromkeys(of_streaming, "1"), SHIPPED)


def test_tests_and_other_programs_have_variables_of_their_own() -> None:
    names = ("SEEDBED_TEST_DATABASE_URL", "SEEDBEDDING", "SEED_AUDIT", "PATH", "PREFECT_HOME")
    require_known(dict.fromkeys(names, "value"), SHIPPED)


def test_a_variable_that_any_profile_names_is_known(tmp_path: Path) -> None:
    (tmp_path / "ci.toml").write_text('[database]\nvariable = "SEEDBED_SHOP"\n')
    (tmp_path / "dev.toml").write_text("not TOML [")
    require_known({"SEEDBED_SHOP": "postgresql://h/d"}, tmp_path)
    with pytest.raises(UnknownVariable, match="did you mean SEEDBED_SHOP"):
        require_known({"SEEDBED_SHOPS": "postgresql://h/d"}, tmp_path)
