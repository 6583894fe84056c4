"""Truth: law 8, of runs that are green only if the database says so."""

from __future__ import annotations

import json
import random
import re

import pytest
from psycopg import sql

from seedbed.declare.update import Update
from seedbed.engine.order import ordered
from seedbed.engine.target import chunks
from seedbed.postgres import checks, read
from seedbed.postgres.copy.errors import RowRefused
from seedbed.postgres.ownership import owned, rows_of
from seedbed.run.counted import checked
from seedbed.steps.errors import NotSettled, RowsMissing
from seedbed.steps.fill import fill
from seedbed.steps.kinds import perform
from seedbed.testing.cluster import Connection
from seedbed.testing.contents import (
    identifier,
    versions,
)
from seedbed.testing.laws.law import Law
from seedbed.testing.laws.triggers import dropping, refusing
from seedbed.testing.worlds import World, silent

_BREAK = re.compile(r"^-- name: (\w+)\n(.*?)(?=^-- name: |\Z)", re.M | re.S)


class NoLie(Law):
    """Law 8: a step whose rows are not there fails, and every check passes."""

    def test_8_every_check_passes_after_a_seed(self, seeded: World) -> None:
        with seeded.opened("verify") as work:
            assert [one for one in checked(work) if not one.passed] == []

    def test_8_every_check_fails_on_a_row_made_to_break_it(
        self, seeded: World, request: pytest.FixtureRequest
    ) -> None:
        """`breaks/NAME.sql` beside the test file has one statement a check, under its name."""
        file = request.path.parent / "breaks" / f"{seeded.dataset.name}.sql"
        if not file.is_file():
            self.proves_little(f"no {file}: nothing shows that the checks can fail")
        breaks = _BREAK.findall(file.read_text(encoding="utf-8"))
        queries = {query.name: query for query in checks.queries(seeded.dataset)}
        assert {name for name, _ in breaks} == set(queries), "every check has a break, and no other"
        with seeded.opened("verify") as work, seeded.superuser() as person:
            assert [one for one in checked(work) if not one.passed] == []
            words = {
                **{one.name: rows_of(one) for one in seeded.dataset.entities},
                "as_of": sql.Literal(work.run.as_of),
                "anchor": sql.Literal(work.run.anchor),
                **{name: sql.Literal(number) for name, number in work.run.requirements.items()},
            }
            passed = []
            for name, statement in breaks:
                with person.transaction(force_rollback=True):
                    person.execute("SET LOCAL session_replication_role = replica")
                    broken = person.execute(sql.SQL(statement.strip()).format(**words))
                    assert broken.rowcount > 0, f"{name}: the break changes no row"
                    found = checks.check(person, seeded.dataset, work.run, queries[name])
                if found.passed:
                    passed.append((name, statement.strip()))
        assert passed == []

    def test_8_a_step_whose_rows_are_dropped_or_refused_fails_and_keeps_nothing(
        self, world: World
    ) -> None:
        draw = random.Random(8)
        with world.superuser() as person, world.opened() as work:
            with work.writing():  # the dataset claims its kinds of keys, with the first row or none
                pass
            for entity in ordered(world.dataset.entities):
                if not (rows := next(chunks(entity, work.at(person), 1000), None)):
                    continue
                if read.count(person, entity) == len(rows):
                    continue  # the application made them, with their parents
                at = draw.randrange(len(rows))
                [key] = entity.key.values(rows.number[at : at + 1])
                before = versions(person)
                with dropping(person, entity, key), pytest.raises(RowsMissing) as missing:
                    fill(work, entity, silent)
                assert f"{entity.name}: {entity.table} holds" in str(missing.value)
                with refusing(person, entity, key), pytest.raises(RowRefused) as refused:
                    fill(work, entity, silent)
                said = str(refused.value)
                assert said.startswith(f"{entity.table}: CheckViolation")
                assert "constraint not_this_one" in said
                assert f"at key {key}" in said
                assert versions(person) == before
                fill(work, entity, silent)

    def test_8_an_update_that_is_undone_fails(self, seeded: World) -> None:
        with seeded.superuser() as person:
            for step in seeded.dataset.later:
                if not isinstance(step, Update) or not step.held:
                    continue
                with seeded.opened() as work:
                    if len(work.columns[step.name]) == 1:
                        continue  # none of its columns is declared in this mode
                    stage_again(person, step)
                    before = versions(person)
                    person.execute("""
                        CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql
                        AS 'BEGIN RETURN OLD; END'
                    """)
                    person.execute(
                        sql.SQL(
                            "CREATE TRIGGER a_keeps BEFORE UPDATE ON {} FOR EACH ROW "
                            "EXECUTE FUNCTION keep()"
                        ).format(identifier(step.table))
                    )
                    with pytest.raises(NotSettled) as caught:
                        perform(work, step, silent)
                    person.execute("DROP FUNCTION keep CASCADE")
                    assert f"rows of {step.table} do not hold what was written" in str(caught.value)
                    assert versions(person) == before
                    assert perform(work, step, silent).updated > 0


def stage_again(person: Connection, step: Update) -> None:
    """Let the rows of an update hold again what they were added with."""
    staged = [
        sql.SQL("{} = {}").format(
            sql.Identifier(column),
            sql.Literal(json.dumps(value) if isinstance(value, dict) else value),
        )
        for column, value in step.held.items()
    ]
    with person.transaction():
        person.execute("SET LOCAL session_replication_role = replica")
        person.execute(
            sql.SQL("UPDATE {} AS own SET {} WHERE {}").format(
                identifier(step.table), sql.SQL(", ").join(staged), owned(step.of, "own")
            )
        )
