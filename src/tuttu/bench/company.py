"""A generated company: an ordinary project folder with as many actions as asked.

The same arguments give the same files. Traits, events, guards, limits and consent do not depend on
the number of actions, so that one store serves companies of all sizes.
"""

import json
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from tuttu.bench import conditions

SURFACE = "front.hero"
CONDITIONS_EACH = 5
OPEN_EVERY, OPEN_AT = 12, 3
"""Of so many actions, the one at this place asks only what nearly everybody passes, as news do."""
OPEN = conditions.any_of(
    "reads what we write",
    conditions.ConditionPart("reads_mail", "=", True),
    conditions.ConditionPart("points", ">=", 500),
)
MESSAGES = 40
OWNERS = ("sales", "loyalty", "billing", "service", "advice")
GROUPS = ("new", "more")
"""Of issue groups, behind the owner's name."""
PURPOSES = {"sales": "marketing", "loyalty": "loyalty", "billing": "service"}
"""Of an owner's actions; of the others, their own name."""
CHANNELS = ("web", "app", "email", "call")
NEWSLETTER, VIEW, ORDER = "Newsletter Sent", "Page Viewed", "Order Completed"
TICKET, DECLINED, WITHDRAWN = "Ticket Opened", "Offer Declined", "Consent Withdrawn"
MESSAGE = """\
Hello {{ first_name }}, this is for you.
On the plan {{ plan }} you have {{ points }} points: see what they are worth this month, in your \
own time and without any obligation. Offer %d.
"""
File = dict[str, Any] | str


class GeneratedCompany(msgspec.Struct, frozen=True):
    """actions: each with two treatments on `SURFACE`, and `CONDITIONS_EACH` of the conditions.
    about: every so many-th action is about a contract, 0 none. comparable: only such conditions as
    peers have, too. allowing: contact limits are so many times as high."""

    actions: int
    conditions: int = 500
    limits: int = 36
    guards: int = 12
    about: int = 0
    comparable: bool = False
    allowing: int = 1
    exploration: int = 5
    seed: int = 1

    @property
    def candidates(self) -> int:
        """Of a customer without contracts."""
        return 2 * self.actions


def write(company: GeneratedCompany, folder: Path) -> Path:
    """The project folder; files of a company that was there before are replaced."""
    for path, content in files(company).items():
        text = content if isinstance(content, str) else json.dumps(content, indent=1)
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return folder


def files(company: GeneratedCompany) -> dict[str, File]:
    """Each path with its text, or with what it says; JSON is YAML."""
    return {
        "tuttu.yaml": {
            "name": "generated",
            "environment": "dev",
            "currency": "EUR",
            "zone": "Europe/Helsinki",
            "languages": ["en"],
            "storage": "sqlite:.tuttu/store.db",
        },
        "traits.yaml": _traits(),
        "events.yaml": _events(),
        "identity.yaml": _identity(),
        "consent.yaml": {"purposes": _purposes()},
        "channels.yaml": _channels(),
        "resources.yaml": {"vouchers": {"amount": 1_000_000_000}},
        "policy.yaml": _policy(company),
        "content/welcome.web.en.liquid": "Welcome.\n",
        **{f"content/offer-{n}.web.en.liquid": MESSAGE % n for n in range(MESSAGES)},
        **actions(company),
    }


def drawn(company: GeneratedCompany) -> list[list[conditions.GeneratedCondition]]:
    """The conditions of each action, in the order of its blocks."""
    kinds = conditions.COMPARABLE if company.comparable else conditions.KINDS
    pool, chance = (
        conditions.conditions(company.conditions, company.seed, kinds),
        Random(company.seed),
    )
    each = min(CONDITIONS_EACH, len(pool))
    return [
        [OPEN] if number % OPEN_EVERY == OPEN_AT else chance.sample(pool, each)
        for number in range(company.actions)
    ]


