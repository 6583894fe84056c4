"""Mux: the adapter against an emulator, both held to Mux's description, and Mux's own client."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from contextlib import closing

import mux_python  # type: ignore[import-untyped]  # it has no types
import pytest

from seedbed.services.errors import ServiceFailed
from seedbed.services.mux import Mux
from seedbed.services.port import Held
from tests.services.emulator import How
from tests.services.mux_server import ASSETS, SECRET, TOKEN, MuxServer

PREFIX = "00000000-5eed-0002-0003-"
KEY = f"{PREFIX}000000000001"
SPEC = {"url": "https://media.test/01.mp4"}


@pytest.fixture(params=[False, True], ids=["pages", "cursors"])
def server(request: pytest.FixtureRequest) -> Iterator[MuxServer]:
    """As the description has it, and as Mux lists today."""
    made = MuxServer(cursors=request.param)
    with made.running():
        yield made


@pytest.fixture
def mux(server: MuxServer) -> Iterator[Mux]:
    with adapter(server) as made:
        yield made


def adapter(
    server: MuxServer, token: str = TOKEN, secret: str = SECRET, rate: float = 1000
) -> closing[Mux]:
    return closing(Mux(token, secret, base=server.url, creates_per_second=rate))


@pytest.fixture
def vendor(server: MuxServer) -> Iterator[mux_python.AssetsApi]:
    """Mux's own client, as an independent second one."""
    settings = mux_python.Configuration()
    settings.host, settings.username, settings.password = server.url, TOKEN, SECRET
    client = mux_python.ApiClient(settings)
    yield mux_python.AssetsApi(client)
    client.rest_client.pool_manager.clear()
    client.close()


def test_mux_s_own_client_agrees_with_the_emulator(
    server: MuxServer, vendor: mux_python.AssetsApi
) -> None:
    wanted = mux_python.CreateAssetRequest(
        input=[mux_python.InputSettings(url=SPEC["url"])],
        playback_policy=[mux_python.PlaybackPolicy.SIGNED],
        passthrough=KEY,
    )
    made = vendor.create_asset(wanted).data
    assert (made.status, made.passthrough, len(made.playback_ids)) == ("preparing", KEY, 1)
    with pytest.raises(mux_python.ApiException) as refused:
        vendor.delete_asset(made.id)
    assert refused.value.status == 400
    assert vendor.list_assets(limit=1).data[0].status == "preparing"
    assert vendor.list_assets(limit=1).data[0].status == "ready"
    assert vendor.get_asset(made.id).data.status == "ready"
    vendor.delete_asset(made.id)
    with pytest.raises(mux_python.ApiException) as missing:
        vendor.get_asset(made.id)
    assert missing.value.status == 404
    assert server.validated == 7


def test_both_clients_see_each_other_s_assets(
    server: MuxServer, mux: Mux, vendor: mux_python.AssetsApi
) -> None:
    mux.create("", KEY, SPEC)
    (seen,) = vendor.list_assets(limit=100).data
    assert (seen.passthrough, seen.playback_ids[0].policy) == (KEY, "signed")
    held = mux.held("", PREFIX)
    assert held == {KEY: Held(KEY, seen.id, "ready", seen.playback_ids[0].id)}
    mux.remove("", held.values())
    assert vendor.list_assets(limit=100).data == []


def test_assets_of_others_are_listed_past_and_left_out(server: MuxServer, mux: Mux) -> None:
    for number in range(150):
        server.put(f"episode {number}" if number % 3 else None)
    mux.create("", KEY, SPEC)
    for number in range(150):
        server.put(f"theirs {number}")
    assert set(mux.held("", PREFIX)) == {KEY}
    assert server.count(f"GET {ASSETS}") == 4


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_assets_the_best_counts(server: MuxServer, mux: Mux, order: int) -> None:
    for status in ["errored", "preparing", "ready", "preparing", "errored"][::order]:
        server.put(KEY, status=status)
    assert mux.held("", PREFIX)[KEY].state == "ready"
    for name in [one["id"] for one in server.made(KEY) if one["status"] == "ready"]:
        del server.assets[name]
    assert mux.held("", PREFIX)[KEY].state == "preparing"


def test_an_error_of_an_asset_is_told(server: MuxServer, mux: Mux) -> None:
    server.broken.add(KEY)
    mux.create("", KEY, SPEC)
    assert mux.held("", PREFIX)[KEY].state == "preparing"
    held = mux.held("", PREFIX)[KEY]
    assert held.state == "errored"
    assert held.problem == "download_failed: The file could not be downloaded."


@pytest.mark.parametrize("how", ["failed", "lost", "cut", "half", "late"])
def test_an_asset_that_was_made_without_an_answer_is_not_made_again(
    server: MuxServer, mux: Mux, how: How
) -> None:
    server.fault(f"POST {ASSETS}", how)
    mux.create("", KEY, SPEC)
    assert len(server.made(KEY)) == 1
    assert server.count(f"POST {ASSETS}") == 1


@pytest.mark.parametrize(
    ("how", "status"),
    [("dropped", 0), ("refused", 429), ("refused", 500), ("refused", 502), ("refused", 503)],
)
def test_an_asset_that_was_not_made_is_asked_for_again(
    server: MuxServer, mux: Mux, how: How, status: int
) -> None:
    server.fault(f"POST {ASSETS}", how, status, times=2)
    mux.create("", KEY, SPEC)
    assert len(server.made(KEY)) == 1
    assert server.count(f"POST {ASSETS}") == 3


@pytest.mark.parametrize(
    ("how", "status"),
    [(one, 0) for one in ("dropped", "lost", "cut", "half", "late")]
    + [("refused", status) for status in (429, 502, 503, 504)],
)
def test_what_only_reads_or_deletes_is_asked_again(
    server: MuxServer, mux: Mux, how: How, status: int
) -> None:
    ready = server.put(KEY)
    server.fault(f"GET {ASSETS}", how, status)
    assert set(mux.held("", PREFIX)) == {KEY}
    if how not in ("cut", "half"):  # a deletion is answered without a body
        server.fault(f"DELETE {ASSETS}/{ready}", how, status)
    mux.remove("", [Held(KEY, ready)])
    assert server.assets == {}


def test_a_server_that_stays_away_is_given_up(server: MuxServer, mux: Mux) -> None:
    server.fault(f"(GET|POST) {ASSETS}", "refused", 503, times=100)
    with pytest.raises(ServiceFailed) as caught:
        mux.create("", KEY, SPEC)
    assert str(caught.value) == (
        "video: could not list assets: it answered 503 (6 tries, host 127.0.0.1)"
    )


def test_a_creation_that_is_never_done_is_given_up(server: MuxServer, mux: Mux) -> None:
    server.fault(f"POST {ASSETS}", "refused", 500, times=100)
    with pytest.raises(ServiceFailed) as caught:
        mux.create("", KEY, SPEC)
    assert str(caught.value) == f"video: could not create the asset of {KEY}: it answered 500"
    assert server.count(f"POST {ASSETS}") == 3


def test_an_asset_in_preparation_is_not_deleted(server: MuxServer, mux: Mux) -> None:
    held = Held(KEY, server.put(KEY, status="preparing"), "preparing")
    with pytest.raises(ServiceFailed) as caught:
        mux.remove("", [held])
    assert str(caught.value) == (
        f"video: could not delete the asset of {KEY}: it is still being prepared; try again later"
    )


def test_gone_already_is_gone(server: MuxServer, mux: Mux) -> None:
    mux.remove("", [Held(KEY, "asset99999")])
    assert server.count(f"DELETE {ASSETS}/asset99999") == 1


def test_a_wrong_token_is_refused_without_being_shown(server: MuxServer) -> None:
    with adapter(server, "canary-token", "canary-S3cret") as wrong:
        for action in (
            lambda: wrong.check(""),
            lambda: wrong.held("", PREFIX),
            lambda: wrong.create("", KEY, SPEC),
        ):
            with pytest.raises(ServiceFailed, match=r"answered 401 \(unauthorized\)$") as caught:
                action()
            shown = "".join(traceback.format_exception(caught.value))
            assert "canary" not in shown
    with adapter(server) as right:
        assert right.check("") == "assets can be listed"


def test_an_answer_of_something_else_is_an_error_in_words(server: MuxServer, mux: Mux) -> None:
    server.fault(f"GET {ASSETS}", "refused", 200)  # {"errors": …}
    with pytest.raises(ServiceFailed) as caught:
        mux.held("", PREFIX)
    assert str(caught.value) == "video: could not list assets: its answer has no 'data'"


def test_no_more_creations_a_second_than_allowed(server: MuxServer) -> None:
    started = time.monotonic()
    with adapter(server, rate=20) as slow:
        for number in range(1, 7):
            slow.create("", f"{PREFIX}{number:012}", SPEC)
    assert time.monotonic() - started >= 5 / 20
    assert len(server.assets) == 6


def test_a_creation_that_is_asked_for_again_waits_its_turn(server: MuxServer) -> None:
    server.fault(f"POST {ASSETS}", "dropped", times=2)
    started = time.monotonic()
    with adapter(server, rate=20) as slow:
        slow.create("", KEY, SPEC)
    assert time.monotonic() - started >= 2 / 20
