"""Redaction: no password reaches a handler, whoever logs it and in whatever part of a record."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from seedbed.postgres.connection import redact
from seedbed.postgres.connection.redact import SecretFilter, install, redacted, register_secret

CANARY = "Kanarien/vogel 7"
QUOTED = "Kanarien%2Fvogel%207"


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The registered secrets, none at the start of a test."""
    fresh: set[str] = set()
    monkeypatch.setattr(redact, "_secrets", fresh)
    return fresh


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger of its own, with the filter on its handler, and what that handler wrote."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(SecretFilter())
    logger = logging.getLogger("test_redact")
    logger.addHandler(handler)
    logger.propagate = False
    yield logger, written
    logger.removeHandler(handler)
    logger.propagate = True


def test_a_registered_secret_is_hidden_as_it_is_and_as_it_stands_in_a_url() -> None:
    register_secret(CANARY)
    assert redacted(f"is {CANARY!r}, in a URL {QUOTED}.") == "is '***', in a URL ***."


def test_a_long_secret_is_hidden_inside_words_and_a_short_one_only_as_a_word() -> None:
    register_secret("longenough")
    register_secret("app")
    assert redacted("xlongenoughx; app, application, my_app") == "x***x; ***, application, my_app"


def test_of_two_secrets_the_longer_one_is_hidden_first() -> None:
    register_secret("Kanarienvogel")
    register_secret("Kanarienvogel-und-mehr")
    assert redacted("Kanarienvogel-und-mehr Kanarienvogel") == "*** ***"


def test_an_empty_secret_hides_nothing(secrets: set[str]) -> None:
    register_secret("")
    assert secrets == set()
    assert redacted("all of it") == "all of it"


def test_a_secret_is_text_and_no_pattern() -> None:
    register_secret("a.c+(d")
    assert redacted("a.c+(d abc") == "*** abc"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://ann:secret@db.example/shop", "postgresql://***@db.example/shop"),
        (
            "postgresql+psycopg://ann@db.example:5432/shop",
            "postgresql+psycopg://***@db.example:5432/shop",
        ),
        ("see http://u:p@h/x and http://v:q@i/y", "see http://***@h/x and http://***@i/y"),
        ("postgresql://ann:p@ss@word@db.example/shop", "postgresql://***@db.example/shop"),
        ("postgresql://db.example/shop", "postgresql://db.example/shop"),
        ("https://example.org/a@b?c=d@e", "https://example.org/a@b?c=d@e"),
        ("ann@example.org", "ann@example.org"),
    ],
)
def test_the_login_of_any_url_is_hidden_and_nothing_else(text: str, shown: str) -> None:
    assert redacted(text) == shown


def test_a_secret_in_message_or_arguments_is_hidden(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    register_secret(CANARY)
    logger, written = log
    logger.warning(f"login {CANARY}")
    logger.warning("login %s of %s", CANARY, {"user": "ann"})
    logger.warning("at %(url)s", {"url": "postgresql://ann:x@h/d"})
    logger.warning("100 %% of %d", 7)
    assert written.getvalue().splitlines() == [
        "login ***",
        "login *** of {'user': 'ann'}",
        "at postgresql://***@h/d",
        "100 % of 7",
    ]


def test_a_secret_in_a_traceback_is_hidden_and_the_rest_of_it_stays(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    register_secret(CANARY)
    logger, written = log
    try:
        raise ValueError(f"no login with {CANARY}")
    except ValueError:
        logger.exception("failed")
    assert CANARY not in written.getvalue()
    assert written.getvalue().startswith("failed\nTraceback (most recent call last):\n")
    assert written.getvalue().endswith("ValueError: no login with ***\n")


def test_a_secret_in_a_cause_of_an_error_is_hidden(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    register_secret(CANARY)
    logger, written = log
    try:
        try:
            raise ValueError(CANARY)
        except ValueError as error:
            raise OSError("harmless") from error
    except OSError:
        logger.exception("failed")
    assert CANARY not in written.getvalue()
    assert "ValueError: ***" in written.getvalue()


def test_a_traceback_that_was_formatted_before_and_a_stack_are_redacted_too() -> None:
    register_secret(CANARY)
    record = logging.LogRecord("name", logging.ERROR, "file.py", 1, "message", None, None)
    record.exc_text = f"Traceback: {CANARY}"
    record.stack_info = f"Stack: {CANARY}"
    assert SecretFilter().filter(record) is True
    assert (record.exc_text, record.stack_info) == ("Traceback: ***", "Stack: ***")


def test_a_record_without_a_secret_keeps_its_arguments_for_other_handlers() -> None:
    record = logging.LogRecord("name", logging.INFO, "file.py", 1, "%d rows", (7,), None)
    assert SecretFilter().filter(record) is True
    assert (record.msg, record.args) == ("%d rows", (7,))


@pytest.fixture
def prefects() -> Iterator[logging.Handler]:
    """A handler of a logger below `prefect`, as its logging set-up makes them."""
    logger, handler = logging.getLogger("prefect.flow_runs.test"), logging.NullHandler()
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


@pytest.fixture
def others() -> Iterator[logging.Handler]:
    """A handler of a logger whose name only begins like Prefect's."""
    logger, handler = logging.getLogger("prefecture"), logging.NullHandler()
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


@pytest.fixture
def roots() -> Iterator[logging.Handler]:
    """A handler of the root logger."""
    handler = logging.NullHandler()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def test_installed_it_is_once_on_every_handler_of_root_and_prefect(
    prefects: logging.Handler, others: logging.Handler, roots: logging.Handler
) -> None:
    known = {handler: list(handler.filters) for handler in logging.getLogger().handlers}
    last = logging.lastResort
    assert last is not None
    known[last] = list(last.filters)
    try:
        install()
        install()
        for handler in (prefects, roots, last):
            assert sum(isinstance(one, SecretFilter) for one in handler.filters) == 1
        assert others.filters == []
    finally:
        for handler, filters in known.items():
            handler.filters[:] = filters
