"""The shape of every file kind as JSON Schema (2020-12): what editors complete and check by.

Shapes say what keys there are and of what type their values are; what refers to what is checked
by the readers. Nothing here reads a file.
"""

from __future__ import annotations

from collections.abc import Sequence

from tuttu.catalog.schemas.company import channels, consent, identity, resources, tuttu
from tuttu.catalog.schemas.data import events, traits
from tuttu.catalog.schemas.library import action, group
from tuttu.catalog.schemas.parts import Shape
from tuttu.catalog.schemas.policy import policy
from tuttu.catalog.schemas.stories import scenario

__all__ = ["Shape", "schemas"]

_KINDS = (
    tuttu,
    events,
    identity,
    traits,
    consent,
    policy,
    resources,
    channels,
    action,
    group,
)


def schemas(stages: Sequence[str] = ()) -> dict[str, Shape]:
    """File kind to its schema, newly made; the kinds are named after their files. stages: those
    that a scenario may name; none: any."""
    return {kind.__name__: kind() for kind in _KINDS} | {"scenario": scenario(stages)}
