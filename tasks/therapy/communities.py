"""Communities: their rooms, their members and their moderators."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seedbed import (
    SEEDED,
    Columns,
    Rows,
    Table,
    at_least,
    choose,
    entity,
    initial,
    others,
    step,
    text_key,
    view,
    without,
)
from tasks.therapy.people import (
    MANY,
    cell,
    every_client,
    every_member,
    every_moderator,
    every_therapist,
)
from tasks.therapy.texts import TOPICS, texts, topic_of
from tasks.therapy.times import after, latest


@entity(
    table="Community",
    key=text_key("cm", fan=MANY),
    count=initial("communities", among=Table("every community", "Community", (), after=None)),
)
def communities(rows: Rows) -> Columns:
    """One a topic; with more of them than topics, the second of each and so on."""
    turn = rows.position // len(TOPICS) + 1
    topics = [TOPICS[place] for place in rows.position % len(TOPICS)]
    about = texts("communities")
    created = rows.ago(rows.uniform("createdAt"), 210, 400)
    slugs = [t if n == 1 else f"{t}-{n}" for t, n in zip(topics, turn, strict=True)]
    names = [about[t]["name"] for t in topics]
    return {
        "name": [name if n == 1 else f"{name} {n}" for name, n in zip(names, turn, strict=True)],
        "slug": slugs,
        "description": [about[topic]["description"] for topic in topics],
        "imageUrl": [f"https://images.mentara.test/communities/{slug}.jpg" for slug in slugs],
        "createdAt": created,
        "updatedAt": created,
    }


_communities = communities.rows("slug", "createdAt")


@view(_communities, numbers=("communities",))
def every_community(rows: pd.DataFrame, size: int) -> pd.DataFrame:
    """All communities with their topic."""
    topics = [topic_of(slug) for slug in rows["slug"]]
    found = rows.assign(topic=np.array(topics, dtype=object), cell=cell(rows[SEEDED], size))
    return found[["id", "topic", "createdAt", "cell"]]


@entity(
    table="RoomGroup",
    key=text_key("rg"),
    per=every_community,
    count=at_least("community_room_groups", of="communityId"),
)
def room_groups(rows: Rows) -> Columns:
    """Where a community's rooms stand."""
    names = ("General", "Check-ins", "Resources")
    return {
        "name": [names[place % len(names)] for place in rows.position],
        "order": rows.position + 1,
        "communityId": rows.parent.key,
    }


_groups = room_groups.rows("communityId")


@entity(
    table="Room",
    key=text_key("ro"),
    per=_groups,
    count=at_least("room_group_rooms", of="roomGroupId"),
)
def rooms(rows: Rows) -> Columns:
    """Where a community's posts are written."""
    names = ("General Discussion", "Introductions", "Small Wins")
    return {
        "name": [names[place % len(names)] for place in rows.position],
        "order": rows.position + 1,
        "postingRole": "member",
        "roomGroupId": rows.parent.key,
    }


_rooms = rooms.rows("roomGroupId")


@view(_rooms, _groups, every_community)
def every_room(
    rooms: pd.DataFrame, groups: pd.DataFrame, communities: pd.DataFrame
) -> pd.DataFrame:
    """All rooms with their community."""
    group = groups[["id", "communityId"]].rename(columns={"id": "roomGroupId"})
    community = communities.rename(columns={"id": "communityId"})
    return rooms.merge(group, on="roomGroupId").merge(community, on="communityId")


# -- members ------------------------------------------------------------------------------------

_pair = ("userId", "communityId")
_joined_by_others = others("Membership", *_pair)
MEMBERSHIPS = step("memberships")


def _open(people: pd.DataFrame, communities: pd.DataFrame, taken: pd.DataFrame) -> pd.DataFrame:
    """Every person with every community near that they are not in yet."""
    near = people[["id", "cell", "createdAt"]].rename(columns={"id": "userId"})
    there = communities[["id", "cell", "createdAt"]].rename(columns={"id": "communityId"})
    return without(near.merge(there, on="cell", suffixes=("", "_community")), taken, _pair)


def _member(rows: Rows) -> Columns:
    chosen = rows.chosen
    start = latest(chosen["createdAt"].to_numpy(), chosen["createdAt_community"].to_numpy())
    return {"joinedAt": after(rows, start, rows.uniform("joinedAt"), 20)}


