"""Authored: where a mistake in a dataset's own code is, and the sentence about it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import PurePath
from types import CodeType, TracebackType
from typing import Any

from seedbed.declare.errors import BadDeclaration, BadKey, UnknownName

MISTAKES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What Python, numpy and pandas raise about code. A database's or a service's errors are none."""


def place_of(function: Callable[..., Any]) -> str:
    """The file and line of a function: "tasks/commerce/orders.py:141"."""
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        return ""
    return _place(function.__module__, code.co_filename, code.co_firstlineno)


def place_of_caller() -> str:
    """The file and line, outside of this library, that is being carried out."""
    frame = sys._getframe()
    while frame.f_back is not None and _ours(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
    return _place(frame.f_globals.get("__name__", ""), frame.f_code.co_filename, frame.f_lineno)


@contextmanager
def authored(entity: str, function: Callable[..., Any], dataset: str) -> Iterator[None]:
    """What runs here is an author's function: a mistake in it becomes a sentence.

    Raises:
        BadDeclaration: the function fails, with the line of its package that did.
    """
    try:
        yield
    except BadDeclaration as error:
        if error.at:
            raise
        place = _line_of(error.__traceback__, function)
        raise BadDeclaration(error.entity, error.problem, of=dataset, at=place) from error
    except (UnknownName, BadKey) as error:
        place = _line_of(error.__traceback__, function)
        raise BadDeclaration(entity, f"fails: {error}", of=dataset, at=place) from error
    except MISTAKES as error:
        place = _line_of(error.__traceback__, function)
        problem = f"fails with {type(error).__name__}: {error}"
        raise BadDeclaration(entity, problem, of=dataset, at=place) from error


def _line_of(traceback: TracebackType | None, function: Callable[..., Any]) -> str:
    """The last line of a traceback that lies in the function's package, or the function's."""
    package = function.__module__.rpartition(".")[0]
    found = place_of(function)
    while traceback is not None:
        frame = traceback.tb_frame
        module = frame.f_globals.get("__name__", "")
        if module == function.__module__ or (package and module.startswith(package)):
            found = _place(module, frame.f_code.co_filename, traceback.tb_lineno)
        traceback = traceback.tb_next
    return found


def _ours(module: str) -> bool:
    return module == "seedbed" or module.startswith("seedbed.")


def _place(module: str, file: str, line: int) -> str:
    """From the folder that the module's package is in, so that no sentence has a long path."""
    path = PurePath(file)
    named = module.split(".") + (["__init__"] if path.stem == "__init__" else [])
    inside = path.parts[-len(named) :]
    short = PurePath(*inside) if [*inside[:-1], path.stem] == named else path
    return f"{short.as_posix()}:{line}"