def actions(company: GeneratedCompany) -> dict[str, File]:
    chance = Random(company.seed)
    made: dict[str, File] = {}
    for number, passing in enumerate(drawn(company)):
        owner, group = owned(number)
        action = _action(number, owner, passing, chance)
        if company.about and number % company.about == 0:
            action["about"] = "contracts"
            action["eligible"]["the contract still runs"] = "item.runs"
        made[f"actions/{owner}/{group}/{name_of(number)}.yaml"] = action
    return made


def name_of(number: int) -> str:
    return f"offer-{number:05}"


def owned(number: int) -> tuple[str, str]:
    """Owner and issue group of an action."""
    owner = OWNERS[number % len(OWNERS)]
    return owner, f"{owner}-{GROUPS[number // len(OWNERS) % len(GROUPS)]}"


def _action(
    number: int, owner: str, drawn: list[conditions.GeneratedCondition], chance: Random
) -> dict[str, Any]:
    blocks = (("eligible", drawn[:2]), ("applicable", drawn[2:4]), ("suitable", drawn[4:]))
    name, likely = name_of(number), chance.randrange(10, 90) / 1_000
    propensity = f"CASE WHEN points > {chance.randrange(9_000)} THEN {likely} ELSE 0.01 END"
    message = chance.randrange(MESSAGES)
    banner = {"surface": SURFACE, "message": f"offer-{message}", "answer_within": "3d"}
    panel = {**banner, "message": f"offer-{(message + 1) % MESSAGES}", "cost": 0.01}
    return {
        "action": name,
        "objective": "to measure",
        "status": "live",
        "purpose": PURPOSES.get(owner, owner),
        "value": f"12 * {5 + chance.randrange(2_000) / 100}",
        "propensity": likely if number % 2 else propensity,
        **{block: {each.name: each.sql for each in some} for block, some in blocks},
        "treatments": {
            "banner": banner | ({"uses": {"vouchers": 1}} if number % 10 == 3 else {}),
            "panel": panel,
        },
        "outcomes": {
            "accepted": f"event = '{ORDER}' AND any(products, sku = '{name}')",
            "declined": f"event = '{DECLINED}' AND offer = '{name}'",
        },
    }


def _traits() -> dict[str, Any]:
    types = {
        "text": ("first_name", *conditions.TEXTS),
        "integer": (*conditions.NUMBERS, *conditions.OFTEN_UNKNOWN),
        "real": conditions.SHARES,
        "bool": (*conditions.FLAGS, "in_dispute", "in_arrears"),
        "date": tuple(conditions.DAYS),
        "timestamp": tuple(conditions.MOMENTS),
    }
    declared: dict[str, Any] = {
        name: {"type": kind} for kind, names in types.items() for name in names
    }
    tickets = {"ticket_id": "text", "status": "text", "resolved_at": "timestamp"}
    return {
        "collections": {
            "tickets": {"key": "ticket_id", "events": [TICKET], "keep": _without_key(tickets)},
            "contracts": {
                "key": "contract_id",
                "events": ["Contract Signed"],
                "keep": {"product": "text", "runs": "bool"},
            },
        },
        "traits": {
            **declared,
            "open_tickets": {"count": "tickets", "where": "COALESCE(status, 'open') = 'open'"},
            "views_30d": {"count": "events", "where": f"event = '{VIEW}'", "in": "30d"},
            "spent_90d": {
                "sum": "total",
                "of": "events",
                "where": f"event = '{ORDER}'",
                "in": "90d",
            },
        },
    }


def _without_key(kept: dict[str, str]) -> dict[str, str]:
    return {name: kind for name, kind in kept.items() if name != "ticket_id"}


def _events() -> dict[str, Any]:
    properties = {
        VIEW: {"path": "text", "title": "text"},
        ORDER: {
            "order_id": "text",
            "total": "money",
            "products": [{"sku": "text", "category": "text", "price": "money"}],
        },
        DECLINED: {"offer": "text"},
        NEWSLETTER: {"offer": "text"},
        TICKET: {"ticket_id": "text", "status": "text", "resolved_at": "timestamp"},
        "Contract Signed": {"contract_id": "text", "product": "text", "runs": "bool"},
        WITHDRAWN: {"purpose": "text", "channel": "text"},
    }
    return {
        "calls": {"identify": "Customer Described"},
        "undeclared": "keep",
        "events": {name: {"properties": each} for name, each in properties.items()},
        "contacts": [
            {
                "event": NEWSLETTER,
                "channel": "email",
                "purpose": "marketing",
                "action_from": "offer",
            }
        ],
        "consent": [{"event": WITHDRAWN, "allowed": False}],
    }