@view(every_client, every_community, _joined_by_others, key="communityId")
def open_to_clients(
    clients: pd.DataFrame, communities: pd.DataFrame, taken: pd.DataFrame
) -> pd.DataFrame:
    """What each client can still join."""
    return _open(clients, communities, taken)


@view(every_therapist, every_community, _joined_by_others, key="communityId")
def open_to_therapists(
    therapists: pd.DataFrame, communities: pd.DataFrame, taken: pd.DataFrame
) -> pd.DataFrame:
    """What each therapist can still join."""
    return _open(therapists, communities, taken)


@entity(
    table="Membership",
    key=text_key("mc"),
    per=every_client,
    count=at_least("client_memberships", of="userId"),
    choose=choose(open_to_clients, by="userId", fills={"communityId": "communityId"}),
    step=MEMBERSHIPS,
)
def client_memberships(rows: Rows) -> Columns:
    """Every client is a member somewhere."""
    community = rows.chosen["communityId"].to_numpy()
    return {"userId": rows.parent.key, "communityId": community, **_member(rows)}


@entity(
    table="Membership",
    key=text_key("mt"),
    per=every_therapist,
    count=at_least("therapist_memberships", of="userId"),
    choose=choose(open_to_therapists, by="userId", fills={"communityId": "communityId"}),
    step=MEMBERSHIPS,
)
def therapist_memberships(rows: Rows) -> Columns:
    """Every therapist is a member somewhere."""
    community = rows.chosen["communityId"].to_numpy()
    return {"userId": rows.parent.key, "communityId": community, **_member(rows)}


_first_joined = MEMBERSHIPS.rows(*_pair)


@view(every_member, every_community, _first_joined, key="userId")
def could_join(
    people: pd.DataFrame, communities: pd.DataFrame, taken: pd.DataFrame
) -> pd.DataFrame:
    """Who each community can still win."""
    return _open(people, communities, taken)


@entity(
    table="Membership",
    key=text_key("mm"),
    per=every_community,
    count=at_least("community_members", of="communityId", among=_first_joined),
    choose=choose(could_join, by="communityId", fills={"userId": "userId"}),
    step=MEMBERSHIPS,
)
def community_members(rows: Rows) -> Columns:
    """Every community has enough members."""
    user = rows.chosen["userId"].to_numpy()
    return {"userId": user, "communityId": rows.parent.key, **_member(rows)}


_memberships = MEMBERSHIPS.rows(*_pair, "joinedAt")


@view(_memberships, every_member, every_community)
def every_membership(
    memberships: pd.DataFrame, people: pd.DataFrame, communities: pd.DataFrame
) -> pd.DataFrame:
    """All memberships of clients and therapists, with role and topic."""
    person = people[["id", "role"]].rename(columns={"id": "userId"})
    community = communities[["id", "topic", "cell"]].rename(columns={"id": "communityId"})
    return memberships.merge(person, on="userId").merge(community, on="communityId")


# -- moderators ---------------------------------------------------------------------------------

_assigned = others("ModeratorCommunity", "moderatorId", "communityId")


@view(every_moderator, every_community, _assigned, key="moderatorId")
def could_moderate(
    moderators: pd.DataFrame, communities: pd.DataFrame, taken: pd.DataFrame
) -> pd.DataFrame:
    """Who could moderate each community, and how many they already have."""
    near = moderators.rename(columns={"id": "moderatorId"})
    there = communities[["id", "cell", "createdAt"]].rename(columns={"id": "communityId"})
    pairs = near.merge(there, on="cell", suffixes=("", "_community"))
    pairs = without(pairs, taken, ("moderatorId", "communityId"))
    load = taken["moderatorId"].value_counts()
    return pairs.assign(load=pairs["moderatorId"].map(load).fillna(0).astype(np.int64))


@entity(
    table="ModeratorCommunity",
    key=text_key("mo"),
    per=every_community,
    count=at_least("community_moderators", of="communityId"),
    choose=choose(
        could_moderate,
        by="communityId",
        fills={"moderatorId": "moderatorId"},
        balance=True,
        prefer="load",
    ),
)
def moderator_assignments(rows: Rows) -> Columns:
    """Every community has a moderator; they share the work evenly."""
    chosen = rows.chosen
    start = latest(chosen["createdAt"].to_numpy(), chosen["createdAt_community"].to_numpy())
    return {
        "moderatorId": rows.chosen["moderatorId"].to_numpy(),
        "communityId": rows.parent.key,
        "assignedAt": after(rows, start, rows.uniform("assignedAt"), 30),
    }
