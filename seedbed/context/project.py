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

from seedbed.context.errors import VARIABLE, NoProject, NotAProject, SomebodyElses

PROFILES = "SEEDBED_ENVIRONMENTS"

PACKAGES = ("flows", "tasks")
"""What a project's code is imported as."""


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
