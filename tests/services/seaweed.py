"""SeaweedFS: a real S3 server, which can be killed and started anew."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

KEY, SECRET = "canary-s3-key", "canary-s3-S3cret"
BUCKET = "thumbnails"
PORTS = ("master", "volume", "filer", "s3")
PATIENCE = 60.0
"""Seconds for a start: the server elects a leader first."""


class Seaweed:
    """One server with all its parts in one process, on ports of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        ports = _free(2 * len(PORTS))
        self._ports = dict(zip(PORTS, ports, strict=False))
        self._grpc = dict(zip(PORTS, ports[len(PORTS) :], strict=True))
        right = {"accessKey": KEY, "secretKey": SECRET}
        rights = ["Admin", "Read", "Write", "List", "Tagging"]
        config = {"identities": [{"name": "us", "credentials": [right], "actions": rights}]}
        (folder / "s3.json").write_text(json.dumps(config))

    @property
    def url(self) -> str:
        """The S3 endpoint."""
        return f"http://127.0.0.1:{self._ports['s3']}"

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables by which the product finds it."""
        names = ("SEEDBED_S3_ENDPOINT", "SEEDBED_S3_KEY", "SEEDBED_S3_SECRET")
        return dict(zip(names, (self.url, KEY, SECRET), strict=True))

    def store(self, **more: Any) -> S3Store:
        """The bucket, by a client that is not the product's."""
        return S3Store(
            BUCKET,
            endpoint=self.url,
            access_key_id=KEY,
            secret_access_key=SECRET,
            region="auto",
            virtual_hosted_style_request=False,
            client_options={"allow_http": True},
            **more,
        )

    def listed(self) -> set[str]:
        """Everything in the bucket."""
        return {str(one["path"]) for batch in obstore.list(self.store()) for one in batch}

    def empty(self) -> None:
        """Remove everything from the bucket."""
        obstore.delete(self.store(), sorted(self.listed()))

    def start(self) -> None:
        """Start it; it may take some seconds until it answers."""
        weed = Path(sys.executable).parent / "weed"
        command = [
            *(str(weed), "-logtostderr=true", "server", "-s3", "-s3.config=s3.json"),
            *("-dir=.", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false"),
            *("-master.volumeSizeLimitMB=64", "-volume.max=0", "-s3.iam=false"),
            *(
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                "-filer.localSocket=filer.sock",
                "-master.electionTimeout=1s",
            ),
            *(f"-{part}.port={port}" for part, port in self._ports.items()),
            *(f"-{part}.port.grpc={port}" for part, port in self._grpc.items()),
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log)

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def wait(self) -> None:
        """Wait until it takes a file."""
        deadline = time.monotonic() + PATIENCE
        store = self.store(retry_config={"max_retries": 0})
        while True:
            if self._process is None or self._process.poll() is not None:
                log = (self._folder / "log").read_text().splitlines()
                raise RuntimeError(f"it ended by itself: {log[-1]}")
            try:
                obstore.put(store, "ready", b"")
                obstore.delete(store, "ready")
                return
            except BaseError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


@contextmanager
def running(folder: Path) -> Iterator[Seaweed]:
    """A server while the block runs."""
    server = Seaweed(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def _free(number: int) -> list[int]:
    """Ports that nobody uses now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports
