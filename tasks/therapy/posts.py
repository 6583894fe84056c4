"""Posts in the communities' rooms."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seedbed import Columns, Rows, at_least, choose, entity, step, text_key, view
from tasks.therapy.communities import (
    every_community,
    every_membership,
    every_room,
    moderator_assignments,
)
from tasks.therapy.people import every_client, every_therapist
from tasks.therapy.texts import GENERAL, apart, by_topic, framed, pick_by, texts
from tasks.therapy.times import after, latest

AGE = 60
"""Days that the oldest post lies back."""

POSTS = step("posts")


@view(every_membership, every_room)
def places(memberships: pd.DataFrame, rooms: pd.DataFrame) -> pd.DataFrame:
    """Where every member can write: the rooms of their communities."""
    room = rooms[["id", "communityId"]].rename(columns={"id": "roomId"})
    found = memberships.drop(columns="id").merge(room, on="communityId")
    return found.assign(id=found["userId"] + " " + found["roomId"])


def _post(rows: Rows) -> Columns:
    """A post by the chosen member, in the voice of their role."""
    chosen = rows.chosen
    role, topic = chosen["role"].to_numpy(), chosen["topic"].to_numpy()
    share = apart(rows, "text")
    title, body = np.empty(len(rows), object), np.empty(len(rows), object)
    for voice in ("client", "therapist"):
        of = role == voice
        banks = by_topic("posts", voice)
        title[of] = pick_by(banks, topic[of], share[of], "title")
        body[of] = pick_by(banks, topic[of], share[of], "body")
    endings = texts("posts")["endings"]
    member = framed(rows, "content", body, endings["client"], first=False)
    doctor = framed(rows, "guidance", body, endings["therapist"], first=False)
    joined = chosen["joinedAt"].to_numpy()
    start = latest(joined, rows.ago(0, AGE, AGE))
    written = after(rows, start, rows.uniform("createdAt"), AGE)
    return {
        "title": title,
        "content": np.where(role == "client", member, doctor),
        "userId": chosen["userId"].to_numpy(),
        "roomId": chosen["roomId"].to_numpy(),
        "createdAt": written,
        "updatedAt": written,
    }


@entity(
    table="Post",
    key=text_key("pc"),
    per=every_client,
    count=at_least("client_posts", of="userId"),
    choose=choose(places, by="userId", repeat=True),
    step=POSTS,
)
def client_posts(rows: Rows) -> Columns:
    """Every client has written in their communities."""
    return _post(rows)


@entity(
    table="Post",
    key=text_key("pt"),
    per=every_therapist,
    count=at_least("therapist_posts", of="userId"),
    choose=choose(places, by="userId", repeat=True),
    step=POSTS,
)
def therapist_posts(rows: Rows) -> Columns:
    """Every therapist has written in their communities."""
    return _post(rows)


_by_person = POSTS.rows("roomId")


@view(_by_person, every_room)
def posts_by_community(posts: pd.DataFrame, rooms: pd.DataFrame) -> pd.DataFrame:
    """These with the community that their room belongs to."""
    room = rooms[["id", "communityId"]].rename(columns={"id": "roomId"})
    return posts.merge(room, on="roomId")


_assignments = moderator_assignments.rows("moderatorId", "communityId", "assignedAt")


@view(_assignments, every_room, places)
def hosts(assignments: pd.DataFrame, rooms: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Who keeps a community going: its moderators, or its members where it has none.

    Moderators have no minimum of their own, so nobody else gets more than theirs.
    """
    names = {"moderatorId": "userId", "assignedAt": "joinedAt"}
    room = rooms[["id", "communityId", "topic"]].rename(columns={"id": "roomId"})
    found = assignments.rename(columns=names).drop(columns="id").merge(room, on="communityId")
    found = found.assign(id=found["userId"] + " " + found["roomId"], role="therapist")
    rest = places[~places["communityId"].isin(found["communityId"])]
    return pd.concat([found, rest], ignore_index=True)


@entity(
    table="Post",
    key=text_key("pm"),
    per=every_community,
    count=at_least("community_posts", of="communityId", among=posts_by_community),
    choose=choose(hosts, by="communityId", repeat=True),
    step=POSTS,
)
def community_posts(rows: Rows) -> Columns:
    """Every community has enough posts: its moderators write what is missing."""
    return _post(rows)


_posts = POSTS.rows("userId", "roomId", "createdAt")


@view(_posts, every_room)
def every_post(posts: pd.DataFrame, rooms: pd.DataFrame) -> pd.DataFrame:
    """All posts with community and topic; one without a room belongs to no community."""
    room = rooms[["id", "communityId", "topic", "cell"]].rename(columns={"id": "roomId"})
    found = posts.merge(room, on="roomId", how="left")
    topic, cell = found["topic"].fillna(GENERAL), found["cell"].fillna(0).astype(np.int64)
    return found.assign(topic=topic, cell=cell)
