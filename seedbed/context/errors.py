"""Errors of context: what went wrong, where, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from seedbed.declare.entity import Dataset
from seedbed.declare.errors import SeedbedError, UsageError

if TYPE_CHECKING:
    from seedbed.context.datasets import Source
    from seedbed.context.project import Project
    from seedbed.engine.settings import Profile


class NoDatasets(UsageError):
    """There is nothing to seed."""

    def __init__(self, project: Project) -> None:
        super().__init__(
            f"no dataset in {project.folder / 'tasks'}, and none from an installed package; write "
            "tasks/NAME/__init__.py with a Dataset called NAME"
        )


class TwoDatasets(UsageError):
    """A name that says two things."""

    def __init__(self, first: Source, second: Source) -> None:
        super().__init__(
            f"two datasets are called {first.name!r}: the one of {first.place} and that of "
            f"{second.place}; rename one of them"
        )


class NotDefined(UsageError):
    """A package among the datasets that is none."""

    def __init__(self, source: Source, found: object) -> None:
        called = f"a Dataset called {found.name!r}" if isinstance(found, Dataset) else "none"
        super().__init__(
            f"{source.place} has to define a Dataset called {source.name!r} and defines {called}; "
            f"add `{source.name} = Dataset(name={source.name!r}, …)`, or begin the folder's name "
            "with _ if it is no dataset"
        )


class Passing(SeedbedError):
    """An error that can pass: the task is tried again."""


class NotRun(SeedbedError):
    """A task before it failed, so that it was not begun."""


class TablesMissing(SeedbedError):
    """The database is another application's, or not migrated yet."""

    def __init__(self, chosen: Dataset, missing: Sequence[str]) -> None:
        names = ", ".join(missing[:3]) + (", …" if missing[3:] else "")
        count = f"{len(missing)} of {len(chosen.tables)}"
        super().__init__(f"{count} tables are missing or cannot be seen ({names})")


class NoEnvironments(UsageError):
    """A project without environments can do nothing."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"no environment in {folder}: there is no file like dev.toml; write one, or run "
            "`seedbed init environment dev`"
        )


VARIABLE = "SEEDBED_PROJECT"


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


NEAR = 0.6
"""How alike a name has to be to be suggested; the common beginning does not count."""


class UnknownVariable(UsageError):
    """Nothing reads it; most likely it is misspelt."""

    def __init__(self, name: str, beginning: str, known: Iterable[str]) -> None:
        ends = [one.removeprefix(beginning) for one in known]
        near = get_close_matches(name.removeprefix(beginning), ends, n=1, cutoff=NEAR)
        hint = f"did you mean {beginning}{near[0]}?" if near else "unset it, or correct its name"
        super().__init__(f"unknown environment variable {name}; {hint}")


PACKAGES = {"dask": "prefect_dask", "ray": "prefect_ray"}


class NotInstalled(UsageError):
    """The profile wants a cluster whose package is not there."""

    def __init__(self, profile: Profile) -> None:
        package = PACKAGES[profile.runner].replace("_", "-")
        super().__init__(
            f"{profile.name}.toml: runner {profile.runner!r} needs the package {package}; install "
            f"seedbed[{profile.runner}], here and where the workers are"
        )


class NoCluster(SeedbedError):
    """The cluster that the profile names does not answer."""

    def __init__(self, profile: Profile, error: Exception) -> None:
        where = f" at {profile.cluster}" if profile.cluster else " on this machine"
        super().__init__(
            f"no {profile.runner} cluster{where} ({type(error).__name__}); start it, or correct "
            "`cluster` in the profile"
        )


class WorkerGone(SeedbedError):
    """A worker ended in the middle of a part."""

    passes = True

    def __init__(self, part: object, reason: str) -> None:
        super().__init__(
            f"{part}: its worker ended without a word ({reason}: killed, or out of memory?); what "
            "other parts have loaded stays, run it again"
        )


class BrokenDataset(UsageError):
    """A dataset that cannot be imported, with the line that stopped it."""

    def __init__(self, source: Source, at: str, said: str) -> None:
        super().__init__(f"dataset {source.name!r} cannot be imported: {at}: {said}; correct it")
