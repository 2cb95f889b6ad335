"""The shape of every file kind as JSON Schema (2020-12): what editors complete and check by.

Shapes say what keys there are and of what type their values are; what refers to what is checked
by the readers. Nothing here reads a file.
"""

from collections.abc import Callable, Sequence

from tuttu.catalog.schemas import (
    actions,
    channels,
    consent,
    content,
    events,
    identity,
    policy,
    resources,
    scenarios,
    traits,
    tuttu,
)
from tuttu.catalog.schemas.json_schema import Shape

__all__ = ["Shape", "schemas"]

_KINDS: tuple[Callable[[], Shape], ...] = (
    tuttu.tuttu,
    events.events,
    identity.identity,
    traits.traits,
    consent.consent,
    policy.policy,
    resources.resources,
    channels.channels,
    actions.action,
    actions.group,
    content.message,
)


def schemas(stages: Sequence[str] = ()) -> dict[str, Shape]:
    """File kind to its schema, newly made; the kinds are named after their files. stages: those
    that a scenario may name; none: any."""
    shapes = {kind.__name__: kind() for kind in _KINDS}
    return {**shapes, "scenario": scenarios.scenario(stages)}
