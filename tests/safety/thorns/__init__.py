"""thorns: a small dataset over a schema with everything that hurts.

teams ─┬─ players ─┬─ profiles (made by a trigger, then settled)
  ▲    │     │     ├─ seats (composite foreign key, exclusion)
  └────┼─────┘     └─ captains: teams' captain_id, a circle of foreign keys
       ├─ matches (a window, in partitions)
       └─ sheds (another schema, row security)

Declared downstream first: the order is to follow from what points at what.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from seedbed import (
    Columns,
    Dataset,
    Rows,
    daily,
    entity,
    exactly,
    nullable,
    scaled,
    settle,
    text,
    text_key,
    update,
    uuid_key,
)

NUMBERS = 0x5EED0000
"""Where the numbers of seeded teams begin, which the database makes for all others."""


@entity(table="teams", key=uuid_key("0f01-0001"), count=scaled(3))
def teams(rows: Rows) -> Columns:
    """Teams without their captains."""
    return {
        "name": text(rows.position, prefix="Team "),
        "number": NUMBERS + rows.number,
    }


PLAYER = uuid_key("0f01-0002", fan=100)


@entity(table="players", key=PLAYER, count=exactly(12), per=teams, stamped={"points"})
def players(rows: Rows) -> Columns:
    """Each but the first has the one before as a mentor; the application counts their points."""
    return {
        "team_id": rows.parent["id"],
        "email": text(rows.number, prefix="player", suffix="@thorns.example"),
        "nickname": rows.pick("nickname", ["Ace", "Bee", "Cat"]),
        "shirt": rows.position + 1,
        "retired": rows.position % 4 == 3,
        "mentor_id": nullable(PLAYER.encode(np.maximum(rows.number - 1, 1)), rows.position > 0),
    }


@entity(
    table="profiles",
    key=uuid_key("0f01-0002", fan=1),
    per=players,
    staged={"bio": ""},
    stays_with=(players,),
)
def profiles(rows: Rows) -> Columns:
    """Whom the application greets with an empty profile says something."""
    return {"bio": rows.pick("bio", ["plays on the left", "plays on the right"])}


@entity(table="seats", key=uuid_key("0f01-0004", fan=2), per=players)
def seats(rows: Rows) -> Columns:
    """One seat a player, none overlapping another."""
    low = 1_000 + rows.parent.number * 10
    return {
        "team_id": rows.parent["team_id"],
        "player_id": rows.parent["id"],
        "low": low,
        "high": low + 5,
    }


@entity(table="matches", key=uuid_key("0f01-0005", fan=100_000), count=daily(6), per=teams)
def matches(rows: Rows) -> Columns:
    """One match a day."""
    return {
        "day": rows.date,
        "team_id": rows.parent["id"],
        "score": rows.integers("score", 0, 9),
    }


@entity(
    table="yard.sheds",
    key=text_key("sh", fan=10),
    count=exactly(2),
    per=teams,
    stamped={"touched"},
)
def sheds(rows: Rows) -> Columns:
    """Two sheds a team."""
    return {"team_id": rows.parent["id"], "label": text(rows.number, prefix="shed ")}


@update(of=teams, upstream=(players,))
def captains(rows: Rows, players: pd.DataFrame) -> Columns:
    """The first player leads the team."""
    led = players.groupby("team_id")["id"].min()
    return {"captain_id": np.array([led[key] for key in rows.names])}


bios = settle(profiles, "bios", "bio", about="The players say who they are.")

thorns = Dataset(
    name="thorns",
    folder=Path(__file__).parent,
    entities=(sheds, matches, seats, profiles, players, teams),
    later=(captains, bios),
)
