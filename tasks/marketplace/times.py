"""Moments of marketplace: all of them before the beginning of as_of, to the second."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seedbed import Floats, Integers, Rows

Moments = npt.NDArray[np.datetime64]
"""`datetime64[us]`, UTC."""

Spans = npt.NDArray[np.timedelta64]
"""`timedelta64[us]`, whole seconds."""

MINUTE, HOUR, DAY = 60, 3_600, 86_400


def ago(rows: Rows, share: Floats, least: float, most: float) -> Moments:
    """`least` to `most` days before as_of, by share (in [0, 1), shape (n,))."""
    end: Moments = rows.as_of.astype("datetime64[us]") - span(share, least * DAY, most * DAY)
    return end


def span(share: Floats, least: float | Integers, most: float | Integers) -> Spans:
    """`least` to `most` seconds, by share."""
    seconds = (least + share * (most - least)).astype(np.int64)
    found: Spans = seconds.astype("timedelta64[s]").astype("timedelta64[us]")
    return found
