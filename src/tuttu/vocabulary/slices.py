"""Long work in slices, between which others may be served."""

from collections.abc import Callable, Generator
from inspect import isgenerator
from typing import Any, TypeVar, overload

T = TypeVar("T")

Slices = Generator[None, None, T]
"""Stops between two slices; its value is the answer."""


@overload
def whole(work: Callable[[], Slices[T]]) -> T: ...


@overload
def whole(work: Callable[[], Any]) -> Any: ...


def whole(work: Callable[[], Any]) -> Any:
    """The answer of work, whether it is done in slices or not."""
    made = work()
    while isgenerator(made):
        try:
            next(made)
        except StopIteration as end:
            return end.value
    return made
