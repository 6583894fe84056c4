"""What a database error means: its safe sentence, and whether trying again can help.

A server's DETAIL never reaches an error of ours: it can show the values of rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from seedbed.postgres.connection.errors import CannotConnect, ReadOnlyServer


class Silent(psycopg.OperationalError):
    """The server neither answers nor hangs up; the connection was closed from this side."""


_PASSING = frozenset({"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300", "25006"})
_LOST = "the connection to the server was lost"


def passing(error: BaseException) -> bool:
    """Whether the whole transaction may succeed on a new connection."""
    if isinstance(error, CannotConnect | ReadOnlyServer):
        return error.passes
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate is None:
        return _broken(error)
    return error.sqlstate in _PASSING or (error.sqlstate.startswith("08") and not misread(error))


def misread(error: psycopg.Error) -> bool:
    """Whether the server could not read what was sent for a column's type.

    It calls that a violation of the protocol, as poolers call everything, but a pooler names no
    place in its source.
    """
    code = error.sqlstate
    return code == "22P03" or (code == "08P01" and bool(error.diag.source_file))


def _broken(error: psycopg.Error) -> bool:
    """No SQLSTATE: the connection broke, or psycopg itself objects to how it is used."""
    if isinstance(error, psycopg.InterfaceError):
        return "connection is closed" in str(error)
    return isinstance(error, psycopg.OperationalError)


_SPEAKING = _PASSING | {
    *("0A000", "22001", "3F000", "42501", "42703", "42804", "42809", "42883", "42P01", "42P10"),
    *("428C9", "53100", "53200", "53400", "54000", "55000", "57014", "58030", "58P01", "XX001"),
    "XX002",
}
"""SQLSTATEs whose message names objects and settings, never a row's values."""

_SPEAKING_IN = {("22P02", "enum.c"), ("XX000", "ri_triggers.c")}
"""The same where only one source file of the server gives that SQLSTATE so: what a label is not,
and which reference a rule has rewritten."""

_LANGUAGES = ("pl_", "plpy", "plperl", "pltcl", "plv8")
"""Source files of the languages in which an application's triggers raise errors of their own."""

_CHANGED = "the column's type has changed since the run looked at it; run it again"

_REMEDIES = {
    "08P01": _CHANGED,
    "22P03": _CHANGED,
    "22P05": "the database's encoding lacks a character; use a database with ENCODING 'UTF8'",
    "42804": _CHANGED,
    "53100": "the server's disk is full; make room and run it again",
    "53400": "let the server's owner raise that limit",
    "55P03": "another session holds the lock; wait for its end, or raise limits.lock in the "
    "profile",
    "57014": "raise limits.statement in the profile, or look for a foreign key without an index "
    "(`seedbed plan` names them)",
}
"""What to do next, for the errors of which that is known."""

_REMEDIES_IN = {
    ("55000", "execReplication.c"): "let its owner run ALTER TABLE … REPLICA IDENTITY DEFAULT "
    "(without a primary key: FULL), or take it out of the publication",
    ("XX000", "ri_triggers.c"): "a rule rewrites what that reference does; let its owner drop the "
    "rule, or have a trigger do its work",
}
"""The same, for what one source file of the server says."""

_COPIED = re.compile(r"^COPY .+?, \w+ (?P<line>\d+)(?:, \w+ (?P<column>[^:\n]+))?", re.M)
"""Where a COPY stopped: "COPY orders, line 12, column total", in whatever language."""

_FUNCTION = re.compile(r'(?:PL/\w+[ -]\w+|SQL function) "?([\w.]+(?:\([^)\n]*\))?)')
"""Which function was at work, the innermost first: "PL/pgSQL function tell(text) line 3"."""


def copied(error: psycopg.Error) -> tuple[int | None, str]:
    """The line of a COPY and the column at which it stopped, where the server names them."""
    found = _COPIED.search(error.diag.context or "")
    if found is None:
        return None, ""
    return int(found["line"]), found["column"] or ""


def sentence(error: psycopg.Error) -> str:
    """One sentence on a database error, without the values of any row, and what to do about it.

    Names the error, its SQLSTATE, constraint, table, column, and the function that raised it. The
    server's own message is added only for errors that show no values, and not when a trigger or
    function raised it.
    """
    doing = [f"{note}: " for note in getattr(error, "__notes__", ())]  # see `naming`
    known = remedy(error)
    return "".join([*doing, said(error), *([f"; {known}"] if known else [])])


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Note on a database error of the block what was being done: it may name no table by itself."""
    try:
        yield
    except psycopg.Error as error:
        error.add_note(what)
        raise


def said(error: psycopg.Error) -> str:
    """What `sentence` says, without what to do about it."""
    if isinstance(error, Silent):
        return str(error)
    if error.sqlstate is None:
        return _LOST if _broken(error) else f"psycopg refused the call: {type(error).__name__}"
    text = ", ".join([f"{_name(error.sqlstate)} (SQLSTATE {error.sqlstate})", *_objects(error)])
    place = (error.sqlstate, error.diag.source_file)
    speaks = error.sqlstate in _SPEAKING or place in _SPEAKING_IN
    return f"{text}: {error.diag.message_primary}" if speaks and _by_server(error) else text


def remedy(error: psycopg.Error) -> str:
    """What to do about an error; nothing where that is not known."""
    if error.sqlstate is None or not _by_server(error):
        return ""
    place = (error.sqlstate, error.diag.source_file or "")
    return _REMEDIES_IN.get(place) or _REMEDIES.get(error.sqlstate, "")


def _by_server(error: psycopg.Error) -> bool:
    """Whether the server itself raised it, not a trigger or a function of the application."""
    source = error.diag.source_file
    return bool(source) and not str(source).startswith(_LANGUAGES)


def _objects(error: psycopg.Error) -> Iterator[str]:
    """What the error is about."""
    diag = error.diag
    if diag.constraint_name:
        yield f"constraint {diag.constraint_name}"
    if diag.table_name:
        yield f"table {diag.schema_name}.{diag.table_name}"
    if diag.datatype_name:
        yield f"domain {diag.schema_name}.{diag.datatype_name}"
    if column := diag.column_name or copied(error)[1]:
        yield f"column {column}"
    if raised := _FUNCTION.search(diag.context or ""):
        yield f"raised by {raised[1]}"


def _name(sqlstate: str) -> str:
    """PostgreSQL's name of a SQLSTATE, such as UniqueViolation."""
    try:
        return errors.lookup(sqlstate).__name__
    except KeyError:
        return "error of its own"
