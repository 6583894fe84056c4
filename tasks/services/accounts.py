"""Accounts: logins at a Supabase auth server, by its admin API.

The API's version header makes errors carry a code. An account is made with our own id, so that
making it twice is found out; an address that another account has is never taken over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tasks.services.http import Api, Unanswered, code
from tasks.services.port import ServiceFailed

VERSION = "2024-01-01"
PAGE = 200
LOOKS = 3
"""How often a creation that got no answer is looked for and asked for again."""

USERS = "auth/v1/admin/users"


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
                problem = f"it answered {answer.status_code}{code(answer)}"
                taken = answer.status_code == 422 and "email_exists" in code(answer)
                if not taken and answer.status_code < 500:
                    raise self._api.refused(doing, answer)
                if taken and not self.has(account["id"]):
                    problem = "its address belongs to another account, which is left alone"
                    raise ServiceFailed("auth", doing, problem)
            # No answer, or a 500, which it also gives for an id that is there: look.
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

    def ids(self, prefix: str) -> list[str]:
        """The ids of all accounts that begin with the prefix."""
        return [one for one in self._all() if one.startswith(prefix)]

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

    def check(self) -> str:
        """Ask for one account; writes nothing."""
        self._api.json("GET", USERS, doing="list accounts", params={"page": 1, "per_page": 1})
        return "accounts can be listed"

    def _all(self) -> Iterator[str]:
        page = 1
        while True:
            body = self._api.json(
                "GET", USERS, doing="list accounts", params={"page": page, "per_page": PAGE}
            )
            yield from (one["id"] for one in body["users"])
            if len(body["users"]) < PAGE:
                return
            page += 1
