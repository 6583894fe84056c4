"""The guard's layers that need no server: variables, place, and what a role may be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from seedbed.context.profiles import read_profile
from seedbed.context.project import opened
from seedbed.engine.settings import Profile
from seedbed.postgres.connection.address import Address
from seedbed.postgres.guard.errors import GuardRefused
from seedbed.postgres.guard.facts import Facts
from seedbed.postgres.guard.guard import examine_place, examine_variables, require
from seedbed.postgres.guard.marker import problem_with, unnamed
from seedbed.postgres.guard.production import speaking
from seedbed.postgres.guard.role import role_evidence


def profile(name: str, **guard: object) -> Profile:
    return Profile.model_validate({"name": name, "datasets": ("commerce",), "guard": guard})


DEV = profile("dev")
STAGING = profile("staging", shared=True, app_env=("stage",), hosts=("db.example",))

PRODUCTION = "seedbed never runs where a variable says production"
NOT_LISTED = "set it to one of stage, staging, or add it to guard.app_env in staging.toml"


@pytest.mark.parametrize("name", ["APP_ENV", "NODE_ENV"])
@pytest.mark.parametrize(
    "value",
    [
        *("production", "prod", "prod-eu", "PROD", " production", "eu-prod", "preprod"),
        *("live", "Live", "eu-live", "live2", "shop_live"),
    ],
)
@pytest.mark.parametrize("where", [DEV, STAGING], ids=["dev", "staging"])
def test_a_variable_that_says_production_refuses_everywhere(
    where: Profile, name: str, value: str
) -> None:
    other = {"APP_ENV": "staging", "NODE_ENV": "staging"}
    with pytest.raises(GuardRefused) as caught:
        require([examine_variables(where, {**other, name: value})])
    sentence = f"guard layer 1 (variables): {name} is {value!r}; {PRODUCTION}"
    assert str(caught.value) == sentence
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"APP_ENV": " staging"}, f"APP_ENV is ' staging'; {NOT_LISTED}"),
        ({"APP_ENV": "Staging"}, f"APP_ENV is 'Staging'; {NOT_LISTED}"),
        ({"APP_ENV": ""}, f"APP_ENV is ''; {NOT_LISTED}"),
        ({"NODE_ENV": "development"}, f"NODE_ENV is 'development'; {NOT_LISTED}"),
        (
            {"APP_ENV": "staging", "NODE_ENV": "development"},
            f"NODE_ENV is 'development'; {NOT_LISTED}",
        ),
        (
            {},
            "neither APP_ENV nor NODE_ENV is set; run `export APP_ENV=staging` where it runs",
        ),
    ],
)
def test_a_shared_environment_accepts_only_listed_values(
    environ: dict[str, str], sentence: str
) -> None:
    with pytest.raises(GuardRefused) as caught:
        require([examine_variables(STAGING, environ)])
    assert str(caught.value) == f"guard layer 1 (variables): {sentence}"


@pytest.mark.parametrize(
    "environ",
    [
        {"APP_ENV": "staging"},
        {"NODE_ENV": "stage"},
        {"APP_ENV": "stage", "NODE_ENV": "staging"},
    ],
)
def test_a_listed_value_passes(environ: dict[str, str]) -> None:
    assert examine_variables(STAGING, environ).passed


@pytest.mark.parametrize(
    "environ", [{}, {"APP_ENV": "anything"}, {"NODE_ENV": " staging"}, {"APP_ENV": "delivery"}]
)
def test_an_environment_of_ones_own_needs_no_variable(environ: dict[str, str]) -> None:
    assert examine_variables(DEV, environ).passed


HERE = Address("db.example", 5432, "stg", "ann", "Kanarienvogel")
LISTED = {"hosts": ("DB.example",), "databases": ("stg",)}


@pytest.mark.parametrize(
    ("lists", "sentence"),
    [
        (
            {"databases": ("stg",)},
            'guard.hosts is empty; write hosts = ["db.example"] under [guard] in staging.toml',
        ),
        (
            {"hosts": ("db.example",)},
            'guard.databases is empty; write databases = ["stg"] under [guard] in staging.toml',
        ),
        (
            {**LISTED, "hosts": ("example", "db.example.org")},
            "'db.example' is not in guard.hosts; "
            "correct the address, or add it under [guard] in staging.toml",
        ),
        (
            {**LISTED, "databases": ("STG", "stg2")},
            "'stg' is not in guard.databases; "
            "correct the address, or add it under [guard] in staging.toml",
        ),
    ],
)
def test_a_shared_environment_writes_only_to_a_listed_place(
    lists: dict[str, object], sentence: str
) -> None:
    with pytest.raises(GuardRefused) as caught:
        require([examine_place(profile("staging", shared=True, **lists), HERE)])
    assert str(caught.value) == f"guard layer 2 (place): {sentence}"
    assert "Kanarienvogel" not in str(caught.value)


def test_a_listed_place_passes() -> None:
    evidence = examine_place(profile("staging", shared=True, **LISTED), HERE)
    assert str(evidence) == "guard layer 2 (place): stg on db.example:5432 is allowed"


def test_an_environment_of_ones_own_keeps_to_its_list_if_it_has_one() -> None:
    assert examine_place(DEV, HERE).passed
    assert not examine_place(profile("dev", hosts=("localhost",)), HERE).passed


SHIPPED = opened().own_environments


@pytest.mark.parametrize("name", ["dev", "test", "ci-local", "ci"])
@pytest.mark.parametrize("host", ["db.example", "10.0.0.7", "localhost.example"])
def test_an_address_in_the_environment_does_not_lead_to_another_server(
    name: str, host: str
) -> None:
    evidence = examine_place(read_profile(name, SHIPPED), Address(host, 5432, "shop"))
    assert str(evidence) == (
        f"guard layer 2 (place): {host!r} is not in guard.hosts; "
        f"correct the address, or add it under [guard] in {name}.toml"
    )


@pytest.mark.parametrize(
    ("name", "hosts"),
    [
        ("dev", ["127.0.0.1", "localhost", "::1"]),
        ("test", ["127.0.0.1", "localhost", "::1"]),
        ("ci-local", ["127.0.0.1", "localhost", "::1"]),
        ("ci", ["127.0.0.1", "localhost", "postgres"]),
    ],
)
def test_this_machine_and_a_pipelines_service_are_listed(name: str, hosts: list[str]) -> None:
    shipped = read_profile(name, SHIPPED)
    assert all(examine_place(shipped, Address(host, 5432, "shop")).passed for host in hosts)


RESTRICT = "use a role that has only what `seedbed grants staging` prints"


@pytest.mark.parametrize(
    ("powerful", "owner", "standby", "counts", "sentence"),
    [
        (
            ("ann", True, False, False, False),
            True,
            False,
            True,
            f"the role has SUPERUSER (role 'ann'); {RESTRICT}",
        ),
        (
            ("ann", False, True, True, True),
            False,
            False,
            True,
            f"the role has BYPASSRLS, REPLICATION, CREATEROLE (role 'ann'); {RESTRICT}",
        ),
        (
            None,
            True,
            True,
            False,
            f"the role owns the database, or is a member of its owner; {RESTRICT}",
        ),
        (None, False, True, True, "the server is a standby; name the primary server"),
        (None, False, False, False, "track_counts is off; set track_counts = on on the server"),
    ],
)
def test_a_strong_role_an_owner_a_standby_and_a_server_that_does_not_count_are_refused(
    powerful: tuple[object, ...] | None, owner: bool, standby: bool, counts: bool, sentence: str
) -> None:
    evidence = role_evidence(STAGING, powerful, owner=owner, standby=standby, counts=counts)
    assert not evidence.passed
    assert str(evidence) == f"guard layer 3 (role): {sentence}"


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ({"hidden": "hides rows of profiles"}, "row security hides rows of profiles"),
        ({"lacks": "INSERT on profiles"}, "the role may not use INSERT on profiles"),
    ],
)
def test_a_role_that_lacks_a_right_or_does_not_see_all_is_refused(
    found: dict[str, str], sentence: str
) -> None:
    held = {"owner": False, "standby": False, "counts": True}
    evidence = role_evidence(STAGING, None, **held, **found)  # type: ignore[arg-type]  # mixed
    assert not evidence.passed
    assert str(evidence) == (
        f"guard layer 3 (role): {sentence}; let its owner run what `seedbed grants staging` prints"
    )


def test_a_strong_role_is_only_a_warning_in_an_environment_of_ones_own() -> None:
    evidence = role_evidence(
        DEV, ("postgres", True, False, False, False), owner=True, standby=False, counts=True
    )
    assert evidence.passed
    assert evidence.detail == (
        "warning: the role has SUPERUSER (role 'postgres'); a shared environment refuses it"
    )


MARKER = (
    '{"env":"staging","sysid":"77","dboid":5,"db":"stg","addr":"10.0.0.5","port":5432,'
    '"expires":"2026-03-31"}'
)


def facts(comment: str, today: date = date(2026, 1, 1), port: int = 5432) -> Facts:
    return Facts("77", 5, "stg", comment, today, "10.0.0.5", port, ("ann",))


@pytest.mark.parametrize(
    ("comment", "today", "problem"),
    [
        (f"seedbed:{MARKER}", date(2026, 1, 1), None),
        (f"text before\nseedbed:{MARKER}\ntext after", date(2026, 3, 31), None),
        (f"seedbed:{MARKER}", date(2026, 4, 1), "the marker expired on 2026-03-31"),
        (f"seedbed:{MARKER}", date(2025, 12, 31), None),
        (
            f"seedbed:{MARKER}",
            date(2025, 12, 30),
            "the marker expires on 2026-03-31, more than 90 days from today",
        ),
        ("", date(2026, 1, 1), "database 'stg' has no marker"),
        (f"not seedbed:{MARKER}", date(2026, 1, 1), "database 'stg' has no marker"),
        *(
            (
                comment,
                date(2026, 1, 1),
                "the marker in the comment of database 'stg' is unreadable",
            )
            for comment in (
                "seedbed:",
                "seedbed:yes",
                "seedbed:{}",
                f"seedbed:{MARKER[:-1]}",
                f'seedbed:{MARKER[:-1]},"also":1}}',
                f"seedbed:{MARKER}\nseedbed:{MARKER}",
                f"seedbed:{MARKER.replace('2026-03-31', 'never')}",
            )
        ),
    ],
)
def test_a_marker_is_read_strictly(comment: str, today: date, problem: str | None) -> None:
    assert problem_with(facts(comment, today), "staging") == problem


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({}, None),
        ({"sysid": "78"}, "the marker was written on another server; this database is a copy"),
        ({"dboid": 6}, "the marker was written for another database of this server"),
        ({"db": "shop"}, "the marker is for database 'stg', this one is 'shop'"),
        (
            {"port": 5433},
            "the marker was written at 10.0.0.5 port 5432, and this server is at 10.0.0.5 port "
            "5433: it is a copy, or reached in another way",
        ),
        (
            {"addr": ""},
            "the marker was written at 10.0.0.5 port 5432, and this server is at a Unix socket "
            "port 5432: it is a copy, or reached in another way",
        ),
    ],
)
def test_a_marker_is_bound_to_server_database_and_address(
    change: dict[str, object], problem: str | None
) -> None:
    marked = replace(facts(f"seedbed:{MARKER}"), **change)  # type: ignore[arg-type]  # mixed values
    assert problem_with(marked, "staging") == problem


def test_a_marker_of_an_earlier_version_has_to_be_written_again() -> None:
    earlier = MARKER.replace('"addr":"10.0.0.5","port":5432,', "")
    assert problem_with(facts(f"seedbed:{earlier}"), "staging") == (
        "an earlier version wrote the marker, without the server's address"
    )


SPEAKING = [
    *(
        "shop_production",
        "prod-db",
        "live.example",
        "PROD1",
        "prod",
        "Live",
        "live_",
        "db.prod.example",
    ),
    *("1prod2", "eu-production-2", "shop live", "/run/live/pg", "prod_owner", "a.live,b.example"),
]
SILENT = [
    *("products", "delivery", "olive", "productions", "reproduction", "alive", "liver"),
    *("shopproduction", "prodüktion", "commerce_staging", "127.0.0.1", "::1", ""),
]


def test_a_name_says_production_by_a_word_of_its_own() -> None:
    assert speaking([*SPEAKING, *SPEAKING]) == tuple(SPEAKING)
    assert speaking(SILENT) == ()


def test_a_name_passes_only_when_the_marker_for_this_very_database_holds_it_literally() -> None:
    named = MARKER[:-1] + ',"named":["shop_production"]}'
    names = ["shop_production", "Shop_Production", "stg", "prod_seeder"]
    said = ("Shop_Production", "prod_seeder")
    assert unnamed(facts(f"seedbed:{named}"), names) == said
    assert unnamed(facts(f"seedbed:{named}", port=5433), names) == ("shop_production", *said)
    assert unnamed(facts(f"seedbed:{MARKER}"), names) == ("shop_production", *said)
    assert unnamed(facts(""), names[2:]) == ("prod_seeder",)
