"""What a person sees in the Prefect UI, without reading a log.

    SEEDBED_TEST_SCREENSHOTS=docs/images pytest tests/browser

renews the pictures of the README. The graph is drawn on a canvas: its nodes and edges are
asserted on the API that the canvas is drawn from, and its colours on the picture.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from seedbed.context.datasets import dataset
from seedbed.server.state import HOST
from tests.browser.conftest import HEIGHT, WIDTH, Background, Run, Seeded, hosts

COMMERCE = dataset("commerce")
ROWS = {
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
BELOW_CAMPAIGNS = {"adsets", "ads", "campaign_stats", "adset_stats", "ad_stats"}

GREEN, RED = "green", "red"
BOX = 500
"""Pixels; a step's box on the run's page has twice as many."""

COUNT_COLOURS = """
async (png) => {
  const blob = await (await fetch("data:image/png;base64," + png)).blob();
  const image = await createImageBitmap(blob);
  const drawn = new OffscreenCanvas(image.width, image.height).getContext("2d");
  drawn.drawImage(image, 0, 0);
  const { data } = drawn.getImageData(0, 0, image.width, image.height);
  const count = { green: 0, red: 0 };
  for (let at = 0; at < data.length; at += 4) {
    const [r, g, b] = data.slice(at, at + 3);
    if (g > r + 60 && g > b + 60) count.green++;
    if (r > g + 100 && r > b + 100) count.red++;
  }
  return count;
}
"""

Picture = Callable[[str], bytes]


def colours(page: Page, png: bytes) -> dict[str, int]:
    """How many pixels of a picture are green, and how many are red; the browser decodes it."""
    count: dict[str, int] = page.evaluate(COUNT_COLOURS, base64.b64encode(png).decode())
    return count


def cells(page: Page) -> list[dict[str, str]]:
    """The table of an artifact's page."""
    table = page.locator("table")
    expect(table).to_be_visible()
    every = "table => [...table.rows].map(row => [...row.cells].map(cell => cell.innerText.trim()))"
    head, *rows = table.evaluate(every)
    return [dict(zip(head, row, strict=True)) for row in rows]


def tab(page: Page, name: str) -> None:
    page.locator(".p-tabs").get_by_text(name, exact=True).click()


def open_run(page: Page, background: Background, run: Run) -> None:
    page.goto(f"{background.ui}/runs/flow-run/{run.id}")
    expect(page.locator(".run-graph canvas")).to_be_visible()


def open_artifact(page: Page, background: Background, run: Run, key: str) -> None:
    chosen = {"flow_run_id": {"any_": [run.id]}, "key": {"any_": [key]}}
    (artifact,) = background.post("artifacts/filter", {"artifacts": chosen})
    page.goto(f"{background.ui}/artifacts/artifact/{artifact['id']}")


