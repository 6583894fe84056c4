"""JSON texts: objects of all rows at once, as the standard library would write them."""

from __future__ import annotations

import json

import numpy as np

from seedbed import json_rows, json_texts


def test_values_are_written_as_json() -> None:
    assert json_texts([["a", "é"], {"b": None}, 'say "so"']).tolist() == [
        '["a", "é"]'.encode(),
        b'{"b": null}',
        b'"say \\"so\\""',
    ]


def test_a_row_is_an_object_of_its_fields() -> None:
    tags = json_texts([["red"], []])
    made = json_rows({"tags": tags[np.array([1, 0, 0])], "views": np.array([0, 7, 1200])})
    assert made.tolist() == [
        b'{"tags": [], "views": 0}',
        b'{"tags": ["red"], "views": 7}',
        b'{"tags": ["red"], "views": 1200}',
    ]
    assert json.loads(made[2]) == {"tags": ["red"], "views": 1200}


def test_numbers_below_zero_are_written_and_names_escaped() -> None:
    made = json_rows({'a "b"': np.array([-5, 10])})
    assert [json.loads(one) for one in made] == [{'a "b"': -5}, {'a "b"': 10}]


def test_no_rows_are_no_objects() -> None:
    assert len(json_rows({"n": np.zeros(0, dtype=np.int64)})) == 0
