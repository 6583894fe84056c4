"""The command line: `seedbed plan|seed|verify|reset|refresh|up|down|status|db|…`.

Everything that can be wrong in the arguments is found before Prefect is imported, which
takes two seconds, and before anything is opened.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from seedbed.cli.arguments import BACKGROUND, OWNER, parser
from seedbed.cli.errors import NeedsConfirm, OneDatabase
from seedbed.context.project import opened
from seedbed.declare.errors import Refused, SeedbedError
from seedbed.postgres.connection.address import OPTION, option

GAP = 4
"""Exit code of `plan` when rows are missing."""

READER_GONE = 141
"""Exit code when nobody reads the output any more, as shells have it: 128 and SIGPIPE's 13."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0 done, 1 failed, 2 wrong use, 3 refused, 4 a gap."""
    try:
        code = _main(arguments)
        sys.stdout.flush()  # here, and not when Python ends, where nobody can catch anything
        return code
    except BrokenPipeError:  # `seedbed datasets | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE


def _main(arguments: Sequence[str] | None) -> int:
    os.environ.pop(OPTION, None)
    try:
        return _run(parser().parse_args(arguments))
    except SystemExit as left:  # argparse's own, after its help or its error
        return int(left.code or 0)
    except SeedbedError as error:
        sys.stderr.write(f"seedbed: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("seedbed: interrupted; run it again, it goes on where it was\n")
        return 130
    finally:
        os.environ.pop(OPTION, None)


def _run(chosen: argparse.Namespace) -> int:
    if chosen.command == "init":
        return _init(chosen)
    if chosen.command in BACKGROUND:
        return _background(chosen)
    opened()
    if chosen.command in OWNER:
        return _own(chosen)
    others = {"db": _db, "runs": _runs, "services": _services, "datasets": _datasets}
    others["show"] = _show
    return others.get(chosen.command, _flow)(chosen)


def _init(chosen: argparse.Namespace) -> int:
    from seedbed.cli import init, upgrade

    if chosen.check:
        lines = upgrade.lacking(opened())
        print("\n".join(lines or ["nothing is missing"]))
        return SeedbedError.exit_code if lines else 0
    if chosen.what == "environment":
        print("\n".join(init.add_environment(opened(), chosen.name)))
        return 0
    for path in init.write(Path.cwd(), chosen.what):
        print(f"wrote {path}")
    return 0


def _datasets(chosen: argparse.Namespace) -> int:
    from seedbed.cli.owner import listed

    found = list(listed())
    print("\n".join(line for lines, _ in found for line in lines))
    return 0 if all(works for _, works in found) else SeedbedError.exit_code


def _show(chosen: argparse.Namespace) -> int:
    from seedbed.cli.rows import printed

    print(printed(chosen.entity, chosen.rows, chosen.as_of, chosen.seed, as_json=chosen.json))
    return 0


def _background(chosen: argparse.Namespace) -> int:
    from seedbed.server.background import main as background

    return background([chosen.command, *(["--json"] if chosen.json else [])])


def _own(chosen: argparse.Namespace) -> int:
    from seedbed.cli import owner
    from seedbed.context.where import profile_of

    names = chosen.datasets or profile_of(chosen.environment).datasets
    _name_database(chosen.database, names)
    if chosen.command == "mark":
        said = owner.mark(chosen.environment, names, chosen.days, chosen.named_production)
    elif chosen.command == "grants":
        said = owner.grants(chosen.environment, names, chosen.role)
    else:
        return _guard(chosen.environment, names)
    for line in said:
        print(line)
    return 0


def _guard(environment: str, names: Sequence[str]) -> int:
    from seedbed.cli import owner

    passed = True
    for name in names:
        print(f"{name}: {owner.where(environment, name)}")
        for one in owner.evidence(environment, name):
            passed = passed and one.passed
            print(f"{'passed ' if one.passed else 'REFUSED'} {one}")
    return 0 if passed else Refused.exit_code


def _db(chosen: argparse.Namespace) -> int:
    from seedbed.cli import owner

    if chosen.action == "stop":
        print(owner.stop())
        return 0
    name = chosen.dataset or owner.only_dataset(chosen.action)
    if chosen.action == "psql":
        owner.psql(name)
    print(owner.recreate(name) if chosen.action == "recreate" else owner.url(name))
    return 0


def _runs(chosen: argparse.Namespace) -> int:
    from seedbed.cli import owner, show
    from seedbed.context.where import profile_of

    names = chosen.datasets or profile_of(chosen.environment).datasets
    _name_database(chosen.database, names)
    for name in names:
        show.last_run(name, owner.last_run(chosen.environment, name))
    return 0


def _services(chosen: argparse.Namespace) -> int:
    from seedbed.cli import owner
    from seedbed.context.where import profile_of

    passed = True
    for name in chosen.datasets or profile_of(chosen.environment).datasets:
        for one in owner.services(chosen.environment, name):
            passed = passed and one.passed
            state = "passed" if one.passed else "FAILED"
            print(f"{state}  {name}  {one.port}: {one.kind}; {one.said}")
    return 0 if passed else SeedbedError.exit_code


def _name_database(url: str | None, names: Sequence[str]) -> None:
    """Hand --database to the run through this process's environment, never as a parameter."""
    if url is None:
        return
    if len(names) != 1:
        raise OneDatabase(names)
    os.environ.update(option(names[0], url))


def _asked(chosen: argparse.Namespace) -> dict[str, Any]:
    """The flow's parameters, checked."""
    from seedbed.context.datasets import dataset
    from seedbed.context.where import profile_of
    from seedbed.context.workers import require_runner
    from seedbed.engine.options import options
    from seedbed.engine.order import selected

    named = ("seed", "scale", "as_of", "only", "with_upstream")
    given = {name: getattr(chosen, name, None) for name in named}
    # Not by truth: 0 is a seed, and a scale that has to be refused.
    asked: dict[str, Any] = {n: v for n, v in given.items() if v is not None and v != []}
    if chosen.datasets:
        asked["datasets"] = chosen.datasets
    choice = options(chosen.command, asked, "command line")
    names = choice.datasets or profile_of(chosen.environment).datasets
    for name in names:
        selected(dataset(name), choice.only, upstream=False)
    _name_database(chosen.database, names)
    _look_before(chosen.environment, names)
    if chosen.command in ("seed", "refresh"):
        require_runner(profile_of(chosen.environment))
    if chosen.command == "reset":
        if not chosen.confirm and not chosen.dry_run:
            raise NeedsConfirm
        asked |= {"confirm": chosen.confirm and not chosen.dry_run, "strict": chosen.strict}
    if getattr(chosen, "mode", None):
        asked["mode"] = chosen.mode
    return asked


def _look_before(environment: str, names: Sequence[str]) -> None:
    """Refuse what variables and addresses alone tell, before anything is started."""
    from seedbed.context.datasets import dataset
    from seedbed.context.where import numbers_of, profile_of
    from seedbed.postgres.connection.address import choose, passed_over
    from seedbed.postgres.guard import guard
    from seedbed.services.adapters import Adapters

    profile = profile_of(environment)
    guard.require([guard.examine_variables(profile, os.environ)])
    for name in names:
        numbers_of(dataset(name), profile)
        if said := passed_over(name, profile, os.environ):
            sys.stderr.write(f"seedbed: {said}\n")
        address = choose(dataset(name).name, profile, os.environ)
        if address is not None:
            guard.require([guard.examine_place(profile, address)])
        Adapters(profile.services, os.environ, Path()).used(dataset(name))


def _flow(chosen: argparse.Namespace) -> int:
    asked = _asked(chosen)
    from seedbed.server.api import find

    api = find(os.environ, verbose=chosen.verbose)
    # Only now: Prefect reads its settings when it is imported.
    from seedbed.cli import show
    from seedbed.cli.invoke import invoke
    from seedbed.context.progress import listening
    from seedbed.context.where import profile_of

    if chosen.json:
        with redirect_stdout(sys.stderr):  # Ray prints what it has to say of its workers
            ended = invoke(chosen.command, chosen.environment, asked, api=api)
        show.as_json(ended.documents)
    else:
        with show.Live() as live, listening(live.hear):
            ended = invoke(chosen.command, chosen.environment, asked, api=api)
        # A profile that wants the proof, as a pipeline's does, wants the times, too.
        timings = profile_of(chosen.environment).verify and chosen.command in ("seed", "refresh")
        show.as_text(ended.documents, ended.message, done=ended.done, timings=timings)
    if ended.error is not None:
        if chosen.json:
            sys.stderr.write(f"seedbed: {ended.error}\n")
        return ended.error.exit_code
    missing = any(
        one["target"] > one["present"]
        for document in ended.documents
        for one in document["entities"]
    )
    return GAP if chosen.command == "plan" and missing else 0


if __name__ == "__main__":
    sys.exit(main())
