"""Upgrade: what a project's own files lack beside those that this version of seedbed writes."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from seedbed.cli.init import TEMPLATES
from seedbed.cli.init import lacking as deployments_lacking
from seedbed.context.profiles import environments, read_profile
from seedbed.context.project import Project
from seedbed.declare.errors import UsageError
from seedbed.server.declared import FLOWS


def lacking(project: Project) -> list[str]:
    """A sentence for everything that is missing; what somebody wrote otherwise is theirs.

    Raises:
        UsageError: prefect.yaml cannot be read, or its deployments lack a setting.
    """
    return [
        *(line for flow in FLOWS for line in _flow(project.folder, flow)),
        *_deployments(project),
        *_profiles(project),
        *_settings(project.folder),
    ]


def _flow(folder: Path, name: str) -> Iterator[str]:
    """The flow's file, its parameters, and what it imports of the library."""
    place, ours = Path("flows", f"{name}.py"), TEMPLATES / "flows" / f"{name}.py"
    if not (folder / place).is_file():
        yield f"{place} is missing; copy {ours}"
        return
    try:
        tree = ast.parse((folder / place).read_text(encoding="utf-8"))
    except SyntaxError as error:
        yield f"{place}, line {error.lineno}: {error.msg}; correct it"
        return
    parameters = _parameters(tree, name)
    for parameter in _parameters(ast.parse(ours.read_text(encoding="utf-8")), name):
        if parameter not in parameters:
            yield f"{place}: {name} has no parameter {parameter!r}; add it as {ours} has it"
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "seedbed":
            yield from _gone(node, place, ours)


def _parameters(tree: ast.Module, name: str) -> list[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            return [one.arg for one in (*node.args.args, *node.args.kwonlyargs)]
    return []


def _gone(node: ast.ImportFrom, place: Path, ours: Path) -> Iterator[str]:
    """What the library has no more under the name by which a flow imports it."""
    try:
        module = import_module(str(node.module))
    except ModuleNotFoundError:
        yield f"{place}, line {node.lineno}: there is no {node.module} any more; see {ours}"
        return
    for one in node.names:
        if not hasattr(module, one.name):
            said = f"{node.module} has no {one.name} any more"
            yield f"{place}, line {node.lineno}: {said}; see {ours}"


def _deployments(project: Project) -> Iterator[str]:
    for name in environments(project.own_environments):
        for flow in deployments_lacking(project, name):
            said = f"run `seedbed init environment {name}`"
            yield f"prefect.yaml has no deployment {flow}/{name}; {said}"
    if not project.automations.is_file():
        place = project.automations.relative_to(project.folder)
        yield f"{place} is missing; copy {TEMPLATES / 'automations.yaml'}"


def _profiles(project: Project) -> Iterator[str]:
    for name in environments(project.own_environments):
        try:
            read_profile(name, project.own_environments)
        except UsageError as error:
            yield str(error)


def _settings(folder: Path) -> Iterator[str]:
    """What `prefect` reads in the folder, and what must not get into git."""
    ours = tomllib.loads((TEMPLATES / "pyproject.toml").read_text(encoding="utf-8"))
    path = folder / "pyproject.toml"
    theirs = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    found = dict(_flat(theirs.get("tool", {}).get("prefect", {})))
    for key, value in _flat(ours["tool"]["prefect"]):
        if key not in found:
            said = f"add `{key} = {str(value).lower()}`"
            yield f"pyproject.toml: [tool.prefect] has no {key}; {said}"
    ignored = folder / ".gitignore"
    if "prefect.toml" not in (ignored.read_text().splitlines() if ignored.is_file() else ()):
        yield ".gitignore does not name prefect.toml, which holds the server's login; add it"


def _flat(settings: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value
