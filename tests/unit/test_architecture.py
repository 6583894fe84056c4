"""Architecture: imports run one way, the engine is pure, modules stay short."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from seedbed import WORDS
from seedbed.context.datasets import sources

ROOT = Path(__file__).parents[2]
LAYERS = (
    ("seedbed.declare",),
    ("seedbed.engine",),
    ("seedbed.postgres", "seedbed.services"),
    ("seedbed.context",),
    ("seedbed.steps",),
    ("seedbed.run",),
    ("seedbed.cli", "seedbed.server", "seedbed.testing"),
    ("seedbed",),
    ("tasks", "flows"),
)
"""From the bottom up; a module imports from its own layer and from those below."""

IMPURE = ("prefect", "psycopg", "sqlalchemy", "os", "random", "secrets", "time", "subprocess")
READS_THE_WORLD = {"environ", "getenv", "now", "utcnow", "today", "time", "default_rng", "uuid4"}

PROJECT = ROOT / "seedbed" / "project"
"""What `seedbed init` writes; its flows are a link to ours."""

MODULES = sorted(
    path
    for top in ("seedbed", "tasks", "flows")
    for path in (ROOT / top).rglob("*.py")
    if PROJECT not in path.parents
)
PURE = [path for path in MODULES if path.parent.name in ("declare", "engine")]
LONGEST = 300


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def layer(module: str) -> int:
    for height, packages in enumerate(LAYERS):
        if any(within(module, package) for package in packages):
            return height
    raise AssertionError(f"{module} is in no layer")


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file it does; `from a import b` is a.b."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def own(names: Iterator[str]) -> Iterator[str]:
    return (name for name in names if name.split(".")[0] in ("seedbed", "tasks", "flows"))


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_imports_run_one_way(path: Path) -> None:
    here = layer(dotted(path))
    assert [name for name in own(imports(path)) if layer(name) > here] == []


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_postgres_services_and_datasets_do_not_know_one_another(path: Path) -> None:
    for package in LAYERS[1]:
        if within(dotted(path), package):
            others = [one for one in LAYERS[1] if one != package]
            found = [name for name in own(imports(path)) for one in others if within(name, one)]
            assert found == []


@pytest.mark.parametrize("path", PURE, ids=dotted)
def test_declarations_and_the_engine_are_pure(path: Path) -> None:
    assert [name for name in imports(path) if name.split(".")[0] in IMPURE] == []
    tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    read = [node.attr for node in tree if isinstance(node, ast.Attribute)]
    assert READS_THE_WORLD.isdisjoint(read)


def test_declarations_and_the_engine_import_in_no_circle() -> None:
    graph = {
        dotted(path): {
            other for other in map(dotted, PURE) for name in imports(path) if within(name, other)
        }
        for path in PURE
    }
    assert len(tuple(TopologicalSorter(graph).static_order())) == len(graph)


@pytest.mark.parametrize("path", PURE, ids=dotted)
def test_no_import_of_declarations_and_the_engine_is_for_types_only(path: Path) -> None:
    assert not [name for name in imports(path) if name == "typing.TYPE_CHECKING"]


@pytest.mark.parametrize("package", [one.module for one in sources().values()])
def test_a_dataset_imports_the_authoring_words_and_itself_only(package: str) -> None:
    words = {f"seedbed.{word}" for held in WORDS.values() for word in held}
    for path in (ROOT / package.replace(".", "/")).glob("*.py"):
        for name in own(imports(path)):
            assert within(name, package) or name in words, path.name


def test_no_file_in_flows_shadows_a_package() -> None:
    taken = {*sys.stdlib_module_names, *packages_distributions(), "tasks", "flows", "deployments"}
    names = {path.stem for path in (ROOT / "flows").glob("*.py")} - {"__init__", "__main__"}
    assert names & taken == set()


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_a_module_has_at_most_300_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST
