"""Customers: the whole picture, their history, their choices."""

from __future__ import annotations

from tuttu.api.answers import (
    CustomerAnswer,
    PreferencesAnswer,
    PreferencesRequest,
    TimelineAnswer,
    UnmergeAnswer,
    UnmergeRequest,
    Who,
)
from tuttu.vocabulary.project import Project
from tuttu.web.route import Asked
from tuttu.web.shapes import NoQuery, TimelineQuery


def who_of(project: Project, name: str) -> Who:
    """``namespace:value``; without a declared namespace, a value of the one of highest priority."""
    namespace, colon, value = name.partition(":")
    if colon and namespace in project.namespaces:
        return {namespace: value}
    return {min(project.namespaces.values(), key=lambda each: each.rank).name: name}


def customer(asked: Asked[None, NoQuery]) -> CustomerAnswer:
    """The whole picture of a customer; that somebody looked is recorded."""
    who = who_of(asked.engine.project, asked.path["id"])
    return asked.engine.customer(who, asked.by)


def timeline(asked: Asked[None, TimelineQuery]) -> TimelineAnswer:
    """Everything that happened with a customer, oldest first."""
    who = who_of(asked.engine.project, asked.path["id"])
    page = asked.query
    return asked.engine.timeline(who, asked.by, after=page.after, limit=page.limit)


def preferences(asked: Asked[None, NoQuery]) -> PreferencesAnswer:
    """What a customer allows, by purpose and channel."""
    who = who_of(asked.engine.project, asked.path["id"])
    return asked.engine.preferences(who, asked.by)


def set_preferences(asked: Asked[PreferencesRequest, NoQuery]) -> PreferencesAnswer:
    """Records what a customer allows or refuses: all of it or nothing."""
    who = who_of(asked.engine.project, asked.path["id"])
    return asked.engine.set_preferences(who, asked.body, asked.by)


def unmerge(asked: Asked[UnmergeRequest, NoQuery]) -> UnmergeAnswer:
    """Parts two identifiers for good, or takes one fragment out of its customer."""
    return asked.engine.unmerge(asked.body, asked.by)
