"""Variables: every `SEEDBED_…` of the environment is one that something reads.

A misspelt one would be passed over in silence, and the run would do something else than what its
caller wrote down.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from seedbed.context.errors import UnknownVariable
from seedbed.context.profiles import profile_content
from seedbed.declare.entity import Dataset
from seedbed.declare.errors import BadSetting
from seedbed.engine.settings import DatabasePlace, in_variables
from seedbed.postgres.connection.address import OPTION
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
    "SEEDBED_PROJECT",
    "SEEDBED_REDIS_URL",
    "SEEDBED_S3_REGION",
    "SEEDBED_TIMINGS",
    OPTION,
    *S3,
    embeddings.URL,
    embeddings.KEY,
)


def require_known(environ: Mapping[str, str], profiles: Path, datasets: Sequence[str]) -> None:
    """Every `SEEDBED_…` that is no dataset's is one of `KNOWN`, or named by one of the profiles.

    A dataset's own are looked at by `require_known_of`, when a run takes the dataset: one that is
    misspelt stops nobody else.

    Raises:
        UnknownVariable: one is not; the nearest is suggested. Its value is not shown.
    """
    for name in _asked(environ):
        if _owner(name, datasets) is None and name not in (named := _named_by(profiles, datasets)):
            raise UnknownVariable(name, PREFIX, (*KNOWN, *map(_database, datasets), *named))


def require_known_of(
    chosen: Dataset, environ: Mapping[str, str], profiles: Path, datasets: Sequence[str]
) -> None:
    """Every variable of the dataset is its database, its level, a number or a word of it.

    Raises:
        UnknownVariable: one is not.
    """
    known = variables_of(chosen)
    for name in _asked(environ):
        if _owner(name, datasets) != chosen.name or name in known:
            continue
        if name not in _named_by(profiles, datasets):
            raise UnknownVariable(name, _variable(chosen.name), known)


def _asked(environ: Mapping[str, str]) -> Iterator[str]:
    """The variables that begin as ours do, but for those that are known anyway."""
    for name in environ:
        if name.startswith(PREFIX) and name not in KNOWN and not name.startswith(FOR_TESTS):
            yield name


def _owner(variable: str, datasets: Iterable[str]) -> str | None:
    """The dataset whose variable it is: of `shop` and `shop_eu` the longer name."""
    owners = [one for one in datasets if variable.startswith(_variable(one))]
    return max(owners, key=len, default=None)


def switched(variable: str) -> bool:
    """Whether a variable of the process's environment says true."""
    return os.environ.get(variable, "").strip().lower() in ("true", "1", "yes")


def variables_of(chosen: Dataset) -> tuple[str, ...]:
    """The variables of a dataset: its database, its level, its numbers and words."""
    level = (_variable(chosen.name, "level"),) if chosen.requirements else ()
    own = (_variable(chosen.name, one.name) for one in chosen.requirements)
    return (_database(chosen.name), *level, *own)


def _database(name: str) -> str:
    return _variable(name, "database_url")


def _variable(name: str, end: str = "") -> str:
    return f"{PREFIX}{in_variables(name)}_{end.upper()}"


def _named_by(profiles: Path, datasets: Sequence[str]) -> list[str]:
    """The variables that the profiles name for their databases, whichever profile a run takes."""
    found = []
    for path in sorted(profiles.glob("*.toml")):
        try:
            section = profile_content(path).get("database")
            place = DatabasePlace.model_validate(section or {})
        except (BadSetting, ValidationError):
            continue  # whoever takes that profile is told
        found += [named for one in datasets if (named := place.variable_of(one))]
    return list(dict.fromkeys(found))
