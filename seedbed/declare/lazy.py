"""Lazy: an attribute that is made when it is first asked for, and then kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

Value = TypeVar("Value")


class lazy(Generic[Value]):  # noqa: N801 # used as a decorator, as functools.cached_property is
    """`functools.cached_property` as it is from Python 3.12 on, without a lock.

    Up to 3.11 it holds one lock an attribute for all objects of a class while a value is made.
    Attributes that ask for each other in two orders (a key's hash for its number, a number for the
    hashes of its parents) then stop two steps that run side by side, for ever. Without it a value
    may be made twice; both are equal.
    """

    def __init__(self, make: Callable[[Any], Value]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> lazy[Value]: ...

    @overload
    def __get__(self, instance: object, owner: type | None = None) -> Value: ...

    def __get__(self, instance: object | None, owner: type | None = None) -> lazy[Value] | Value:
        if instance is None:
            return self
        value: Value = self._make(instance)
        instance.__dict__[self._name] = value
        return value
