"""Responses to posts: comments and hearts by others of the same community."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seedbed import Columns, Rows, at_least, choose, entity, others, step, text_key, view, without
from tasks.therapy.communities import every_membership
from tasks.therapy.people import every_client, every_member, every_therapist
from tasks.therapy.posts import every_post
from tasks.therapy.texts import apart, by_topic, framed, pick_by, texts
from tasks.therapy.times import after


@view(every_post, every_membership, every_member)
def readers(posts: pd.DataFrame, memberships: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    """Every post with those who can respond: other members of its community.

    What stands in no community is there for everybody near.
    """
    post = posts[["id", "userId", "communityId", "topic", "cell", "createdAt"]].rename(
        columns={"id": "postId", "userId": "author"}
    )
    member = memberships[["userId", "communityId", "role"]]
    inside = post[post["communityId"].notna()].merge(member, on="communityId")
    person = people[["id", "role", "cell"]].rename(columns={"id": "userId"})
    outside = post[post["communityId"].isna()].merge(person, on="cell")
    pairs = pd.concat([inside, outside], ignore_index=True)
    pairs = pairs[pairs["userId"] != pairs["author"]]
    return pairs.assign(id=pairs["postId"] + " " + pairs["userId"])


def _ahead(pairs: pd.DataFrame, held: pd.DataFrame, needs: dict[str, int]) -> pd.Series[int]:
    """How much nearer to their minimum each reader is than who has none and needs the most."""
    has = pairs["userId"].map(held["userId"].value_counts()).fillna(0).astype(np.int64)
    return has + max(needs.values()) - pairs["role"].map(needs).astype(np.int64)


def _comment(rows: Rows, days: float) -> Columns:
    """A reply by the chosen reader, in the voice of their role."""
    chosen = rows.chosen
    role, topic = chosen["role"].to_numpy(), chosen["topic"].to_numpy()
    share = apart(rows, "comment")
    main = np.empty(len(rows), object)
    for voice in ("client", "therapist"):
        of = role == voice
        main[of] = pick_by(by_topic("comments", voice), topic[of], share[of])
    openings = texts("comments")["openings"]
    member = framed(rows, "content", main, openings["client"], first=True)
    doctor = framed(rows, "guidance", main, openings["therapist"], first=True)
    written = after(rows, chosen["createdAt"].to_numpy(), rows.uniform("createdAt"), days)
    return {
        "postId": chosen["postId"].to_numpy(),
        "userId": chosen["userId"].to_numpy(),
        "content": np.where(role == "client", member, doctor),
        "createdAt": written,
        "updatedAt": written,
    }


COMMENTS = step("comments")
_of_others = others("Comment", "userId")


_numbers = ("client_comments", "therapist_comments", "post_comments")


@view(readers, _of_others, key="userId", numbers=_numbers)
def voices(
    pairs: pd.DataFrame, comments: pd.DataFrame, clients: int, therapists: int, most: int
) -> pd.DataFrame:
    """Who can comment on each post, and how far ahead they are with their comments.

    Those who can read few posts are there several times: they comment on one more than once.
    """
    needs = {"client": clients, "therapist": therapists}
    posts = pairs.groupby("userId")["postId"].transform("size")
    times = -(-pairs["role"].map(needs).astype(np.int64) // posts)
    every = pairs.loc[pairs.index.repeat(times.clip(1, max(most, 1)))]
    return every.assign(ahead=_ahead(every, comments, needs))


@entity(
    table="Comment",
    key=text_key("cp"),
    per=every_post,
    count=at_least("post_comments", of="postId"),
    choose=choose(voices, by="postId", balance=True, prefer="ahead"),
    step=COMMENTS,
)
def post_comments(rows: Rows) -> Columns:
    """Every post has comments, by those who lack them most."""
    return _comment(rows, 15)


_on_posts = COMMENTS.rows("userId")


@entity(
    table="Comment",
    key=text_key("cc"),
    per=every_client,
    count=at_least("client_comments", of="userId", among=_on_posts),
    choose=choose(readers, by="userId", repeat=True),
    step=COMMENTS,
)
def client_comments(rows: Rows) -> Columns:
    """Every client has commented."""
    return _comment(rows, 30)


@entity(
    table="Comment",
    key=text_key("ch"),
    per=every_therapist,
    count=at_least("therapist_comments", of="userId", among=_on_posts),
    choose=choose(readers, by="userId", repeat=True),
    step=COMMENTS,
)
def therapist_comments(rows: Rows) -> Columns:
    """Every therapist has commented."""
    return _comment(rows, 30)


# -- hearts -------------------------------------------------------------------------------------

_heart = ("postId", "userId")
HEARTS = step("hearts")
_hearts_of_others = others("PostHeart", *_heart)
_comment_hearts = others("CommentHeart", "userId")


def _hearts(rows: Rows) -> Columns:
    chosen = rows.chosen
    return {
        "postId": chosen["postId"].to_numpy(),
        "userId": chosen["userId"].to_numpy(),
        "createdAt": after(rows, chosen["createdAt"].to_numpy(), rows.uniform("createdAt"), 5),
    }


@view(readers, _hearts_of_others, _comment_hearts, key="userId", numbers=("client_hearts",))
def unloved(
    pairs: pd.DataFrame, hearts: pd.DataFrame, on_comments: pd.DataFrame, clients: int
) -> pd.DataFrame:
    """Who can still give a heart to what, and how far ahead they are with theirs."""
    given = pd.concat([hearts[["userId"]], on_comments[["userId"]]])
    left = without(pairs, hearts, _heart)
    return left.assign(ahead=_ahead(left, given, {"client": clients, "therapist": 0}))


@entity(
    table="PostHeart",
    key=text_key("hp"),
    per=every_post,
    count=at_least("post_hearts", of="postId"),
    choose=choose(unloved, by="postId", fills={"userId": "userId"}, balance=True, prefer="ahead"),
    step=HEARTS,
)
def post_hearts(rows: Rows) -> Columns:
    """Every post has a heart, by those who lack theirs most."""
    return _hearts(rows)


_hearts_on_posts = HEARTS.rows(*_heart)


@view(_hearts_on_posts, _comment_hearts)
def hearts_given(posts: pd.DataFrame, comments: pd.DataFrame) -> pd.DataFrame:
    """Hearts on posts and on comments: both count for who gave them."""
    return pd.concat([posts[["id", "userId"]], comments[["id", "userId"]]], ignore_index=True)


@view(readers, _hearts_on_posts)
def still_unloved(pairs: pd.DataFrame, hearts: pd.DataFrame) -> pd.DataFrame:
    """Who can still give a heart to what after that."""
    return without(pairs, hearts, _heart)


@entity(
    table="PostHeart",
    key=text_key("hc"),
    per=every_client,
    count=at_least("client_hearts", of="userId", among=hearts_given),
    choose=choose(still_unloved, by="userId", fills={"postId": "postId"}),
    step=HEARTS,
)
def client_hearts(rows: Rows) -> Columns:
    """Every client has given hearts."""
    return _hearts(rows)
