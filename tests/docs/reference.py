"""Reference: docs/reference.md as the code says it; `make reference` writes it.

Everything stands in the code where it belongs: words in `seedbed.WORDS`, their options in
docstrings (`Args:`), what rows offer in `seedbed.declare.asked`, keys in the profile's fields,
variables in `seedbed.context.variables`, commands in the parser.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

import seedbed
from seedbed.cli.arguments import EXIT_CODES, parser
from seedbed.context.variables import VARIABLES
from seedbed.engine.settings import Profile

FILE = Path(__file__).parents[2] / "docs" / "reference.md"

HEAD = """# Reference

Made from the code by `make reference`: the words of a declaration and their options, what rows
offer, the keys of a profile, the environment variables, and the commands."""

TYPES = {"Columns", "Integers", "Floats", "Booleans", "Dates", "SEEDED"}
"""Words that are names of types or a text: nothing can be said behind them."""

BOUNDS = {Ge: ("from", "ge"), Gt: ("above", "gt"), Le: ("to", "le"), Lt: ("below", "lt")}


def reference() -> str:
    """The whole document."""
    return "\n".join([HEAD, *_words(), *_rows(), *_keys(), *_variables(), *_commands()]) + "\n"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """A table, or nothing where there is no row."""
    lines = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return ["", f"| {' | '.join(head)} |", "|" + "---|" * len(head), *lines] if lines else []


# -- words ----------------------------------------------------------------------------------------


def options(word: object) -> dict[str, str]:
    """The options of a word and what its docstring's `Args:` say of each, joined to one line."""
    doc = inspect.getdoc(word) or ""
    _, _, behind = doc.partition("Args:\n")
    block = re.match(r"(?:[ ]{4}.*\n?)*", behind)
    assert block is not None  # it can be empty
    said = re.findall(r"^ {4}(\w+): ((?:.*)(?:\n {8,}.*)*)", block.group(), re.MULTILINE)
    return {name: re.sub(r"\s+", " ", about) for name, about in said}


def parameters(word: object) -> dict[str, inspect.Parameter]:
    """What a word takes; nothing where it is the name of a type."""
    if not callable(word) or getattr(word, "_is_protocol", False):
        return {}
    return dict(inspect.signature(word).parameters)


def _words() -> Iterator[str]:
    yield "\n## Words\n\n`from seedbed import …`"
    for subject, held in seedbed.WORDS.items():
        yield f"\n### {subject}"
        yield from table(("word", "what it is"), ((f"`{w}`", a) for w, (_, a) in held.items()))
        for name in held:
            word = getattr(seedbed, name)
            if name in TYPES or not (taken := parameters(word)):
                continue
            said = options(word)
            rows = ((f"`{n}`", _default(p), said[n]) for n, p in taken.items())
            yield f"\n**`{name}`**: {_first(word)}"
            yield from table(("option", "if not given", "what it says"), rows)


def _default(parameter: inspect.Parameter) -> str:
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        return "any number"
    given = parameter.default
    if given is parameter.empty:
        return "required"
    if repr(given) == "<factory>" or given in ((), "", None):
        return ""
    return f"`{given!r}`"


def _first(word: object) -> str:
    """The first paragraph of a docstring on one line."""
    return re.sub(r"\s+", " ", (inspect.getdoc(word) or "").split("\n\n")[0])


# -- rows and run ---------------------------------------------------------------------------------


def offered(protocol: type) -> dict[str, Any]:
    """What a protocol offers by name."""
    named = {name: getattr(protocol, name) for name in vars(protocol)}
    return {n: one for n, one in named.items() if not n.startswith("_") or n == "__getitem__"}


def _rows() -> Iterator[str]:
    for title, protocol in (("rows", seedbed.Rows), ("rows.run", seedbed.Run)):
        yield f"\n## Words of `{title}`\n\n{_first(protocol)}"
        rows = ((f"`{_call(n, one)}`", _first(one)) for n, one in offered(protocol).items())
        yield from table(("word", "what it gives"), rows)


def _call(name: str, member: Any) -> str:
    if not callable(member):
        return name
    taken = list(inspect.signature(member).parameters.values())[1:]
    shown = ", ".join(
        one.name if one.default is one.empty else f"{one.name}={one.default!r}" for one in taken
    )
    return f"rows[{shown}]" if name == "__getitem__" else f"{name}({shown})"


