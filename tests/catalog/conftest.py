"""A small company that is newly written for each test, and ways to bend it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tuttu import catalog
from tuttu.catalog.folder import REQUIRED_KEYS
from tuttu.vocabulary.conversion import to_instant
from tuttu.vocabulary.errors import Fault, Where

BASE = {
    "tuttu.yaml": "name: corner-shop\nzone: Europe/Helsinki\nlanguages: [en, fi]\n",
    "identity.yaml": "namespaces:\n  user_id: {unique: true, alias_limit: 3}\n  anonymous_id: {}\n",
    "channels.yaml": (
        "channels: {web: in, email: out, call: out}\n"
        "surfaces:\n"
        "  front.hero: {channel: web, slots: 2, default: welcome}\n"
    ),
    "consent.yaml": (
        "purposes:\n"
        "  marketing: {basis: consent, default: {web: in, email: out, call: in}}\n"
        "  service: {basis: contract, default: in}\n"
        "  profiling: {basis: legitimate interest, default: in}\n"
    ),
    "events.yaml": (
        "events:\n"
        "  Ticket Opened: {properties: {ticket_id: text, status: text, opened_at: timestamp}}\n"
        "  Order Completed:\n"
        "    properties: {total: money, weight: real, products: [{category: text, price: money}]}\n"
        "sources: {Order Completed: bought}\n"
    ),
    "traits.yaml": (
        "collections:\n"
        "  tickets:\n"
        "    key: ticket_id\n"
        "    events: [Ticket Opened]\n"
        "    keep: {status: text, opened_at: timestamp}\n"
        "traits:\n"
        "  has_tv: {type: bool}\n"
        "  income: {type: integer}\n"
        "  home_id: {type: text}\n"
        "  risk: {type: real, use: [profiling]}\n"
        "  open_tickets: {count: tickets, where: \"status <> 'resolved'\"}\n"
        "groups:\n"
        "  household: {key: home_id}\n"
    ),
    "policy.yaml": (
        "guards:\n  open case: {when: open_tickets > 0, blocks: marketing, instead: news}\n"
        "contact_limits: {}\nsuppressions: {}\n"
    ),
    "resources.yaml": "minutes: {amount: 100, per: day}\n",
    "actions/sales/tv/offer.yaml": (
        "action: offer\n"
        "status: live\n"
        "purpose: marketing\n"
        "value: 12 * 9.90\n"
        "propensity: 0.03\n"
        "eligible:\n"
        "  has no TV: NOT has_tv\n"
        "treatments:\n"
        "  web: {surface: front.hero, message: offer}\n"
        "  call: {message: offer, cost: 4.00, uses: {minutes: 8}, answer_within: 14d}\n"
    ),
    "actions/service/cases/news.yaml": (
        "action: news\n"
        "status: live\n"
        "purpose: service\n"
        "value: 1\n"
        "propensity: 1\n"
        "treatments:\n"
        "  web: {surface: front.hero, message: news}\n"
    ),
    "content/offer.web.en.liquid": "TV!\n",
    "content/offer.call.en.liquid": "Say: TV!\n",
    "content/news.web.en.liquid": "News\n",
    "content/welcome.web.en.liquid": "Welcome\n",
}

OFFER = "actions/sales/tv/offer.yaml"
GROUP = "actions/sales/tv/_group.yaml"
DESIGN = Path(__file__).parent / "design"
"""The forms of the design's own page."""
HELSINKI = ZoneInfo("Europe/Helsinki")

Files = Mapping[str, str | bytes | None]
Write = Callable[..., Path]
Edit = Callable[[str, str, str], Path]
Faults = Callable[[Files], list[Fault]]
Offer = Callable[..., dict[str, str]]
Slip = tuple[str, str, str, int, str, str, str | None]
"""A file, a text in it and another in its place; the line, what is found, expected, nearest."""


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    """The instant of a time in Helsinki."""
    return to_instant(datetime(year, month, day, hour, minute, tzinfo=HELSINKI))


def places(faults: list[Fault]) -> list[tuple[str, str]]:
    return [(str(fault.where), fault.found) for fault in faults]


def assert_one_fault(edit: Edit, slip: Slip) -> None:
    """The slip is found where it was made, and draws no other faults after it."""
    path, old, new, line, found, expected, nearest = slip
    folder = edit(path, old, new)
    faults = [fault for fault in catalog.check(folder) if fault.where.file == path]
    assert [fault.where for fault in faults] == [Where(path, line)]
    assert found in faults[0].found
    assert expected in faults[0].expected
    assert faults[0].nearest == nearest
    assert catalog.check(folder) == faults, "a fault drew others after it"


def with_none_of_the_rest(policy: str) -> str:
    """A policy.yaml that has every key it must have; added ones stand at its end."""
    said = {line.partition(":")[0] for line in policy.splitlines()}
    lacking = [key for key in REQUIRED_KEYS["policy"] if key not in said]
    added = "".join(f"\n{key}: {{}}\n" for key in lacking)
    return policy.removesuffix("\n") + added if added else policy


def with_traits(base: Mapping[str, str], lines: str) -> dict[str, str]:
    """The small company with more traits, from line 8 of traits.yaml on."""
    known = "  has_tv: {type: bool}\n"
    return {"traits.yaml": base["traits.yaml"].replace(known, f"{known}{lines}")}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """write({path: text}): the small company with these files changed; None takes one away. What
    a policy.yaml does not speak of it has none of, unless it is written as_it_is."""

    def write(changes: Files | None = None, *, as_it_is: bool = False) -> Path:
        root = tmp_path / "company"
        shutil.rmtree(root, ignore_errors=True)
        for path, text in {**BASE, **(changes or {})}.items():
            if text is not None:
                may_be_cut = as_it_is or path != "policy.yaml"
                whole = text if may_be_cut else with_none_of_the_rest(str(text))
                target = root / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(whole if isinstance(whole, bytes) else whole.encode())
        return root

    return write


@pytest.fixture
def offer(base: Mapping[str, str]) -> Offer:
    """offer(condition, about=…): the offer, about a ticket, with this condition."""

    def make(condition: str = "NOT has_tv", about: str = "about: tickets\n") -> dict[str, str]:
        text = base[OFFER].replace("  has no TV: NOT has_tv\n", f"  has no TV: {condition}\n")
        return {OFFER: text.replace("value:", f"{about}value:")}

    return make


@pytest.fixture
def base() -> Mapping[str, str]:
    """The files of the small company."""
    return BASE


@pytest.fixture
def edit(write: Write) -> Edit:
    """edit(path, old, new): the small company with one text replaced, which must be there."""

    def edit(path: str, old: str, new: str) -> Path:
        assert BASE[path].count(old) == 1, f"{old!r} is not once in {path}"
        return write({path: BASE[path].replace(old, new)})

    return edit


@pytest.fixture
def faults(write: Write) -> Faults:
    """faults({path: text}): what check says of the small company with these files changed."""
    return lambda changes: catalog.check(write(changes))


@pytest.fixture(scope="session")
def operator() -> Path:
    """The example company that comes with tuttu."""
    return Path(str(files("tuttu") / "examples" / "operator"))
