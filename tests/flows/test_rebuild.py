"""A rebuild: reset, seed and verify in one run, also where people have come since."""

from __future__ import annotations

import pytest

from tests.flows.conftest import Running
from tests.flows.test_flows import AS_OF, commerce, run

__all__ = ["commerce"]

SIGN_UP = """
    INSERT INTO "User" (id, email, "firstName", "lastName", role, "updatedAt")
    VALUES ('somebody', 'somebody@people.test', 'Some', 'Body', 'client', now());
    INSERT INTO "Client" ("userId") VALUES ('somebody');
"""


def test_a_rebuild_ends_where_a_first_run_does(
    commerce: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    _, first = run(capsys, f"seed commerce --as-of {AS_OF}")
    with commerce.connect() as person:
        person.execute("UPDATE orders SET notes = 'mine' WHERE order_number = 'STG-0001'")
    code, again = run(capsys, f"refresh commerce --mode rebuild --as-of {AS_OF}")
    assert (code, again["digests"]) == (0, first["digests"])
    assert all(check["passed"] for check in again["checks"])
    assert again["drift"] == []


def test_a_rebuild_keeps_the_first_set_though_somebody_signed_up(
    commerce: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "reset therapy --confirm")
    _, first = run(capsys, f"seed therapy --as-of {AS_OF}")
    with commerce.connect("therapy") as person:
        person.execute(SIGN_UP)
    try:
        code, again = run(capsys, f"refresh therapy --mode rebuild --as-of {AS_OF}")
        assert code == 0
        assert all(check["passed"] for check in again["checks"])
        users = {one["name"]: one["target"] for one in again["entities"]}
        before = {one["name"]: one["target"] for one in first["entities"]}
        assert users["client_users"] == before["client_users"] == 20
        assert users["client_posts"] == before["client_posts"] + 5
    finally:
        with commerce.connect("therapy") as person:
            person.execute("DELETE FROM \"User\" WHERE id = 'somebody'")
        run(capsys, "reset therapy --confirm")


def test_rows_of_an_earlier_version_are_reported_as_such(
    commerce: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, f"seed commerce --as-of {AS_OF}")
    with commerce.connect() as person:
        person.execute("UPDATE seedbed.runs SET generator = 'commerce-0/old' WHERE step = 'orders'")
    _, found = run(capsys, "verify commerce")
    assert [note for note in found["notes"] if "commerce-0/old" in note] == [
        "some rows were made by commerce-0/old, and this is commerce-1/splitmix64-1: what the "
        "newer version makes otherwise counts as edited; `seedbed refresh --mode rebuild` makes "
        "all of them anew"
    ]
