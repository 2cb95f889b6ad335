"""Companies by chance: project folders with every kind of trait."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st
from tests import folders
from tests.policy.conftest import ZONES, Author

from tuttu.policy import PolicyError, parse, parse_condition
from tuttu.vocabulary.conversion import format_instant
from tuttu.vocabulary.values import (
    DAY,
    HOUR,
    MINUTE,
    OWNERS_ZONE,
    ZONE,
    Kind,
    Schema,
    Type,
    schema_about,
)

KINDS = tuple(Kind)
Value = Callable[[Kind], st.SearchStrategy[Any]]
SUBJECT = "tv-package"
NOW = 20_541 * DAY + 5 * HOUR
"""2026-03-29, an hour in which many zones change."""
TEXT, INTEGER = Type(Kind.TEXT), Type(Kind.INTEGER)
FIELDS = {"ticket_id": TEXT} | {f"{kind}_field": Type(kind) for kind in KINDS}
NUMBERED = {"order_no": INTEGER} | {f"{kind}_field": Type(kind) for kind in KINDS}
COLLECTIONS = {"tickets": FIELDS, "orders": NUMBERED}
STEPS = ("Thing Done", "Bought", "Ticket Touched", "Anything", "Page Viewed")
WINDOWS = {"1h": HOUR, "1d": DAY, "7d": 7 * DAY, "90m": 90 * MINUTE}
GROUPS = ("household", "of_size")
SIZES = ((2, 8), (0, 2), (0, 3), (0, 2), (0, 3), (1, 3))
HARD = ("order", "select", "Group_By", "a1", "tuttu_item", "tuttu_1", "item_")
"""Names that SQL, or what writes it, finds hard."""


class Company(NamedTuple):
    """A folder's files, and how many expressions it has."""

    files: Mapping[str, str]
    expressions: int


# The declared data


def _plan() -> Mapping[str, Any]:
    one = {f"a_{kind}": str(kind) for kind in KINDS}
    many = {f"list_{kind}": [str(kind)] for kind in KINDS}
    lines = {"lines": [{f"{kind}_field": str(kind) for kind in KINDS}]}
    of_items = {f"{kind}_field": str(kind) for kind in KINDS}
    return {
        "calls": {"page": "Page Viewed"},
        "sources": {"Bought": "bought", "Thing Done": "seen", "Anything": "seen"},
        "events": {
            "Thing Done": {"properties": {**one, **many, **lines}},
            "Bought": {"properties": {**one, **lines}},
            "Ticket Touched": {},
            "Anything": {},
            "Order Touched": {"properties": {"order_no": "integer", **of_items}},
            "Answered": {"properties": {"contact_id": "text"}},
            "Called": {"properties": {"what": "text", "came": "text"}},
        },
        "writes": [
            {"event": "Bought", "traits": {"a_integer": "a_integer", "size": "deep.size"}},
            {"event": "Bought", "source": "told", "traits": {"a_text": "a_text"}},
            {"event": "Group", "source": "told", "traits": {"group_id": "groupId"}},
            {"event": "Thing Done", "traits": {f"b_{kind}": f"a_{kind}" for kind in KINDS}},
            {"event": "Anything", "traits": {f"list_{kind}": f"list_{kind}" for kind in KINDS}},
        ],
        "contacts": [
            {
                "event": "Called",
                "channel": "call",
                "purpose": "marketing",
                "action_from": "what",
                "outcome_from": "came",
                "outcome_map": {"yes": "accepted", "no": "declined"},
            }
        ],
        "outcomes": {"Answered": "accepted"},
    }


EVENT_SCHEMA = Schema(
    columns={
        **{f"a_{kind}": Type(kind) for kind in KINDS},
        **{f"list_{kind}": Type(kind, many=True) for kind in KINDS},
        "event": TEXT,
        "call": TEXT,
        "source": TEXT,
    },
    collections={"lines": {f"{kind}_field": Type(kind) for kind in KINDS}},
)


