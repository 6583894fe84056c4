"""Accounts: the adapter against an emulator over a real database, and Supabase's own client."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from supabase_auth import SyncGoTrueAdminAPI
from supabase_auth.errors import AuthApiError

from seedbed.context.datasets import dataset
from seedbed.declare.entity import Dataset
from seedbed.engine.report import StepReport
from seedbed.run.counted import checked, drifted
from seedbed.run.errors import OutsideLeft
from seedbed.run.remove import preview, remove
from seedbed.services.accounts import AuthServer as Adapter
from seedbed.services.errors import ServiceFailed
from seedbed.steps.errors import AccountsElsewhere
from seedbed.steps.kinds import perform
from seedbed.testing.cluster import Connection
from seedbed.testing.contents import versions
from seedbed.testing.worlds import World, silent
from tests.services.auth_server import KEY, USERS, AuthServer
from tests.services.emulator import How

NAME = "00000000-5eed-0001-0001-000000000001"
OTHER = "00000000-5eed-0001-0001-000000000002"
ACCOUNT = {
    "id": NAME,
    "email": "ines-varga@mock.streaming.test",
    "password_hash": "$2a$10$h7i5fjYjyk9TQ4rkS4YgXesI7.v4bg/lk8T4CznX6CtNl/Tp/3/9m",
    "email_confirm": True,
    "user_metadata": {"display_name": "Ines Varga"},
    "app_metadata": {"seedbed": "streaming"},
}


@pytest.fixture
def chosen() -> Dataset:
    return dataset("streaming")


@pytest.fixture
def world(chosen: Dataset, fresh: Callable[[Dataset], World]) -> World:
    made = fresh(chosen)
    made.profile(services={"auth": {"adapter": "supabase"}})
    return made


@pytest.fixture
def person(world: World) -> Iterator[Connection]:
    with world.superuser() as connection:
        yield connection


@pytest.fixture
def server(person: Connection) -> Iterator[AuthServer]:
    made = AuthServer(person)
    with made.running():
        yield made


@pytest.fixture
def remote(world: World, server: AuthServer) -> World:
    """The dataset with that server."""
    variables = {"SUPABASE_URL": server.url, "SUPABASE_SERVICE_ROLE_KEY": KEY}
    return replace(world, variables=variables)


@pytest.fixture
def accounts(server: AuthServer) -> Iterator[Adapter]:
    with closing(Adapter(server.url, KEY)) as made:
        yield made


@pytest.fixture
def vendor(server: AuthServer) -> Iterator[SyncGoTrueAdminAPI]:
    """Supabase's own client, as an independent second one."""
    headers = {"apikey": KEY, "Authorization": f"Bearer {KEY}"}
    with httpx.Client() as client:
        yield SyncGoTrueAdminAPI(url=f"{server.url}/auth/v1", headers=headers, http_client=client)


def column(person: Connection, query: str) -> list[Any]:
    return [row[0] for row in person.execute(query.encode())]


def open_all(world: World) -> dict[str, StepReport]:
    """The accounts and nothing else."""
    with world.opened() as work:
        users = [one for one in work.dataset.entities if one.through == "auth"]
        return {one.name: perform(work, one, silent) for one in users}


def test_supabase_s_own_client_agrees_with_the_emulator(
    server: AuthServer, vendor: SyncGoTrueAdminAPI
) -> None:
    made = vendor.create_user({"email": "A@mock.test", "password": "x", "email_confirm": True})
    assert made.user.email == "a@mock.test"
    with pytest.raises(AuthApiError) as taken:
        vendor.create_user({"email": "a@mock.test", "password": "x"})
    assert (taken.value.status, taken.value.code) == (422, "email_exists")
    assert vendor.get_user_by_id(made.user.id).user.email_confirmed_at is not None
    assert [one.id for one in vendor.list_users()] == [made.user.id]
    vendor.delete_user(made.user.id)
    for action in (vendor.get_user_by_id, vendor.delete_user):
        with pytest.raises(AuthApiError) as missing:
            action(made.user.id)
        assert (missing.value.status, missing.value.code) == (404, "user_not_found")


def test_both_clients_see_each_other_s_accounts(
    accounts: Adapter, vendor: SyncGoTrueAdminAPI
) -> None:
    accounts.ensure(ACCOUNT)
    (seen,) = vendor.list_users()
    assert (seen.id, seen.email) == (NAME, ACCOUNT["email"])
    assert seen.app_metadata["seedbed"] == "streaming"
    vendor.create_user({"id": OTHER, "email": "other@mock.test"})
    assert accounts.has(OTHER)
    vendor.delete_user(NAME)
    assert not accounts.has(NAME)
    assert list(accounts.ids()) == [OTHER]