def _identity() -> dict[str, Any]:
    unique = {"unique": True, "strength": {"identify": 50, "default": 10}}
    return {"namespaces": {"user_id": unique, "anonymous_id": {"limit": 5}}}


def _channels() -> dict[str, Any]:
    surface = {"channel": "web", "slots": 1, "default": "welcome", "counts": "viewed"}
    return {
        "channels": {"web": "in", "app": "in", "email": "out", "call": "out"},
        "surfaces": {SURFACE: surface},
    }


def _purposes() -> dict[str, Any]:
    """By channel: our own pages until they refuse, e-mail only once they have consented."""
    basis = dict.fromkeys(CHANNELS, "legitimate interest") | {"email": "consent"}
    default = dict.fromkeys(CHANNELS, "in") | {"email": "out"}
    offered = {"basis": basis, "default": default}
    names = dict.fromkeys(PURPOSES.get(owner, owner) for owner in OWNERS)
    return dict.fromkeys(names, offered) | {"service": {"basis": "contract", "default": "in"}}


def _policy(company: GeneratedCompany) -> dict[str, Any]:
    no_chance = {"no_marketing": "0%", "random_choice": "0%", "propensity_only": "0%"}
    return {
        "guards": dict(_guards()[: company.guards]),
        "contact_limits": dict(_limits(company)[: company.limits]),
        "suppressions": {
            "said no": {"after": "declined", "for": "60d", "scope": "action"},
            "stayed silent": {"after": "ignored", "times": 3, "for": "30d", "scope": "issue_group"},
        },
        "controls": {**no_chance, "salt": "bench"},
        "exploration": f"{company.exploration}%",
    }


def _guards() -> list[tuple[str, dict[str, str]]]:
    """Rarely true, of every purpose but service."""
    blocked = ("marketing", "loyalty", "advice")
    rules = {
        "an open case": "open_tickets > 0",
        "a dispute": "COALESCE(in_dispute, FALSE)",
        "arrears": "COALESCE(in_arrears, FALSE)",
        "no visit at all": "COALESCE(last_visit_at < ago('99d'), FALSE)",
    }
    through = {"an open case": "3d after max(tickets.resolved_at)"}
    return [
        (
            f"{name} stops {purpose}",
            {"when": when, "blocks": purpose}
            | ({"through": through[name]} if name in through else {}),
        )
        for name, when in rules.items()
        for purpose in blocked
    ]


def _limits(company: GeneratedCompany) -> list[tuple[str, dict[str, Any]]]:
    """Those of issue groups that have an action; ten actions are enough for all."""
    general: list[tuple[str, dict[str, Any]]] = [
        ("marketing in a week", {"purpose": "marketing", "at_most": 7, "in": "7d"}),
        ("marketing in a quarter", {"purpose": "marketing", "at_most": 20, "in": "90d"}),
        ("loyalty in a week", {"purpose": "loyalty", "at_most": 5, "in": "7d"}),
        ("web in a day", {"channel": "web", "at_most": 20, "per": "day"}),
        ("email in a week", {"channel": "email", "at_most": 3, "in": "7d"}),
        ("anything in a month", {"at_most": 60, "in": "30d"}),
    ]
    groups = dict.fromkeys(owned(number)[1] for number in range(company.actions))
    of_groups: list[tuple[str, dict[str, Any]]] = [
        (f"{group} in {window}", {"issue_group": group, "at_most": most, "in": window})
        for window, most in (("10d", 1), ("30d", 2), ("90d", 6))
        for group in groups
    ]
    return [
        (name, {**limit, "at_most": company.allowing * limit["at_most"]})
        for name, limit in general + of_groups
    ]
