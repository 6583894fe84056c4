"""Growth: seconds and peak memory of the flow over the number of rows.

    make bench-growth                                  10^4 to 10^7 statistics, to 10^6 orders
    python -m tests.benchmarks.growth --most 1000000 --rounds 3

Every size is a first load of an empty table, in a process of its own; the sizes take turns in
each round. The seconds grow as rows to the power of an exponent; 1.0 is linear. It is fitted
twice: to the seconds as they are, a second or more of which a run takes on the Prefect server
however few its rows, and to those beyond the smallest size, which are the rows' own.
"""

from __future__ import annotations

import argparse
import math
import statistics
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from tests.benchmarks import narrow
from tests.benchmarks.stand import Stand, stand, written

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)


@dataclass(frozen=True)
class Line:
    """One entity that grows: `unit` rows at scale 1, at most `most` of them."""

    dataset: str
    entity: str
    table: str
    unit: int
    most: int

    def sizes(self, limit: int) -> list[int]:
        """The numbers of rows that are loaded."""
        return [size for size in SIZES if size <= min(self.most, limit)]


LINES = (
    Line("narrow", "statistics", "ad_stats_daily", narrow.UNIT, 10_000_000),
    Line("commerce", "orders", "orders", 100, 1_000_000),
)

Figures = dict[str, float]


def load(place: Stand, line: Line, rows: int) -> Figures:
    """A measured first load, its rows counted in the database."""
    asked = {"datasets": [line.dataset], "only": [line.entity], "scale": rows // line.unit}
    with place.database(line.dataset) as connection:
        connection.execute(f"TRUNCATE {line.table} CASCADE")
        connection.execute("CHECKPOINT")
        measured = place.flow("seed", asked)
        found = connection.execute(f"SELECT count(*) FROM {line.table}").fetchone()
    assert found == (rows,), f"{line.entity}: {rows} rows were asked for, {found} are there"
    return {"seconds": measured["seconds"], "peak_mb": measured["peak_mb"]}


def measure(place: Stand, limit: int, rounds: int) -> dict[str, Any]:
    """All lines: for every size the runs and their medians, and the exponents."""
    runs: dict[tuple[Line, int], list[Figures]] = {}
    for line in LINES:
        first = {"datasets": [line.dataset], "only": [line.entity], "scale": 1}
        place.database(line.dataset).close()
        place.flow("seed", first | {"with_upstream": True})
    for _ in range(rounds):
        for line in LINES:
            for rows in line.sizes(limit):
                runs.setdefault((line, rows), []).append(load(place, line, rows))
    return {line.entity: grown({r: runs[line, r] for r in line.sizes(limit)}) for line in LINES}


def grown(runs: dict[int, list[Figures]]) -> dict[str, Any]:
    """The points of a line, and the exponents of its seconds.

    `further_us` is what each row beyond the next smaller size takes, in microseconds: equal
    at all sizes when the growth is linear, whatever a run takes by itself.
    """
    points: list[dict[str, Any]] = []
    for rows, of in runs.items():
        median = {name: statistics.median(one[name] for one in of) for name in of[0]}
        points.append({"rows": rows, **median, "further_us": None, "runs": of})
    for less, more in pairwise(points):
        further = (more["seconds"] - less["seconds"]) / (more["rows"] - less["rows"])
        more["further_us"] = further * 1e6
    plain = [(point["rows"], point["seconds"]) for point in points]
    further = [(rows - plain[0][0], seconds - plain[0][1]) for rows, seconds in plain[1:]]
    return {
        "points": points,
        "exponent": exponent(plain),
        "exponent_further": exponent(further),
    }


def exponent(points: list[tuple[int, float]]) -> float | None:
    """The slope of the seconds over the rows, both as logarithms; one point has none."""
    known = [(math.log(rows), math.log(seconds)) for rows, seconds in points if seconds > 0]
    return statistics.linear_regression(*zip(*known, strict=True)).slope if known[1:] else None


def show(result: dict[str, Any]) -> None:
    """A table a line, as Markdown."""
    for name, line in result["lines"].items():
        fitted = [line["exponent"], line["exponent_further"]]
        plain, further = ("-" if one is None else f"{one:.2f}" for one in fitted)
        print(f"\n{name}: exponent {plain}, beyond the smallest size {further}")
        table = Table(box=MARKDOWN)
        for column in ("rows", "seconds", "rows/s", "µs a further row", "peak MB"):
            table.add_column(column, justify="right")
        for point in line["points"]:
            table.add_row(
                f"{point['rows']:,}",
                f"{point['seconds']:.2f}",
                f"{point['rows'] / point['seconds']:,.0f}",
                f"{point['further_us']:.1f}" if point["further_us"] else "",
                f"{point['peak_mb']:.0f}",
            )
        Console(width=100).print(table)


def main() -> None:
    """Load all sizes and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=SIZES[-1], help="leave out larger sizes")
    parser.add_argument("--rounds", type=int, default=1)
    chosen = parser.parse_args()
    with stand() as place:
        lines = measure(place, chosen.most, chosen.rounds)
        empty = place.flow("empty", 1)
    result = {"rounds": chosen.rounds, "empty_peak_mb": empty["peak_mb"], "lines": lines}
    target = written("growth", result)
    show(result)
    print(f"a Prefect flow that does nothing takes {empty['peak_mb']:.0f} MB; written to {target}")


if __name__ == "__main__":
    main()
