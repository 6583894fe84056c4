"""Benchmark: orders through the real flow, by each way to load the parts of a large step.

    python -m tests.benchmarks.runners                          1,000,000 orders, 3 rounds
    python -m tests.benchmarks.runners --ways one processes --rounds 5 --orders 200000

Each round runs the ways in turn, on the same table with its keys and indexes, emptied and
checkpointed before each; their digests have to be equal. Machines are shared and noisy: read the
medians of the ratios within a round. `step` is the step itself as its report has it, with the
start of the workers; `flow` is the whole flow.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks.__main__ import Contest
from tests.benchmarks.stand import stand, written

WAYS = {
    "one": 'runner = "threads"\nparts = 1',
    "threads": 'runner = "threads"\nparts = 2',
    "processes": 'runner = "processes"\nparts = 2',
    "dask": 'runner = "dask"\nparts = 2',
    "ray": 'runner = "ray"\nparts = 2',
}
"""What a profile says for each; two workers everywhere."""

AS_OF = "2026-03-31"

COMMON = 'datasets = ["commerce"]\nworkers = 2\nretries = 0\n'

Round = dict[str, dict[str, Any]]


def measure(contest: Contest, profiles: Path, ways: list[str], rounds: int) -> list[Round]:
    """All rounds."""
    found: list[Round] = []
    for number in range(rounds):
        one: Round = {}
        for way in ways if number % 2 == 0 else reversed(ways):
            (profiles / "dev.toml").write_text(COMMON + WAYS[way])
            one[way] = contest.by_flow()
            sys.stderr.write(f"{number + 1} {way}: {json.dumps(one[way])}\n")
        found.append(one)
    return found


def result(rounds: list[Round], orders: int) -> dict[str, Any]:
    """The rounds, and the medians of the figures and of their ratios to the first way."""
    first, *others = ways = list(rounds[0])
    medians = {
        way: {
            figure: statistics.median(one[way][figure] for one in rounds)
            for figure in ("seconds", "step", "peak_mb")
        }
        for way in ways
    }
    ratios = {
        f"{way}/{first}": {
            figure: statistics.median(one[way][figure] / one[first][figure] for one in rounds)
            for figure in ("seconds", "step")
        }
        for way in others
    }
    equal = len({one[way]["digest"] for one in rounds for way in ways}) == 1
    return {
        "orders": orders,
        "equal_digests": equal,
        "median": medians,
        "ratio": ratios,
        "rounds": rounds,
    }


def main() -> None:
    """Run the ways on a server of its own; prints the figures and writes them to a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=["one", "threads", "processes"])
    chosen = parser.parse_args()
    with stand() as place:
        small = {"datasets": ["commerce"], "scale": 1, "as_of": AS_OF}
        place.database("commerce").close()
        place.flow("seed", small)  # what orders refer to
        profiles = place.home / "profiles"
        profiles.mkdir()
        place.environ["SEEDBED_ENVIRONMENTS"] = str(profiles)
        contest = Contest(place, chosen.orders)
        contest.asked["as_of"] = AS_OF
        found = result(measure(contest, profiles, chosen.ways, chosen.rounds), chosen.orders)
        contest.connection.close()
        del place.environ["SEEDBED_ENVIRONMENTS"]
    print(json.dumps(found, indent=2))
    print(f"written to {written(f'runners-{chosen.orders}', found)}")
    if not found["equal_digests"]:
        sys.exit("the digests differ")


if __name__ == "__main__":
    main()
