"""transcripts: golden rows, counts, and what the texts promise."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date
from functools import cache
from itertools import pairwise
from typing import Any

import bcrypt
import numpy as np
import pandas as pd
import pytest

from seedbed import Embedded
from seedbed.engine.order import depth
from seedbed.engine.run import Run, as_frame
from seedbed.engine.target import chunks, count
from seedbed.services import hashing
from tasks.transcripts import transcripts
from tasks.transcripts.topics import GENERAL, SENTENCES, TITLES, TOPICS, topics
from tasks.transcripts.users import LOGIN

TODAY = date(2026, 11, 21)
ENTITIES = {one.name: one for one in transcripts.entities}

SAID = (
    "You can pull an espresso even without extraction time. Do you brew a pour over "
    "every week, and with a burr grinder? With a paper filter it becomes easier to "
    "dial in the grinder. Check the water temperature, and only then cold brew "
    "overnight."
)
SEGMENTS = (
    '[{"start": 0.0, "end": 3.6, "text": "You can pull an espresso even without '
    'extraction time."}, {"start": 3.6, "end": 8.8, "text": "Do you brew a pour over '
    'every week, and with a burr grinder?"}, {"start": 8.8, "end": 13.6, "text": '
    '"With a paper filter it becomes easier to dial in the grinder."}, {"start": '
    '13.6, "end": 17.6, "text": "Check the water temperature, and only then cold brew'
    ' overnight."}]'
)

FIRST: dict[str, dict[str, object]] = {
    "users": {
        "id": "00000000-5eed-0001-0001-000000000001",
        "email": "alex@transcripts.test",
        "name": "Alex Smith",
        "password": "$2a$10$Hh7YCmd0qYJbR79lqxeXUeDp.xx1qni3sSBrqiem1aFgW0CHuf4o6",
        "created_at": "2026-02-26T08:12:19",
        "updated_at": "2026-02-26T08:12:19",
    },
    "shares": {
        "id": "00000000-5eed-0002-0001-000000000001",
        "user_id": "00000000-5eed-0001-0001-000000000001",
        "url": "https://reddit.example/comments/0000000001",
        "platform": "reddit",
        "status": "completed",
        "idempotency_key": "seed_000000000001",
        "created_at": "2026-10-13T02:04:22",
        "updated_at": "2026-10-13T02:09:22",
    },
    "metadata": {
        "id": "00000000-5eed-0002-0002-000000000001",
        "share_id": "00000000-5eed-0002-0001-000000000001",
        "platform": "reddit",
        "author": "u/quiet_coffee_school",
        "title": "What I wish I knew about the grind size",
        "description": (
            "You can pull an espresso even without fresh coffee beans. See you next"
            " time, and take care."
        ),
        "thumbnail_url": "https://images.example/reddit/0000000001.jpg",
        "platform_data": (
            '{"tags": ["coffee", "espresso", "brewing"], "views": 106, "likes": 3, "comments": 39}'
        ),
        "created_at": "2026-10-13T02:05:22",
        "updated_at": "2026-10-13T02:05:22",
    },
    "transcripts": {
        "id": "00000000-5eed-0002-0003-000000000001",
        "share_id": "00000000-5eed-0002-0001-000000000001",
        "full_text": SAID,
        "segments": SEGMENTS,
        "language": "en",
        "created_at": "2026-10-13T02:07:22",
        "updated_at": "2026-10-13T02:07:22",
    },
    "embeddings": {
        "share_id": "00000000-5eed-0002-0001-000000000001",
        "id": "00000000-5eed-0002-0004-000000000001",
        "embedding": SAID,
        "dimensions": "1536",
        "created_at": "2026-10-13T02:09:22",
        "updated_at": "2026-10-13T02:09:22",
    },
}


def run(scale: int = 1, seed: int = 42) -> Run:
    return Run("transcripts", seed, TODAY, TODAY, scale)


@cache
def frame(entity: str, scale: int = 1) -> pd.DataFrame:
    one = ENTITIES[entity]
    parts = [as_frame(rows) for rows in chunks(one, run(scale), one.chunk or 25_000)]
    return pd.concat(parts, ignore_index=True)


def plain(row: pd.Series[Any]) -> dict[str, object]:
    return {
        str(name): value.isoformat() if isinstance(value, pd.Timestamp) else str(value)
        for name, value in row.items()
    }


@pytest.mark.parametrize("entity", ENTITIES)
def test_the_first_row_is_the_golden_one(entity: str) -> None:
    assert plain(frame(entity).iloc[0]) == FIRST[entity]


def test_the_default_is_the_owners_and_the_scale_multiplies_it() -> None:
    counts = {"users": 5, "shares": 2, "metadata": 2, "transcripts": 2, "embeddings": 2}
    assert {one.name: count(one, run()) for one in transcripts.entities} == counts
    larger = {name: 7 * rows for name, rows in counts.items()}
    assert {one.name: count(one, run(7)) for one in transcripts.entities} == larger


def test_the_tiers_follow_from_the_declarations() -> None:
    tiers = {"users": 0, "shares": 1, "metadata": 2, "transcripts": 2, "embeddings": 3}
    assert {one.name: depth(one) for one in transcripts.entities} == tiers


def test_the_owners_people_come_first_and_everybody_has_the_documented_password() -> None:
    people = frame("users", 20)
    assert list(people["name"][:5]) == [
        "Alex Smith",
        "Sam Johnson",
        "Taylor Wong",
        "Jordan Rivera",
        "Casey Johnson",
    ]
    assert list(people["email"][4:6]) == ["casey@transcripts.test", "user6@transcripts.test"]
    assert people["email"].is_unique
    assert set(people["password"]) == {LOGIN.hash}
    assert bcrypt.checkpw(LOGIN.password.encode(), LOGIN.hash.encode())


def test_an_embedding_has_the_key_of_its_share() -> None:
    shares, made = frame("shares", 20), frame("embeddings", 20)
    assert list(made["share_id"]) == list(shares["id"])
    assert made["id"].is_unique
    assert set(made["dimensions"]) == {1536}


def test_the_first_share_is_alexs_on_reddit_and_the_second_sams_on_twitter() -> None:
    shares, people = frame("shares"), frame("users")
    assert list(shares["user_id"]) == list(people["id"][:2])
    assert list(shares["platform"]) == ["reddit", "twitter"]


def test_shares_belong_to_users_and_few_people_have_many() -> None:
    shares, people = frame("shares", 500), frame("users", 500)
    assert set(shares["user_id"]) <= set(people["id"])
    held = Counter(shares["user_id"]).most_common()
    assert held[0][1] > 20
    assert len(held) < len(people) / 3


def test_every_platform_is_there_and_metadata_agrees() -> None:
    shares, about = frame("shares", 500), frame("metadata", 500)
    assert set(shares["platform"]) == {"reddit", "twitter", "tiktok", "youtube", "x"}
    assert list(about["platform"]) == list(shares["platform"])
    data = [json.loads(one) for one in about["platform_data"]]
    assert set(data[0]) == {"tags", "views", "likes", "comments"}
    assert {one["tags"][0] for one in data} == set(TOPICS)


def test_all_addresses_are_reserved() -> None:
    assert frame("users", 20)["email"].str.endswith("@transcripts.test").all()
    links = [*frame("shares", 500)["url"], *frame("metadata", 500)["thumbnail_url"]]
    assert [one for one in links if not re.match(r"https://[a-z]+\.example/", one)] == []


def test_the_times_of_segments_add_up_and_their_texts_are_the_full_text() -> None:
    made = frame("transcripts", 500)
    lengths = set()
    for text, segments in zip(made["full_text"], map(json.loads, made["segments"]), strict=True):
        assert " ".join(one["text"] for one in segments) == text
        assert segments[0]["start"] == 0.0
        assert [one["end"] for one, _ in pairwise(segments)] == [
            then["start"] for _, then in pairwise(segments)
        ]
        for one in segments:
            seconds = 0.4 * len(one["text"].split())
            assert one["end"] - one["start"] == pytest.approx(seconds, abs=1e-6)
        lengths.add(len(segments))
    assert lengths == set(range(2, 13))


def test_posts_are_shorter_than_videos() -> None:
    platform = frame("shares", 500)["platform"]
    segments = frame("transcripts", 500)["segments"].map(json.loads).map(len)
    assert segments[platform.isin(["reddit", "twitter", "x"])].max() == 5
    assert segments[platform.isin(["youtube", "tiktok"])].max() == 12


def test_the_texts_need_no_escaping() -> None:
    every = [*SENTENCES.texts.ravel(), *TITLES.texts.ravel(), *GENERAL]
    assert [one for one in every if not re.fullmatch(rb"[A-Z][A-Za-z0-9 ,.?-]+", one)] == []
    assert (SENTENCES.texts.shape, TITLES.texts.shape) == ((12, 1920), (12, 720))


def test_times_lie_in_the_past_and_in_order() -> None:
    people, shares = frame("users", 500), frame("shares", 500)
    said, made = frame("transcripts", 500), frame("embeddings", 500)
    assert people["created_at"].max() < shares["created_at"].min()
    assert (shares["created_at"] < said["created_at"]).all()
    assert (said["created_at"] < made["created_at"]).all()
    assert made["updated_at"].max() < pd.Timestamp(TODAY)


def test_a_larger_scale_contains_the_smaller_one_unchanged() -> None:
    for entity in ENTITIES:
        small, large = frame(entity, 3), frame(entity, 20)
        assert large.head(len(small)).astype(str).equals(small.astype(str)), entity


def search(scale: int) -> tuple[float, float]:
    """Shares of 1,000 titles and 1,000 sentences whose nearest transcript has their topic."""
    vectors, about = [], []
    for rows in chunks(ENTITIES["embeddings"], run(scale), 1_000):
        column = rows.columns["embedding"]
        assert isinstance(column, Embedded)
        vectors.append(hashing.vectors(column.texts, column.dimensions))
        about.append(topics(rows.parent.parent))
    corpus, known = np.concatenate(vectors), np.concatenate(about)
    draw = np.random.default_rng(1)
    found = []
    for bank in (TITLES, SENTENCES):
        topic = draw.integers(0, len(TOPICS), 1_000)
        asked = hashing.vectors(bank.take(topic, draw.integers(0, bank.size, 1_000)), 1536)
        nearest = (asked @ corpus.T).argmax(axis=1)
        found.append(float((known[nearest] == topic).mean()))
    return found[0], found[1]


def test_search_finds_the_topic_first_in_nine_of_ten_queries() -> None:
    titles, sentences = search(100)  # 200 shares
    assert titles > 0.9
    assert sentences > 0.9
    titles, sentences = search(1_000)
    assert titles > 0.94
    assert sentences > 0.99
