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

LOGIN, KEY = "PREFECT_API_AUTH_STRING", "PREFECT_API_KEY"
"""What a client tells Prefect's server so that it lets it in."""

PREFIX = "SEEDBED_"
FOR_TESTS = f"{PREFIX}TEST_"
"""Read by tests, benchmarks and pipelines only, so that nothing here has to know them."""

VARIABLES: dict[str, dict[str, str]] = {
    "Where things are": {
        "SEEDBED_PROJECT": "the project's folder; else the nearest at or above the current one",
        "SEEDBED_ENVIRONMENTS": "a folder of profiles, instead of deployments/environments",
        "SEEDBED_HOME": "the folder of the embedded server, the Prefect server and their logs",
        "SEEDBED_POSTGRES_BIN": "the folder with PostgreSQL's programs for the embedded server",
        "SEEDBED_TIMINGS": "a file that every run writes its times to, as JSON",
        "XDG_STATE_HOME": "where SEEDBED_HOME is if not set: its subfolder `seedbed`",
    },
    "Databases": {
        "SEEDBED_<DATASET>_DATABASE_URL": "a dataset's database, where the profile names none",
        "SEEDBED_DATABASE_URL": "any dataset's database, where the profile names none",
        OPTION: "how `--database` reaches a run; not to be set by hand",
    },
    "Minimums of a dataset": {
        "SEEDBED_<DATASET>_LEVEL": "the level of its minimums: light, medium or full",
        "SEEDBED_<DATASET>_<NAME>": "one of its minimums or texts, instead of the profile's",
    },
    "What a run does": {
        "SEED_AUDIT": "true: a seed only reports what it would add",
        "SEED_VERBOSE": "true: a run logs what each parent lacked",
        "APP_ENV": "the guard refuses one that says production, and others than the profile's",
        "NODE_ENV": "the same",
    },
    "Services": {
        "SUPABASE_URL": "address of the auth and storage server",
        "SUPABASE_SERVICE_ROLE_KEY": "its service role's key",
        "SEEDBED_S3_ENDPOINT": "address of the S3 server",
        "SEEDBED_S3_KEY": "its access key",
        "SEEDBED_S3_SECRET": "its secret key",
        "SEEDBED_S3_REGION": "its region; auto if not set",
        "MUX_TOKEN_ID": "name of the Mux token",
        "MUX_TOKEN_SECRET": "its secret",
        "MUX_BASE_URL": "another address than Mux's own",
        embeddings.URL: "address of a server that speaks the OpenAI API",
        embeddings.KEY: "its key",
        "SEEDBED_REDIS_URL": "the application's Redis, for jobs of its embedding worker",
    },
    "Prefect": {
        "PREFECT_API_URL": "the server that records runs; else that of `seedbed up`",
        LOGIN: "that server's login: user, colon, password",
        KEY: "the key of a server that has keys instead",
        "PREFECT_SERVER_API_AUTH_STRING": "the login that `seedbed up` gives its server; else new",
        "PREFECT_HOME": "the folder of a command's private server",
    },
}
"""Every variable that something reads, by subject, and what it says. `<DATASET>` and `<NAME>` stand
for names in capitals."""

KNOWN = tuple(
    name
    for held in VARIABLES.values()
    for name in held
    if name.startswith(PREFIX) and "<" not in name
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
