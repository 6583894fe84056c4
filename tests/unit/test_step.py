"""Step: tables that follow from the entities whose rows they show."""

from __future__ import annotations

import pytest

from seedbed import Columns, Rows, Table, entity, others, step, text_key, uuid_key
from seedbed.declare.errors import BadDeclaration

POSTS = step("posts")


@entity(table="Post", key=text_key("pa", column="postId"), step=POSTS)
def first_posts(rows: Rows) -> Columns:
    """The first."""
    return {}


early = POSTS.rows("userId")


@entity(table="Post", key=text_key("pb", column="postId"), step=POSTS)
def second_posts(rows: Rows) -> Columns:
    """The second."""
    return {}


late = POSTS.rows("userId", "createdAt", name="every_post")


def test_a_step_shows_the_rows_of_the_entities_declared_above() -> None:
    assert early == Table("posts so far", "Post", ("userId",), (first_posts,), "postId")
    columns = ("userId", "createdAt")
    assert late == Table("every_post", "Post", columns, (first_posts, second_posts), "postId")


def test_its_entities_are_filled_by_one_task() -> None:
    assert (first_posts.step, second_posts.task) == ("posts", "posts")


def test_an_entity_shows_its_own_rows_and_those_of_others() -> None:
    assert second_posts.rows("userId") == Table(
        "rows of second_posts", "Post", ("userId",), (second_posts,), "postId"
    )


def test_others_are_rows_that_are_not_ours() -> None:
    assert others("Post", "userId") == Table("Post of others", "Post", ("userId",), ())
    assert others("Client", key="userId").key == "userId"


def test_a_step_of_two_tables_has_no_rows_of_its_own() -> None:
    mixed = step("mixed")
    with pytest.raises(BadDeclaration, match="entity 'mixed' fills no table yet; ask the entity"):
        mixed.rows()
    for table in ("Left", "Right"):

        @entity(table=table, key=uuid_key("0001-0001"), step=mixed)
        def made(rows: Rows) -> Columns:
            """Either."""
            return {}

    with pytest.raises(BadDeclaration) as caught:
        mixed.rows()
    assert caught.value.problem == (
        "fills Left, Right; ask the entity whose table is meant for its rows"
    )
    assert caught.value.at.startswith("tests/unit/test_step.py:")
