"""Benchmark: orders through the real flow against PostgreSQL's own COPY of the same rows.

    make bench                                   1,000,000 orders, 3 rounds
    python -m tests.benchmarks --orders 100000 --rounds 5

Each round runs, in turn, on the same table with its keys and indexes, emptied and
checkpointed before each: the flow (generate, load, count, digest), COPY from a ready CSV file
on the server, and a replay of ready binary COPY bytes from the client. Machines are shared
and noisy: read the medians of the ratios within a round.
"""

from __future__ import annotations

import argparse
import statistics
from typing import Any

from rich.console import Console
from rich.table import Table

from seedbed.context.datasets import dataset
from tests.benchmarks.stand import Stand, stand, timed, written

TASKS = len(dataset("commerce").entities) + 1
"""Tasks of a seed run: one an entity, and the digests."""


class Contest:
    """The table `orders`, the files with its rows, and the three ways to load it."""

    def __init__(self, stand: Stand, orders: int) -> None:
        self.stand, self.orders = stand, orders
        self.asked: dict[str, Any] = {"datasets": ["commerce"], "only": ["orders"]}
        self.asked["scale"] = orders // 100
        self.connection = stand.database("commerce")
        self.csv = stand.home / "postgres" / "data" / "orders.csv"
        self.binary = stand.home / "orders.bin"

    def prepare(self) -> None:
        """Seed once, and write the rows to the files that are replayed."""
        self.stand.flow("seed", self.asked | {"with_upstream": True})
        self.connection.execute(f"COPY orders TO '{self.csv}' (FORMAT csv)")
        copy = "COPY orders TO STDOUT (FORMAT binary)"
        with self.binary.open("wb") as file, self.connection.cursor().copy(copy) as stream:
            for block in stream:
                file.write(block)

    def empty(self) -> None:
        """The table as before the first row."""
        self.connection.execute("TRUNCATE orders CASCADE")
        self.connection.execute("CHECKPOINT")

    def by_flow(self) -> dict[str, Any]:
        """Generate, load, count and digest through the flow."""
        self.empty()
        return self.stand.flow("seed", self.asked)

    def by_csv(self) -> float:
        """The server reads its own file."""
        self.empty()
        return timed(lambda: self.connection.execute(f"COPY orders FROM '{self.csv}' (FORMAT csv)"))

    def by_binary(self) -> float:
        """The client sends ready bytes."""
        self.empty()
        return timed(self._replay)

    def _replay(self) -> None:
        copy = "COPY orders FROM STDIN (FORMAT binary)"
        with self.binary.open("rb") as file, self.connection.cursor().copy(copy) as stream:
            while block := file.read(1 << 20):
                stream.write(block)


def measure(contest: Contest, rounds: int) -> dict[str, Any]:
    """All rounds, with the small runs at the end of each."""
    runs: list[dict[str, float]] = []
    for _ in range(rounds):
        loaded = contest.by_flow()
        one = {"flow": loaded["seconds"], "flow_peak_mb": loaded["peak_mb"]}
        one |= {"csv": contest.by_csv(), "binary": contest.by_binary()}
        again = contest.stand.flow("seed", contest.asked)
        small = {"datasets": ["commerce"], "scale": 1}
        contest.empty()
        contest.stand.flow("seed", small)
        nothing = contest.stand.flow("seed", small)
        empty = contest.stand.flow("empty", TASKS)
        one |= {"satisfied": again["seconds"], "small_satisfied": nothing["seconds"]}
        one |= {"empty": empty["seconds"], "empty_peak_mb": empty["peak_mb"]}
        runs.append(one)
    return {"orders": contest.orders, "rounds": runs, "median": medians(runs)}


def medians(runs: list[dict[str, float]]) -> dict[str, float]:
    """Medians of the figures, and of the ratios within each round."""
    figures = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    ratios = {
        "flow/csv": lambda run: run["flow"] / run["csv"],
        "flow/binary": lambda run: run["flow"] / run["binary"],
        "satisfied/flow": lambda run: run["satisfied"] / run["flow"],
        "small_satisfied/empty": lambda run: run["small_satisfied"] / run["empty"],
        "extra_peak_mb": lambda run: run["flow_peak_mb"] - run["empty_peak_mb"],
    }
    return figures | {name: statistics.median(map(of, runs)) for name, of in ratios.items()}


BUDGET = {
    "flow/csv": 0.9,
    "flow/binary": 1.15,
    "small_satisfied/empty": 1.5,
    "extra_peak_mb": 200.0,
}


def show(result: dict[str, Any]) -> None:
    """The table, with the budget where there is one."""
    table = Table(title=f"{result['orders']:,} orders, medians of {len(result['rounds'])} rounds")
    for column in ("figure", "median", "rows/s", "budget"):
        table.add_column(column, justify="left" if column == "figure" else "right")
    for name, value in result["median"].items():
        rate = result["orders"] / value if name in ("flow", "csv", "binary") else None
        limit = BUDGET.get(name)
        table.add_row(
            name, f"{value:.2f}", f"{rate:,.0f}" if rate else "", f"≤ {limit}" if limit else ""
        )
    Console(width=100).print(table)


def main() -> None:
    """Run the contest on a server of its own and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with stand() as place:
        contest = Contest(place, chosen.orders)
        contest.prepare()
        result = measure(contest, chosen.rounds)
        contest.connection.close()
    target = written(f"orders-{chosen.orders}", result)
    show(result)
    print(f"written to {target}")


if __name__ == "__main__":
    main()
