"""Guarded: law 7, of databases that may not be written."""

from __future__ import annotations

from dataclasses import replace

import pytest
from psycopg import sql

from seedbed.engine.order import ordered
from seedbed.postgres.guard.errors import GuardRefused
from seedbed.run.remove import remove
from seedbed.steps.fill import fill
from seedbed.testing.contents import (
    contents,
    versions,
)
from seedbed.testing.laws.law import Law
from seedbed.testing.worlds import World, silent


class Guard(Law):
    """Law 7: without proof that the target may be written, nothing is opened for writing."""

    def test_7_a_marked_database_is_seeded_and_reset_by_a_restricted_role(
        self, staging: World, seeded: World
    ) -> None:
        staging.mark("staging")
        with staging.superuser() as owner:
            before = contents(owner)
            staging.seed("staging")
            assert staging.digests(environment="staging") == seeded.digests()
            with staging.opened("reset", "staging") as work:
                remove(work, strict=True)
            assert contents(owner) == before

    @pytest.mark.parametrize("variable", ["APP_ENV", "NODE_ENV"])
    @pytest.mark.parametrize("environment", ["dev", "staging"])
    def test_7_where_a_variable_says_production_nothing_is_even_opened(
        self, staging: World, environment: str, variable: str
    ) -> None:
        staging.mark("staging")
        nowhere = replace(staging.address, port=1)
        variables = {**staging.variables, variable: "production"}
        world = replace(staging, address=nowhere, variables=variables)
        with pytest.raises(GuardRefused, match=f"{variable} is 'production'") as caught:
            world.seed(environment)
        assert caught.value.exit_code == 3

    @pytest.mark.parametrize(
        ("missing", "said"),
        [
            ("marker", "has no marker"),
            ("variable", "neither APP_ENV nor NODE_ENV is set"),
            ("role", "the role has SUPERUSER"),
            ("place", "is not in guard.databases"),
        ],
    )
    def test_7_a_shared_environment_without_one_of_its_proofs_is_not_touched(
        self, staging: World, missing: str, said: str
    ) -> None:
        world = staging
        if missing != "marker":
            staging.mark("staging")
        if missing == "variable":
            world = replace(staging, variables={})
        if missing == "role":
            world = replace(staging, address=staging.owner)
        if missing == "place":
            guard = {"shared": True, "hosts": [staging.address.host], "databases": ["other"]}
            staging.profile("staging", guard=guard)
        with staging.superuser() as owner:
            before = versions(owner)
            with pytest.raises(GuardRefused, match=said) as caught:
                world.seed("staging")
            assert caught.value.exit_code == 3
            assert versions(owner) == before

    def test_7_a_marker_that_is_withdrawn_stops_the_next_step(self, staging: World) -> None:
        staging.mark("staging")
        first, second, *_ = ordered(staging.dataset.entities) * 2
        with staging.superuser() as owner, staging.opened("seed", "staging") as work:
            fill(work, first, silent)
            name = sql.Identifier(staging.address.database)
            owner.execute(sql.SQL("COMMENT ON DATABASE {} IS NULL").format(name))
            before = versions(owner)
            with pytest.raises(GuardRefused, match="has no marker"):
                fill(work, second, silent)
            with pytest.raises(GuardRefused, match="has no marker"):
                remove(work, strict=True)
            assert versions(owner) == before
