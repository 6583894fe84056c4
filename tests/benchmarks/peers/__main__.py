"""Peers: other tools fill the same table `orders`, on the same server, in turn.

    make bench-peers               20,000 rows, of the quickest a million, too; 3 rounds
    python -m tests.benchmarks.peers --rows 100000 --rounds 5

The table has its keys and indexes and its parents are there; it is emptied and the server
checkpointed before each load. The clock covers making the rows, sending and committing them;
starting the process, importing and connecting are told apart. After each load the rows are
counted in the database: one that has others than were asked for has failed. After the first
round's load each peer runs once more on the filled table, which tells what it does then.
"""

from __future__ import annotations

import argparse
import statistics
from typing import Any

import psycopg
from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from tests.benchmarks.peers.peer import PEERS, Failed, Figures, Peer, Result, present
from tests.benchmarks.stand import Connection, Stand, stand, written

WIDTH = 240
"""No line of the table is broken: it can be pasted into docs/speed.md."""

PARENTS = ("sellpages", "sellers", "products")
"""Children first: dbsprout adds rows of its own to them."""


class Arena:
    """The databases, and what was in them before the first peer came."""

    def __init__(self, place: Stand) -> None:
        self.place = place
        first = {"datasets": ["commerce"], "only": ["orders"], "scale": 1}
        self.connections = {"commerce": place.database("commerce")}
        place.flow("seed", first | {"with_upstream": True})
        self.connections["commerce"].execute("CREATE DATABASE pgbench")
        self.connections["pgbench"] = psycopg.connect(place.url("pgbench"), autocommit=True)
        self.kept = {table: self._keys(table) for table in PARENTS}

    def _keys(self, table: str) -> list[Any]:
        return [key for (key,) in self.connections["commerce"].execute(f"SELECT id FROM {table}")]

    def empty(self) -> None:
        """As before the first load."""
        connection = self.connections["commerce"]
        connection.execute("TRUNCATE orders CASCADE")
        for table in PARENTS:
            connection.execute(f"DELETE FROM {table} WHERE id <> ALL(%s)", [self.kept[table]])
        self.connections["pgbench"].execute("DROP TABLE IF EXISTS pgbench_accounts")
        connection.execute("CHECKPOINT")

    def loaded(self, peer: Peer, rows: int) -> tuple[Figures, str]:
        """A load into the empty table: its figures, and a digest of the rows.

        Raises:
            Failed: it ended with an error, or there are other rows than were asked for.
        """
        self.empty()
        figures = peer.load(self.place, rows)
        connection = self.connections[peer.database]
        if (found := counted(connection, peer.table)) != rows:
            raise Failed(f"{found:,} rows instead of {rows:,}")
        query = f"SELECT sum(hashtextextended(t::text, 0))::text FROM {peer.table} t"
        (digest,) = connection.execute(query).fetchone() or ("",)
        return figures, digest

    def again(self, peer: Peer, rows: int) -> str:
        """What a run does where its rows are."""
        try:
            peer.load(self.place, rows)
        except Failed as reason:
            return f"fails: {reason}"
        more = counted(self.connections[peer.database], peer.table) - rows
        return f"{more:+,} rows"


def counted(connection: Connection, table: str) -> int:
    """Rows in the table."""
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0


def measure(place: Stand, rows: int, rounds: int) -> list[Result]:
    """All rounds of all peers that are here."""
    arena = Arena(place)
    lineup = {(peer.name, peer.rows or rows): peer for peer in PEERS}
    results: list[Result] = [
        {"name": name, "rows": size, "missing": present(peer), "failed": None}
        | {"runs": [], "digests": []}
        for (name, size), peer in lineup.items()
    ]
    for lap in range(rounds):
        for peer, result in zip(lineup.values(), results, strict=True):
            if result["missing"] or result["failed"]:
                continue
            try:
                figures, digest = arena.loaded(peer, result["rows"])
            except Failed as reason:
                result["failed"] = str(reason)
                continue
            result["runs"].append(figures)
            result["digests"].append(digest)
            if lap == 0:
                result["again"] = arena.again(peer, result["rows"])
    for connection in arena.connections.values():
        connection.close()
    return [summed(result) for result in results]


def summed(result: Result) -> Result:
    """With medians, rows per second, and whether every round gave the same rows."""
    runs, digests = result["runs"], result.pop("digests")
    if result["failed"] or not runs:
        return result
    names = ("seconds", "start", "peak_mb")
    median = {name: statistics.median(run[name] for run in runs) for name in names}
    same = len(set(digests)) == 1 if len(digests) > 1 else None
    return result | median | {"rate": result["rows"] / median["seconds"], "same": same}


def show(results: list[Result], rounds: int) -> None:
    """A line a peer, as Markdown."""
    print(f"Peers on the table orders, medians of rounds: {rounds}")
    table = Table(box=MARKDOWN)
    table.add_column("peer", no_wrap=True)
    for column in ("rows", "seconds", "rows/s", "start s", "peak MB"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("same rows", no_wrap=True)
    table.add_column("run again", no_wrap=True)
    for one in results:
        line = [one["name"], f"{one['rows']:,}"]
        if one["missing"] or one["failed"]:
            said = f"not installed: {one['missing']}" if one["missing"] else one["failed"]
            table.add_row(*line, "failed" if one["failed"] else "-", "", "", "", "", said)
            continue
        line += [f"{one['seconds']:.2f}", f"{one['rate']:,.0f}", f"{one['start']:.1f}"]
        same = {True: "yes", False: "no", None: ""}[one["same"]]
        table.add_row(
            *line, f"{one['peak_mb']:.0f}", same, one["again"].partition(" value violates")[0]
        )
    Console(width=WIDTH).print(table)


def main() -> None:
    """Let them run in turn and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    with stand() as place:
        results = measure(place, chosen.rows, chosen.rounds)
    written_to = written("peers", {"rounds": chosen.rounds, "peers": results})
    show(results, chosen.rounds)
    print(f"written to {written_to}")


if __name__ == "__main__":
    main()
