"""Profiles: the environments of a project, each a TOML file in its folder, of any name."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from seedbed.context.errors import NoEnvironments
from seedbed.declare.errors import BadSetting, UnknownName
from seedbed.engine.settings import Profile, check

LONGEST_PROFILE = 1_000_000
"""Bytes; the longest of ours has 600."""


def environments(folder: Path) -> list[str]:
    """The names of all environments: every TOML file in the folder is one.

    Raises:
        BadSetting: the folder cannot be read.
    """
    try:
        return sorted(path.stem for path in folder.iterdir() if path.suffix == ".toml")
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        said = (error.strerror or type(error).__name__).lower()
    except ValueError as error:  # no folder can be called so
        said = str(error)
    problem = f"cannot be read ({said}); correct its place and its rights"
    raise BadSetting(str(folder), "the folder of environments", problem)


def read_profile(name: str, folder: Path) -> Profile:
    """Read `<folder>/<name>.toml`.

    Raises:
        UnknownName: no such environment, or an unknown key in the file.
        NoEnvironments: the folder has none at all.
        BadSetting: not TOML, or a value outside its bounds.
    """
    known = environments(folder)
    if not known:
        raise NoEnvironments(folder)
    if name not in known:
        raise UnknownName("environment", name, known)
    path = folder / f"{name}.toml"
    content = profile_content(path)
    if "name" in content:
        raise BadSetting(path.name, "name", "is the file's own; remove it")
    return check(Profile, {"name": name, **content}, path.name)


def profile_content(path: Path) -> dict[str, Any]:
    """What a profile says.

    A device or a pipe would never end, so that only a file is read, and only so much of it.

    Raises:
        BadSetting: there is no such file, it cannot be read, is too long, or is not TOML.
    """
    try:
        if not path.is_file():
            raise BadSetting(str(path), "profile", _no_file(path))
        with path.open("rb") as file:
            content = file.read(LONGEST_PROFILE + 1)
        if len(content) > LONGEST_PROFILE:
            problem = f"is longer than {LONGEST_PROFILE:,} bytes; shorten it"
            raise BadSetting(str(path), "profile", problem)
        return tomllib.loads(content.decode())
    except OSError as error:
        said = (error.strerror or type(error).__name__).lower()
        problem = f"cannot be read ({said}); correct its place and its rights"
    except ValueError as error:  # of UTF-8, of TOML, of a number that is too long
        problem = f"is not TOML: {error}"
    except RecursionError:
        problem = "is not TOML: lists within lists without end"
    raise BadSetting(str(path), "profile", problem)


def _no_file(path: Path) -> str:
    return "is not a file; put one there" if path.exists() else "is missing; write it"