# -- profile --------------------------------------------------------------------------------------


def keys(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every key of a model and its sections, dotted, in order of declaration."""
    for name, field in model.model_fields.items():
        yield f"{above}{name}", field
        if inner := _section(field):
            yield from keys(inner, f"{above}{name}.")


def _section(field: FieldInfo) -> type[BaseModel] | None:
    for part in (field.annotation, *get_args(field.annotation)):
        if inspect.isclass(part) and issubclass(part, BaseModel):
            return part
    return None


def _keys() -> Iterator[str]:
    yield "\n## Keys of a profile\n\nA profile is a file `deployments/environments/NAME.toml`. What"
    yield "stands before a point is a section: `guard.hosts` is `hosts` in `[guard]`."
    rows = (
        (f"`{name}`", _type(field), _given(field), field.description or "")
        for name, field in keys(Profile)
        if name != "name"  # the file's own
    )
    yield from table(("key", "type", "if not given", "what it says"), rows)


def _type(field: FieldInfo) -> str:
    if _section(field):
        return "section"
    bounds = [
        f"{words[0]} {getattr(one, words[1]):,}"
        for one in field.metadata
        for kind, words in BOUNDS.items()
        if isinstance(one, kind)
    ]
    return " ".join([_named(field.annotation), *bounds])


def _named(annotation: Any) -> str:
    plain = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    parts = [one for one in get_args(annotation) if one not in (type(None), Ellipsis)]
    if get_origin(annotation) is Literal:
        return " or ".join(f'"{one}"' for one in parts)
    if get_origin(annotation) in (Union, types.UnionType):
        return " or ".join(map(_named, parts))
    if get_origin(annotation) is tuple:
        return f"list of {_named(parts[0])}"
    if get_origin(annotation) is dict:
        return f"table of {_named(parts[1])}"
    return plain[annotation]


def _given(field: FieldInfo) -> str:
    if _section(field):
        return ""
    if field.is_required():
        return "required"
    given = field.get_default(call_default_factory=True)
    if given is None or given in ((), {}):
        return ""
    return f"`{json.dumps(given)}`"


# -- variables and commands -----------------------------------------------------------------------


def _variables() -> Iterator[str]:
    yield "\n## Environment variables\n\nA `SEEDBED_…` that nothing reads is an error. A profile"
    yield "can name further ones for its databases (`database.variable`)."
    for subject, held in VARIABLES.items():
        yield f"\n### {subject}"
        yield from table(("variable", "what it says"), ((f"`{n}`", a) for n, a in held.items()))


def commands() -> dict[str, tuple[str, argparse.ArgumentParser]]:
    """Every command with its one line and its parser."""
    for action in parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            about = {one.dest: one.help or "" for one in action._choices_actions}
            return {name: (about[name], one) for name, one in action.choices.items()}
    raise AssertionError("the parser has no commands")


def arguments(command: argparse.ArgumentParser) -> list[argparse.Action]:
    """What a command takes, its help apart."""
    return [one for one in command._actions if not isinstance(one, argparse._HelpAction)]


def _commands() -> Iterator[str]:
    yield "\n## Commands"
    for name, (about, command) in commands().items():
        yield f"\n### `seedbed {name}`\n\n{about[0].upper()}{about[1:]}."
        rows = ((f"`{_shown(one)}`", one.help or "") for one in arguments(command))
        yield from table(("option", "what it says"), rows)
    yield "\n### Exit codes"
    yield from table(("code", "meaning"), ((str(c), said) for c, said in EXIT_CODES.items()))


def _shown(action: argparse.Action) -> str:
    choices = "|".join(map(str, action.choices or ()))
    named = action.metavar if isinstance(action.metavar, str) else choices or action.dest.upper()
    more = "…" if action.nargs in ("*", "+") else ""
    if not action.option_strings:
        return f"{named}{more}"
    return action.option_strings[0] + (f" {named}{more}" if action.nargs != 0 else "")


if __name__ == "__main__":
    FILE.write_text(reference(), encoding="utf-8")
