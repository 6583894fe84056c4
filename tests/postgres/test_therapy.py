"""therapy: enrichment around what exists, on the application's schema."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seedbed.context.datasets import dataset
from seedbed.declare.entity import Dataset
from seedbed.declare.errors import BadSetting
from seedbed.engine.order import ordered
from seedbed.postgres.errors import SchemaMismatch
from seedbed.run.counted import checked
from seedbed.run.remove import remove
from seedbed.run.standing import look_first, survey
from seedbed.steps.errors import Unmet
from seedbed.testing.arrows import delete_closed, dependents, keys
from seedbed.testing.cluster import Connection
from seedbed.testing.contents import contents, others
from seedbed.testing.worlds import World, fill_all

New = Callable[[Dataset], World]
LATER = Path(__file__).parent / "therapy_later.sql"


@pytest.fixture
def chosen() -> Dataset:
    """This file is about one dataset."""
    return dataset("therapy")


def number(connection: Connection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0


def violated(world: World) -> list[str]:
    with world.opened("verify") as work:
        return [f"{one.name}: {one.violations}" for one in checked(work) if not one.passed]


def add_people(
    connection: Connection, *, clients: int, therapists: int, communities: int, posts: int = 0
) -> None:
    """People, communities and posts that the application's own users made."""
    roles = ["client"] * clients + ["therapist"] * therapists
    for place, role in enumerate(roles):
        name = f"real-{role}-{place}"
        connection.execute(
            'INSERT INTO "User" (id, email, "firstName", "lastName", role, "createdAt", '
            "\"updatedAt\") VALUES (%s, %s, 'Real', 'Person', %s, '2026-01-05', '2026-01-05')",
            (name, f"{name}@example.org", role),
        )
        if role == "client":
            connection.execute('INSERT INTO "Client" ("userId") VALUES (%s)', (name,))
        else:
            connection.execute(_THERAPIST, {"id": name})
    for place in range(communities):
        name = f"real-community-{place}"
        connection.execute(
            'INSERT INTO "Community" (id, name, slug, description, "imageUrl", "createdAt", '
            "\"updatedAt\") VALUES (%s, %s, %s, 'Ours', 'x', '2026-01-02', '2026-01-02')",
            (name, f"Real {place}", name),
        )
    for place in range(posts):
        connection.execute(
            'INSERT INTO "Post" (id, title, content, "userId", "createdAt", "updatedAt") '
            "VALUES (%s, 'Mine', 'Really mine', %s, '2026-03-01', '2026-03-01')",
            (f"real-post-{place}", f"real-client-{place % max(clients, 1)}"),
        )


_THERAPIST = """
    INSERT INTO "Therapist" ("userId", mobile, province, status, "providerType",
        "professionalLicenseType", "isPRCLicensed", "prcLicenseNumber", "expirationDateOfLicense",
        "practiceStartDate", "providedOnlineTherapyBefore", "comfortableUsingVideoConferencing",
        "compliesWithDataPrivacyAct", "willingToAbideByPlatformGuidelines",
        "treatmentSuccessRates", "sessionLength", "hourlyRate", "updatedAt")
    VALUES (%(id)s, '1', 'Cebu', 'APPROVED', 'Psychologist', 'x', 'Yes', '1', '2030-01-01',
        '2010-01-01', true, true, true, true, '{}', '60', 100, '2026-01-05')
"""


RANGES = {
    "User": (25, 30),
    "Community": (10, 15),
    "Post": (150, 200),
    "Comment": (300, 400),
    "Meeting": (40, 60),
    "Message": (200, 300),
    "Review": (10, 15),
}


def test_an_empty_database_gets_the_owners_numbers_and_every_minimum(seeded: World) -> None:
    with seeded.superuser() as person:
        held = {t: number(person, f'SELECT count(*) FROM "{t}"') for t in RANGES}
    assert {t: n for t, n in held.items() if not RANGES[t][0] <= n <= RANGES[t][1]} == {}
    assert violated(seeded) == []


