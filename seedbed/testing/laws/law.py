"""Law: what the ten have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, TypeAlias

import pytest

from seedbed.declare.entity import Dataset
from seedbed.declare.errors import UsageError
from seedbed.testing.worlds import World

PLUGIN = "seedbed.testing"

New: TypeAlias = Callable[[Dataset], World]
"""Makes a dataset's database with the application's own rows only: the fixture `fresh`."""


class PluginMissing(UsageError):
    """The laws cannot run without the fixtures."""

    def __init__(self) -> None:
        super().__init__(
            "the laws need databases, which a pytest plugin gives: write "
            f'pytest_plugins = ["{PLUGIN}"] into tests/conftest.py'
        )


class Law:
    """One law. Its tests run once for every dataset of the project."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Say what is missing, before pytest says that it does not know a fixture.

        Raises:
            PluginMissing: the project has not asked for the plugin.
        """
        if not metafunc.config.pluginmanager.has_plugin(PLUGIN):
            raise PluginMissing

    def proves_little(self, why: str) -> NoReturn:
        """Skip: the law holds, but the dataset hardly gives it anything to look at.

        Override it with `pytest.fail` where that must not happen unseen.
        """
        pytest.skip(why)
