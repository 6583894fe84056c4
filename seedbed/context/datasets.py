"""Datasets: which there are, where each comes from, and the one that is asked for.

A package `tasks/NAME` of the project is a dataset; it defines a `Dataset` called NAME. So is what
an installed package names in its entry points, in the group `seedbed.datasets`. Nothing is
imported before it is asked for, so that a dataset with a mistake hides no other.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from seedbed.context.errors import BrokenDataset, NoDatasets, NotDefined, TwoDatasets
from seedbed.context.project import Project, opened
from seedbed.declare.entity import Dataset
from seedbed.declare.errors import SeedbedError, UnknownName

GROUP = "seedbed.datasets"


@dataclass(frozen=True)
class Source:
    """Where a dataset comes from."""

    name: str
    module: str
    place: str
    """For people: a folder of the project, or an installed package."""


def sources() -> dict[str, Source]:
    """Every dataset by its name; none of them is imported.

    Raises:
        TwoDatasets: a name that two places give to a dataset.
        NoProject, NotAProject, SomebodyElses: there is no project.
    """
    return _sources(opened())


def dataset(name: str) -> Dataset:
    """The dataset of that name, imported when it is asked for.

    Raises:
        UnknownName: there is none; the nearest is suggested.
        NoDatasets: there is none at all.
        BrokenDataset, NotDefined: its package is mistaken.
    """
    known = sources()
    if not known:
        raise NoDatasets(opened())
    if name not in known:
        raise UnknownName("dataset", name, known)
    source = known[name]
    try:
        found = getattr(import_module(source.module), name, None)
    except Exception as error:  # what an author wrote can raise anything
        raise BrokenDataset(source, _line(source, error), _said(error)) from error
    if not isinstance(found, Dataset) or found.name != name:
        raise NotDefined(source, found)
    return found


@lru_cache
def _sources(project: Project) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for source in (*_in_project(project), *_installed()):
        if source.name in found:
            raise TwoDatasets(found[source.name], source)
        found[source.name] = source
    return found


def _in_project(project: Project) -> Iterator[Source]:
    for file in sorted(project.folder.glob("tasks/*/__init__.py")):
        name = file.parent.name
        if not name.startswith(("_", ".")):
            yield Source(name, f"tasks.{name}", f"tasks/{name}")


def _installed() -> Iterator[Source]:
    for entry in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        yield Source(entry.name, entry.module, _package(entry))


def _package(entry: EntryPoint) -> str:
    if entry.dist is None:
        return f"package {entry.module}"
    return f"package {entry.dist.name} {entry.dist.version}"


def _said(error: BaseException) -> str:
    if isinstance(error, SeedbedError):
        return str(error)
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _line(source: Source, error: BaseException) -> str:
    """File and line of the author's own code that failed; of a library below it, the call."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_short(error.filename)}, line {error.lineno}"
    module = f"/{source.module.replace('.', '/')}"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if f"{module}/" in frame.filename or frame.filename.endswith(f"{module}.py"):
            return f"{_short(frame.filename)}, line {frame.lineno}"
    return source.place


def _short(file: str) -> str:
    """Within the project, where it is of the project."""
    folder, path = opened().folder, Path(file)
    return str(path.relative_to(folder) if path.is_relative_to(folder) else path)
