"""Embeddings: one vector a transcript, made in the flow or by the application's own worker."""

from __future__ import annotations

import numpy as np

from seedbed import Columns, Embedded, Rows, entity, exactly, uuid_key
from tasks.transcripts.speech import speech, transcripts

DIMENSIONS = 1_536

_IDS = uuid_key("0002-0004")


@entity(
    table="embeddings",
    # The share's own key: what the application's worker writes for a seeded share is ours, too.
    key=uuid_key("0002-0001", fan=1, column="share_id"),
    per=transcripts,
    count=exactly(1),
    through="embeddings",
    chunk=1_000,  # a vector takes six kilobytes
)
def embeddings(rows: Rows) -> Columns:
    """The vector of the transcript's full text."""
    created = rows.parent.parent.times("created_at") + np.timedelta64(5, "m")
    return {
        "id": _IDS.encode(rows.number),
        "embedding": Embedded(speech(rows.parent).text, DIMENSIONS),
        "dimensions": DIMENSIONS,
        "created_at": created,
        "updated_at": created,
    }