class Writer:
    """Puts a folder together; each expression is one that the language takes."""

    def __init__(self, rng: random.Random, zone: str) -> None:
        self.rng = rng
        self.zone = zone
        self.columns: dict[str, Type] = {}
        self.plain: dict[str, Type] = {}
        self.traits: dict[str, Any] = {}
        self.segments: dict[str, Any] = {}
        self.expressions = 0
        self.own_zone: str | None = None

    def use(self) -> dict[str, Any]:
        return {"use": ["profiling"]} if self.rng.random() < 0.15 else {}

    def text(
        self,
        schema: Schema,
        kind: Kind,
        depth: int,
        *,
        subject: str | None = None,
        timed: bool = True,
    ) -> str:
        """An expression of the kind; the author draws again where a schema has too little.

        subject: what the word `action` means; outside an action's own file it means nothing.
        timed: whether it may read the present, as conditions on one event may not.
        """
        while True:
            try:
                text = Author(self.rng, schema).expression(kind, depth)
                read = parse_condition if kind is Kind.BOOL else parse
                compiled = read(text, schema, subject=subject)
            except (PolicyError, IndexError):
                continue
            if timed or not compiled.timed:
                self.expressions += 1
                return text

    def row_schema(self) -> Schema:
        return Schema(
            columns=self.columns,
            collections=COLLECTIONS,
            actions=frozenset({SUBJECT, "news", "ticket-help", "old"}),
            channels=frozenset({"email", "call", "web"}),
            outcomes=frozenset({"accepted", "declined"}),
            zone=self.zone,
            own_zone=self.own_zone,
        )

    def add(self, name: str, declared: Type, trait: Mapping[str, Any]) -> None:
        self.traits[name] = {**trait, **self.use()}
        self.columns[name] = declared

    def add_direct(self, name: str, declared: Type, trait: Mapping[str, Any]) -> None:
        """Of events, and now and then of all members of a group."""
        if self.rng.random() < 0.25:
            trait = {**trait, "group": self.rng.choice(GROUPS)}
        else:
            self.plain[name] = declared
        self.add(name, declared, trait)

    def of_group(self, number: int) -> None:
        """Derived of what each member has alone."""
        kind = self.rng.choice(KINDS)
        group = {"group": self.rng.choice(GROUPS)}
        expression = {"expression": self.text(self.plain_schema(), kind, 3)}
        self.add(f"of_group_{number}", Type(kind), {**expression, **group})

    def plain_schema(self, **more: Type) -> Schema:
        columns = {**self.plain, **more}
        return Schema(
            columns=columns, collections=COLLECTIONS, zone=self.zone, own_zone=self.own_zone
        )

    def zone_of_customers(self) -> None:
        """Most companies keep it: told, chosen among sources, or worked out."""
        from_size = "CASE WHEN size > 2 THEN 'Asia/Kathmandu' WHEN size < 0 THEN group_id END"
        ways: list[dict[str, Any] | None] = [
            *(None, {"type": "text"}, {"type": "text"}),
            {"type": "text", "first_known": ["seen.zone", "told.zone"]},
            {"expression": from_size},
        ]
        way = self.rng.choice(ways)
        if way is not None:
            self.own_zone = ZONE
            self.add(ZONE, TEXT, way)

    def written(self) -> None:
        hard = dict(zip(KINDS, HARD, strict=True))
        for kind in KINDS:
            for name in (f"a_{kind}", f"b_{kind}", hard[kind]):
                self.add_direct(name, Type(kind), {"type": str(kind)})
            self.add(f"list_{kind}", Type(kind, many=True), {"type": [str(kind)]})
        for name in list(self.columns):
            for source in ("told", "bought", "seen"):
                self.columns[f"{source}.{name}"] = self.columns[name]
        self.traits["size"] = {"type": "integer", "first_known": ["told.size", "bought.size"]}
        self.traits["group_id"] = {"type": "text"}
        self.columns |= dict.fromkeys(("group_id", "told.group_id"), TEXT)
        self.columns |= dict.fromkeys(("size", "told.size", "bought.size"), INTEGER)

    def aggregate(self, number: int) -> None:
        rng, name = self.rng, f"made_{number}"
        over = rng.choice(["events", "tickets", "orders"])
        way = rng.choice(["count", "count", "sum", "first", "last", "max", "min"])
        fields = dict(COLLECTIONS.get(over, EVENT_SCHEMA.columns))
        if way == "sum":
            fields = {n: t for n, t in fields.items() if t.kind in {Kind.INTEGER, Kind.MONEY}}
        if way in {"max", "min"}:
            fields = {n: t for n, t in fields.items() if t.kind is not Kind.BOOL}
        if way in {"sum", "max", "min"}:
            fields = {n: t for n, t in fields.items() if not t.many}
        field = rng.choice(sorted(fields))
        trait: dict[str, Any] = {"count": over} if way == "count" else {way: field, "of": over}
        if rng.random() < 0.4:
            trait["where"] = self.condition_over(over)
        if rng.random() < 0.5:
            trait["in"] = rng.choice(sorted(WINDOWS))
        self.add_direct(name, INTEGER if way == "count" else fields[field], trait)

    def condition_over(self, over: str) -> str:
        if over == "events" and self.rng.random() < 0.4:
            return f"event = '{self.rng.choice(STEPS)}'"
        if over == "events":
            return self.text(Schema(**_with_zone(self.zone)), Kind.BOOL, 2, timed=False)
        own = None if self.own_zone is None else OWNERS_ZONE
        schema = Schema(columns=COLLECTIONS[over], zone=self.zone, own_zone=own)
        return self.text(schema, Kind.BOOL, 2)

    def sequence(self, number: int) -> None:
        steps = self.rng.choices(STEPS, k=self.rng.choice([2, 2, 3]))
        trait: dict[str, Any] = {"sequence": steps, "within": self.rng.choice(sorted(WINDOWS))}
        ends = self.rng.choice(["in", "ever", ""])
        trait |= {"in": self.rng.choice(sorted(WINDOWS))} if ends == "in" else {}
        trait |= {"ever": True} if ends == "ever" else {}
        self.add_direct(f"went_{number}", Type(Kind.BOOL), trait)

    def propensity(self, schema: Schema) -> str:
        """What no customer could have is a fault at check, so it reads something."""
        while True:
            text = self.text(schema, Kind.REAL, 2, subject=SUBJECT)
            if parse(text, schema, subject=SUBJECT).columns:
                return text

    def first_known(self, number: int) -> None:
        kind = self.rng.choice(KINDS)
        same = [name for name, declared in self.columns.items() if declared == Type(kind)]
        chosen = self.rng.sample(sorted(same), k=min(3, len(same)))
        self.add(f"known_{number}", Type(kind), {"first_known": chosen})

    def derived(self, number: int) -> None:
        kind = self.rng.choice(KINDS)
        text = self.text(self.row_schema(), kind, 3)
        self.add(f"derived_{number}", Type(kind), {"expression": text})

    def segment(self, number: int) -> None:
        text = self.text(self.row_schema(), Kind.BOOL, 3)
        if self.rng.random() < 0.3:
            text = f"contacted('{SUBJECT}', '7d') OR ({text})"
        self.segments[f"segment_{number}"] = {"expression": text, **self.use()}
        self.columns[f"segment_{number}"] = Type(Kind.BOOL)

    def action(self, status: str, purpose: str, about: str | None) -> dict[str, Any]:
        schema = self.row_schema()
        asked = schema if about is None else schema_about(schema, about)
        rng = self.rng
        numbers = (Kind.INTEGER, Kind.MONEY, Kind.REAL)

        def conditions(most: int) -> dict[str, str]:
            return {
                f"condition {number}": self.text(asked, Kind.BOOL, 3, subject=SUBJECT)
                for number in range(rng.randrange(most + 1))
            }

        action: dict[str, Any] = {"status": status, "purpose": purpose}
        if about is not None:
            action["about"] = about
        action["value"] = self.text(asked, rng.choice(numbers), 2, subject=SUBJECT)
        action["propensity"] = self.propensity(asked)
        for key in ("relevance", "effort"):
            if rng.random() < 0.3:
                action[key] = self.text(asked, rng.choice(numbers), 2, subject=SUBJECT)
        valid = self.valid()
        if valid:
            action["valid"] = valid
        for block in ("eligible", "applicable", "suitable"):
            action[block] = conditions(2)
        return action

    def valid(self) -> dict[str, str]:
        """Often about now, to the microsecond."""
        rng = self.rng
        if rng.random() < 0.5:
            return {}
        edge = format_instant(NOW + rng.choice([-1, 0, 1, -DAY, DAY]))
        return rng.choice([{"from": edge}, {"until": edge}, {"through": "2026-03-29"}])

    def guard(self, about: str | None, group: str | None = None) -> dict[str, Any]:
        schema = self.row_schema() if about is None else schema_about(self.row_schema(), about)
        if group is not None:
            own = {n for n, each in self.traits.items() if each.get("group") == group}
            schema = self.plain_schema(**{n: self.columns[n] for n in own if n in self.columns})
        guard: dict[str, Any] = {
            "when": self.text(schema, Kind.BOOL, 2),
            "blocks": self.rng.choice(["marketing", "service"]),
        }
        if about is not None:
            guard["about"] = about
        if group is not None:
            guard["of"] = group
        if self.rng.random() < 0.7:
            after = self.text(schema, Kind.TIMESTAMP, 2)
            guard[self.rng.choice(["through", "until"])] = (
                f"{self.rng.choice(['1d', '7d'])} after {after}"
            )
        return guard


