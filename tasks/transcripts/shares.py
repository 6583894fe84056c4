"""Shares of five platforms, and what the platforms say about them. All addresses are reserved."""

from __future__ import annotations

import numpy as np

from seedbed import Columns, Integers, Rows, entity, exactly, json_rows, scaled, text, uuid_key
from tasks.transcripts.topics import (
    GENERAL,
    NAMES,
    SENTENCES,
    TAGS,
    TITLES,
    Texts,
    joined,
    topics,
)
from tasks.transcripts.users import EACH as USERS_EACH
from tasks.transcripts.users import users

EACH = 2
"""Shares at scale 1."""

PLATFORMS = ("reddit", "twitter", "youtube", "tiktok", "x")
WEIGHTS = {0: 3, 1: 2, 2: 4, 3: 3, 4: 2}
VIDEO = (2, 3)

_URLS: Texts = np.array(
    [
        "https://reddit.example/comments/",
        "https://twitter.example/i/status/",
        "https://youtube.example/watch?v=",
        "https://tiktok.example/video/",
        "https://x.example/i/status/",
    ],
    dtype="S",
)
_NAMES: Texts = np.array(PLATFORMS, dtype="S")
_HANDLE: Texts = np.array(["u/", "@", "", "@", "@"], dtype="S")
_MOODS: Texts = np.array(
    ["quiet", "daily", "slow", "little", "northern", "honest", "curious", "weekend"], dtype="S"
)
_ROLES: Texts = np.array(["corner", "notes", "club", "lab", "diary", "school"], dtype="S")


def platforms(shares: Rows) -> Integers:
    """Codes of `PLATFORMS`, shape (n,); the owner's two shares are on reddit and twitter."""
    drawn = np.asarray(shares.weighted("platform", WEIGHTS).codes, dtype=np.int64)
    return np.where(shares.position < EACH, shares.position, drawn)


def owner(shares: Rows) -> Integers:
    """Numbers of the users: Alex and Sam have the first two shares.

    Any other belongs to one of the users that a scale with just this share has, so that a larger
    scale moves nothing. By the square of a draw, few people have many and many have none.
    """
    known = USERS_EACH * (shares.position // EACH + 1)
    drawn = (shares.uniform("user") ** 2 * known).astype(np.int64)
    return np.where(shares.position < EACH, shares.position, drawn) + 1


@entity(table="shares", key=uuid_key("0002-0001"), count=scaled(EACH), after=(users,))
def shares(rows: Rows) -> Columns:
    """Links that people saved in the last half year, all of them worked through."""
    platform = platforms(rows)
    created = rows.ago(rows.uniform("created_at"), 0.5, 180)
    return {
        "user_id": users.key.encode(owner(rows)),
        "url": joined(_URLS[platform], text(rows.number, digits=10)),
        "platform": _NAMES[platform],
        "status": "completed",
        "idempotency_key": text(rows.number, prefix="seed_", digits=12),
        "created_at": created,
        "updated_at": created + np.timedelta64(5, "m"),
    }


@entity(table="metadata", key=uuid_key("0002-0002", fan=1), per=shares, count=exactly(1))
def metadata(rows: Rows) -> Columns:
    """Author, title, description and figures; `platform_data.tags` say what a share is about."""
    platform, topic = platforms(rows.parent), topics(rows.parent)
    created = rows.parent.times("created_at") + np.timedelta64(1, "m")
    number = text(rows.number, digits=10)
    first = SENTENCES.take(topic, rows.integers("description", 0, SENTENCES.size - 1))
    then = GENERAL[rows.integers("description end", 0, len(GENERAL) - 1)]
    views = (10 ** rows.uniform("views", 2, 6)).astype(np.int64)
    return {
        "share_id": rows.parent["id"],
        "platform": _NAMES[platform],
        "author": joined(
            _HANDLE[platform],
            _MOODS[rows.integers("author", 0, len(_MOODS) - 1)],
            b"_",
            NAMES[topic],
            b"_",
            _ROLES[rows.integers("author role", 0, len(_ROLES) - 1)],
        ),
        "title": TITLES.take(topic, rows.integers("title", 0, TITLES.size - 1)),
        "description": joined(first, b" ", then),
        "thumbnail_url": joined(
            b"https://images.example/", _NAMES[platform], b"/", number, b".jpg"
        ),
        "platform_data": json_rows(
            {
                "tags": TAGS[topic],
                "views": views,
                "likes": views * rows.integers("likes", 1, 9) // 100,
                "comments": rows.integers("comments", 0, 90),
            }
        ),
        "created_at": created,
        "updated_at": created,
    }
