"""The documents name everything that a person can use."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
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


DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
PATH = re.compile(r"`([\w.-]+/[\w./-]*|[\w-]+\.(?:py|sql|toml|yaml|json|md))`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")
MADE_BY_COMMANDS = ("tasks/shop/", "bench-results/", "prefect.toml", "background.json")
OURS = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}


def absent(document: Path) -> Iterator[str]:
    """What a document names and is not there: files, folders, and where its links lead.

    A name alone is that of a file at the top, or beside one named in the same line.
    """
    for line in document.read_text(encoding="utf-8").splitlines():
        named = [
            one
            for one in PATH.findall(line)
            if not one.startswith(MADE_BY_COMMANDS) and "NAME" not in one
        ]
        whole = [one for one in named if one.split("/")[0] in OURS]
        folders = [ROOT, *((ROOT / one).parent for one in whole)]
        yield from (one for one in whole if not (ROOT / one).exists())
        alone = [one for one in named if "/" not in one and whole]
        yield from (one for one in alone if not any((place / one).exists() for place in folders))
        links = LINK.findall(line)
        yield from (one for one in links if not (document.parent / one).exists())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_that_a_document_names_is_there(document: Path) -> None:
    assert list(absent(document)) == []
