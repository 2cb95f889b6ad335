"""What does not fit a trait, as laws: it is no news, or says that nothing is known; it is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuttu import profile
from tuttu.profile import read
from tuttu.storage import Snapshot
from tuttu.vocabulary.company import Slip
from tuttu.vocabulary.conversion import convert, slipped
from tuttu.vocabulary.events import Event
from tuttu.vocabulary.people import Customer
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Kind, Type

pytestmark = pytest.mark.laws

Call = Callable[..., Event]
Heard = Callable[..., AbstractContextManager[Snapshot]]
Person = Callable[..., Customer]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
ANYTHING = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(), SCALARS, max_size=2)
SAID = st.fixed_dictionaries({}, optional={"size": ANYTHING, "home": ANYTHING, "tags": ANYTHING})
TYPES = {"size": Type(Kind.INTEGER), "home": Type(Kind.TEXT), "tags": Type(Kind.TEXT, many=True)}


def of_slips(project: Project, slip: Slip) -> Project:
    """The project with this meaning of slips in every written trait."""
    declared = project.profile
    traits = {
        name: msgspec.structs.replace(each, slip=slip) if each.written else each
        for name, each in declared.traits.items()
    }
    changed = msgspec.structs.replace(declared, traits=traits)
    return msgspec.structs.replace(project, profile=changed)


@pytest.mark.parametrize("slip", ["keep", "unknown"])
@given(said=st.lists(SAID, max_size=5), data=st.data())
def test_a_slip_is_no_news_or_null(
    slip: Slip,
    said: list[Mapping[str, Any]],
    data: st.DataObject,
    project: Project,
    call: Call,
    heard: Heard,
    person: Person,
) -> None:
    """The events with every value that does not fit left out, or null, give the same traits; in
    any order of arrival."""
    rules = of_slips(project, slip)

    def made(calls: list[Mapping[str, Any]]) -> list[Event]:
        return [
            call(f"e{place}", place, "Identify", kind="identify", traits=traits)
            for place, traits in enumerate(calls)
        ]

    def unfit(name: str, value: object) -> bool:
        return slipped(value, convert(value, TYPES[name], "UTC"))

    mended: list[Mapping[str, Any]] = [
        {
            name: None if unfit(name, value) else value
            for name, value in traits.items()
            if slip == "unknown" or not unfit(name, value)
        }
        for traits in said
    ]
    as_said = made(said)
    told = [len(profile.slips(rules, event)) for event in as_said]
    assert told == [sum(unfit(*each) for each in traits.items()) for traits in said]
    with (
        heard(rules, data.draw(st.permutations(as_said))) as one,
        heard(rules, made(mended)) as two,
    ):
        rows = [
            read(snapshot, person(snapshot, "maija"), rules, 100, profiling=True)
            for snapshot in (one, two)
        ]
    assert rows[0] == rows[1]


@given(said=st.lists(SCALARS, max_size=5), kind=st.sampled_from(Kind))
def test_a_list_is_whole_or_a_slip(said: list[Any], kind: Kind) -> None:
    single = [convert(each, Type(kind), "UTC") for each in said if each is not None]
    assert convert(said, Type(kind, many=True), "UTC") == (None if None in single else single)
