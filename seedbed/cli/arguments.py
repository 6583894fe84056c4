"""Arguments: every command of `seedbed` and its options."""

from __future__ import annotations

import argparse
from datetime import date

FLOWS = {
    "plan": "show what is missing and what a reset would remove",
    "seed": "add exactly what is missing",
    "verify": "prove what is there by counts, checks and drift",
    "reset": "remove exactly the seeded rows",
    "refresh": "the nightly round: roll the windows or rebuild",
}
OWNER = {
    "mark": "allow an environment to write to a database (its owner runs this)",
    "guard": "print the guard's evidence, layer by layer",
    "grants": "print the SQL with the rights of a run's role",
}
BACKGROUND = {
    "up": "start database, Prefect server with its UI, deployments and worker",
    "down": "stop exactly these",
    "status": "say what runs",
}

TODAY, DRAWS = "the date that today means, like 2026-11-21", "start of all random draws"

EXIT_CODES = {
    0: "done",
    1: "failed, or a check did not pass",
    2: "wrong use: of the command, a profile, a variable or a declaration; nothing was opened",
    3: "refused: the database or its guard does not allow it; nothing was written",
    4: "`plan` only: rows are missing",
    130: "interrupted by Ctrl-C; the next run goes on from there",
    141: "nobody reads the output any more, as in `seedbed datasets | head`",
}


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no date; write one like 2026-11-21"
        ) from None


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    root = argparse.ArgumentParser(
        prog="seedbed",
        description="Seed data as desired state: plan, seed, verify, reset.",
        epilog="Exit codes: " + "; ".join(f"{code} {said}" for code, said in EXIT_CODES.items()),
    )
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, about in FLOWS.items():
        command = commands.add_parser(name, help=about, description=about)
        _datasets(command)
        _place(command)
        command.add_argument("--json", action="store_true", help="print one JSON document")
        command.add_argument("--verbose", action="store_true", help="show Prefect's log, too")
        _options(name, command)
    for name, about in OWNER.items():
        command = commands.add_parser(name, help=about, description=about)
        command.add_argument("environment", metavar="ENVIRONMENT", help="the profile's name")
        _datasets(command)
        command.add_argument("--database", metavar="URL", help="instead of the profile's")
        if name == "mark":
            command.add_argument(
                "--days", type=int, default=90, metavar="N", help="1 to 90; then it ends"
            )
            command.add_argument(
                "--named-production",
                metavar="NAME",
                action="append",
                default=[],
                help="a host, database or role that says production and is none; as often as "
                "there are names",
            )
        if name == "grants":
            command.add_argument("--role", metavar="NAME", help="who gets the rights")
    for name, about in BACKGROUND.items():
        command = commands.add_parser(name, help=about, description=about)
        command.add_argument("--json", action="store_true", help="print one JSON document")
    database = commands.add_parser("db", help="the embedded database")
    database.add_argument(
        "action",
        choices=["url", "psql", "stop", "recreate"],
        help="print its address, open psql, stop the server, or make the database anew by "
        "schema.sql",
    )
    database.add_argument("dataset", nargs="?", metavar="DATASET", help="whose database")
    runs = commands.add_parser("runs", help="what the last run of a dataset did")
    _datasets(runs)
    _place(runs)
    about = "say which services are local or remote, and check their credentials without writing"
    services = commands.add_parser("services", help=about, description=about)
    _datasets(services)
    _environment(services)
    commands.add_parser("datasets", help="list datasets, where each comes from, and entities")
    about = "print rows that an entity makes, without a database"
    look = commands.add_parser("show", help=about, description=about)
    look.add_argument("entity", metavar="DATASET.ENTITY", help="whose rows")
    look.add_argument("--rows", type=int, default=5, metavar="N", help="how many; 5 if not given")
    look.add_argument("--seed", type=int, default=42, metavar="N", help=DRAWS)
    look.add_argument("--as-of", type=_date, metavar="DATE", help=TODAY)
    look.add_argument("--json", action="store_true", help="print one JSON document")
    _init(commands.add_parser("init", help="write a project into this folder, or add to it"))
    return root


def _init(command: argparse.ArgumentParser) -> None:
    command.usage = "seedbed init NAME | seedbed init environment NAME | seedbed init --check"
    command.add_argument("what", nargs="?", metavar="NAME", help="of project and first dataset")
    command.add_argument("name", nargs="?", metavar="NAME", help="of the environment to add")
    command.add_argument(
        "--check", action="store_true", help="say what the project lacks after an upgrade"
    )


def _datasets(command: argparse.ArgumentParser) -> None:
    about = "all of the environment if not given"
    command.add_argument("datasets", nargs="*", metavar="DATASET", help=about)


def _environment(command: argparse.ArgumentParser) -> None:
    about = "the profile's name; dev if not given"
    command.add_argument("--environment", default="dev", metavar="NAME", help=about)


def _place(command: argparse.ArgumentParser) -> None:
    _environment(command)
    command.add_argument("--database", metavar="URL", help="instead of the profile's")


def _options(name: str, command: argparse.ArgumentParser) -> None:
    if name in ("plan", "seed"):
        about = "these entities or steps alone"
        command.add_argument("--only", nargs="+", default=[], metavar="ENTITY", help=about)
    if name == "seed":
        about = "with --only: what they are made from, too"
        command.add_argument("--with-upstream", action="store_true", help=about)
    if name != "reset":  # which removes all that is ours, whatever it was made by
        command.add_argument(
            "--scale", type=int, metavar="N", help="multiple of the owner's counts"
        )
        command.add_argument("--as-of", type=_date, metavar="DATE", help=TODAY)
    if name in ("plan", "seed", "refresh"):
        command.add_argument("--seed", type=int, metavar="N", help=DRAWS)
    if name == "reset":
        command.add_argument("--confirm", action="store_true", help="remove")
        command.add_argument("--dry-run", action="store_true", help="only say what would go")
        command.add_argument("--strict", action="store_true", help="all or nothing")
    if name == "refresh":
        about = "move the windows on, or bring all rows to their declaration; else the profile's"
        command.add_argument("--mode", choices=["roll", "rebuild"], help=about)
