"""marketplace: real people around seeded ones, and aggregates that count their reviews, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from seedbed.context.datasets import dataset
from seedbed.declare.entity import Dataset
from seedbed.postgres.errors import Blocked
from seedbed.run.counted import checked, drifted
from seedbed.run.remove import preview, remove
from seedbed.testing.arrows import keys
from seedbed.testing.cluster import Connection
from seedbed.testing.contents import contents, ours, versions
from seedbed.testing.worlds import World

New = Callable[[Dataset], World]

PROVIDER = "c5eedpr000000000000000001"
GIG = "c5eedgg000000000000000001"
TALK = "c5eedcv000000000000000001"
BUYER = "c5eedby000000000000000001"

PERSON = """
    INSERT INTO "User" (id, name, email, username, "updatedAt")
    VALUES ('real-person', 'Real Person', 'person@example.org', 'person', '2026-01-05')
"""
ORDER = f"""
    INSERT INTO "Order" (id, "buyerId", "providerId", "gigId", "selectedTier", "tierSnapshot",
        "totalPrice", status, "createdAt", "completedAt", "updatedAt")
    SELECT 'real-order', 'real-person', "providerId", id, 'basic', "pricingTiers" -> 'basic', 100,
        'COMPLETED', '2026-03-01', '2026-03-05', '2026-03-05' FROM "Gig" WHERE id = '{GIG}'
"""
REVIEW = f"""
    INSERT INTO "Review" (id, "buyerId", "orderId", "providerId", "gigId", rating, content,
        "createdAt", "updatedAt")
    VALUES ('real-review', 'real-person', 'real-order', '{PROVIDER}', '{GIG}', 1,
        'Nobody came to our appointment.', '2026-03-30', '2026-03-30')
"""
MESSAGE = f"""
    INSERT INTO "Message" (id, "conversationId", "senderId", content)
    VALUES ('real-message', '{TALK}', 'real-person', 'May I join you?')
"""
CONVERSATION = f"""
    INSERT INTO "Conversation" (id, "participantIds")
    VALUES ('real-conversation', ARRAY['{BUYER}', 'real-person'])
