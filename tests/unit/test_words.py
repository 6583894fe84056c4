"""The words of a declaration: one table, which the imports for type checkers agree with."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import seedbed
from seedbed import WORDS

PLACES = {name: place for held in WORDS.values() for name, (place, _) in held.items()}
NOT_WITH_A_DOCSTRING = {"SEEDED", "Columns", "Integers", "Floats", "Booleans", "Dates"}
"""A text and names of types."""


def test_type_checkers_see_the_words_of_the_table_where_it_says() -> None:
    tree = ast.parse(Path(seedbed.__file__).read_text(encoding="utf-8"))
    seen = {
        name.asname: str(node.module).removeprefix("seedbed.")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("seedbed.")
        for name in node.names
    }
    assert seen == PLACES


@pytest.mark.parametrize("word", PLACES)
def test_every_word_can_be_imported(word: str) -> None:
    assert getattr(seedbed, word) is not None
    assert word in dir(seedbed)


@pytest.mark.parametrize("word", sorted(set(PLACES) - NOT_WITH_A_DOCSTRING))
def test_every_word_has_a_docstring(word: str) -> None:
    assert inspect.getdoc(getattr(seedbed, word))


@pytest.mark.parametrize("kind", [seedbed.Rows, seedbed.Run])
def test_everything_that_rows_and_a_run_offer_has_a_docstring(kind: type) -> None:
    offered = {name: getattr(kind, name) for name in vars(kind) if not name.startswith("_")}
    assert [name for name, word in offered.items() if not inspect.getdoc(word)] == []


def test_an_unknown_word_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'seedbed' has no attribute 'entitty'"):
        seedbed.entitty  # type: ignore[attr-defined] # noqa: B018 # the matter of the test


@pytest.mark.parametrize("module", ["seedbed", "seedbed.cli.arguments"])
def test_words_and_arguments_come_without_numpy_and_pandas(module: str) -> None:
    said = f"import sys, {module}; print([m for m in ('numpy', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
