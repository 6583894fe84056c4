"""Serve: Prefect's server with its UI, on a socket that `up` opened.

    python -m seedbed.server.serve DESCRIPTOR

What `prefect server start` runs, with two differences. The socket is handed over, so that nobody
else can have the port before the server does. And a request that names another host is refused:
a page from elsewhere whose name was made to lead to this machine (DNS rebinding) is of the same
origin for the browser, and only the name tells it apart.
"""

from __future__ import annotations

import socket
import sys

import uvicorn
from prefect.server.api.server import create_app
from prefect.settings import get_current_settings
from starlette.middleware.trustedhost import TrustedHostMiddleware

from seedbed.server.started import HOST


def main() -> None:
    """Serve until somebody ends the process."""
    settings = get_current_settings().server
    app = create_app(final=True)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[HOST], www_redirect=False)
    config = uvicorn.Config(
        app,
        timeout_keep_alive=settings.api.keepalive_timeout,
        ws_ping_interval=settings.api.websocket_ping_interval,
        ws_ping_timeout=settings.api.websocket_ping_timeout,
        log_level=settings.logging_level.lower(),
    )
    with socket.socket(fileno=int(sys.argv[1])) as handed:
        uvicorn.Server(config).run(sockets=[handed])


if __name__ == "__main__":
    main()
