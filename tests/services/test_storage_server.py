"""The storage server's adapter: what was recorded of the real one, and an emulator of it."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import unquote

import pytest

from seedbed.services import bucket
from seedbed.services.bucket import StorageServer as Adapter
from seedbed.services.errors import ServiceFailed
from seedbed.services.port import Held
from tests.services.emulator import Emulator, How
from tests.services.storage_server import EXCHANGES, KEY, ROOT, Replay, StorageServer

PREFIX = "00000000-5eed-0001-0001-"
NAME = f"{PREFIX}000000000001/mock-a-thumbnail.png"
SPEC = {"content": b"png", "content_type": "image/png"}
LIST = f"POST {ROOT}/object/list-v2/thumbnails"
PUT = f"POST {ROOT}/object/thumbnails/{NAME}"
DELETE = f"DELETE {ROOT}/object/thumbnails"


def adapter(server: Emulator, key: str = KEY) -> closing[Adapter]:
    return closing(Adapter(f"{server.url}{ROOT}", key))


@pytest.fixture
def server() -> Iterator[StorageServer]:
    made = StorageServer("thumbnails")
    with made.running():
        yield made


@pytest.fixture
def storage(server: StorageServer) -> Iterator[Adapter]:
    with adapter(server) as made:
        yield made


# -- what was recorded of the real server -----------------------------------------------------

JPEG = {"content_type": "image/jpeg"}


def test_a_file_is_put_over_itself() -> None:
    server = Replay(7, 17)
    with server.running(), adapter(server) as storage:
        storage.create("thumbnails", "series/a/ep1.jpg", JPEG | {"content": bytes(4309)})
        storage.create("thumbnails", "series/a/ep2.jpg", JPEG | {"content": bytes(4309)})
        assert server.left == 0


def test_a_page_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "PAGE", 2)
    server = Replay(25)
    with pytest.raises(AssertionError, match="nothing more was recorded"), server.running():
        with adapter(server) as storage, pytest.raises(ServiceFailed):
            storage.held("thumbnails", "series/")
        assert server.asked[1].json == {
            "prefix": "series/",
            "limit": 2,
            "with_delimiter": False,
            "cursor": "bDpzZXJpZXMvYS9lcDIuanBn",
        }


def test_files_go_many_at_a_time_whether_they_are_there_or_not() -> None:
    server = Replay(27)
    keys = ["series/a/ep6.jpg", "series/a/ep7.jpg", "series/a/none.jpg"]
    with server.running(), adapter(server) as storage:
        storage.remove("thumbnails", [Held(key, key) for key in keys])
        assert server.left == 0


def test_a_bucket_is_looked_at() -> None:
    server = Replay(2, 3)
    with server.running(), adapter(server) as storage:
        assert storage.check("thumbnails") == "bucket 'thumbnails' is there"
        with pytest.raises(ServiceFailed) as caught:
            storage.check("nope")
        assert str(caught.value) == (
            "storage: could not look at bucket 'nope': it answered 400 (NoSuchBucket)"
        )


@pytest.mark.parametrize("number", [10, 11, 12, 13])
def test_the_code_of_a_refusal_is_told(number: int) -> None:
    recorded = EXCHANGES[number]
    _, _, place, key = unquote(recorded["request"]["path"]).split("/", 3)
    spec = {
        "content_type": recorded["request"]["headers"]["content-type"],
        "content": bytes(recorded["request"]["body_bytes"]),
    }
    code = recorded["response"]["json"]["code"]
    server = Replay(number)
    with server.running(), adapter(server) as storage:
        with pytest.raises(ServiceFailed) as caught:
            storage.create(place, key, spec)
        assert str(caught.value) == f"storage: could not put {key!r}: it answered 400 ({code})"


# -- an emulator with a memory ----------------------------------------------------------------


def test_a_file_is_put_listed_and_removed(server: StorageServer, storage: Adapter) -> None:
    storage.create("thumbnails", NAME, SPEC)
    (held,) = storage.held("thumbnails", PREFIX).values()
    assert (held.key, held.state) == (NAME, "ready")
    assert server.buckets["thumbnails"][NAME]["metadata"] == {"size": 3, "mimetype": "image/png"}
    storage.create("thumbnails", NAME, SPEC)
    assert storage.held("thumbnails", PREFIX) == {NAME: held}  # the same id
    storage.remove("thumbnails", [held])
    storage.remove("thumbnails", [held])
    assert storage.held("thumbnails", PREFIX) == {}


def test_many_files_are_listed_page_by_page_and_removed_a_thousand_at_a_time(
    server: StorageServer, storage: Adapter
) -> None:
    ours = [f"{PREFIX}{number:012}/mock-a-thumbnail.png" for number in range(2_345)]
    server.put("thumbnails", *ours, *(f"3f-{number}/b.png" for number in range(3_000)))
    held = storage.held("thumbnails", PREFIX)
    assert list(held) == ours
    assert server.count(LIST) == 3
    storage.remove("thumbnails", held.values())
    assert server.count(DELETE) == 3
    assert len(server.buckets["thumbnails"]) == 3_000


def test_a_server_with_smaller_pages_is_read_to_its_end(
    server: StorageServer, storage: Adapter
) -> None:
    server.most = 7
    ours = [f"{PREFIX}{number:012}/mock-a-thumbnail.png" for number in range(50)]
    server.put("thumbnails", *ours)
    assert list(storage.held("thumbnails", PREFIX)) == ours


FAULTS: list[tuple[How, int]] = [
    *((one, 0) for one in ("dropped", "lost", "cut", "half", "late")),
    *(("refused", status) for status in (429, 502, 503, 504)),
    ("failed", 503),
]


@pytest.mark.parametrize(("how", "status"), FAULTS)
def test_everything_is_asked_again(
    server: StorageServer, storage: Adapter, how: How, status: int
) -> None:
    for request in (PUT, LIST, DELETE):
        server.fault(request, how, status)
    storage.create("thumbnails", NAME, SPEC)
    held = storage.held("thumbnails", PREFIX)
    assert set(held) == {NAME}
    storage.remove("thumbnails", held.values())
    assert server.buckets["thumbnails"] == {}
    assert [server.count(one) for one in (PUT, LIST, DELETE)] == [2, 2, 2]


def test_a_server_that_stays_away_is_given_up(server: StorageServer, storage: Adapter) -> None:
    server.fault(PUT, "half", times=100)
    with pytest.raises(ServiceFailed) as caught:
        storage.create("thumbnails", NAME, SPEC)
    assert str(caught.value) == (
        f"storage: could not put {NAME!r}: it sent half an answer (6 tries, host 127.0.0.1)"
    )


def test_a_wrong_key_is_refused_without_being_shown(server: StorageServer) -> None:
    with adapter(server, "canary-S3cret") as wrong:
        for action in (
            lambda: wrong.check("thumbnails"),
            lambda: wrong.held("thumbnails", PREFIX),
            lambda: wrong.create("thumbnails", NAME, SPEC),
            lambda: wrong.remove("thumbnails", [Held(NAME, NAME)]),
        ):
            with pytest.raises(ServiceFailed, match=r"400 \(AccessDenied\)$") as caught:
                action()
            assert "canary" not in "".join(traceback.format_exception(caught.value))
