"""Choice: which candidate each row gets, of those that its parent may have."""

from __future__ import annotations

from dataclasses import dataclass, field

from seedbed.declare.reads import Table, View


@dataclass(frozen=True)
class Choice:
    """Candidates, and who of them a row gets. Its options: see `choose`."""

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
    """A choice: which candidate each row gets.

    Each parent has its candidates in an order of its own, drawn by hash; position k gets the k-th.
    So a parent's rows choose different candidates. With `balance` one parent more can change the
    choices of those who have candidates in common with it.

    Args:
        among: the table or view whose rows are the candidates
        by: its column with the parent's key; None where every parent may have all rows
        fills: the row's columns that the candidate's columns go to; unique with the parent
        repeat: whether choosing begins anew behind a parent's last candidate
        balance: evens out how many each candidate gets; does nothing beside `repeat`
        prefer: a column; candidates with less of it come first (what they have, with `balance`)
    """
    return Choice(among, by, fills or {}, repeat, balance, prefer)