def test_nobody_has_more_than_the_minimum_asks_for(seeded: World) -> None:
    with seeded.superuser() as person:
        posts = person.execute(
            'SELECT u.role, array_agg(DISTINCT n) FROM (SELECT "userId", count(*) AS n '
            'FROM "Post" GROUP BY 1) p JOIN "User" u ON u.id = p."userId" GROUP BY 1'
        ).fetchall()
        pairs = number(
            person,
            'SELECT max(n) FROM (SELECT count(*) AS n FROM "ClientTherapist" '
            'GROUP BY "clientId") AS load',
        )
        spare = number(
            person,
            'SELECT count(*) FROM "Post" p WHERE 2 <> (SELECT count(*) FROM "Comment" c '
            'WHERE c."postId" = p.id) OR 1 <> (SELECT count(*) FROM "PostHeart" h '
            'WHERE h."postId" = p.id)',
        )
    assert dict(posts) | {"moderator": []} == {"client": [5], "therapist": [2], "moderator": []}
    assert (pairs, spare) == (1, 0)


def test_deleted_posts_are_named_by_the_plan_and_come_back_with_all_they_had(
    seeded: World,
) -> None:
    with seeded.superuser() as person:
        before, proof = contents(person), seeded.digests()
        gone = person.execute(
            'DELETE FROM "Post" WHERE id IN (SELECT id FROM (SELECT id, "userId", row_number() '
            'OVER (PARTITION BY "userId" ORDER BY id) AS n FROM "Post" WHERE "userId" IN '
            "('c5eedcu000000000000000003', 'c5eedcu000000000000000007')) AS p "
            "WHERE n <= CASE \"userId\" WHEN 'c5eedcu000000000000000003' THEN 4 ELSE 3 END) "
            'RETURNING "userId"'
        ).fetchall()
        assert len(gone) == 7
        missing = sum(map(len, before.values())) - sum(map(len, contents(person).values()))
        with seeded.opened("plan") as work:
            plan = survey(work, ordered(work.dataset.entities))
        (posts,) = [one for one in plan.steps if one.step == "client_posts"]
        assert {(one.parent, one.rows) for one in posts.lacking} == {
            ("c5eedcu000000000000000003", 4),
            ("c5eedcu000000000000000007", 3),
        }
        assert plan.gap == missing > 7
        reports = seeded.seed()
        assert reports["client_posts"].added == 7
        assert sum(one.added for one in reports.values()) == missing
        assert contents(person) == before
    assert seeded.digests() == proof


@pytest.mark.parametrize("seed", range(int(os.environ.get("SEEDBED_TEST_SUBSETS", "5"))))
def test_any_subset_with_all_that_depends_on_it_comes_back(seeded: World, seed: int) -> None:
    draw = random.Random(seed)
    with seeded.superuser() as person:
        before = contents(person)
        start = {}
        for table in seeded.dataset.tables:
            share = draw.choice((0, 0, 0.02, 0.1))
            held = keys(person, seeded.dataset, table)
            start[table] = {key for key in held if draw.random() < share}
        doomed = dependents(person, seeded.dataset, start)
        delete_closed(person, seeded.dataset, doomed)
        reports = seeded.seed()
        assert contents(person) == before
    assert sum(one.added for one in reports.values()) == sum(map(len, doomed.values()))


def test_a_row_that_somebody_took_away_is_made_good_by_another(seeded: World) -> None:
    with seeded.superuser() as person:
        moved = person.execute(
            'UPDATE "Notification" SET "userId" = \'c5eedcu000000000000000002\' '
            "WHERE \"userId\" = 'c5eedcu000000000000000001'"
        ).rowcount
        reports = seeded.seed()
    assert reports["client_notifications"].added == moved == 3
    assert violated(seeded) == []


