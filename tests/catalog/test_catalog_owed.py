"""What channels need, and what is owed: as the folder says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest
from tests.catalog.conftest import Edit, Faults, with_traits

from tuttu import catalog
from tuttu.vocabulary.company import Needs

if TYPE_CHECKING:
    from tests.catalog.conftest import Faults, Write
else:
    Faults = Write = Any

NEWS = "actions/service/cases/news.yaml"
OFFER = "actions/sales/tv/offer.yaml"


def needing(said: str, base: Mapping[str, str]) -> dict[str, str]:
    """The small company whose channel email says this."""
    channels = base["channels.yaml"]
    assert "email: out" in channels
    return {"channels.yaml": channels.replace("email: out", f"email: {{direction: out{said}}}")}


def test_a_channel_needs_an_identifier_or_traits(write: Write, base: Mapping[str, str]) -> None:
    said = ", needs: {namespace: user_id, verified: true}, verified_by: [Order Completed]"
    channel = catalog.load(write(needing(said, base))).channels["email"]
    assert channel.needs == Needs(namespace="user_id", verified=True)
    assert channel.verified_by == {"Order Completed"}
    assert channel.reachable is not None
    assert channel.reachable({"reachable_email": "yes"}) is True
    assert channel.reachable({"reachable_email": "dead"}) is False
    channel = catalog.load(write(needing(", needs: {traits: [has_tv]}", base))).channels["email"]
    assert channel.reachable is not None
    assert [channel.reachable({"has_tv": value}) for value in (False, None)] == [True, False]


def test_a_fault_of_a_trait_is_no_fault_of_the_channel_that_needs_it(
    faults: Faults, base: Mapping[str, str]
) -> None:
    files = needing(", needs: {traits: [street]}", base)
    files |= with_traits(base, "  street: {type: nonsense}\n")
    assert {each.where.file for each in faults(files)} == {"traits.yaml"}


@pytest.mark.parametrize("spoilt", ["zzneeds: {}", "needs: 7", "needs: {namespace: [[1]]}"])
def test_a_fault_of_a_channel_is_none_of_the_treatments_named_after_it(
    edit: Edit, spoilt: str
) -> None:
    folder = edit("channels.yaml", "call: out", f"call: {{direction: out, {spoilt}}}")
    assert {each.where.file for each in catalog.check(folder)} == {"channels.yaml"}


def test_a_blank_text_is_no_address(write: Write, base: Mapping[str, str]) -> None:
    files = {**needing(", needs: {traits: [street]}", base)}
    files |= with_traits(base, "  street: {type: text}\n")
    channel = catalog.load(write(files)).channels["email"]
    assert channel.reachable is not None
    said = ["Kauppakatu 1", "", "  ", None]
    assert [channel.reachable({"street": each}) is True for each in said] == [True] + [False] * 3


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (", needs: {namespace: usr_id}", "`usr_id`"),
        (", needs: {traits: [has_tw]}", "`has_tw`"),
        (", needs: {namespace: user_id, traits: [has_tv]}", "both `namespace` and `traits`"),
        (", needs: {}", "neither `namespace` nor `traits`"),
        (", needs: {namespace: user_id, verified: true}", "`verified: true` alone"),
        (", needs: {namespace: user_id}, dead: [Bounced]", "`Bounced`"),
        (", dead: [Order Completed]", "`dead`"),
    ],
)
def test_a_slip_in_what_a_channel_needs(
    said: str, found: str, faults: Faults, base: Mapping[str, str]
) -> None:
    assert [fault.found for fault in faults(needing(said, base))] == [found]


def owing(lines: str, base: Mapping[str, str]) -> dict[str, str]:
    """The small company whose service is owed; lines of the action news."""
    consent = base["consent.yaml"]
    service = next(line for line in consent.splitlines() if line.lstrip().startswith("service:"))
    owed = service.replace("{", "{class: owed, ", 1)
    assert owed != service
    return {
        "consent.yaml": consent.replace(service, owed),
        **with_traits(base, "  told_by: {type: timestamp}\n"),
        NEWS: base[NEWS].replace("value: 1\n", f"value: 1\n{lines}"),
    }


def test_what_is_owed_and_when_it_is_fulfilled_and_late(
    write: Write, base: Mapping[str, str]
) -> None:
    changes = owing("due: told_by\neligible:\n  has TV: has_tv\n", base)
    offer = base[OFFER].replace("NOT has_tv", "NOT late('news')")
    project = catalog.load(write({**changes, OFFER: offer}))
    assert project.purposes["service"].owed
    assert project.purposes["service"].skips >= {"contact_limits", "controls"}
    fulfilled = project.actions["news"].fulfilled
    late = project.actions["offer"].eligible[0].test
    assert fulfilled is not None
    row = {"told_by": 5, "has_tv": True, "now": 6}
    assert (fulfilled(row), late(row)) == (False, False)
    told = {**row, "fulfilled.news": 5}
    assert (fulfilled(told), late(told)) == (True, True)
    other = {**row, "fulfilled.news": 4}
    assert (fulfilled(other), late(other)) == (False, False)
    assert late({**row, "has_tv": None}) is True
    unknown = {**told, "told_by": None}
    assert (fulfilled(unknown), late(unknown)) == (True, True)


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("due: has_tv\n", "`has_tv`, which is bool"),
        ("due: ago('7d')\n", "`ago('7d')`"),
        (
            "applicable:\n  is late: late('news')\n",
            "the action 'news', which is never late here in `late('news')`",
        ),
        ("fulfils: false\n", "no treatment but reminders"),
    ],
)
def test_a_slip_in_what_is_owed(
    lines: str, found: str, faults: Faults, base: Mapping[str, str]
) -> None:
    assert [fault.found for fault in faults(owing(lines, base))] == [found]


@pytest.mark.parametrize("key", ["due: moved_at", "fulfils: false"])
def test_what_is_offered_has_no_due(key: str, faults: Faults, base: Mapping[str, str]) -> None:
    lines = base[NEWS].replace("value: 1\n", f"value: 1\n{key}\n")
    found = faults({NEWS: lines, **with_traits(base, "  moved_at: {type: timestamp}\n")})
    assert [fault.found for fault in found] == [f"`{key.partition(':')[0]}`"]


def test_how_a_channel_reaches_is_a_column_of_those_with_addresses(
    faults: Faults, base: Mapping[str, str]
) -> None:
    offer = base[OFFER].replace("NOT has_tv", "reachable_call = 'yes'")
    (fault,) = faults({OFFER: offer})
    assert fault.found.startswith("the unknown name 'reachable_call'")
    assert fault.expected.startswith("that of a channel that `needs` a namespace")


def test_what_is_never_late_says_why_and_which_is(faults: Faults, base: Mapping[str, str]) -> None:
    files = owing("due: told_by\n", base)
    files[OFFER] = base[OFFER].replace("NOT has_tv", "NOT late('offer')")
    (fault,) = faults(files)
    assert fault.found.startswith("the action 'offer', which is never late here")
    assert "class owed that says `due`" in fault.expected


@pytest.mark.parametrize("due", ["nothing_known", "[[1]]", "3 +"])
def test_a_fault_of_what_is_due_is_none_of_who_asks_whether_it_is_late(
    due: str, faults: Faults, base: Mapping[str, str]
) -> None:
    files = owing(f"due: {due}\n", base)
    files[OFFER] = base[OFFER].replace("NOT has_tv", "NOT late('news')")
    assert {each.where.file for each in faults(files)} == {NEWS}


def test_a_treatment_says_otherwise_than_its_action(write: Write, base: Mapping[str, str]) -> None:
    """`fulfils` of an action holds for those treatments that do not say it."""
    web = "  web: {surface: front.hero, message: news}\n"
    files = owing("fulfils: false\n", base)
    assert files[NEWS].count(web) == 1
    letter = "  call: {message: news, fulfils: true}\n"
    files[NEWS] = files[NEWS].replace(web, web + letter)
    files["content/news.call.en.liquid"] = "News\n"
    treatments = catalog.load(write(files)).actions["news"].treatments
    assert [each.fulfils for each in treatments.values()] == [False, True]


@pytest.mark.parametrize(
    ("when", "blocks", "faulty"),
    [
        ("late('news')", "service", True),
        ("late('news') OR open_tickets > 0", "service", True),
        ("NOT (NOT late('news') AND has_tv)", "service", True),
        ("late('news') AND open_tickets > 0", "service", False),
        ("NOT late('news')", "service", False),
        ("late('news')", "marketing", False),
        ("open_tickets > 0", "service", False),
        ("TRUE", "service", False),
    ],
)
def test_what_is_late_is_not_stopped_for_being_late(
    when: str, blocks: str, faulty: bool, faults: Faults, base: Mapping[str, str]
) -> None:
    files = owing("due: told_by\n", base)
    files["policy.yaml"] = f'guards:\n  late: {{when: "{when}", blocks: {blocks}}}\n'
    found = faults(files)
    assert [each.found for each in found] == (
        ["late of `news`, which is for service, that it blocks"] if faulty else []
    )
    assert all((each.where.file, each.where.line) == ("policy.yaml", 2) for each in found)


def test_no_more_units_are_owed_than_there_are(faults: Faults) -> None:
    found = faults({"resources.yaml": "minutes: {amount: 100, owed: 101, per: day}\n"})
    assert [fault.found for fault in found] == ["101 units owed"]
