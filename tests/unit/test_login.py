"""Login: a documented password and its hash."""

from __future__ import annotations

import pytest

from seedbed import Login
from seedbed.declare.errors import PlainPassword


@pytest.mark.parametrize("held", ["", "Shop2026!", "plain:Shop2026!"])
def test_a_password_that_lies_open_in_the_table_is_refused(held: str) -> None:
    with pytest.raises(PlainPassword) as caught:
        Login("Shop2026!", hash=held)
    assert str(caught.value) == (
        "the login with password 'Shop2026!' has the password itself, or nothing, in the place of "
        "its hash; write the hash that the application checks it against"
    )


def test_a_hash_is_kept_as_it_is_written() -> None:
    assert Login("Shop2026!", hash="$2a$10$abc").hash == "$2a$10$abc"
