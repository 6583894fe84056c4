"""Pools: lists of realistic values that Faker makes once, for numpy to pick from.

Faker makes 1,000 to 9,000 values a second, numpy picks millions: so the values are made once
and kept on disk. The file's name carries everything that its content follows from.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile

from seedbed.declare.errors import BadSetting

ATTEMPTS = 20
"""Tries per wanted value before a kind counts as exhausted (`country_code` has only 249)."""


def pool(kind: str, size: int, *, locale: str, seed: int, cache: Path | None) -> tuple[str, ...]:
    """`size` different values of a Faker provider such as "name" or "street_address".

    The first n values of a larger pool are those of a pool of n. Without a `cache` folder they
    are made anew.

    Raises:
        BadSetting: Faker cannot make that many different values of the kind.
    """
    if cache is None:
        return tuple(_make(kind, size, locale, seed))
    path = cache / f"faker-{version('faker')}-{locale}-{kind}-{size}-{seed}.json"
    if path.exists():
        return tuple(json.loads(path.read_text(encoding="utf-8")))
    values = _make(kind, size, locale, seed)
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Written aside and renamed: another run never reads half a file.
    with NamedTemporaryFile("w", dir=cache, delete=False, encoding="utf-8") as file:
        json.dump(values, file, ensure_ascii=False)
    Path(file.name).replace(path)
    return tuple(values)


def _make(kind: str, size: int, locale: str, seed: int) -> list[str]:
    from faker import Faker  # a tenth of a second, and pools are made once

    # Without weighting Faker is six times as fast; the weights would be lost in a pool anyway.
    faker = Faker(locale, use_weighting=False)
    faker.seed_instance(seed)
    found: dict[str, None] = {}
    for _ in range(size * ATTEMPTS):
        if len(found) == size:
            return list(found)
        found.setdefault(str(faker.format(kind)).replace("\n", ", "))
    if len(found) == size:
        return list(found)
    raise BadSetting(
        f"pool {kind!r}", "size", f"is {size}, but Faker makes only {len(found)} different ones"
    )
