"""The documents name everything that a person can use."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from seedbed.cli.arguments import parser
from seedbed.context.datasets import sources
from seedbed.context.profiles import environments
from seedbed.context.project import opened
from seedbed.declare.minimums import Minimum, Option
from seedbed.server.declared import read_deployments

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DOCS = README + "".join(path.read_text() for path in sorted((ROOT / "docs").glob("*.md")))


def subcommands() -> dict[str, argparse.ArgumentParser]:
    for action in parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    raise AssertionError("the parser has no commands")


@pytest.mark.parametrize("command", subcommands())
def test_the_readme_names_every_command(command: str) -> None:
    assert f"`seedbed {command}" in README or f"`{command}`" in README or f"`{command} " in README


def test_the_readme_names_every_option() -> None:
    flows = ("plan", "seed", "verify", "reset", "refresh")
    options = {
        option
        for name, command in subcommands().items()
        if name in flows
        for action in command._actions
        for option in action.option_strings
        if option.startswith("--") and option != "--help"
    }
    assert sorted(option for option in options if option not in README) == []


def test_the_readme_names_every_dataset_environment_and_flow() -> None:
    project = opened()
    flows = {one.full_name.split("/")[0] for one in read_deployments(project.prefect_file)}
    names = [*sources(), *environments(project.own_environments), *flows]
    assert [name for name in names if name not in README] == []


def test_every_dataset_has_its_page_with_every_entity() -> None:
    from seedbed.context.datasets import dataset

    for name in sources():
        page = (ROOT / "docs" / f"{name}.md").read_text()
        assert [one.name for one in dataset(name).entities if one.name not in page] == []


def levels(one: Minimum | Option) -> str:
    if isinstance(one, Option):
        return f"`{one.default}`"
    return f"{one.light} | {one.medium} | {one.full}"


def test_every_requirement_stands_on_its_page_with_its_levels() -> None:
    from seedbed.context.datasets import dataset

    for name in sources():
        page = (ROOT / "docs" / f"{name}.md").read_text()
        rows = [
            f"| {one.name} | {levels(one)} | `SEEDBED_{name.upper()}_{one.name.upper()}` |"
            for one in dataset(name).requirements
        ]
        assert [row for row in rows if row not in page] == []


def test_every_variable_of_ours_is_documented() -> None:
    variables = ["SEEDBED_DATABASE_URL", "SEEDBED_COMMERCE_DATABASE_URL", "SEEDBED_HOME"]
    variables += ["SEEDBED_ENVIRONMENTS", "SEEDBED_POSTGRES_BIN", "APP_ENV", "NODE_ENV"]
    assert [name for name in variables if name not in DOCS] == []
