"""Hashed embeddings: the same numbers everywhere, and a search that finds the topic."""

from __future__ import annotations

import numpy as np
import pytest

from seedbed.declare.values import Bytes
from seedbed.services import hashing


def texts(*given: str) -> Bytes:
    return np.array([one.encode() for one in given])


def test_words_are_hashed_in_lower_case_with_the_text_that_they_stand_in() -> None:
    found = hashing.words(texts("Grind the beans, grind FINE!", "", "naïve x"))
    assert found.hashes.tolist() == [
        18254299284160616634,
        12081833573420867005,
        8161983603108731018,
        18254299284160616634,
        518895084576650392,
        1596022644773882524,
        13774620552418927960,
    ]
    assert found.text.tolist() == [0, 0, 0, 0, 0, 2, 2]


def test_a_vector_has_the_words_of_weight_and_the_pairs_beside_them() -> None:
    [vector] = hashing.vectors(texts("Grind the beans"), 1536)
    assert {int(place): float(vector[place]) for place in np.flatnonzero(vector)} == {
        186: -0.5,  # grind
        246: -0.5,  # grind the
        650: 0.5,  # the beans
        1317: 0.5,  # beans
    }


def test_common_words_alone_and_no_words_point_along_the_first_axis() -> None:
    expected = [[1.0, 0.0, 0.0, 0.0]] * 3
    assert hashing.vectors(texts("", "?!", "and then you"), 4).tolist() == expected


def test_every_vector_is_float32_of_length_1() -> None:
    made = hashing.vectors(texts("one coffee", "two coffees and a kettle", "x " * 500), 64)
    assert made.dtype == np.float32
    assert np.linalg.norm(made, axis=1) == pytest.approx([1.0, 1.0, 1.0], abs=1e-6)


def test_a_vector_does_not_depend_on_the_texts_beside_it() -> None:
    short, long = "the grinder", "a much longer text about the telescope and the night sky " * 20
    together = hashing.vectors(texts(short, long), 1536)
    assert (together[0] == hashing.vectors(texts(short), 1536)[0]).all()
    assert (together[1] == hashing.vectors(texts(long), 1536)[0]).all()


def test_case_and_punctuation_do_not_count_and_the_order_of_words_does() -> None:
    one, same, other = hashing.vectors(
        texts("Feed the sourdough starter.", "feed, the SOURDOUGH starter", "starter sourdough"),
        1536,
    )
    assert (one == same).all()
    assert 0.3 < float(one @ other) < 0.9


def test_no_texts_are_no_vectors() -> None:
    assert hashing.vectors(np.zeros(0, dtype="S1"), 8).shape == (0, 8)