def test_an_account_is_made_once(server: AuthServer, accounts: Adapter) -> None:
    accounts.ensure(ACCOUNT)
    accounts.ensure(ACCOUNT)
    assert list(accounts.ids()) == [NAME]


def test_an_address_that_somebody_has_is_never_adopted(
    server: AuthServer, accounts: Adapter, vendor: SyncGoTrueAdminAPI
) -> None:
    theirs = vendor.create_user({"email": str(ACCOUNT["email"])}).user
    with pytest.raises(ServiceFailed) as caught:
        accounts.ensure(ACCOUNT)
    assert str(caught.value) == (
        f"auth: could not create the account {NAME}: ines-varga@mock.streaming.test belongs to "
        "another account, which is left alone; give that one another address, or remove it"
    )
    assert list(accounts.ids()) == [theirs.id]


def test_an_account_whose_address_was_changed_is_ours_still(
    server: AuthServer, accounts: Adapter, person: Connection
) -> None:
    accounts.ensure(ACCOUNT)
    person.execute("UPDATE auth.users SET email = 'new@mock.test'")
    accounts.ensure(ACCOUNT)  # the server says 500
    assert column(person, "SELECT email FROM auth.users") == ["new@mock.test"]
    assert server.count(f"POST {USERS}") == 2


@pytest.mark.parametrize("how", ["failed", "lost", "cut", "half", "late"])
def test_an_account_that_was_made_without_an_answer_is_not_made_again(
    server: AuthServer, accounts: Adapter, how: How
) -> None:
    server.fault(f"POST {USERS}", how)
    accounts.ensure(ACCOUNT)
    assert list(accounts.ids()) == [NAME]
    assert server.count(f"POST {USERS}") == 1


@pytest.mark.parametrize(("how", "status"), [("dropped", 0), ("refused", 500), ("refused", 503)])
def test_an_account_that_was_not_made_is_asked_for_again(
    server: AuthServer, accounts: Adapter, how: How, status: int
) -> None:
    server.fault(f"POST {USERS}", how, status, times=2)
    accounts.ensure(ACCOUNT)
    assert list(accounts.ids()) == [NAME]
    assert server.count(f"POST {USERS}") == 3


def test_a_server_that_makes_none_is_given_up(server: AuthServer, accounts: Adapter) -> None:
    server.fault(f"POST {USERS}", "refused", 500, times=100)
    with pytest.raises(ServiceFailed) as caught:
        accounts.ensure(ACCOUNT)
    assert str(caught.value) == (
        f"auth: could not create the account {NAME}: it answered 500 (unexpected_failure)"
    )


@pytest.mark.parametrize("how", ["dropped", "lost", "cut", "half", "late"])
def test_reading_and_deleting_are_asked_again(
    server: AuthServer, accounts: Adapter, how: How
) -> None:
    accounts.ensure(ACCOUNT)
    server.fault(f"GET {USERS}", how)
    assert list(accounts.ids()) == [NAME]
    server.fault(f"DELETE {USERS}/{NAME}", how)
    accounts.remove([NAME])
    assert list(accounts.ids()) == []


def test_gone_already_is_gone(server: AuthServer, accounts: Adapter) -> None:
    accounts.remove([NAME])
    assert server.count(f"DELETE {USERS}/{NAME}") == 1


@pytest.mark.parametrize("most", [1000, 50])
def test_every_page_is_read_however_small(
    server: AuthServer, accounts: Adapter, person: Connection, most: int
) -> None:
    server.most = most
    person.execute(
        "INSERT INTO auth.users (id, email) SELECT gen_random_uuid(), n || '@mock.test' "
        "FROM generate_series(1, 437) AS n"
    )
    assert len(set(accounts.ids())) == 437


def test_a_wrong_key_is_refused_without_being_shown(server: AuthServer) -> None:
    with closing(Adapter(server.url, "canary-S3cret")) as wrong:
        for action in (lambda: wrong.check(""), lambda: wrong.ensure(ACCOUNT)):
            with pytest.raises(ServiceFailed, match=r"it answered 401 \(bad_jwt\)$") as caught:
                action()
            assert "canary" not in "".join(traceback.format_exception(caught.value))


