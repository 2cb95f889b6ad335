"""A company whose definitions change in every way that a reload has to follow."""

from __future__ import annotations

from functools import cache

import msgspec
from hypothesis import strategies as st

from tuttu import catalog
from tuttu.catalog import Survey


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """What one version declares; each field is one thing that may change.

    orders: (which condition, over which window) of a count; tickets: (events, fields); group: how
    the household's key comes about; consent, contacts, tv: which of several ways.
    """

    amount: str = "integer"
    size: str | None = "text"
    shoes: bool = False
    orders: tuple[int, str] | None = (0, "")
    spent: bool = False
    left: tuple[str, ...] = ()
    tickets: tuple[int, int] | None = (0, 0)
    group: str | None = "household_id"
    news: bool = False
    sms: bool = False
    consent: int = 0
    contacts: int = 0
    seen: bool = True
    tv: int = 0
    radio: bool = True
    about: bool = False
    people: int = 0
    by_email: bool = False

    @property
    def survey(self) -> Survey:
        return _survey(self)


VERSIONS = st.builds(
    Version,
    amount=st.sampled_from(["integer", "money"]),
    size=st.sampled_from([None, "text", "integer"]),
    shoes=st.booleans(),
    orders=st.none() | st.tuples(st.integers(0, 2), st.sampled_from(["", "2d", "5d"])),
    spent=st.booleans(),
    left=st.sampled_from([(), ("Visit", "Order"), ("Order", "Visit"), ("Visit", "Visit")]),
    tickets=st.none() | st.tuples(st.integers(0, 1), st.integers(0, 2)),
    group=st.sampled_from([None, "household_id", "home", "either"]),
    news=st.booleans(),
    sms=st.booleans(),
    consent=st.integers(0, 2),
    contacts=st.integers(0, 3),
    seen=st.booleans(),
    tv=st.integers(0, 2),
    radio=st.booleans(),
    about=st.booleans(),
    people=st.integers(0, 6),
    by_email=st.booleans(),
)


@cache
def _survey(version: Version) -> Survey:
    survey = catalog.survey(texts(version))
    assert not survey.faults, [str(fault) for fault in survey.faults]
    return survey


def texts(version: Version) -> dict[str, str]:
    """The policy files of a version."""
    found = {
        "tuttu.yaml": "name: changing\nlanguages: [en]\n",
        "identity.yaml": "\n  ".join(["namespaces:", *PEOPLE[version.people], ""]),
        "channels.yaml": (
            f"channels: {{web: in, letter: {_letter(version)}"
            f"{', sms: out' if version.sms else ''}}}\n"
            "surfaces:\n  front: {channel: web, slots: 1, default: welcome}\n"
        ),
        "consent.yaml": _consent(version),
        "events.yaml": _events(version),
        "traits.yaml": _traits(version),
        "policy.yaml": "guards: {}\ncontact_limits: {}\nsuppressions: {}\n",
        "content/welcome.web.en.liquid": "Welcome\n",
        "actions/sales/tv/tv.yaml": _action("tv", version, TV[version.tv]),
    }
    if version.radio:
        found["actions/sales/radio/radio.yaml"] = _action("radio", version, "event = 'Order'")
    for action in ("tv", "radio"):
        found[f"content/{action}.web.en.liquid"] = found[f"content/{action}.letter.en.liquid"] = (
            "x\n"
        )
    return found


TV = ("event = 'Order' AND amount > 5", "event = 'Order' AND amount > 50", "event = 'Offer Taken'")
EMAIL = "fields: [traits.email]"
PEOPLE = (
    ["user_id: {unique: true}", "anonymous_id: {}", f"email: {{{EMAIL}, limit: 3}}"],
    ["user_id: {unique: true, normalise: [lower]}", "anonymous_id: {}", f"email: {{{EMAIL}}}"],
    [
        "user_id: {unique: true, normalise: [lower], alias_limit: 3, blocked: [aino]}",
        f"email: {{{EMAIL}, normalise: [email], apart: true}}",
        "anonymous_id: {}",
    ],
    [f"email: {{{EMAIL}, unique: true}}", "anonymous_id: {}", "user_id: {}"],
    [
        "user_id: {unique: true, blocked: [maija]}",
        "anonymous_id: {normalise: [lower], partners: 1}",
    ],
    [
        "anonymous_id: {strength: {track: 3}}",
        "user_id: {normalise: [digits]}",
        f"email: {{{EMAIL}, normalise: [email], strength: {{identify: 2}}}}",
    ],
    ["anonymous_id: {}", f"email: {{{EMAIL}, normalise: [lower]}}"],
)
"""Who is who: the law's senders write one name in several ways, and share devices."""
ORDERS = ("event = 'Order'", "event = 'Order' AND amount > 10", "event IN ('Order', 'Visit')")
TICKETS = (("Ticket Opened", "Ticket Closed"), ("Ticket Opened",))
FIELDS = ("status: text", "status: text, fee: money", "fee: integer")
LETTER_OFF = "  - {event: Visit, allowed: false, purpose: marketing, channel: letter}\n"
CONSENT = (
    "  - {event: Said Yes, allowed: true}\n  - {event: Said No, allowed: false}\n",
    "  - {event: Said Yes, allowed: true, purpose: marketing}\n",
    f"  - {{event: Said No, allowed: false}}\n{LETTER_OFF}",
)
CALLED = "  - {event: Called, channel: letter, purpose: marketing, action_from: offer"
VISITED = "  - {event: Visit, channel: web, purpose: service, action: tv, outcome: viewed}\n"
CONTACTS = (
    "",
    f"contacts:\n{CALLED}, outcome_from: said, outcome_map: {{no: declined}}}}\n",
    f"contacts:\n{CALLED}}}\n",
    f"contacts:\n{VISITED}{CALLED}, outcome_from: said, outcome_map: {{no: declined}}}}\n",
)