def arrange_graph(page: Page) -> None:
    """Order the graph by dependency instead of time."""
    page.get_by_label("Run Graph Options").click()
    for choice in ("Dependency grid", "Hide events", "Hide artifacts"):
        page.get_by_text(choice, exact=True).click()
    page.keyboard.press("Escape")
    page.mouse.click(WIDTH // 2, 40)


def drawn(page: Page, part: Locator, colour: str, least: int) -> None:
    """Wait until so many pixels have a colour, and the picture does not move any more."""
    before, deadline = b"", time.monotonic() + 15
    while True:
        png = part.screenshot()
        if png == before and colours(page, png)[colour] >= least:
            return
        assert time.monotonic() < deadline, colours(page, png)
        before = png
        page.wait_for_timeout(250)


def state_message(page: Page) -> str:
    """The run's sentence on its page, in full."""
    tab(page, "Details")
    expect(page.get_by_text("State Message")).to_be_visible()
    more = page.get_by_text("See More")
    if more.count():
        more.click()
    field = page.locator(".p-key-value").filter(has_text="State Message")
    return field.inner_text()


def test_the_graph_shows_every_step_and_its_dependencies(
    page: Page, background: Background, seeded: Seeded, picture: Picture
) -> None:
    open_run(page, background, seeded)
    expect(page.get_by_text("18 Task runs")).to_be_visible()  # 16 steps, counts and digests

    nodes: list[list[Any]] = background.get(f"flow_runs/{seeded.id}/graph-v2")["nodes"]
    names = {key: node["label"].removeprefix("commerce.") for key, node in nodes}
    arrows = {
        (names[parent["id"]], names[key]) for key, node in nodes for parent in node["parents"]
    }
    assert set(names.values()) == {*ROWS, "counts", "digests"}
    assert arrows == {(up.name, one.name) for one in COMMERCE.entities for up in one.above}
    assert ("sellpages", "orders") in arrows
    assert ("orders", "order_items") in arrows

    arrange_graph(page)
    page.get_by_title("Toggle fullscreen (f)").click()
    graph = page.locator(".run-graph canvas")
    expect(graph).to_have_js_property("clientHeight", HEIGHT)
    page.get_by_title("Recenter graph (c)").click()  # it fits the whole page now
    drawn(page, graph, GREEN, 17 * BOX)
    assert colours(page, picture("graph"))[RED] < BOX


ENRICHERS = {
    *("memberships", "relationships", "availability", "assessments", "posts"),
    *("moderator_assignments", "comments", "hearts", "meetings", "worksheets", "messages"),
    *("reviews", "message_interactions", "rooms", "notifications", "reports", "user_blocks"),
    "payments",
}


def test_independent_enrichers_run_at_the_same_time(
    page: Page, background: Background, enriched: Run, picture: Picture
) -> None:
    open_run(page, background, enriched)
    nodes: list[list[Any]] = background.get(f"flow_runs/{enriched.id}/graph-v2")["nodes"]
    spans = {
        node["label"].removeprefix("therapy."): (node["start_time"], node["end_time"])
        for _, node in nodes
    }
    assert set(spans) == ENRICHERS | {"users", "communities", "room_groups", "counts", "digests"}
    together = [
        (one, other)
        for one in ENRICHERS
        for other in ENRICHERS
        if one < other and spans[one][0] < spans[other][1] and spans[other][0] < spans[one][1]
    ]
    assert len(together) >= 5
    picture("therapy")


def test_every_step_is_listed_as_completed(
    page: Page, background: Background, seeded: Seeded
) -> None:
    open_run(page, background, seeded)
    tab(page, "Task Runs")
    expect(page.get_by_text("(18 Completed)")).to_be_visible()
    assert seeded.steps == {
        f"commerce.{name}": "Completed" for name in [*ROWS, "counts", "digests"]
    }


def test_the_run_s_page_says_what_the_run_did(
    page: Page, background: Background, seeded: Seeded
) -> None:
    open_run(page, background, seeded)
    expect(page.locator(".p-tag, .state-badge").get_by_text("Completed").first).to_be_visible()
    sentence = r"commerce: \+2405 rows in 14 tables, \d+\.\d s"
    assert re.fullmatch(sentence, seeded.message)
    assert re.search(sentence, state_message(page))


def test_the_summary_counts_the_rows_of_every_step(
    page: Page, background: Background, seeded: Seeded, picture: Picture
) -> None:
    open_run(page, background, seeded)
    tab(page, "Artifacts")
    page.get_by_text("seed-commerce", exact=True).click()
    expect(page).to_have_url(re.compile("/artifacts/artifact/"))
    rows = {row["step"]: row for row in cells(page)}
    whole = rows.pop("all")
    assert {step: int(row["added"]) for step, row in rows.items()} == ROWS
    assert all(row["target"] == row["added"] for row in rows.values())
    assert {row["present"] for row in rows.values()} == {"0"}
    assert (whole["table"], whole["target"], whole["added"]) == ("14 tables", "2405", "2405")
    assert float(whole["seconds"]) > 0
    for row in rows.values():
        assert row["digest"] == seeded.digests[row["table"]][:8]
    heading = "seed commerce in dev, as of 2026-03-31: seed 42, scale 1"
    expect(page.get_by_text(heading)).to_be_visible()
    fits = "table => table.offsetWidth <= table.parentElement.clientWidth"
    assert page.locator("table").evaluate(fits), "a column is cut"
    picture("summary")


def test_the_digests_are_those_of_the_database(
    page: Page, background: Background, seeded: Seeded
) -> None:
    open_artifact(page, background, seeded, "seed-commerce-digests")
    shown = {row["table"]: row["sha256"] for row in cells(page)}
    assert shown == seeded.digests
    assert len(shown) == 14
    assert all(re.fullmatch("[0-9a-f]{64}", one) for one in shown.values())


def test_the_checks_say_that_every_declared_row_is_present(
    page: Page, background: Background, seeded: Seeded
) -> None:
    open_artifact(page, background, seeded, "seed-commerce-checks")
    (check,) = cells(page)
    assert check["check"] == "every_declared_row_is_present"
    assert (check["result"], check["violations"]) == ("passed", "0")


def test_a_step_s_page_shows_rows_seconds_and_rows_per_second(
    page: Page, background: Background, seeded: Seeded, picture: Picture
) -> None:
    open_run(page, background, seeded)
    tab(page, "Task Runs")
    page.get_by_text("commerce.ad_stats", exact=True).click()
    expect(page).to_have_url(re.compile("/runs/task-run/"))
    sentence = re.compile(r"\+840 rows in ad_stats_daily, \d+\.\d+ s, \d+ rows/s")
    expect(page.get_by_text(sentence)).to_be_visible()

    tab(page, "Artifacts")
    page.get_by_text("commerce-ad-stats", exact=True).click()
    expect(page).to_have_url(re.compile("/artifacts/artifact/"))
    (row,) = cells(page)
    counts = [row[name] for name in ("target", "present", "added", "removed")]
    assert counts == ["840", "0", "840", "0"]
    assert float(row["seconds"]) > 0
    assert int(row["rows/s"]) > 0
    picture("step")


def test_every_deployment_is_listed_and_staging_can_be_seeded(
    page: Page, background: Background
) -> None:
    page.goto(f"{background.ui}/deployments")
    expect(page.get_by_text("25 Deployments")).to_be_visible()
    page.get_by_placeholder("Search deployments").fill("staging")
    expect(page.get_by_text("5 Deployments", exact=True)).to_be_visible()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(5)
    expect(rows.filter(has_text="refresh")).to_contain_text("nightly")

    seed = rows.filter(has_text="seed")
    expect(seed).to_have_count(1)
    seed.get_by_text("staging", exact=True).first.click()
    expect(page).to_have_url(re.compile("/deployments/deployment/"))
    expect(page.get_by_role("button", name="Run")).to_be_visible()


def test_a_failed_run_names_step_constraint_and_column(
    page: Page, background: Background, failed: Run, picture: Picture
) -> None:
    assert failed.state == "Failed"
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT + 100})  # the sentence comes last
    open_run(page, background, failed)
    arrange_graph(page)
    expect(page.get_by_text("Failed", exact=True).first).to_be_visible()
    message = state_message(page)
    for part in ("campaigns failed", "constraint no_budget on budget refuses a row"):
        assert part in message
    assert "not run because of that: adsets, campaign_stats, ads, adset_stats, ad_stats" in message

    graph = page.locator(".run-graph canvas")
    drawn(page, graph, GREEN, 11 * BOX)
    assert BOX < colours(page, graph.screenshot())[RED] < 3 * BOX
    picture("failure")


