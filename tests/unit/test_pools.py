"""Pools: values that Faker makes once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from faker import VERSION

from seedbed.declare.errors import BadSetting
from seedbed.engine import pools
from seedbed.engine.pools import pool


def names(size: int, cache: Path, *, seed: int = 42, locale: str = "en_US") -> tuple[str, ...]:
    return pool("name", size, locale=locale, seed=seed, cache=cache)


def test_a_pool_has_different_values_and_the_same_every_time(tmp_path: Path) -> None:
    first = names(50, tmp_path / "one")
    assert len(set(first)) == len(first) == 50
    assert names(50, tmp_path / "other") == first


def test_a_longer_pool_begins_with_the_shorter_one(tmp_path: Path) -> None:
    assert names(80, tmp_path)[:30] == names(30, tmp_path)


def test_seed_and_locale_make_another_pool(tmp_path: Path) -> None:
    made = {names(10, tmp_path), names(10, tmp_path, seed=43), names(10, tmp_path, locale="vi_VN")}
    assert len(made) == 3


def test_a_pool_is_kept_under_a_name_that_says_what_it_follows_from(tmp_path: Path) -> None:
    made = names(5, tmp_path, locale="vi_VN")
    (file,) = tmp_path.iterdir()
    assert file.name == f"faker-{VERSION}-vi_VN-name-5-42.json"
    assert tuple(json.loads(file.read_text(encoding="utf-8"))) == made


def test_a_pool_that_was_kept_is_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = names(5, tmp_path)
    monkeypatch.setattr(pools, "_make", None)
    assert names(5, tmp_path) == made


def test_a_value_of_several_lines_becomes_one_line(tmp_path: Path) -> None:
    made = pool("address", 20, locale="en_US", seed=42, cache=tmp_path)
    assert not any("\n" in one for one in made)


def test_a_pool_of_none_is_empty(tmp_path: Path) -> None:
    assert names(0, tmp_path) == ()


def test_a_kind_that_has_too_few_values_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadSetting) as caught:
        pool("boolean", 3, locale="en_US", seed=42, cache=tmp_path)
    assert str(caught.value) == ("pool 'boolean': size is 3, but Faker makes only 2 different ones")
    assert list(tmp_path.iterdir()) == []
