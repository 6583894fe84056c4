"""Every error that a user can meet: what went wrong, where, and what to do next.

An error takes values and writes the sentence itself, so the wording lives in one place.
`exit_code` is what the command line returns: 1 failed, 2 wrong use, 3 refused.
No sentence carries a secret: addresses are written without user and password.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class SeedbedError(Exception):
    """The work failed."""

    exit_code = 1
    passes = False
    """Whether the same may succeed when it is tried again."""


class UsageError(SeedbedError):
    """The command, a profile or a declaration is wrong; nothing was opened."""

    exit_code = 2


class Refused(SeedbedError):
    """The database, or its guard, does not allow it; nothing was written."""

    exit_code = 3


class UnknownName(UsageError):
    """A name that is not in the list, with the nearest one as a suggestion."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = get_close_matches(name, names, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
        super().__init__(f"unknown {kind} {name!r}; {hint}")


class BadSetting(UsageError):
    """A value outside its bounds, with the place it came from."""

    def __init__(self, where: str, name: str, problem: str) -> None:
        super().__init__(f"{where}: {name} {problem}")


class BadKey(UsageError):
    """A key scheme that is mistaken, or has no number left."""

    def __init__(self, kind: str, problem: str) -> None:
        super().__init__(f"key {kind!r} {problem}")


class BadDeclaration(UsageError):
    """A dataset that contradicts itself, or code in it that fails.

    `of` is its name, where it is known, `at` the file and line.
    """

    def __init__(self, entity: str, problem: str, *, of: str = "", at: str = "") -> None:
        self.entity, self.problem, self.at = entity, problem, at
        whose = f" of {of}" if of else ""
        where = f" ({at})" if at else ""
        super().__init__(f"entity {entity!r}{whose} {problem}{where}")


class PlainPassword(UsageError):
    """What should be a hash can be read."""

    def __init__(self, password: str) -> None:
        super().__init__(
            f"the login with password {password!r} has the password itself, or nothing, in the "
            "place of its hash; write the hash that the application checks it against"
        )
