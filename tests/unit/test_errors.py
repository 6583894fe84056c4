"""Errors: the sentence and the exit code of each."""

from __future__ import annotations

import pytest

from seedbed.declare.errors import (
    BadDeclaration,
    BadKey,
    BadSetting,
    Refused,
    SeedbedError,
    UnknownName,
    UsageError,
)


def test_an_unknown_name_suggests_the_nearest() -> None:
    error = UnknownName("entity of commerce", "order_item", ["orders", "order_items", "ads"])
    assert str(error) == ("unknown entity of commerce 'order_item'; did you mean 'order_items'?")


def test_an_unknown_name_without_a_near_one_lists_all_in_order() -> None:
    error = UnknownName("dataset", "zzz", (name for name in ["therapy", "commerce"]))
    assert str(error) == "unknown dataset 'zzz'; known: commerce, therapy"


def test_a_bad_setting_names_place_and_key() -> None:
    error = BadSetting("staging.toml", "scale", "must be at least 1")
    assert str(error) == "staging.toml: scale must be at least 1"


def test_a_bad_declaration_names_the_entity() -> None:
    assert str(BadDeclaration("orders", "has no parent; declare `per`")) == (
        "entity 'orders' has no parent; declare `per`"
    )


def test_a_bad_key_names_its_kind() -> None:
    assert str(BadKey("0003-0001", "is spent")) == "key '0003-0001' is spent"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SeedbedError("x"), 1),
        (UsageError("x"), 2),
        (UnknownName("setting", "x", []), 2),
        (BadSetting("x", "x", "x"), 2),
        (BadDeclaration("x", "x"), 2),
        (BadKey("x", "x"), 2),
        (Refused("x"), 3),
    ],
)
def test_every_error_has_its_exit_code(error: SeedbedError, code: int) -> None:
    assert error.exit_code == code
    assert isinstance(error, SeedbedError)
