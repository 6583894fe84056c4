"""Keep passwords out of logs, whoever writes them."""

from __future__ import annotations

import logging
import re
from urllib.parse import quote

HIDDEN = "***"

_URL = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]*://)[^\s/?#\"'@]*(?:@[^\s/?#\"'@]*)*@")
"""The login of any URL, up to the last @ of its server part."""

_LONG = 8
"""A shorter secret is hidden only as a whole word, so that "app" leaves "application" alone."""

_secrets: set[str] = set()


def register_secret(value: str) -> None:
    """Remember a value that must not be logged, as it is and as it stands in a URL."""
    if value:
        _secrets.update({value, quote(value, safe="")})


def redacted(text: str) -> str:
    """The text without any registered secret and without the login of any URL."""
    for secret in sorted(_secrets, key=len, reverse=True):
        pattern = re.escape(secret)
        if len(secret) < _LONG:
            pattern = rf"(?<!\w){pattern}(?!\w)"
        text = re.sub(pattern, HIDDEN, text)
    return _URL.sub(rf"\1{HIDDEN}@", text)


class SecretFilter(logging.Filter):
    """Rewrites the message, the traceback and the stack of a record; drops none."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact in place and let the record pass."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # wrong arguments: logging reports that itself
            message = str(record.msg)
        if (clean := redacted(message)) != message:
            record.msg, record.args = clean, None
        if record.exc_info and record.exc_text is None:
            text = logging.Formatter().formatException(record.exc_info)
            if (clean := redacted(text)) != text:
                record.exc_text, record.exc_info = clean, None
        elif record.exc_text:
            record.exc_text = redacted(record.exc_text)
        if record.stack_info:
            record.stack_info = redacted(record.stack_info)
        return True


def install() -> None:
    """Put the filter on the handlers of the root and of every `prefect` logger.

    Call it once logging is set up, and again after anything sets it up anew: a handler that
    has the filter keeps the one it has.
    """
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] == "prefect"]
    loggers = [logging.getLogger(), *map(logging.getLogger, names)]
    handlers = {handler for logger in loggers for handler in logger.handlers}
    if logging.lastResort is not None:
        handlers.add(logging.lastResort)
    for handler in handlers:
        if not any(isinstance(known, SecretFilter) for known in handler.filters):
            handler.addFilter(SecretFilter())
