"""The shape of every file kind as JSON Schema (2020-12): what editors complete and check by.

Shapes say what keys there are and of what type their values are; what refers to what is checked
by the readers. Nothing here reads a file.
"""

from __future__ import annotations

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
    scenario,
)


def schemas() -> dict[str, Shape]:
    """File kind to its schema, made anew; the kinds are named after their files."""
    return {kind.__name__: kind() for kind in _KINDS}