def _letter(version: Version) -> str:
    """Its contacts lie under the address that they go to."""
    known = any(each.startswith("email") for each in PEOPLE[version.people])
    return "{direction: out, needs: {namespace: email}}" if version.by_email and known else "out"


def _consent(version: Version) -> str:
    text = "purposes:\n  service: {basis: contract, default: in}\n"
    text += "  marketing: {basis: consent, default: in}\n"
    return text + ("  news: {basis: consent, default: out}\n" if version.news else "")


def _events(version: Version) -> str:
    fee = f", {FIELDS[version.tickets[1]]}" if version.tickets else ""
    text = (
        "events:\n"
        f"  Order: {{properties: {{amount: {version.amount}, shoe: text}}}}\n"
        "  Visit: {}\n"
        "  Offer Taken: {}\n"
        "  Offer Seen: {properties: {contact_id: text}}\n"
        "  Called: {properties: {offer: text, said: text}}\n"
        "  Said Yes: {properties: {purpose: text, channel: text}}\n"
        "  Said No: {properties: {purpose: text, channel: text}}\n"
        f"  Ticket Opened: {{properties: {{ticket_id: text{fee}}}}}\n"
        f"  Ticket Closed: {{properties: {{ticket_id: text{fee}}}}}\n"
        "sources: {Order: bought}\n"
        f"consent:\n{CONSENT[version.consent]}{CONTACTS[version.contacts]}"
    )
    if version.shoes and version.size:
        text += "writes:\n  - {event: Order, traits: {size: shoe}}\n"
    return text + ("outcomes: {Offer Seen: viewed}\n" if version.seen else "")


def _traits(version: Version) -> str:
    lines = ["  household_id: {type: text}", "  home: {type: text}"]
    if version.size:
        lines.append(f"  size: {{type: {version.size}}}")
    if version.orders:
        test, window = version.orders
        within = f", in: {window}" if window else ""
        lines.append(f'  orders: {{count: events, where: "{ORDERS[test]}"{within}}}')
    if version.spent:
        lines.append("  spent: {sum: amount, of: events, where: \"event = 'Order'\"}")
        lines.append("  newest: {last: amount, of: events, where: \"event = 'Order'\", in: 5d}")
    if version.left:
        lines.append(f"  left: {{sequence: [{', '.join(version.left)}], within: 3h}}")
    if version.group == "either":
        lines.append("  either: {first_known: [told.home, told.household_id]}")
    text = "traits:\n" + "\n".join(lines) + "\n"
    if version.group:
        text += f"groups:\n  household: {{key: {version.group}}}\n"
    if version.tickets:
        events, fields = TICKETS[version.tickets[0]], FIELDS[version.tickets[1]]
        kept = f"{{key: ticket_id, events: [{', '.join(events)}], keep: {{{fields}}}}}"
        text += f"collections:\n  tickets: {kept}\n"
    return text


def _action(name: str, version: Version, accepted: str) -> str:
    about = "about: tickets\n" if version.about and version.tickets and name == "radio" else ""
    return (
        f"action: {name}\nstatus: live\npurpose: marketing\npropensity: 0.5\n{about}"
        f"value: {20 if name == 'tv' else 10}\n"
        "treatments:\n"
        f"  web: {{surface: front, message: {name}, answer_within: 3d}}\n"
        f"  letter: {{message: {name}, answer_within: 3d}}\n"
        f'outcomes:\n  accepted: "{accepted}"\n'
    )