def test_all_accounts_are_made_once(remote: World, server: AuthServer, person: Connection) -> None:
    reports = open_all(remote)
    assert {name: (one.present, one.added) for name, one in reports.items()} == {
        "creator_users": (0, 12),
        "viewer_users": (0, 60),
        "creator_identities": (12, 0),  # they come with the accounts
        "viewer_identities": (60, 0),
    }
    assert server.count(f"POST {USERS}") == 72
    before = versions(person)
    again = open_all(remote)
    assert [one.wrote for one in again.values()] == [False] * 4
    assert versions(person) == before
    assert server.count(f"POST {USERS}") == 72


def test_what_the_server_writes_by_itself_is_no_edit(remote: World, person: Connection) -> None:
    open_all(remote)
    with remote.opened("verify") as work:
        assert [one for one in drifted(work) if one.table.startswith("auth.")] == []
        failed = {one.name: one.violations for one in checked(work) if not one.passed}
    assert "every_account_is_complete" not in failed


def test_a_crash_between_two_accounts_is_healed(
    remote: World, server: AuthServer, person: Connection
) -> None:
    server.after(30, f"POST {USERS}", "refused", 401)
    with pytest.raises(ServiceFailed, match="401"):
        open_all(remote)
    assert len(column(person, "SELECT id FROM auth.users")) == 30
    person.execute("DELETE FROM auth.users WHERE id = %s", (UUID(NAME),))
    reports = open_all(remote)
    assert (reports["creator_users"].added, reports["viewer_users"].added) == (1, 42)
    assert len(column(person, "SELECT id FROM auth.users")) == 72
    assert server.count(f"POST {USERS}") == 31 + 43


def test_a_reset_deletes_the_rows_first_and_the_accounts_of_others_never(
    remote: World, server: AuthServer, person: Connection
) -> None:
    remote.seed()
    theirs = "3f1c1a52-0000-4000-8000-00000000000a"
    alike = ["00000000-5eed-0001-0009-000000000001", "00000000-5eed-0001-0001-00000000000a"]
    person.execute(
        "INSERT INTO auth.users (id, email) SELECT id, id || '@mock.streaming.test' "
        "FROM unnest(%s::uuid[]) AS id",
        ([theirs, *alike],),
    )
    with remote.opened("reset") as work:
        would = preview(work)
        gone = remove(work, strict=False)
    assert gone.tables == would.tables
    assert gone.objects == would.objects == {"video": 208, "storage:thumbnails": 20}
    assert (gone.tables["auth.users"], gone.tables["auth.identities"]) == (72, 72)
    assert {str(one) for one in column(person, "SELECT id FROM auth.users")} == {theirs, *alike}
    assert server.count(f"DELETE {USERS}/.*") == 72


def test_an_account_whose_rows_stay_stays(
    remote: World, server: AuthServer, person: Connection
) -> None:
    remote.seed()
    person.execute(
        "INSERT INTO auth.users (id, email) VALUES (gen_random_uuid(), 'fan@theirs.test')"
    )
    person.execute(
        "INSERT INTO followers (follower_id, creator_id) SELECT p.id, %s FROM profiles p "
        "JOIN auth.users u ON u.id = p.id WHERE u.email = 'fan@theirs.test'",
        (UUID(NAME),),
    )
    with remote.opened("reset") as work:
        gone = remove(work, strict=False)
    assert [(pin.table, pin.by) for pin in gone.pins] == [("profiles", "public.followers")]
    assert {str(one) for one in column(person, "SELECT id FROM auth.users")} >= {NAME}
    assert len(column(person, "SELECT id FROM auth.users")) == 2
    assert len(column(person, "SELECT id FROM followers")) == 1


def test_an_auth_server_of_another_database_is_found_out_with_one_account(
    remote: World, server: AuthServer, person: Connection, fresh: Callable[[Dataset], World]
) -> None:
    elsewhere = fresh(remote.dataset)
    elsewhere.seed()  # as rows
    elsewhere.profile(services={"auth": {"adapter": "supabase"}})
    wrong = replace(elsewhere, variables=remote.variables)
    said = (
        "streaming: auth server at 127.0.0.1 does not keep its accounts in this database; let "
        "SUPABASE_URL and the database's address name the same project. One account was touched "
        "there"
    )
    open_all(remote)
    with wrong.opened("reset") as work:
        with pytest.raises(OutsideLeft) as left:
            remove(work, strict=False)
        assert said in str(left.value)
    assert server.count(f"DELETE {USERS}/.*") == 1
    with wrong.superuser() as other:
        other.execute("DELETE FROM auth.users")
    asked = server.count(f"POST {USERS}")
    with pytest.raises(AccountsElsewhere) as caught:
        open_all(wrong)
    assert str(caught.value) == said
    assert server.count(f"POST {USERS}") == asked + 1
