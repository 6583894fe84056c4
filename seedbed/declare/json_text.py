"""JSON as texts for all rows at once, for columns of json and jsonb."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from seedbed.declare.values import Bytes, Integers, text


def json_texts(values: Iterable[Any]) -> Bytes:
    """Each value as JSON: UTF-8, shape (n,). For few values, to pick from by an array of places.

    Args:
        values: what JSON can hold: texts, numbers, lists, objects, None
    """
    return np.array([json.dumps(one, ensure_ascii=False).encode() for one in values], dtype="S")


def json_rows(fields: Mapping[str, Integers | Bytes]) -> Bytes:
    """A JSON object a row: UTF-8, shape (n,).

    Args:
        fields: the values of every key, shape (n,): whole numbers, or texts of `json_texts`
    """
    whole = np.full(1, b"{")
    for place, (name, values) in enumerate(fields.items()):
        head = f"{', ' if place else ''}{json.dumps(name, ensure_ascii=False)}: ".encode()
        whole = np.strings.add(np.strings.add(whole, head), _written(values))
    return np.strings.add(whole, b"}")


def _written(values: Integers | Bytes) -> Bytes:
    if values.dtype.kind != "S":
        numbers = values.astype(np.int64, copy=False)
        if numbers.min(initial=0) >= 0:
            return text(numbers)  # a tenth of the time of numpy's own, which can write a sign
    return values.astype("S", copy=False)
