"""therapy: what can be told without a database."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from functools import cache
from itertools import combinations
from pathlib import Path

import bcrypt
import numpy as np
import pandas as pd
import pytest

from seedbed.context.datasets import dataset
from seedbed.declare.entity import Entity
from seedbed.declare.minimums import resolved
from seedbed.declare.reads import SEEDED, Table
from seedbed.engine.order import ordered
from seedbed.engine.run import Run, as_frame
from seedbed.engine.target import chunks, nothing
from tasks.therapy import messages, people
from tasks.therapy.texts import texts

DAY = date(2026, 11, 21)
GUIDE = Path(__file__).parents[2] / "docs" / "therapy.md"
USERS = {
    "client": (people.client_users, 20),
    "therapist": (people.therapist_users, 7),
    "admin": (people.admin_users, 1),
    "moderator": (people.moderator_users, 2),
}


NUMBERS = resolved("therapy", dataset("therapy").requirements, {}, {})
RANGES = {
    "User": (25, 30),
    "Community": (10, 15),
    "Post": (150, 200),
    "Comment": (300, 400),
    "Meeting": (40, 60),
    "Message": (200, 300),
    "Review": (10, 15),
}
"""The owner's."""


def empty(table: Table) -> pd.DataFrame:
    return pd.DataFrame(columns=[table.key, *table.columns, SEEDED]).astype({SEEDED: np.int64})


def accounts(of: Entity) -> pd.DataFrame:
    return Run("therapy", 42, DAY, DAY, 1, NUMBERS, read=empty).frame(of)


@cache
def made(seed: int) -> dict[str, pd.DataFrame]:
    """What a seed run makes in an empty database: the rows of every entity."""
    found: dict[str, pd.DataFrame] = {}

    def read(table: Table) -> pd.DataFrame:
        shown = [found[one.name] for one in table.after or ()]
        columns = [table.key, *table.columns, SEEDED]
        return pd.concat(shown)[columns].reset_index(drop=True) if shown else empty(table)

    for step in ordered(dataset("therapy").entities):
        assert isinstance(step, Entity)
        run = Run("therapy", seed, DAY, DAY, 1, NUMBERS, read=read)
        parts = [as_frame(rows).assign(**{SEEDED: rows.number}) for rows in chunks(step, run, 9999)]
        found[step.name] = pd.concat(parts or [as_frame(nothing(step, run)).assign(**{SEEDED: 0})])
    return found


def test_the_documented_password_opens_the_stored_hash() -> None:
    said = re.search(r"\*\*Login\*\*, all with the password `([^`]+)`", GUIDE.read_text())
    assert said
    assert bcrypt.checkpw(said[1].encode(), people.LOGIN.hash.encode())
    assert not bcrypt.checkpw(said[1].lower().encode(), people.LOGIN.hash.encode())
    assert people.LOGIN.hash.startswith("$2a$10$")


@pytest.mark.parametrize("role", USERS)
def test_the_documented_logins_are_made_with_that_hash(role: str) -> None:
    of, number = USERS[role]
    made = accounts(of)
    logins = [f"{role}{place}@mentara.test" for place in range(1, number + 1)]
    assert made["email"].to_list() == logins
    assert set(made["password"]) == {people.LOGIN.hash}
    assert made["role"].unique().tolist() == [role]
    guide = GUIDE.read_text()
    assert f"`{logins[0]}`" in guide
    assert f"`{logins[-1]}`" in guide


# -- dialogues ----------------------------------------------------------------------------------


def told(*talks: tuple[str, str, int], kind: str = "therapist") -> list[int]:
    """The dialogues of conversations between two people, by the second they began in."""
    rows = [(kind, *two, pd.Timestamp(at, unit="s")) for *two, at in talks]
    return messages._told(pd.DataFrame(rows, columns=["kind", "first", "second", "createdAt"]))


def test_the_second_in_which_a_conversation_began_says_the_dialogue() -> None:
    assert told(("c1", "t1", 0), ("c2", "t2", 7), ("c3", "t3", 66 + 7)) == [0, 7, 7]


def test_nobody_has_a_dialogue_that_they_had() -> None:
    assert told(("c1", "t1", 5), ("c1", "t2", 5), ("c2", "t2", 6), ("c3", "t3", 5)) == [5, 6, 7, 5]
    assert told(*(("c1", f"t{place}", 3) for place in range(66))) == [*range(3, 66), 0, 1, 2]


def test_with_more_conversations_than_dialogues_they_begin_anew() -> None:
    assert told(*(("c1", f"t{place}", 3) for place in range(67)))[-1] == 3


def test_every_dialogue_has_ten_lines_and_no_line_is_in_two() -> None:
    banks = texts("messages")
    assert {kind: len(bank) for kind, bank in banks.items()} == {"therapist": 66, "member": 13}
    said = [one["lines"] for bank in banks.values() for one in bank]
    assert {len(lines) for lines in said} == {10}
    assert [both for both in combinations(said, 2) if set(both[0]) & set(both[1])] == []


# -- an empty database --------------------------------------------------------------------------

SEEDS = pytest.mark.parametrize("seed", [42, 1, 2, 7])


@SEEDS
def test_every_seed_makes_numbers_in_the_owners_ranges(seed: int) -> None:
    held = Counter[str]()
    for one in dataset("therapy").entities:
        held[one.table] += len(made(seed)[one.name])
    assert {t: held[t] for t, (low, high) in RANGES.items() if not low <= held[t] <= high} == {}


@SEEDS
def test_the_comments_that_posts_need_are_all_that_people_need(seed: int) -> None:
    rows = made(seed)
    posts = sum(len(rows[name]) for name in ("client_posts", "therapist_posts", "community_posts"))
    comments = rows["post_comments"]
    assert set(comments["postId"].value_counts()) == {2}
    assert len(comments) == 2 * posts
    assert len(rows["client_comments"]) == len(rows["therapist_comments"]) == 0
    each = comments["userId"].value_counts()
    assert each[rows["clients"]["userId"]].between(10, 13).all()
    assert each[rows["therapists"]["userId"]].between(5, 8).all()
    assert not comments.duplicated(["postId", "content"]).any()


@SEEDS
def test_the_hearts_that_posts_need_are_all_that_clients_need(seed: int) -> None:
    hearts = made(seed)["post_hearts"]
    assert set(hearts["postId"].value_counts()) == {1}
    assert hearts["userId"].value_counts()[made(seed)["clients"]["userId"]].min() >= 3
    assert len(made(seed)["client_hearts"]) == 0


@SEEDS
def test_nobody_has_the_same_dialogue_twice_and_most_messages_are_different(seed: int) -> None:
    messages = made(seed)["messages"]
    assert len(messages) == 200
    assert messages["content"].nunique() >= 140
    said = messages.groupby("conversationId")["content"].agg("".join).rename("said")
    both = made(seed)["participants"].join(said, on="conversationId")
    assert len(both) == 80
    assert not both.duplicated(["userId", "said"]).any()
