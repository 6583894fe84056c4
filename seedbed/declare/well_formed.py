"""Well-formed: whether what an author wrote behind each option is what the option takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from seedbed.declare.authored import place_of
from seedbed.declare.errors import BadDeclaration
from seedbed.declare.reads import Table, View


def require_options(function: Callable[..., Any], key: object, count: object, per: object) -> None:
    """Check the options of which an entity has one.

    Raises:
        BadDeclaration: a plain number for a count, say, or a name for an entity; or a key that
            counts on numbers which parents of any origin do not have.
    """
    if not hasattr(key, "encode") or not hasattr(key, "scheme"):
        _refuse(function, f"has key={key!r}; write uuid_key(…) or text_key(…)")
    if count is not None and not callable(getattr(count, "number", None)):
        _refuse(function, _no_count(count))
    if per is not None:
        _require_rows(function, "per", per)
    if isinstance(per, Table | View) and not getattr(key, "by_identity", False):
        problem = f"is made per {per.name}, whose rows have no numbers; take text_key without fan"
        _refuse(function, problem)


def _no_count(count: object) -> str:
    if isinstance(count, int):
        return f"has count={count!r}; write exactly({count!r}) or scaled({count!r})"
    if callable(count):
        return f"has the function {_name(count)} for a count; write counted({_name(count)})"
    return f"has count={count!r}; write exactly(…), scaled(…), at_least(…) or the like"


def _require_rows(function: Callable[..., Any], option: str, given: object) -> None:
    if isinstance(given, str):
        _refuse(function, f"has {option}={given!r}; write the entity itself, not its name: {given}")
    if not isinstance(given, Table | View) and not hasattr(given, "task"):
        _refuse(function, f"has {option}={given!r}, which is no entity, table or view")


def require_tuples(function: Callable[..., Any], **several: object) -> None:
    """Check the options of which there are several; `upstream` holds what can be read.

    Raises:
        BadDeclaration: one has no tuple around it; a text would be taken for its letters.
    """
    for option, given in several.items():
        if isinstance(given, str):
            _refuse(function, f"has {option}={given!r}; write a tuple: ({given!r},)")
        if not isinstance(given, Iterable) or isinstance(given, Mapping):
            _refuse(function, f"has {option}={_name(given)}; write a tuple: ({_name(given)},)")
        for above in given if option == "upstream" and isinstance(given, Iterable) else ():
            _require_rows(function, option, above)


def require_parameters(function: Callable[..., Any], upstream: Iterable[Any]) -> None:
    """Check that a function takes `rows` and then what is declared as its upstream.

    Raises:
        BadDeclaration: it takes something else.
    """
    taken = list(inspect.signature(function).parameters)
    declared = [above.name for above in upstream]
    if not taken:
        _refuse(function, "takes nothing; its first parameter is `rows`")
    if taken[1:] != declared:
        problem = f"takes {taken[1:]} but declares upstream {declared}; make the two the same"
        _refuse(function, problem)


def _name(given: object) -> str:
    return str(getattr(given, "name", None) or getattr(given, "__name__", None) or repr(given))


def _refuse(function: Callable[..., Any], problem: str) -> None:
    raise BadDeclaration(function.__name__, problem, at=place_of(function))
