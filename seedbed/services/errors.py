"""Errors of services: what went wrong, where, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable

from seedbed.declare.errors import SeedbedError, UsageError


class ServiceFailed(SeedbedError):
    """A service did not do what it was asked for."""

    def __init__(self, service: str, doing: str, problem: str) -> None:
        super().__init__(f"{service}: could not {doing}: {problem}")


class BadCredential(UsageError):
    """A variable of a remote adapter holds something that cannot be meant."""

    def __init__(self, name: str, wanted: str) -> None:
        super().__init__(f"{name} in the environment of the process is no {wanted}; correct it")


class ServiceAway(ServiceFailed):
    """It could not be reached, or said "later", as often as it was tried."""

    passes = True


class NoCredentials(UsageError):
    """A remote adapter is asked for, and its address or key is not there."""

    def __init__(self, service: str, adapter: str, missing: Iterable[str]) -> None:
        super().__init__(
            f"services.{service}.adapter is {adapter!r}, which needs {' and '.join(missing)} in "
            "the environment of the process; set them, or take the adapter 'local'"
        )
