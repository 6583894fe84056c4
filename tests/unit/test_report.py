"""Report: the document, the tables and the sentences."""

from __future__ import annotations

import json
from datetime import date

from seedbed.engine.plan import Pin
from seedbed.engine.report import Check, Drift, Report, StepReport, checks_table, steps_table

ORDERS = StepReport("orders", "orders", 100, 97, added=3, removed=0, seconds=0.5)
STATS = StepReport("ad_stats", "ad_stats_daily", 840, 780, added=60, removed=60, seconds=0.25)
READY = StepReport("users", "users", 1, 1, added=0, removed=0, seconds=0.04)
WHOLE = Check("the_funnel_narrows", "None exceeds the one before it.", 0)
BROKEN = Check("every_order_total_adds_up", "Items sum up to the subtotal.", 2)
REPORT = Report(
    run="honest-otter",
    verb="seed",
    dataset="commerce",
    environment="dev",
    as_of=date(2026, 11, 21),
    seed=42,
    scale=1,
    entities=(ORDERS, STATS, READY),
    checks=(WHOLE, BROKEN),
    digests={"orders": "0123456789abcdef" * 4},
    drift=(Drift("orders", "orders", 1, ("notes", "status")),),
    kept=(Pin("orders", 2, "refunds", "order_id", ("STG-0001",)),),
    notes=("a note",),
    seconds=1.5,
)


def test_the_document_has_the_promised_keys() -> None:
    document = REPORT.document()
    promised = {
        "run",
        "dataset",
        "environment",
        "as_of",
        "seed",
        "scale",
        "entities",
        "checks",
        "digests",
    }
    assert document.keys() == promised | {
        "verb",
        "drift",
        "kept",
        "notes",
        "seconds",
        "spent",
        "timings",
    }
    assert document["entities"][0].keys() == {
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
    assert document["checks"][0].keys() == {"name", "passed", "violations", "rule", "examples"}


def test_a_verdict_names_some_of_what_breaks_a_rule() -> None:
    assert BROKEN.verdict == "has 2 violations"
    named = Check("every_order_total_adds_up", "", 2, ("STG-0001", "STG-0002"))
    assert named.verdict == "has 2 violations, such as STG-0001, STG-0002"


def test_the_document_is_json_with_these_values() -> None:
    document = json.loads(json.dumps(REPORT.document()))
    assert document["run"] == "honest-otter"
    assert document["as_of"] == "2026-11-21"
    assert (document["seed"], document["scale"]) == (42, 1)
    assert document["entities"][0] == {
        "name": "orders",
        "table": "orders",
        "target": 100,
        "present": 97,
        "added": 3,
        "removed": 0,
        "seconds": 0.5,
        "step": "",
        "lacking": [],
        "updated": 0,
        "queued": 0,
        "awaited": 0,
        "misfits": [],
    }
    assert document["checks"] == [
        {
            "name": "the_funnel_narrows",
            "rule": "None exceeds the one before it.",
            "passed": True,
            "violations": 0,
            "examples": [],
        },
        {
            "name": "every_order_total_adds_up",
            "rule": "Items sum up to the subtotal.",
            "passed": False,
            "violations": 2,
            "examples": [],
        },
    ]
    assert document["digests"] == {"orders": "0123456789abcdef" * 4}
    assert document["drift"] == [
        {
            "entity": "orders",
            "table": "orders",
            "rows": 1,
            "columns": ["notes", "status"],
            "certain": True,
        }
    ]
    assert document["kept"] == [
        {
            "table": "orders",
            "rows": 2,
            "by": "refunds",
            "column": "order_id",
            "examples": ["STG-0001"],
            "along": False,
        }
    ]


def test_a_report_sums_its_steps_and_lists_what_is_violated() -> None:
    assert (REPORT.added, REPORT.removed) == (63, 60)
    assert REPORT.violated == (BROKEN,)
    assert REPORT.with_(checks=(WHOLE,)).violated == ()
    assert REPORT.checks == (WHOLE, BROKEN)


def test_a_step_says_what_it_did() -> None:
    assert str(ORDERS) == "+3 rows in orders, 0.50 s, 6 rows/s"
    assert str(STATS) == "+60 rows, -60 in ad_stats_daily, 0.25 s, 240 rows/s"
    assert str(READY) == "satisfied: 1 of 1 rows, 0.04 s"


def test_an_update_says_how_many_rows_it_changed() -> None:
    settled = StepReport("published", "seasons", 26, 20, 0, 0, seconds=0.5, updated=6)
    assert str(settled) == "6 updated in seasons, 0.50 s, 12 rows/s"
    assert (settled.missing, settled.wrote) == (0, True)
    assert (READY.missing, READY.wrote) == (0, False)
    assert StepReport("published", "seasons", 26, 20, 0, 0, 0.5).missing == 6


def test_a_step_that_took_no_time_has_no_rate() -> None:
    assert StepReport("users", "users", 1, 0, added=1, removed=0, seconds=0.0).rate == 0


def test_drift_names_rows_table_and_columns() -> None:
    assert str(REPORT.drift[0]) == "1 rows of orders (orders) in notes, status"


def test_the_table_of_steps_has_a_row_a_step_with_its_tables_digest() -> None:
    table = steps_table(REPORT.entities, REPORT.digests)
    assert table[0] == {
        "step": "orders",
        "table": "orders",
        "target": 100,
        "present": 97,
        "added": 3,
        "removed": 0,
        "seconds": 0.5,
        "rows/s": 6,
        "updated": 0,
        "missing": 0,
        "digest": "0123456789abcdef",
    }
    assert [row["digest"] for row in table[1:]] == ["", ""]


def test_the_table_of_checks_has_a_row_a_check() -> None:
    assert checks_table(REPORT.checks) == [
        {
            "check": "the_funnel_narrows",
            "result": "passed",
            "violations": 0,
            "rule": "None exceeds the one before it.",
        },
        {
            "check": "every_order_total_adds_up",
            "result": "violated",
            "violations": 2,
            "rule": "Items sum up to the subtotal.",
        },
    ]
