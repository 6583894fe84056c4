"""Accounts: logins at a Supabase auth server, by its admin API.

The API's version header makes errors carry a code. An account is made with our own id, so that
making it twice is found out; an address that another account has is never taken over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from seedbed.services.errors import ServiceFailed
from seedbed.services.http import Api, Unanswered, code

VERSION = "2024-01-01"
PAGE = 200
LOOKS = 3
"""How often a creation that got no answer is looked for and asked for again."""

USERS = "auth/v1/admin/users"

TAKEN = (
    "belongs to another account, which is left alone; give that one another address, or remove it"
)


class AuthServer:
    """Accounts by id (uuid, as text)."""

    def __init__(self, base: str, key: str) -> None:
        self._api = Api(
            "auth",
            f"{base.rstrip('/')}/",
            headers={
                "apikey": key,
                "Authorization": f"Bearer {key}",
                "X-Supabase-Api-Version": VERSION,
            },
        )

    @property
    def kind(self) -> str:
        """Which adapter it is and where it points."""
        return f"auth server at {self._api.host}"

    def ensure(self, account: Mapping[str, Any]) -> None:
        """Make an account that is not there: id, email, password_hash and the metadata.

        Without a good answer it looks whether the account is there before it asks again; the
        server also answers 500 for an id that it has.

        Raises:
            ServiceFailed: the address belongs to somebody else, or the server refuses.
        """
        doing = f"create the account {account['id']}"
        problem = ""
        for _ in range(LOOKS):
            try:
                answer = self._api.request("POST", USERS, doing=doing, json=dict(account))
            except Unanswered as unanswered:
                problem = unanswered.problem
            else:
                if answer.is_success:
                    return
                if "email_exists" not in code(answer):
                    raise self._api.refused(doing, answer)
                if not self.has(account["id"]):
                    raise ServiceFailed("auth", doing, f"{account['email']} {TAKEN}")
            if self.has(account["id"]):
                return
        raise ServiceFailed("auth", doing, problem)

    def has(self, account: str) -> bool:
        """Whether there is an account of that id."""
        doing = f"look for the account {account}"
        answer = self._api.request("GET", f"{USERS}/{account}", doing=doing)
        if answer.status_code == 404:
            return False
        if not answer.is_success:
            raise self._api.refused(doing, answer)
        return True

    def remove(self, accounts: Iterable[str]) -> None:
        """Remove accounts; one that is gone already counts as removed.

        Raises:
            ServiceFailed: the server refuses, for example because rows still need the account.
        """
        for account in accounts:
            doing = f"delete the account {account}"
            answer = self._api.request("DELETE", f"{USERS}/{account}", doing=doing)
            if not answer.is_success and answer.status_code != 404:
                raise self._api.refused(doing, answer)

    def close(self) -> None:
        """Let go of its connections."""
        self._api.close()

    def check(self, place: str) -> str:
        """Ask for one account; there are no places. Writes nothing."""
        self._api.json("GET", USERS, doing="list accounts", params={"page": 1, "per_page": 1})
        return "accounts can be listed"

    def ids(self) -> Iterator[str]:
        """The ids of all accounts; pages until one is empty, for a server may give less a page."""
        page = 1
        while True:
            where = {"page": page, "per_page": PAGE}
            body = self._api.json("GET", USERS, doing="list accounts", needs="users", params=where)
            if not body["users"]:
                return
            yield from (one["id"] for one in body["users"])
            page += 1
