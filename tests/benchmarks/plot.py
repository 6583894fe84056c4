"""Plots of the benchmarks' figures, for docs/images; runs in the peers' environment.

    bench-results/peers/bin/python -m tests.benchmarks.plot

Reads bench-results/peers.json and growth.json, writes peers.svg and growth.svg; of a file that
is not there it draws nothing.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl  # type: ignore[import-not-found, unused-ignore]
from matplotlib import pyplot as plt  # type: ignore[import-not-found, unused-ignore]

RESULTS = Path("bench-results")
IMAGES = Path("docs/images")

OURS, THEIRS, REFERENCE, INK, FAINT = "#1b6e3c", "#8a97a3", "#c9b36b", "#222222", "#dddddd"
MARKS = {"statistics": "o", "orders": "s"}
COLOURS = {"statistics": "#1b6e3c", "orders": "#2a5f9e"}
STYLE = {
    "font.size": 11,
    "axes.edgecolor": "#888888",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "seedbed",  # the same figures make the same file
}


def peers(result: dict[str, Any]) -> Any:
    """A bar a peer, rows per second on a logarithmic axis."""
    done = [one for one in result["peers"] if "rate" in one]
    done.sort(key=lambda one: float(one["rate"]))
    labels = [f"{one['name']}\n{one['rows']:,} rows" for one in done]
    figure, axes = plt.subplots(figsize=(9, 0.62 * len(done) + 1.2))
    bars = axes.barh(labels, [one["rate"] for one in done], color=[_colour(one) for one in done])
    axes.bar_label(bars, [f"{one['rate']:,.0f}" for one in done], padding=4, color=INK)
    axes.set_xscale("log")
    axes.set_xlim(100, max(one["rate"] for one in done) * 3)
    axes.set_xlabel("rows per second, generated and loaded (logarithmic)")
    axes.set_title(f"The table orders, medians of rounds: {result['rounds']}", loc="left")
    axes.tick_params(axis="y", length=0, labelsize=10)
    axes.grid(axis="x", color=FAINT)
    axes.set_axisbelow(True)
    return figure


def growth(result: dict[str, Any]) -> Any:
    """Seconds over rows, both logarithmic, with a line of slope one; below it the memory."""
    figure, (upper, lower) = plt.subplots(
        2, 1, figsize=(8, 7), sharex=True, height_ratios=(3, 1.3), layout="constrained"
    )
    for name, line in result["lines"].items():
        rows = [point["rows"] for point in line["points"]]
        seconds = [point["seconds"] for point in line["points"]]
        look = {"marker": MARKS[name], "color": COLOURS[name], "label": name}
        upper.plot(rows, seconds, **look)
        lower.plot(rows, [point["peak_mb"] for point in line["points"]], **look)
        last = rows[-1] / seconds[-1]
        note = f"{seconds[-1]:,.0f} s, {last:,.0f} rows/s"
        upper.annotate(
            note, (rows[-1], seconds[-1]), (-8, 4), textcoords="offset points", ha="right"
        )
    ends = [
        10_000,
        max(point["rows"] for one in result["lines"].values() for point in one["points"]),
    ]
    rate = max(
        point["rows"] / point["seconds"]
        for one in result["lines"].values()
        for point in one["points"]
    )
    upper.plot(ends, [end / rate for end in ends], "--", color=THEIRS, label="linear")
    lower.axhline(result["empty_peak_mb"], ls="--", color=THEIRS, label="empty Prefect flow")
    upper.set(xscale="log", yscale="log", ylabel="seconds")
    lower.set(ylabel="peak MB", xlabel="rows of a first load (logarithmic)")
    lower.set_ylim(bottom=0)
    upper.set_title(
        f"First load through the flow, medians of rounds: {result['rounds']}", loc="left"
    )
    for axes in (upper, lower):
        axes.grid(color=FAINT)
        axes.legend(frameon=False, loc="best")
    return figure


def _colour(one: dict[str, Any]) -> str:
    if one["name"].startswith("seedbed"):
        return OURS
    return REFERENCE if "reference" in one["name"] else THEIRS


def main() -> None:
    """Draw what there are figures of."""
    mpl.use("svg")
    mpl.rcParams.update(STYLE)
    for name, draw in {"peers": peers, "growth": growth}.items():
        source = RESULTS / f"{name}.json"
        if not source.exists():
            print(f"no {source}: run python -m tests.benchmarks.{name} first", file=sys.stderr)
            continue
        figure = draw(json.loads(source.read_text()))
        target = IMAGES / f"{name}.svg"
        figure.savefig(target, bbox_inches="tight", metadata={"Date": None})
        print(target)


if __name__ == "__main__":
    main()