def test_beside_a_failed_step_everything_is_done_and_below_it_nothing_is(
    page: Page, background: Background, failed: Run
) -> None:
    states = {name.removeprefix("commerce."): state for name, state in failed.steps.items()}
    assert (states.pop("counts"), states.pop("digests")) == ("Completed", "Completed")
    assert states.pop("campaigns") == "Failed"
    done = {name for name, state in states.items() if state == "Completed"}
    assert done == ROWS.keys() - BELOW_CAMPAIGNS - {"campaigns"}
    assert {name for name, state in states.items() if state == "NotReady"} == BELOW_CAMPAIGNS

    open_run(page, background, failed)
    tab(page, "Task Runs")
    expect(page.get_by_text("(12 completed, 5 pending, 1 failed)")).to_be_visible()


def test_the_summary_of_a_failed_run_counts_what_is_missing(
    page: Page, background: Background, failed: Run
) -> None:
    open_artifact(page, background, failed, "seed-commerce")
    missing = {row["step"]: int(row["missing"]) for row in cells(page)}
    assert missing.pop("all") == 1714
    lacking = BELOW_CAMPAIGNS | {"campaigns"}
    assert missing == {name: rows if name in lacking else 0 for name, rows in ROWS.items()}

    open_artifact(page, background, failed, "seed-commerce-checks")
    (check,) = cells(page)
    assert (check["result"], check["violations"]) == ("violated", "1714")

    open_artifact(page, background, failed, "seed-commerce-notes")
    notes = page.get_by_role("listitem")
    why = notes.filter(has_text="campaigns failed")
    expect(why).to_contain_text("constraint no_budget on budget refuses a row")
    expect(notes.filter(has_text="not run because of that")).to_contain_text("campaign_stats")


def test_no_page_asks_another_machine(
    page: Page, background: Background, seeded: Seeded, asked: list[str]
) -> None:
    for path in ("dashboard", f"runs/flow-run/{seeded.id}", "artifacts"):
        page.goto(f"{background.ui}/{path}")
        page.wait_for_load_state("networkidle")
    assert hosts(asked) == {HOST}
    assert len(set(asked)) > 20
