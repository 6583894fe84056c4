"""transcripts: a bookmark platform whose shares have been transcribed and embedded.

users ── shares ─┬─ metadata
                 └─ transcripts ── embeddings
"""

from pathlib import Path

from seedbed import Dataset
from tasks.transcripts import embeddings, shares, speech, users

transcripts = Dataset(
    name="transcripts",
    folder=Path(__file__).parent,
    entities=(
        users.users,
        shares.shares,
        shares.metadata,
        speech.transcripts,
        embeddings.embeddings,
    ),
)
