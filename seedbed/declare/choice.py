"""Choice: which candidate each row gets, of those that its parent may have."""

from __future__ import annotations

from dataclasses import dataclass, field

from seedbed.declare.reads import Table, View


@dataclass(frozen=True)
class Choice:
    """Candidates: the rows of `among` whose column `by` is the parent's key (None: all rows).

    Each parent has them in an order of its own, drawn by hash, those with less of column
    `prefer` first; position k gets the k-th. So a parent's rows choose different candidates,
    unless `repeat` begins anew behind the last. `fills` are the row's columns that the
    candidate's columns go to; together with the parent they are unique. With `balance` (which
    does nothing beside `repeat`) all candidates have as many as each other, as far as it can be;
    `prefer` is then a whole number, what each of them has already. One parent more can then
    change the choices of those who have candidates in common with it.
    """

    among: Table | View
    by: str | None = None
    fills: dict[str, str] = field(default_factory=dict)
    repeat: bool = False
    balance: bool = False
    prefer: str | None = None


def choose(
    among: Table | View,
    *,
    by: str | None = None,
    fills: dict[str, str] | None = None,
    repeat: bool = False,
    balance: bool = False,
    prefer: str | None = None,
) -> Choice:
    """A choice; see `Choice`."""
    return Choice(among, by, fills or {}, repeat, balance, prefer)