"""
OWN_BUSINESS = (
    """
    INSERT INTO "User" (id, email, "isProvider", "updatedAt")
    VALUES ('real-provider', 'provider1@example.org', true, '2026-01-05')
    """,
    """
    INSERT INTO "PortfolioImage" (id, "userId", "imageUrl")
    VALUES ('real-image', 'real-provider', 'https://example.org/a.jpg')
    """,
    """
    INSERT INTO "Gig" (id, slug, title, description, category, "pricingTiers", "providerId",
        "updatedAt")
    VALUES ('real-gig', 'real-gig', 'A real gig', 'Really real', 'OTHER', '{}', 'real-provider',
        '2026-01-06')
    """,
    """
    INSERT INTO "Order" (id, "buyerId", "providerId", "gigId", "selectedTier", "tierSnapshot",
        "totalPrice", "updatedAt")
    VALUES ('real-order-2', 'real-person', 'real-provider', 'real-gig', 'basic', '{}', 5,
        '2026-01-07')
    """,
    """
    INSERT INTO "Review" (id, "buyerId", "orderId", "providerId", "gigId", rating, "updatedAt")
    VALUES ('real-review-2', 'real-person', 'real-order-2', 'real-provider', 'real-gig', 2,
        '2026-01-08')
    """,
    """
    INSERT INTO "Conversation" (id, "participantIds")
    VALUES ('real-conversation-2', ARRAY['real-person', 'real-provider'])
    """,
    """
    INSERT INTO "Message" (id, "conversationId", "senderId", content)
    VALUES ('real-message-2', 'real-conversation-2', 'real-person', 'Hello')
    """,
)


@pytest.fixture
def chosen() -> Dataset:
    """This file is about one dataset."""
    return dataset("marketplace")


def add(connection: Connection, *statements: str) -> None:
    for statement in statements:
        connection.execute(statement.encode())


def rating(connection: Connection, table: str, key: str) -> tuple[Any, ...]:
    query = (
        f'SELECT "averageRating", "totalReviews", "updatedAt"::text FROM "{table}" WHERE id = %s'
    )
    found: tuple[Any, ...] = connection.execute(query.encode(), (key,)).fetchall()[0]
    return found


def violated(world: World, **asked: Any) -> dict[str, int]:
    with world.opened("verify", **asked) as work:
        return {one.name: one.violations for one in checked(work) if not one.passed}


def test_a_second_run_changes_nothing(seeded: World) -> None:
    with seeded.superuser() as person:
        before = versions(person)
        reports = seeded.seed()
        assert versions(person) == before
    assert {(one.added, one.removed, one.updated) for one in reports.values()} == {(0, 0, 0)}


@pytest.mark.parametrize(("seed", "scale"), [(7, 1), (8, 3)])
def test_every_rule_holds_at_other_seeds_and_scales(
    chosen: Dataset, fresh: New, seed: int, scale: int
) -> None:
    world = fresh(chosen)
    world.seed(seed=seed, scale=scale)
    assert violated(world, seed=seed, scale=scale) == {}
    with world.opened("verify", seed=seed, scale=scale) as work:
        assert drifted(work) == ()


# -- aggregates ---------------------------------------------------------------------------------


def test_a_real_review_is_counted_when_the_step_runs_again(seeded: World) -> None:
    with seeded.superuser() as person:
        before = {table: rating(person, table, key) for table, key in _RATED.items()}
        add(person, PERSON, ORDER, REVIEW)
        assert violated(seeded) == {
            "aggregates_equal_what_all_reviews_say": 2,
            "nobody_was_updated_before_the_last_review": 2,
        }
        untouched = versions(person)
        reports = seeded.seed()
        for table, key in _RATED.items():
            stars = person.execute(
                f'SELECT rating FROM "Review" WHERE "{_BY[table]}" = %s'.encode(), (key,)
            ).fetchall()
            mean = round(sum(one for (one,) in stars) / len(stars) + 1e-9, 1)
            assert rating(person, table, key) == (mean, len(stars), "2026-03-30 00:00:00")
            assert before[table][1] == len(stars) - 1
        after = versions(person)
        changed = {table: len(after[table] - rows) for table, rows in untouched.items()}
        assert {table: n for table, n in changed.items() if n} == {
            "public.User": 1,
            "public.Gig": 1,
            "seedbed.runs": 2,
        }
        assert violated(seeded) == {}
        with seeded.opened("verify") as work:
            assert drifted(work) == ()
    updated = {name: one.updated for name, one in reports.items() if one.updated}
    assert updated == {"provider_ratings": 1, "gig_ratings": 1}


_RATED = {"User": PROVIDER, "Gig": GIG}
_BY = {"User": "providerId", "Gig": "gigId"}


def test_a_review_that_was_withdrawn_is_counted_no_more(seeded: World) -> None:
    with seeded.superuser() as person:
        before = [rating(person, table, key)[:2] for table, key in _RATED.items()]
        add(person, PERSON, ORDER, REVIEW)
        seeded.seed()
        person.execute("DELETE FROM \"Review\" WHERE id = 'real-review'")
        assert seeded.seed()["provider_ratings"].updated == 1
        assert [rating(person, table, key)[:2] for table, key in _RATED.items()] == before
        assert violated(seeded) == {}


def test_an_aggregate_that_somebody_wrote_is_put_right(seeded: World) -> None:
    with seeded.superuser() as person:
        before = contents(person)
        person.execute('UPDATE "User" SET "averageRating" = 1, "totalReviews" = 99')
        assert seeded.seed()["provider_ratings"].updated == 15
        assert contents(person) == before


def test_a_buyer_who_becomes_a_provider_is_rated(seeded: World) -> None:
    with seeded.superuser() as person:
        add(person, PERSON, ORDER, REVIEW.replace(PROVIDER, BUYER))
        assert seeded.seed()["buyer_ratings"].updated == 1
        assert rating(person, "User", BUYER)[:2] == (1.0, 1)


# -- reset --------------------------------------------------------------------------------------


def test_what_real_people_did_around_seeded_rows_survives_a_reset_and_is_named(
    seeded: World,
) -> None:
    with seeded.superuser() as person:
        add(person, PERSON, ORDER, REVIEW, MESSAGE, CONVERSATION)
        before = _real(person)
        with seeded.opened("reset") as work:
            assert preview(work).kept == 4
            gone = remove(work, strict=False)
        assert _real(person) == before
        held = {table: keys(person, seeded.dataset, table) for table in seeded.dataset.tables}
    assert {table: found for table, found in held.items() if found} == {
        "User": [BUYER, PROVIDER],
        "Gig": [GIG],
        "Conversation": [TALK],
    }
    said = {(one.table, one.by.removeprefix("public."), one.column) for one in gone.pins}
    assert said >= {
        ("Gig", "Order", "gigId"),
        ("User", "Order", "providerId"),
        ("Conversation", "Message", "conversationId"),
        ("User", "Conversation", "participantIds"),
    }
    assert all(one.rows == 1 for one in gone.pins if one.table != "User")
    assert gone.kept == 4


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        ([PERSON, ORDER], f"1 of Gig, needed by public.Order.gigId ({GIG})"),
        ([PERSON, MESSAGE], f"1 of Conversation, needed by public.Message.conversationId ({TALK})"),
        ([PERSON, CONVERSATION], f"1 of User, needed by Conversation.participantIds ({BUYER})"),
    ],
)
def test_each_of_it_blocks_a_strict_reset(seeded: World, statements: list[str], said: str) -> None:
    with seeded.superuser() as person:
        add(person, *statements)
        before = versions(person)
        with seeded.opened("reset") as work, pytest.raises(Blocked) as caught:
            remove(work, strict=True)
        assert said in str(caught.value)
        assert versions(person) == before


def test_a_reset_touches_nothing_of_real_people(world: World) -> None:
    with world.superuser() as person:
        add(person, PERSON, *OWN_BUSINESS)
        before = versions(person)
        world.seed()
        with world.opened("reset") as work:
            gone = remove(work, strict=True)
        after = versions(person)
        del after["seedbed.runs"], after["seedbed.claims"]
        assert after == before
        assert not any(ours(person, world.dataset).values())
    assert gone.tables == {
        "User": 19,
        "PortfolioImage": 72,
        "Gig": 29,
        "Order": 135,
        "Review": 81,
        "Conversation": 36,
        "Message": 249,
    }


def _real(connection: Connection) -> dict[str, set[str]]:
    """The rows whose keys begin with "real"."""
    found = contents(connection)
    return {
        table: {row for row in rows if row.startswith("(real-")} for table, rows in found.items()
    }
