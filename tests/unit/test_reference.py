"""The reference: it is what the code says, and nothing in it is without a description."""

from __future__ import annotations

import inspect

import pytest

import seedbed
from seedbed.cli.__main__ import GAP, READER_GONE
from seedbed.cli.arguments import EXIT_CODES
from seedbed.context.variables import VARIABLES
from seedbed.declare.errors import Refused, SeedbedError, UsageError
from seedbed.engine.settings import Profile
from tests.docs.reference import (
    FILE,
    TYPES,
    arguments,
    commands,
    keys,
    offered,
    options,
    parameters,
    reference,
)

WORDS = {word: about for held in seedbed.WORDS.values() for word, (_, about) in held.items()}


def test_the_reference_is_what_the_code_says() -> None:
    assert FILE.read_text(encoding="utf-8") == reference(), "run `make reference`"


def test_every_word_is_described() -> None:
    assert [word for word, about in WORDS.items() if len(about.split()) < 3] == []


@pytest.mark.parametrize("word", sorted(set(WORDS) - TYPES))
def test_every_option_of_a_word_is_described_and_no_other(word: str) -> None:
    held = getattr(seedbed, word)
    assert list(options(held)) == list(parameters(held))
    assert all(options(held).values())


def test_options_are_read_from_a_docstring_over_several_lines() -> None:
    def word(first: int, second: int) -> None:
        """What it is.

        Args:
            first: a sentence
                in two lines: with a colon
            second: another

        Raises:
            BadKey: never
        """

    assert options(word) == {"first": "a sentence in two lines: with a colon", "second": "another"}


@pytest.mark.parametrize("protocol", [seedbed.Rows, seedbed.Run])
def test_everything_that_rows_and_a_run_offer_is_described(protocol: type) -> None:
    assert [name for name, held in offered(protocol).items() if not inspect.getdoc(held)] == []


def test_every_key_of_a_profile_is_described() -> None:
    assert [name for name, field in keys(Profile) if not field.description] == []


def test_every_variable_is_described() -> None:
    held = [(name, about) for held in VARIABLES.values() for name, about in held.items()]
    assert [name for name, about in held if not about] == []


def test_every_command_and_option_is_described() -> None:
    for name, (about, command) in commands().items():
        assert about, name
        assert [one.dest for one in arguments(command) if not one.help] == [], name


def test_every_exit_code_is_described() -> None:
    of_errors = {kind.exit_code for kind in (SeedbedError, UsageError, Refused)}
    assert set(EXIT_CODES) == {0, *of_errors, GAP, 130, READER_GONE}
