"""Project: the folder with the user's flows, datasets and environments, found and opened.

It has `prefect.yaml` and `deployments/environments`. Whoever needs it opens it by `opened`, in
every process anew: commands, flow runs, and workers of this machine or of a cluster.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from seedbed.declare.errors import UsageError

VARIABLE = "SEEDBED_PROJECT"
PROFILES = "SEEDBED_ENVIRONMENTS"

PACKAGES = ("flows", "tasks")
"""What a project's code is imported as."""


class NoProject(UsageError):
    """The command needs a project, and here is none."""

    def __init__(self, start: Path) -> None:
        super().__init__(
            f"no project in {start} or above: none of these folders has prefect.yaml and "
            f"deployments/environments; go into a project's folder, set {VARIABLE} to it, or run "
            "`seedbed init NAME` in an empty folder"
        )


class NotAProject(UsageError):
    """The variable names something else."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{VARIABLE}: {folder} has no prefect.yaml with deployments/environments beside it; "
            "set it to a project's folder, or unset it"
        )


class SomebodyElses(UsageError):
    """Another package has the name that the project's own needs."""

    def __init__(self, package: str, own: Path, found: str) -> None:
        super().__init__(
            f"the package {package!r} that Python imports is {found}, not {own}; add an "
            f"__init__.py to {own} if it has none, or uninstall or rename the other"
        )


@dataclass(frozen=True)
class Project:
    """One project on this machine."""

    folder: Path

    @property
    def prefect_file(self) -> Path:
        """Its deployments."""
        return self.folder / "prefect.yaml"

    @property
    def automations(self) -> Path:
        """What the server does by itself."""
        return self.folder / "deployments" / "automations.yaml"

    @property
    def own_environments(self) -> Path:
        """The folder of its profiles."""
        return self.folder / "deployments" / "environments"

    @property
    def is_one(self) -> bool:
        """Whether the folder is a project at all."""
        return self.prefect_file.is_file() and self.own_environments.is_dir()

    def environments(self, environ: Mapping[str, str]) -> Path:
        """The folder of profiles in use: the one that a variable names, else the project's."""
        given = environ.get(PROFILES)
        return Path(given) if given else self.own_environments


def opened() -> Project:
    """The project of this process: first on the import path, and told to the processes it starts.

    Raises:
        NoProject, NotAProject: there is none.
        SomebodyElses: `tasks` or `flows` is, or would be, another's package.
    """
    project = _found(os.environ.get(VARIABLE, ""), Path.cwd())
    root = str(project.folder)
    if sys.path[:1] != [root]:
        sys.path[:] = [root, *(place for place in sys.path if place != root)]
    os.environ[VARIABLE] = root
    _require_own(project)
    return project


@lru_cache
def _found(named: str, here: Path) -> Project:
    """The project that the variable names, else the nearest at or above the working folder."""
    if named:
        project = Project(Path(named).expanduser().resolve())
        if not project.is_one:
            raise NotAProject(project.folder)
        return project
    for folder in (here, *here.parents):
        if (project := Project(folder)).is_one:
            return project
    raise NoProject(here)


@lru_cache
def _require_own(project: Project) -> None:
    """Refuse another's package in place of the project's; one that neither has is not missed."""
    for package in PACKAGES:
        own = project.folder / package
        if not own.is_dir():
            continue
        places = _places(sys.modules.get(package) or PathFinder.find_spec(package))
        if own.resolve() not in (Path(place).resolve() for place in places):
            raise SomebodyElses(package, own, places[0] if places else "built in")


def _places(found: ModuleType | ModuleSpec | None) -> list[str]:
    """The folders of a package, or the one file of a module."""
    if isinstance(found, ModuleType):
        return list(getattr(found, "__path__", ())) or [str(found.__file__)]
    if found is None:
        return []
    return list(found.submodule_search_locations or ()) or [str(found.origin)]
