"""Gaps and resets at size: what a look costs, a fill of what is missing, and a removal.

    python -m tests.benchmarks.gaps              1,000,000 orders, 10,000,000 statistics
    python -m tests.benchmarks.gaps --orders 100000 --statistics 1000000 --rounds 1

Each figure is the median of the rounds; a load and its look, a removal and its DELETE follow
each other in every round. The statistics are loaded once and thinned out once a round.
"""

from __future__ import annotations

import argparse
import os
import statistics
from datetime import date
from typing import Any

from rich.console import Console
from rich.table import Table

from seedbed.context.assignment import Assignment
from seedbed.context.opening import opened
from seedbed.postgres import read
from tests.benchmarks import narrow
from tests.benchmarks.stand import Connection, Stand, stand, timed, written

AS_OF = date(2026, 11, 21)
REMOVED = 100_000
"""Orders that are reset."""

MISSING = 100
"""Of the statistics every so many-th row is deleted: 1 %."""

BUDGET = {"gap/load": 0.1, "reset/delete": 2.0}


def asked(dataset: str, only: str, scale: int, *, upstream: bool = False) -> dict[str, Any]:
    """A flow's parameters."""
    chosen = {"datasets": [dataset], "only": [only], "scale": scale, "as_of": str(AS_OF)}
    return chosen | {"with_upstream": upstream}


def gap(dataset: str, name: str, scale: int) -> float:
    """Seconds to find that no row of an entity is missing: read the keys, compare them."""
    assignment = Assignment("benchmark", "plan", "dev", dataset, 42, AS_OF, AS_OF, scale)
    with opened(assignment) as context, context.database.reading() as connection:
        entity = next(one for one in context.dataset.entities if one.name == name)
        run, rows = context.at(connection), context.chunk_rows(entity)
        found = read.Gap(connection, entity, run, rows)
        seconds = timed(lambda: [*read.Gap(connection, entity, run, rows)])
        assert [*found] == []
        assert found.target > 0
    return seconds


def orders(stand: Stand, connection: Connection, many: int) -> dict[str, float]:
    """Load the orders, then look whether one is missing."""
    wanted = asked("commerce", "orders", many // 100, upstream=True)
    connection.execute("TRUNCATE orders CASCADE")
    loaded = stand.flow("seed", wanted)
    return {"load": loaded["seconds"], "gap": gap("commerce", "orders", many // 100)}


def removals(stand: Stand, connection: Connection) -> dict[str, float]:
    """Remove the same orders by a reset, and by a plain DELETE of their keys."""
    wanted = asked("commerce", "orders", REMOVED // 100, upstream=True)
    stand.flow("reset", {"datasets": ["commerce"], "confirm": True})
    nothing = stand.flow("reset", {"datasets": ["commerce"], "confirm": True})
    stand.flow("seed", wanted)
    reset = stand.flow("reset", {"datasets": ["commerce"], "confirm": True})
    stand.flow("seed", wanted)
    keys = [row[0] for row in connection.execute("SELECT id FROM orders")]
    assert len(keys) == REMOVED
    delete = timed(lambda: connection.execute("DELETE FROM orders WHERE id = ANY(%s)", (keys,)))
    return {"reset": reset["seconds"], "reset_of_nothing": nothing["seconds"], "delete": delete}


def thinned(stand: Stand, connection: Connection, many: int, turn: int) -> dict[str, float]:
    """Delete 1 % of the statistics, here and there, and fill the gap again."""
    gone = connection.execute(
        "DELETE FROM ad_stats_daily WHERE abs(hashtext(id::text)) %% %s = %s", (MISSING, turn)
    ).rowcount
    filled = stand.flow("seed", asked("narrow", "statistics", many // narrow.UNIT))
    assert filled["added"] == gone
    return {
        "fill_1_percent": filled["seconds"],
        "fill_peak_mb": filled["peak_mb"],
        "gap_of_statistics": gap("narrow", "statistics", many // narrow.UNIT),
    }


def ratios(run: dict[str, float]) -> dict[str, float]:
    """Those with a budget, and what is beside them; within one round."""
    return {
        "gap/load": run["gap"] / run["load"],
        "reset/delete": (run["reset"] - run["reset_of_nothing"]) / run["delete"],
        "fill_1_percent/load": run["fill_1_percent"] / run["load_of_statistics"],
    }


def show(result: dict[str, Any]) -> None:
    """The table, with the budget where there is one."""
    sizes = f"{result['orders']:,} orders, {result['statistics']:,} statistics"
    table = Table(title=f"{sizes}, medians of {len(result['rounds'])} rounds")
    for column in ("figure", "median", "budget"):
        table.add_column(column, justify="left" if column == "figure" else "right")
    for name, value in result["median"].items():
        limit = BUDGET.get(name)
        table.add_row(name, f"{value:.3f}", f"≤ {limit}" if limit else "")
    Console(width=100).print(table)


def main() -> None:
    """Measure on a server of its own and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--statistics", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    runs: list[dict[str, float]] = []
    with stand() as at:
        os.environ |= at.environ
        with at.database("commerce") as commerce, at.database("narrow") as other:
            wanted = asked("narrow", "statistics", chosen.statistics // narrow.UNIT, upstream=True)
            loaded = at.flow("seed", wanted)
            once = {
                "load_of_statistics": loaded["seconds"],
                "load_peak_mb": loaded["peak_mb"],
            }
            for turn in range(chosen.rounds):
                run = orders(at, commerce, chosen.orders) | removals(at, commerce)
                runs.append(run | once | thinned(at, other, chosen.statistics, turn))
    figures = [run | ratios(run) for run in runs]
    median = {name: statistics.median(one[name] for one in figures) for name in figures[0]}
    sizes = {"orders": chosen.orders, "statistics": chosen.statistics}
    result = sizes | {"rounds": runs, "median": median}
    target = written("gaps", result)
    show(result)
    print(f"written to {target}")


if __name__ == "__main__":
    main()
