"""Init: write a project into a folder, or an environment into a project.

What is written lies in `seedbed/project/`. There the dataset is called `shop` and the further
environment `qa`; the flows, prefect.yaml and the automations are those of this repository, so that
there is one copy of each. No file that is there is ever written over.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from keyword import iskeyword
from pathlib import Path

from seedbed.cli.errors import AddByHand, AlreadyThere, BadName, NothingToAdd
from seedbed.context.datasets import sources
from seedbed.context.project import Project
from seedbed.server.declared import FLOWS, read_deployments

TEMPLATES = Path(__file__).parents[1] / "project"

FIRST = ("dev", "staging")
"""The environments of a new project; the second one has the nightly round."""

NIGHTLY = "staging"

EXAMPLE = ("pyproject.toml", "README.md", "tasks/shop/*", "tests/*", "tests/breaks/*")
"""What names the example. A dataset that is made from an existing database would take the place
of `tasks/shop/*` and its test, and nothing else here."""


def write(folder: Path, name: str | None) -> list[Path]:
    """Write a project with one example dataset; returns the files, relative to the folder.

    Raises:
        BadName: no dataset can be called so.
        AlreadyThere: a file is there already; nothing was written.
    """
    name = name or ""
    if not re.fullmatch("[a-z][a-z0-9_]{0,39}", name) or iskeyword(name) or name == "environment":
        form = "a word of lower-case letters, digits and _, like shop"
        raise BadName("a project and its dataset", name, form)
    files = dict(_files(name))
    if there := [path for path in files if os.path.lexists(folder / path)]:
        raise AlreadyThere(folder, there)
    for path, text in files.items():
        _create(folder / path, text)
    return list(files)


def add_environment(project: Project, name: str | None) -> list[str]:
    """Add what an environment lacks of its file and its five deployments; says what it wrote.

    Raises:
        BadName: no environment can be called so.
        NothingToAdd: it lacks nothing.
        AddByHand: prefect.yaml is arranged otherwise than `init` writes it.
    """
    name = name or ""
    if not re.fullmatch("[a-z][a-z0-9-]{0,39}", name):
        form = "a word of lower-case letters, digits and -, like qa"
        raise BadName("an environment", name, form)
    profile, said = project.own_environments / f"{name}.toml", []
    lacks = lacking(project, name)
    if not lacks and profile.exists():
        raise NothingToAdd(name)
    if lacks:
        _append(project.prefect_file, deployments_of(name, lacks))
        said.append(f"added {', '.join(f'{flow}/{name}' for flow in lacks)} to prefect.yaml")
    if not profile.exists():
        _create(profile, _profile(name, list(sources())))
        said.append(f"wrote {profile.relative_to(project.folder)}; set the variable that it names")
    return [*said, "run `prefect --no-prompt deploy --all` here to register it at a running server"]


def lacking(project: Project, environment: str) -> list[str]:
    """The flows that have no deployment for an environment."""
    known = {one.full_name for one in read_deployments(project.prefect_file)}
    return [flow for flow in FLOWS if f"{flow}/{environment}" not in known]


def prefect_file(name: str, of: Iterable[str]) -> str:
    """The prefect.yaml of a project, with the deployments of those environments."""
    head, _, _ = (TEMPLATES / "prefect.yaml").read_text().partition("\ndeployments:\n")
    head = re.sub("^name: .*$", f"name: {name}", head, flags=re.M)
    return f"{head}\ndeployments:" + "".join(deployments_of(one, FLOWS) for one in of)


def deployments_of(environment: str, flows: Iterable[str]) -> str:
    """The lines of an environment's deployments; those of `staging` have the nightly round."""
    lines = [f"\n  # {environment}"]
    for flow in flows:
        known = f"name: {environment}, tags: [{environment}], "
        parameters = f"parameters: {{environment: {environment}}}"
        lines.append(f"  - {{<<: *{flow}, {known}{parameters}}}")
        if (flow, environment) == ("refresh", NIGHTLY):
            lines[-1:] = [
                f"  - <<: *{flow}",
                f"    name: {environment}",
                f"    tags: [{environment}, nightly]",
                f"    {parameters}",
                "    schedules:",
                '      - {slug: nightly, cron: "0 2 * * *", timezone: UTC, active: true}',
            ]
    return "\n".join(lines) + "\n"


def _files(name: str) -> Iterator[tuple[Path, str]]:
    """Every file of a project by its place, with its text."""
    called = {"shop": name}
    for pattern in EXAMPLE:
        for path in sorted(TEMPLATES.glob(pattern)):
            if path.is_file():
                place = str(path.relative_to(TEMPLATES)).replace("shop", name)
                yield Path(place), _filled(path, called)
    yield Path("tasks/__init__.py"), _filled(TEMPLATES / "tasks/__init__.py", {})
    yield Path(".gitignore"), _filled(TEMPLATES / "gitignore", {})
    for path in sorted((TEMPLATES / "flows").glob("*.py")):
        yield Path("flows", path.name), _filled(path, {})
    for one in FIRST:
        path = TEMPLATES / "environments" / f"{one}.toml"
        yield Path("deployments/environments", path.name), _filled(path, called)
    yield Path("deployments/automations.yaml"), _filled(TEMPLATES / "automations.yaml", {})
    yield Path("prefect.yaml"), prefect_file(name, FIRST)


def _profile(name: str, datasets: Iterable[str]) -> str:
    named = ", ".join(f'"{one}"' for one in datasets)
    words = {"qa": name, "QA": re.sub("-", "_", name).upper()}
    return _filled(TEMPLATES / "environments" / "qa.toml", words).replace('"shop"', named)


def _filled(path: Path, words: Mapping[str, str]) -> str:
    """A file's text with other names in it; `QA_` counts as the word `QA`."""
    text = path.read_text(encoding="utf-8")
    for word, given in words.items():
        text = re.sub(rf"(?<![A-Za-z0-9]){word}(?![A-Za-z0-9])", given, text)
    return text


def _create(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)


def _append(path: Path, lines: str) -> None:
    """Add deployments at the end of the file, if that is where its deployments stand."""
    before = path.read_text(encoding="utf-8")
    last = re.findall(r"^([A-Za-z_]+):", before, flags=re.M)[-1:]
    if last != ["deployments"]:
        raise AddByHand(path, lines)
    with path.open("a", encoding="utf-8") as file:
        file.write(lines if before.endswith("\n") else f"\n{lines}")
