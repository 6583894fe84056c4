"""What a page from elsewhere can do, in a browser on this machine, while the server runs: nothing.

The page is served by a small server of the attacker's; Chromium is told that a name of his leads to
this machine, as his DNS server would tell it. In the same browser somebody is logged in to the UI.
"""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import REBOUND, Background

ASK = """
async ([api, id, mode]) => {
  const tried = async (path, body) => {
    const request = body === undefined ? {} : {method: "POST", body: JSON.stringify(body)};
    if (body !== undefined && mode === "cors") {
      request.headers = {"Content-Type": "application/json"};
    }
    try {
      const answer = await fetch(`${api}/${path}`, {...request, mode});
      return answer.type === "opaque" ? "opaque" : answer.status;
    } catch (error) { return "blocked"; }
  };
  const command = {command: "/bin/sh -c 'touch /tmp/seedbed-attack'"};
  return {
    health: await tried("health"),
    read: await tried("deployments/filter", {}),
    run: await tried(
      `deployments/${id}/create_flow_run`, {state: {type: "SCHEDULED"}, job_variables: command}
    ),
  };
}
"""

LISTEN = """
(url) => new Promise((done) => {
  const socket = new WebSocket(url, ["prefect"]);
  socket.onopen = () => socket.send(JSON.stringify({type: "auth", token: ""}));
  socket.onmessage = (event) => {
    if (JSON.parse(event.data).type === "auth_success") { done("in"); }
  };
  socket.onclose = () => done("closed");
})
"""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """The address of a page of the attacker's."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<title>elsewhere</title>")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://{REBOUND}:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def stranger(window: BrowserContext) -> Iterator[Page]:
    """A page of the window in which somebody is logged in."""
    with window.new_page() as opened:
        yield opened


def runs(background: Background) -> Any:
    return background.post("flow_runs/count", {})


def attacked(page: Page, background: Background, api: str, mode: str) -> Any:
    """What the page's script got from the API at that address."""
    plan = background.get("deployments/name/plan/dev")["id"]
    before = runs(background)
    got = page.evaluate(ASK, [api, plan, mode])
    assert runs(background) == before
    return got


def test_a_page_of_another_origin_can_neither_read_nor_start_a_run(
    stranger: Page, elsewhere: str, background: Background
) -> None:
    stranger.goto(elsewhere)
    assert stranger.title() == "elsewhere"
    blocked = dict.fromkeys(("health", "read", "run"), "blocked")
    assert attacked(stranger, background, background.api, "cors") == blocked
    unread = dict.fromkeys(("health", "read", "run"), "opaque")
    assert attacked(stranger, background, background.api, "no-cors") == unread  # 401, and no run


def test_a_name_that_leads_here_is_no_way_round(stranger: Page, background: Background) -> None:
    port = urlsplit(background.ui).port
    answer = stranger.goto(f"http://{REBOUND}:{port}/")
    assert answer is not None
    assert (answer.status, answer.text()) == (400, "Invalid host header")
    rebound = f"http://{REBOUND}:{port}/api"  # the page's own origin, for the browser
    refused = dict.fromkeys(("health", "read", "run"), 400)
    assert attacked(stranger, background, rebound, "cors") == refused
    assert stranger.evaluate("localStorage.length") == 0


def test_no_socket_of_the_server_lets_a_page_in(
    stranger: Page, elsewhere: str, background: Background
) -> None:
    stranger.goto(elsewhere)
    port = urlsplit(background.ui).port
    for host in (f"127.0.0.1:{port}", f"{REBOUND}:{port}"):
        assert stranger.evaluate(LISTEN, f"ws://{host}/api/events/out") == "closed"


def test_the_login_stays_with_the_ui_s_origin(
    page: Page, stranger: Page, elsewhere: str, background: Background
) -> None:
    page.goto(background.ui)
    assert page.evaluate("localStorage.getItem('prefect-password')")
    stranger.goto(elsewhere)
    assert stranger.evaluate("localStorage.getItem('prefect-password')") is None
