"""The whole of a project folder, checked and compiled."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from tuttu.vocabulary.company import (
    Channel,
    Company,
    Namespace,
    Profile,
    Purpose,
    Resource,
    Surface,
    Tracking,
)
from tuttu.vocabulary.library import Action, Message, Policy
from tuttu.vocabulary.values import Schema


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """One immutable version of a company's policy. digest: SHA-256 over its files, hex."""

    digest: str
    company: Company
    namespaces: Mapping[str, Namespace]
    tracking: Tracking
    profile: Profile
    purposes: Mapping[str, Purpose]
    channels: Mapping[str, Channel]
    surfaces: Mapping[str, Surface]
    resources: Mapping[str, Resource]
    policy: Policy
    actions: Mapping[str, Action]
    messages: Mapping[tuple[str, str, str], Message]
    """(message, channel, language) to template."""
    row_schema: Schema
    event_schema: Schema
    """Columns of conditions on one event: ``event``, ``call``, ``source``, the tracking plan's
    properties by name (and ``path``, ``url``, ``title`` for pages), NULL where the event lacks
    them; lists of objects are collections."""
