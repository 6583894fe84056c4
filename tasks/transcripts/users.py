"""The people who save links."""

from __future__ import annotations

import numpy as np

from seedbed import Columns, Login, Rows, entity, scaled, text, uuid_key

EACH = 5
"""Users at scale 1."""

FIRST = (
    ("Alex Smith", "alex@transcripts.test"),
    ("Sam Johnson", "sam@transcripts.test"),
    ("Taylor Wong", "taylor@transcripts.test"),
    ("Jordan Rivera", "jordan@transcripts.test"),
    ("Casey Johnson", "casey@transcripts.test"),
)
"""The owner's five."""

# documented in the README; it opens seeded data only
LOGIN = Login(
    "TranscriptSeed2026!", hash="$2a$10$Hh7YCmd0qYJbR79lqxeXUeDp.xx1qni3sSBrqiem1aFgW0CHuf4o6"
)
"""The hash is bcrypt's, with cost 10."""

_NAMES, _EMAILS = (np.array(column, dtype="S") for column in zip(*FIRST, strict=True))

LOCALE = "en_US"
POOL = 300
"""First and last names, of each."""


@entity(table="users", key=uuid_key("0001-0001"), count=scaled(EACH))
def users(rows: Rows) -> Columns:
    """Alex, Sam, Taylor, Jordan and Casey; at a larger scale people of any name."""
    first = np.array(rows.run.pool("first_name", POOL, locale=LOCALE), dtype="S")
    last = np.array(rows.run.pool("last_name", POOL, locale=LOCALE), dtype="S")
    drawn = np.strings.add(
        np.strings.add(first[rows.integers("first name", 0, POOL - 1)], b" "),
        last[rows.integers("last name", 0, POOL - 1)],
    )
    named, place = rows.position < len(FIRST), rows.position.clip(max=len(FIRST) - 1)
    numbered = text(rows.position + 1, prefix="user", suffix="@transcripts.test")
    created = rows.ago(rows.uniform("created_at"), 200, 400)
    return {
        "email": np.where(named, _EMAILS[place], numbered),
        "name": np.where(named, _NAMES[place], drawn),
        "password": LOGIN.hash,
        "created_at": created,
        "updated_at": created,
    }