EDITS = {
    "a post is somebody else's": (
        'UPDATE "Post" SET "userId" = \'c5eedcu000000000000000002\' WHERE "id" = (SELECT min("id") '
        'FROM "Post" WHERE "userId" = \'c5eedcu000000000000000001\')',
        {"client_posts": 1, "post_comments": 2, "post_hearts": 1},
    ),
    "a day is closed": (
        'UPDATE "TherapistAvailability" SET "isAvailable" = false '
        'WHERE "id" = (SELECT min("id") FROM "TherapistAvailability")',
        {"availability": 1},
    ),
    "a relationship has ended": (
        'UPDATE "ClientTherapist" SET "status" = \'ended\' '
        'WHERE "id" = (SELECT min("id") FROM "ClientTherapist")',
        {"relationships": 1, "client_meetings": 3, "meeting_notes": 2, "client_reviews": 1},
    ),
    "a room is gone": (
        'DELETE FROM "Room" WHERE "id" = (SELECT min("id") FROM "Room")',
        {"rooms": 1, "community_posts": 10, "post_comments": 20, "post_hearts": 10},
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_what_somebody_made_of_a_row_that_counts_no_more_is_made_good(
    seeded: World, edit: str
) -> None:
    statement, expected = EDITS[edit]
    with seeded.superuser() as person:
        person.execute(statement.encode())
        with seeded.opened() as work:
            look_first(work, ordered(work.dataset.entities))
        reports = seeded.seed()
    assert {name: one.added for name, one in reports.items() if one.added} == expected
    assert violated(seeded) == []
    assert {one.added for one in seeded.seed().values()} == {0}


def test_real_people_get_what_they_lack_and_keep_what_they_have(
    chosen: Dataset, fresh: New
) -> None:
    world = fresh(chosen)
    with world.superuser() as person:
        add_people(person, clients=32, therapists=8, communities=6, posts=25)
        before = contents(person)
        reports = world.seed()
        assert reports["client_users"].added == reports["communities"].added == 0
        assert reports["moderator_users"].added == 2
        assert others(person, chosen) == before
        assert violated(world) == []
        assert {one.added for one in world.seed().values()} == {0}
        with world.opened("reset") as work:
            gone = remove(work, strict=True)
        assert gone.rows == sum(one.added for one in reports.values())
        assert contents(person) == before


def test_real_rows_count(chosen: Dataset, fresh: New) -> None:
    world = fresh(chosen)
    with world.superuser() as person:
        add_people(person, clients=20, therapists=4, communities=6, posts=4 * 20)
        reports = world.seed()
        assert reports["client_posts"].added == 20
        most = number(
            person,
            'SELECT max(n) FROM (SELECT count(*) AS n FROM "Post" JOIN "Client" '
            'USING ("userId") GROUP BY "userId") AS p',
        )
    assert most == 5


def test_a_larger_minimum_adds_the_difference_and_moves_nothing(seeded: World) -> None:
    with seeded.superuser() as person:
        before = contents(person)
        seeded.profile(**{"requirements.therapy": {"client_posts": 8}})
        reports = seeded.seed()
        after = contents(person)
    assert reports["client_posts"].added == 3 * 20
    assert reports["client_posts"].present == 5 * 20
    assert {table for table, rows in before.items() if rows - after[table]} == set()


RAISED = {
    "client_memberships": (2, {"client_memberships": 15}),
    "therapist_memberships": (2, {"therapist_memberships": 5}),
    "post_hearts": (2, {"post_hearts": 152}),
}
"""What to raise, and what is added: a row of a later step that holds the same pair serves both."""


@pytest.mark.parametrize("name", RAISED)
def test_a_larger_minimum_leaves_to_later_steps_what_they_hold(seeded: World, name: str) -> None:
    minimum, expected = RAISED[name]
    with seeded.superuser() as person:
        before = contents(person)
        seeded.profile(**{"requirements.therapy": {name: minimum}})
        reports = seeded.seed()
        after = contents(person)
    assert {name: one.added for name, one in reports.items() if one.added} == expected
    assert {table for table, rows in before.items() if rows - after[table]} == set()
    assert violated(seeded) == []
    assert {one.added for one in seeded.seed().values()} == {0}


def test_more_clients_of_a_therapist_move_no_meeting_and_meet_when_he_is_free(
    seeded: World,
) -> None:
    with seeded.superuser() as person:
        before = contents(person)
        raised = {"therapist_relationships": 5, "therapist_availability": 5, "client_meetings": 4}
        seeded.profile(**{"requirements.therapy": raised})
        reports = seeded.seed()
        after = contents(person)
    assert reports["relationships"].added == 3 * 7
    assert {table for table, rows in before.items() if rows - after[table]} == set()
    assert violated(seeded) == []


def test_a_minimum_can_be_set_by_a_variable(seeded: World) -> None:
    seeded = World(
        seeded.dataset,
        seeded.address,
        seeded.owner,
        seeded.profiles,
        {"SEEDBED_THERAPY_CLIENT_NOTIFICATIONS": "4"},
    )
    assert seeded.seed()["client_notifications"].added == 20


def test_the_full_level_adds_to_the_medium_one_and_moves_nothing(seeded: World) -> None:
    with seeded.superuser() as person:
        before = contents(person)
        seeded.profile(**{"requirements.therapy": {"level": "full"}})
        seeded.seed()
        after = contents(person)
    assert {table for table, rows in before.items() if rows - after[table]} == set()
    assert violated(seeded) == []
    assert {one.added for one in seeded.seed().values()} == {0}


@pytest.mark.parametrize("level", ["light", "full"])
def test_every_level_meets_its_minimums(chosen: Dataset, fresh: New, level: str) -> None:
    world = fresh(chosen)
    world.profile(**{"requirements.therapy": {"level": level}})
    reports = world.seed()
    assert violated(world) == []
    assert (reports["payments"].added > 0) == (level == "full")


def test_what_the_schema_does_not_allow_is_refused_before_anything_opens(seeded: World) -> None:
    seeded.profile(**{"requirements.therapy": {"client_assessments": 2}})
    with pytest.raises(BadSetting, match="client_assessments is 2, but the application's schema"):
        seeded.seed()


def too_small(world: World, **settings: Any) -> None:
    """Five people, of whom eight are to be members."""
    world.profile(**settings)
    with world.superuser() as person:
        add_people(person, clients=3, therapists=2, communities=1)


def test_what_cannot_be_met_is_refused_before_anything_is_written(
    chosen: Dataset, fresh: New
) -> None:
    world = fresh(chosen)
    too_small(world)
    with world.superuser() as person:
        before = contents(person)
        with world.opened() as work, pytest.raises(Unmet) as caught:
            look_first(work, ordered(chosen.entities))
        assert contents(person) == before
    assert str(caught.value) == (
        "therapy: requirements cannot be met: community_members: real-community-0 needs 3, of "
        'which 3 cannot be met. Nothing was added; lower them, or set unmet = "report" in the '
        "profile"
    )
    assert caught.value.exit_code == 3


def test_what_cannot_be_met_is_reported_where_the_profile_says_so(
    chosen: Dataset, fresh: New
) -> None:
    world = fresh(chosen)
    too_small(world, unmet="report")
    with world.opened() as work:
        look_first(work, ordered(chosen.entities))
        reports = fill_all(work)
    assert reports["community_members"].unmet > 0
    assert any(one.startswith("every_community_has_enough_members") for one in violated(world))


def test_the_later_schema_is_served(chosen: Dataset, fresh: New) -> None:
    world = fresh(chosen)
    with world.superuser() as person:
        person.execute(LATER.read_bytes())
        world.seed()
        assert number(person, "SELECT count(*) FROM \"PreAssessment\" WHERE method = 'CHECKLIST'")
        assert number(person, 'SELECT count(*) FROM "Client" WHERE city IS NOT NULL') == 20
    assert violated(world) == []
    assert {one.added for one in world.seed().values()} == {0}


def test_a_column_that_is_needed_and_not_there_is_named(chosen: Dataset, fresh: New) -> None:
    world = fresh(chosen)
    with world.superuser() as person:
        person.execute('ALTER TABLE "Meeting" RENAME "status" TO "state"')
        before = contents(person)
        with pytest.raises(SchemaMismatch, match="table Meeting has no column 'status'"):
            world.seed()
        assert contents(person) == before
