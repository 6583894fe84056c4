"""Accounts: the rows of an entity that an auth server makes, not we."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from seedbed.context.context import RunContext
from seedbed.declare.entity import Dataset, Entity
from seedbed.engine.report import StepReport
from seedbed.engine.run import as_frame
from seedbed.postgres import read, record
from seedbed.services.accounts import AuthServer
from seedbed.steps.errors import AccountsElsewhere, RowsMissing

AUTH = "auth"
"""The port of entities whose rows an auth server can make."""


def accounts_of(context: RunContext) -> AuthServer | None:
    """The auth server, if the dataset has accounts and it is the one that makes them."""
    if all(one.through != AUTH for one in context.dataset.entities):
        return None
    return context.adapters.accounts()


def made_by_server(context: RunContext, entity: Entity) -> AuthServer | None:
    """The auth server, if it is the one that makes the entity's rows in this run."""
    return context.adapters.accounts() if entity.through == AUTH else None


def open_accounts(
    context: RunContext, entity: Entity, server: AuthServer, progress: Callable[[int], None]
) -> StepReport:
    """Ask the server for every account that its tables do not hold yet, then count the rows.

    The server writes on a connection of its own, so ours holds no transaction meanwhile. Rows
    that come with an account (identities) are only counted.

    Raises:
        AccountsElsewhere: the first account is not in the database.
        RowsMissing: the tables do not hold what the server says it made.
    """
    started = time.monotonic()
    with context.database.reading() as connection:
        gap = read.Gap(connection, entity, context.at(connection), context.profile.chunk_rows)
        accounts = [account for rows in gap for account in _accounts(as_frame(rows))]
    for number, account in enumerate(accounts):
        server.ensure(account)
        if number == 0 and not _is_here(context, entity, account["id"]):
            raise AccountsElsewhere(context.dataset.name, server.kind)
        progress(1)
    if gap.missing:
        with context.writing() as fence:
            connection = fence.connection
            held = read.count(connection, entity)
            if held != gap.owned + gap.missing:
                raise RowsMissing(entity, held, gap.owned + gap.missing)
            record.write(connection, context.author, context.run, entity.name, added=gap.missing)
    return StepReport(
        name=entity.name,
        table=entity.table,
        target=gap.target,
        present=gap.target - gap.missing,
        added=gap.missing,
        removed=0,
        seconds=time.monotonic() - started,
        step=entity.step,
    )


def _is_here(context: RunContext, entity: Entity, account: str) -> bool:
    """Whether the database holds the account."""
    (number,), _ = entity.key.read([UUID(account)])
    with context.database.reading() as connection:
        return bool(len(read.numbers(connection, entity, int(number), int(number))))


def is_ours(dataset: Dataset, account: str) -> bool:
    """Whether an account's id is a key that the dataset makes."""
    keys = [one.key for one in dataset.entities if one.through == AUTH]
    return any(key.read([UUID(account)])[1].all() for key in keys)


def _accounts(frame: Any) -> list[Mapping[str, Any]]:
    """What the admin API takes, of rows of its table of users; other rows it makes by itself."""
    if "encrypted_password" not in frame:
        return []
    return [
        {
            "id": str(row["id"]),
            "email": row["email"],
            "password_hash": row["encrypted_password"],
            "email_confirm": True,
            "user_metadata": row["raw_user_meta_data"],
            "app_metadata": row["raw_app_meta_data"],
        }
        for row in frame.to_dict("records")
    ]