def _with_zone(zone: str) -> dict[str, Any]:
    return {
        "columns": EVENT_SCHEMA.columns,
        "collections": EVENT_SCHEMA.collections,
        "zone": zone,
    }


def company(seed: int, sizes: Sequence[int]) -> Company:
    """sizes: how many aggregates, sequences, first_known, derived traits of groups, and of
    customers, segments."""
    rng = random.Random(seed)
    writer = Writer(rng, rng.choice(ZONES))
    writer.written()
    writer.zone_of_customers()
    makers: tuple[Callable[[int], None], ...] = (
        *(writer.aggregate, writer.sequence, writer.first_known),
        *(writer.of_group, writer.derived, writer.segment),
    )
    for maker, size in zip(makers, sizes, strict=True):
        for number in range(size):
            maker(number)
    return Company(_files(writer), writer.expressions)


def _collection(writer: Writer, key: str, event: str, fields: Mapping[str, Type]) -> dict[str, Any]:
    """So small a limit that many customers have more items than rules see."""
    said: dict[str, Any] = {
        "key": key,
        "events": [event],
        "keep": {name: str(kind) for name, kind in fields.items()},
        "limit": writer.rng.choice([1, 2, 3, 1_000]),
    }
    if writer.rng.random() < 0.7:
        schema = Schema(columns=fields, zone=writer.zone)
        said["closed"] = writer.text(schema, Kind.BOOL, 2, timed=False)
    return said


