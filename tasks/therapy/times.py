"""Moments of therapy: all in the past of as_of, and none before what it belongs to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from seedbed import Floats, Integers, Rows

Moments = npt.NDArray[np.datetime64]
"""`datetime64[us]`, UTC."""

DAY = 86_400
LEAST = 3_600
"""Seconds that even the newest row of others leaves for what follows on it."""


def now(rows: Rows) -> np.datetime64:
    """The moment that the data looks back from: the beginning of as_of."""
    moment: np.datetime64 = rows.as_of.astype("datetime64[s]")
    return moment


def seconds(number: Floats | Integers) -> npt.NDArray[np.timedelta64]:
    """Whole seconds, for the application keeps no more than milliseconds."""
    return np.asarray(number).astype(np.int64).astype("timedelta64[s]")


def after(rows: Rows, start: Moments, share: Floats, days: float) -> Moments:
    """Up to `days` after `start`, but not beyond now, by share."""
    begin = start.astype("datetime64[s]")
    room = (now(rows) - begin).astype(np.int64).clip(LEAST, int(days * DAY))
    moments: Moments = (begin + seconds(1 + share * (room - 1))).astype("datetime64[us]")
    return moments


def latest(*moments: Moments) -> Moments:
    """The latest of each row."""
    found: Moments = np.maximum.reduce([one.astype("datetime64[us]") for one in moments])
    return found
