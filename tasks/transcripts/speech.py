"""Transcripts: sentences one after the other, each a segment with the time it takes to say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seedbed import Columns, Integers, Rows, entity, exactly, text, uuid_key
from tasks.transcripts.shares import VIDEO, platforms, shares
from tasks.transcripts.topics import (
    GENERAL,
    SENTENCES,
    TENTHS_A_WORD,
    Texts,
    joined,
    topics,
)

LEAST, TEXT_POST, VIDEO_LONG = 2, 5, 12
"""Segments: at least, and at most of a post or of a video."""

OF_NO_TOPIC = 0.2
"""Share of the sentences that say nothing of the topic."""


@dataclass(frozen=True)
class Speech:
    """What n transcripts say: up to `VIDEO_LONG` sentences each, `b""` behind the last."""

    sentences: tuple[Texts, ...]

    @property
    def text(self) -> Texts:
        """The sentences joined by blanks."""
        whole = self.sentences[0]
        for one in self.sentences[1:]:
            whole = joined(whole, np.where(one == b"", b"", b" "), one)
        return whole

    @property
    def segments(self) -> Texts:
        """A JSON array of start, end (seconds) and text; each begins where the last one ended."""
        end, whole = np.zeros(len(self.sentences[0]), dtype=np.int64), np.full(1, b"[")
        for place, one in enumerate(self.sentences):
            start, end = end, end + TENTHS_A_WORD * _words(one)
            comma = b', {"start": ' if place else b'{"start": '
            times = joined(comma, _seconds(start), b', "end": ', _seconds(end))
            segment = joined(times, b', "text": "', one, b'"}')
            whole = joined(whole, np.where(one == b"", b"", segment))
        return joined(whole, b"]")


def _words(sentences: Texts) -> Integers:
    return np.where(sentences == b"", 0, np.strings.count(sentences, b" ") + 1)


def _seconds(tenths: Integers) -> Texts:
    return joined(text(tenths // 10, suffix="."), text(tenths % 10))


def speech(rows: Rows) -> Speech:
    """What the transcripts of a chunk say, about the topics of their shares."""
    topic = topics(rows.parent)
    video = np.isin(platforms(rows.parent), VIDEO)
    number = rows.integers("segments", LEAST, np.where(video, VIDEO_LONG, TEXT_POST))
    return Speech(tuple(_sentence(rows, topic, place, number) for place in range(VIDEO_LONG)))


def _sentence(rows: Rows, topic: Integers, place: int, number: Integers) -> Texts:
    about = SENTENCES.take(topic, rows.integers(f"sentence {place}", 0, SENTENCES.size - 1))
    general = GENERAL[rows.integers(f"general {place}", 0, len(GENERAL) - 1)]
    # The first two are about the topic: no transcript is without one.
    off = rows.chance(f"off topic {place}", OF_NO_TOPIC if place >= LEAST else 0.0)
    return np.where(place < number, np.where(off, general, about), b"")


@entity(
    table="transcripts",
    key=uuid_key("0002-0003", fan=1),
    per=shares,
    count=exactly(1),
    chunk=5_000,  # a transcript takes up to three kilobytes
)
def transcripts(rows: Rows) -> Columns:
    """Two to twelve segments whose times add up and whose texts are the full text."""
    said = speech(rows)
    created = rows.parent.times("created_at") + np.timedelta64(3, "m")
    return {
        "share_id": rows.parent["id"],
        "full_text": said.text,
        "segments": said.segments,
        "language": "en",
        "created_at": created,
        "updated_at": created,
    }