def _files(writer: Writer) -> dict[str, str]:
    actions = {
        "sales/offers/tv-package": writer.action("live", "marketing", None),
        "sales/offers/old": writer.action(
            writer.rng.choice(["paused", "draft", "live"]), "marketing", None
        ),
        "service/care/news": writer.action("live", "service", None),
        "service/care/ticket-help": writer.action(
            "live", "service", writer.rng.choice(sorted(COLLECTIONS))
        ),
    }
    treatment = {"treatments": {"web": {"surface": "front", "message": "hello"}}}
    outcomes = {"outcomes": {"accepted": "event = 'Answered'", "declined": "event = 'Called'"}}
    guards = {f"guard {n}": writer.guard(about) for n, about in enumerate((None, None, "tickets"))}
    guards |= {f"guard of {group}": writer.guard(None, group) for group in GROUPS}
    folder: dict[str, Any] = {
        "tuttu.yaml": {
            "name": "invented",
            "zone": writer.zone,
            "earliest_event": "0001-01-02",
        },
        "identity.yaml": {
            "namespaces": {
                "user_id": {"unique": True, "alias_limit": 3},
                "email": {"fields": ["traits.email"], "limit": 3},
                "anonymous_id": {"limit": 3},
            }
        },
        "channels.yaml": {
            "channels": {"web": "in", "email": "out", "call": "out"},
            "surfaces": {"front": {"channel": "web", "slots": 2, "default": "hello"}},
        },
        "consent.yaml": {
            "purposes": {
                "marketing": {"basis": "consent", "default": "in"},
                "service": {"basis": "contract", "default": "in"},
                "profiling": {"basis": "legitimate interest", "default": "in"},
            }
        },
        "events.yaml": _plan(),
        "traits.yaml": {
            "collections": {
                "tickets": _collection(writer, "ticket_id", "Ticket Touched", FIELDS),
                "orders": _collection(writer, "order_no", "Order Touched", NUMBERED),
            },
            "groups": dict(zip(GROUPS, ({"key": "group_id"}, {"key": "size"}), strict=True)),
            "traits": writer.traits,
            "segments": writer.segments,
        },
        "policy.yaml": {"guards": guards, "contact_limits": {}, "suppressions": {}},
        "content/hello.web.en.liquid": "Hello",
    }
    for path, action in actions.items():
        name = path.rpartition("/")[2]
        folder[f"actions/{path}.yaml"] = {"action": name, **action, **treatment, **outcomes}
    return folders.texts(folder)


@st.composite
def companies(draw: st.DrawFn) -> Company:
    sizes = [draw(st.integers(low, high)) for low, high in SIZES]
    return company(draw(st.integers(0, 2**32)), sizes)
