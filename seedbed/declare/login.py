"""Login: the password that opens seeded accounts, with its hash."""

from __future__ import annotations

from dataclasses import dataclass

from seedbed.declare.errors import PlainPassword


@dataclass(frozen=True)
class Login:
    """A documented password that opens seeded accounts and nothing else, and its hash.

    The hash is made once and written down: to hash at run time takes a tenth of a second a row, and
    another salt each time would be another row.

    Args:
        password: what people type; the dataset's page prints it
        hash: what the application's table holds

    Raises:
        PlainPassword: the hash is empty, or holds the password itself.
    """

    password: str
    hash: str

    def __post_init__(self) -> None:
        """Refuse a password that lies open in the table."""
        if not self.hash or self.password in self.hash:
            raise PlainPassword(self.password)
