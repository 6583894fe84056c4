"""Outside: layers 1 and 2 of the guard, which need no connection: variables and place."""

from __future__ import annotations

from collections.abc import Mapping

from seedbed.engine.settings import Profile
from seedbed.postgres.connection.address import Address
from seedbed.postgres.guard import production
from seedbed.postgres.guard.evidence import Evidence

VARIABLES = ("APP_ENV", "NODE_ENV")


def examine_variables(profile: Profile, environ: Mapping[str, str]) -> Evidence:
    """Layer 1: `APP_ENV` and `NODE_ENV`. Needs no connection."""
    given = {name: environ[name] for name in VARIABLES if name in environ}
    allowed = sorted({profile.name, *profile.guard.app_env})

    def evidence(passed: bool, detail: str, remedy: str = "") -> Evidence:
        return Evidence(1, "variables", passed, detail, remedy)

    for name, value in given.items():
        if production.says(value):
            return evidence(
                False, f"{name} is {value!r}", "seedbed never runs where a variable says production"
            )
        if profile.guard.shared and value not in allowed:
            remedy = f"set it to one of {', '.join(allowed)}, or add it to guard.app_env"
            return evidence(False, f"{name} is {value!r}", f"{remedy} in {profile.name}.toml")
    if profile.guard.shared and not given:
        remedy = f"run `export APP_ENV={profile.name}` where it runs"
        return evidence(False, f"neither {' nor '.join(VARIABLES)} is set", remedy)
    said = ", ".join(f"{name} is {value!r}" for name, value in given.items())
    return evidence(True, said or "no variable speaks of production")


def examine_place(profile: Profile, address: Address) -> Evidence:
    """Layer 2: host and database are listed in the profile. Needs no connection."""
    file = f"{profile.name}.toml"
    lists = {
        "hosts": (address.host, tuple(host.lower() for host in profile.guard.hosts)),
        "databases": (address.database, profile.guard.databases),
    }
    for name, (value, allowed) in lists.items():
        if not allowed and profile.guard.shared:
            detail, remedy = f"guard.{name} is empty", f'write {name} = ["{value}"]'
        elif allowed and value not in allowed:
            detail, remedy = f"{value!r} is not in guard.{name}", "correct the address, or add it"
        else:
            continue
        return Evidence(2, "place", False, detail, f"{remedy} under [guard] in {file}")
    return Evidence(2, "place", True, f"{address} is allowed", "")
