"""The five flows on a real database and a real Prefect server, as the command line runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from seedbed.cli.__main__ import main
from tests.flows.conftest import ROOT, Running

COMPLETE = "every_declared_row_is_present"
AS_OF = "2026-11-21"
COUNTS = {
    "users": 1,
    "sellers": 1,
    "seller_users": 1,
    "seller_settings": 1,
    "sellpages": 3,
    "orders": 100,
    "order_items": 126,
    "order_events": 277,
    "fb_connections": 1,
    "campaigns": 10,
    "adsets": 30,
    "ads": 60,
    "campaign_stats": 216,
    "adset_stats": 558,
    "ad_stats": 840,
    "sellpage_stats": 180,
}
GOLDEN = {
    "orders": "8052ff6698b353f583394f242b17ccf0aea490e1b28b4219a5aeb3314fb308d6",
    "ad_stats_daily": "712b2f5d31c529cad3087b410d90b47a3c016d3782317e1b1069a5afa4a2c225",
}
"""Digests at seed 42, as of 2026-11-21; a change needs a line in the CHANGELOG."""


@pytest.fixture
def commerce(running: Running, monkeypatch: pytest.MonkeyPatch) -> Running:
    """The server, with the commerce database emptied of our rows."""
    for name in ("APP_ENV", "NODE_ENV", "SEEDBED_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SEEDBED_HOME", str(running.home))
    for name, value in running.named.items():
        monkeypatch.setenv(name, value)
    with running.connect() as connection:
        connection.execute("ALTER TABLE campaigns DROP CONSTRAINT IF EXISTS made_to_fail")
        connection.execute("DELETE FROM orders WHERE order_number = 'REAL-1'")
    main(["reset", "commerce", "--confirm"])
    return running


def run(capsys: pytest.CaptureFixture[str], line: str) -> tuple[int, dict[str, Any]]:
    """A command with --json: its exit code and its document."""
    capsys.readouterr()
    code = main([*line.split(), "--json"])
    document: dict[str, Any] = json.loads(capsys.readouterr().out or "{}")
    return code, document


def test_seed_gives_the_owners_counts_and_a_second_run_adds_nothing(
    commerce: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    code, first = run(capsys, f"seed commerce --as-of {AS_OF}")
    assert code == 0
    assert {one["name"]: one["added"] for one in first["entities"]} == COUNTS
    assert {table: first["digests"][table] for table in GOLDEN} == GOLDEN
    code, second = run(capsys, f"seed commerce --as-of {AS_OF}")
    assert code == 0
    assert {one["name"]: one["present"] for one in second["entities"]} == COUNTS
    assert sum(one["added"] for one in second["entities"]) == 0
    assert second["digests"] == first["digests"]


def test_the_document_has_what_a_script_needs(
    commerce: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    _, document = run(capsys, f"seed commerce --as-of {AS_OF} --only users")
    assert {"run", "dataset", "environment", "as_of", "seed", "scale"} <= set(document)
    assert document["as_of"] == AS_OF
    assert set(document["entities"][0]) == {
        "name",
        "table",
        "target",
        "present",
        "added",
        "removed",
        "seconds",
        "step",
        "lacking",
        "updated",
        "queued",
        "awaited",
        "misfits",
    }
    assert {"name", "passed", "violations"} <= set(document["checks"][0])


def test_plan_shows_the_gap_with_exit_code_4_and_writes_nothing(
    commerce: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, f"seed commerce --as-of {AS_OF}")
    with commerce.connect() as connection:
        connection.execute("DELETE FROM order_events WHERE event_type = 'SHIPPED'")
    code, document = run(capsys, f"plan commerce --as-of {AS_OF}")
    gaps = {one["name"]: one["target"] - one["present"] for one in document["entities"]}
    assert code == 4
    assert {name: gap for name, gap in gaps.items() if gap} == {"order_events": 44}
    code, document = run(capsys, f"seed commerce --as-of {AS_OF}")
    assert sum(one["added"] for one in document["entities"]) == 44


def test_an_audit_names_what_every_parent_lacks_and_writes_nothing(
    running: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("APP_ENV", "NODE_ENV", "SEEDBED_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SEEDBED_HOME", str(running.home))
    for name, value in running.named.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SEED_AUDIT", "true")
    code, document = run(capsys, f"seed therapy --as-of {AS_OF}")
    assert (code, document["verb"]) == (0, "plan")
    (reports,) = [one for one in document["entities"] if one["name"] == "reports"]
    assert reports["lacking"] == [{"parent": "the database", "rows": 3, "unmet": 0}]
    with running.connect("therapy") as connection:
        held = connection.execute(
            """SELECT (SELECT count(*) FROM "User"), to_regclass('seedbed.runs')"""
        )
        assert held.fetchone() == (0, None)


def test_verify_fails_when_a_check_is_violated_and_only_reports_an_edit(
    commerce: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, f"seed commerce --as-of {AS_OF}")
    with commerce.connect() as connection:
        connection.execute("UPDATE users SET display_name = 'Somebody' WHERE id::text ~ '-5eed-'")
    code, document = run(capsys, "verify commerce")
    assert code == 0
    assert [(one["table"], one["rows"], one["columns"]) for one in document["drift"]] == [
        ("users", 1, ["display_name"])
    ]
    with commerce.connect() as connection:
        connection.execute("UPDATE orders SET total = total + 1 WHERE order_number = 'STG-0007'")
    code, document = run(capsys, "verify commerce")
    assert code == 1
    assert [one["name"] for one in document["checks"] if not one["passed"]] == [
        "every_order_total_adds_up"
    ]


def test_a_step_s_progress_waits_for_no_connection_that_the_steps_hold(
    commerce: Running,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "dev.toml").write_text('datasets = ["commerce"]\nworkers = 1\nchunk_rows = 10\n')
    monkeypatch.setenv("SEEDBED_ENVIRONMENTS", str(tmp_path))
    monkeypatch.setattr("seedbed.context.publish.LONG_STEP_ROWS", 1)  # every step shows a bar
    monkeypatch.setattr(
        "seedbed.postgres.connection.connect.WAIT_FOR_TURN", 20.0
    )  # seconds, not a day
    code, document = run(capsys, f"seed commerce --as-of {AS_OF}")
    assert code == 0
    assert {one["name"]: one["added"] for one in document["entities"]} == COUNTS


def test_a_failed_step_stops_only_what_depends_on_it(
    commerce: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    with commerce.connect() as connection:
        connection.execute("ALTER TABLE campaigns ADD CONSTRAINT made_to_fail CHECK (budget < 55)")
    code = main(["seed", "commerce", "--as-of", AS_OF])
    said = " ".join(capsys.readouterr().out.split())
    assert code == 1
    assert "campaigns failed: constraint made_to_fail on budget refuses a row" in said
    assert "campaigns: CheckViolation (SQLSTATE 23514)" in said
    assert "not run because of that: adsets, campaign_stats, ads, adset_stats, ad_stats" in said
    with commerce.connect() as connection:
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM orders WHERE id::text ~ '-5eed-'),"
            " (SELECT count(*) FROM campaigns), (SELECT count(*) FROM sellpage_stats_daily)"
        ).fetchone()
        assert counts == (100, 0, 180)
        connection.execute("ALTER TABLE campaigns DROP CONSTRAINT made_to_fail")
    code, document = run(capsys, f"seed commerce --as-of {AS_OF}")
    assert code == 0
    assert sum(one["added"] for one in document["entities"]) == 10 + 30 + 60 + 1614


def test_rows_that_go_after_their_step_make_the_run_red(
    commerce: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, "reset commerce --confirm")
    with commerce.connect() as person:
        info = person.info
        place = f"host={info.host} port={info.port} dbname={info.dbname} user={info.user}"
        doomed = "SELECT id FROM order_items ORDER BY id LIMIT 5"
        # In a session of its own, which no transaction of ours sees.
        person.execute(
            f"""CREATE EXTENSION IF NOT EXISTS dblink;
            CREATE FUNCTION afar() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                PERFORM dblink_exec('{place} password={info.password}',
                    'DELETE FROM order_items WHERE id IN ({doomed})');
                RETURN NULL; END $$;
            CREATE TRIGGER afar AFTER INSERT ON ads FOR EACH STATEMENT EXECUTE FUNCTION afar();
            CREATE TRIGGER afar AFTER INSERT ON order_events
                FOR EACH STATEMENT EXECUTE FUNCTION afar()""".encode()
        )
    try:
        _, planned = run(capsys, f"plan commerce --as-of {AS_OF}")
        assert [note for note in planned["notes"] if "dblink" in note] == [
            f"a trigger of {table} calls afar(), which names dblink: what it does in another "
            "database is not seen, and not taken back"
            for table in ("ads", "order_events")
        ]
        code, document = run(capsys, f"seed commerce --as-of {AS_OF}")
        held = person_counts(commerce, "order_items")
        [check] = [one for one in document["checks"] if one["name"] == COMPLETE]
        assert (code, check["passed"], check["violations"]) == (1, False, 126 - held)
        assert held < 126
    finally:
        with commerce.connect() as person:
            person.execute("DROP FUNCTION afar CASCADE; DROP EXTENSION dblink")
        run(capsys, f"seed commerce --as-of {AS_OF}")


def person_counts(commerce: Running, table: str) -> int:
    """How many rows a person counts."""
    with commerce.connect() as person:
        return len(person.execute(f"SELECT FROM {table}".encode()).fetchall())


def test_a_real_order_keeps_its_page_and_strict_removes_nothing(
    commerce: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, f"seed commerce --as-of {AS_OF}")
    with commerce.connect() as connection:
        connection.execute(
            "INSERT INTO orders (id, seller_id, sellpage_id, order_number, customer_email) "
            "SELECT gen_random_uuid(), seller_id, id, 'REAL-1', 'real@person.example' "
            "FROM sellpages WHERE slug = 'staging-mouse-deal'"
        )
    assert main(["reset", "commerce", "--confirm", "--strict"]) == 3
    code, document = run(capsys, "reset commerce --confirm")
    assert code == 0
    assert sorted(pin["table"] for pin in document["kept"]) == ["sellers", "sellpages"]
    with commerce.connect() as connection:
        left = connection.execute("SELECT order_number FROM orders").fetchall()
    assert left == [("REAL-1",)]


def test_only_needs_its_upstream_and_names_it(
    commerce: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["seed", "commerce", "--only", "order_items"]) == 3
    said = " ".join(capsys.readouterr().out.split())
    assert "upstream rows are missing: orders (100 rows)" in said
    code, document = run(capsys, "seed commerce --only order_items --with-upstream")
    assert code == 0
    assert [one["name"] for one in document["entities"]] == [
        "sellers",
        "sellpages",
        "orders",
        "order_items",
    ]


def test_a_deployment_run_seeds_and_its_state_says_what_it_did(commerce: Running) -> None:
    prefect = Path(sys.executable).with_name("prefect")
    command = [str(prefect), "deployment", "run", "seed/dev", "--watch", "--param"]
    done = subprocess.run(
        [*command, f'as_of="{AS_OF}"'],
        cwd=ROOT,
        env=commerce.environ,
        check=False,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    question = {
        "flow_runs": {"name": {"any_": ["seed-dev"]}},
        "sort": "START_TIME_DESC",
        "limit": 1,
    }
    found = httpx.post(f"{commerce.inside}/flow_runs/filter", json=question).json()
    assert found[0]["state"]["message"].startswith("commerce: +2405 rows in 14 tables, ")
    tasks = httpx.post(
        f"{commerce.inside}/task_runs/filter",
        json={"flow_runs": {"id": {"any_": [found[0]["id"]]}}},
    ).json()
    assert {"commerce.orders", "commerce.ad_stats", "commerce.digests"} <= {
        one["name"] for one in tasks
    }
    assert all("canary" not in json.dumps(one) for one in tasks)
