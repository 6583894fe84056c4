"""Variables: every `SEEDBED_…` of the environment is one that something reads.

A misspelt one would be passed over in silence, and the run would do something else than what its
caller wrote down.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

from seedbed.context.datasets import DATASETS, dataset
from seedbed.declare.errors import BadSetting, UsageError
from seedbed.engine.settings import profile_content
from seedbed.services import embeddings
from seedbed.services.adapters import S3

LOGIN, KEY = "PREFECT_API_AUTH_STRING", "PREFECT_API_KEY"
"""What a client tells Prefect's server so that it lets it in."""

PREFIX = "SEEDBED_"
FOR_TESTS = f"{PREFIX}TEST_"
"""Read by tests, benchmarks and pipelines only, so that nothing here has to know them."""

KNOWN = (
    "SEEDBED_DATABASE_URL",
    "SEEDBED_ENVIRONMENTS",
    "SEEDBED_HOME",
    "SEEDBED_POSTGRES_BIN",
    "SEEDBED_REDIS_URL",
    "SEEDBED_S3_REGION",
    "SEEDBED_TIMINGS",
    *S3,
    embeddings.URL,
    embeddings.KEY,
)

NEAR = 0.6
"""How alike a name has to be to be suggested; the common beginning does not count."""


class UnknownVariable(UsageError):
    """Nothing reads it; most likely it is misspelt."""

    def __init__(self, name: str, beginning: str, known: Iterable[str]) -> None:
        ends = [one.removeprefix(beginning) for one in known]
        near = get_close_matches(name.removeprefix(beginning), ends, n=1, cutoff=NEAR)
        hint = f"did you mean {beginning}{near[0]}?" if near else "unset it, or correct its name"
        super().__init__(f"unknown environment variable {name}; {hint}")


def require_known(environ: Mapping[str, str], profiles: Path) -> None:
    """Every `SEEDBED_…` is one of `KNOWN`, of a dataset, or named by one of the profiles.

    Raises:
        UnknownVariable: one is not; the nearest is suggested. Its value is not shown.
    """
    asked = [one for one in environ if one.startswith(PREFIX) and one not in KNOWN]
    for name in asked:
        if name.startswith(FOR_TESTS):
            continue
        owner = next((one for one in DATASETS if name.startswith(_variable(one))), None)
        known = () if owner is None else variables_of(owner)
        if name not in known and name not in (named := _named_by(profiles)):
            rest = map(_database, DATASETS)
            beginning = PREFIX if owner is None else _variable(owner)
            raise UnknownVariable(name, beginning, known or (*KNOWN, *rest, *named))


def switched(variable: str) -> bool:
    """Whether a variable of the process's environment says true."""
    return os.environ.get(variable, "").strip().lower() in ("true", "1", "yes")


def variables_of(name: str) -> tuple[str, ...]:
    """The variables of a dataset: its database, its level, its numbers and words."""
    declared = dataset(name).requirements
    level = (_variable(name, "level"),) if declared else ()
    return (_database(name), *level, *(_variable(name, one.name) for one in declared))


def _database(name: str) -> str:
    return _variable(name, "database_url")


def _variable(name: str, end: str = "") -> str:
    return f"{PREFIX}{re.sub('[^A-Za-z0-9]', '_', name)}_{end}".upper()


def _named_by(profiles: Path) -> list[str]:
    """The variables that the profiles name for their databases, whichever profile a run takes."""
    found = []
    for path in sorted(profiles.glob("*.toml")):
        try:
            section = profile_content(path).get("database")
        except BadSetting:
            continue  # whoever takes that profile is told
        if isinstance(section, dict) and isinstance(section.get("variable"), str):
            found.append(section["variable"])
    return found
