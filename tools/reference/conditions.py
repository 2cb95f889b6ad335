"""The page of the condition language: every construct, by what it looks like."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from tools.reference.markdown import page, table

from tuttu.policy import CONSTRUCTS, Construct
from tuttu.vocabulary.values import Kind

WRITING = """\
A condition or a formula is one text, in the words of SQL. It is parsed and typed once. Decisions
execute it row by row; the same tree becomes DuckDB SQL, as an independent check of its meaning.

- **Names** are declared traits, `source.trait` (what one source said), collections and their fields
  as `collection.field`. Names are written as declared, capitals included; in double quotes they may
  be any word. `now` is the moment of the decision. Where an action or a guard is `about` a
  collection, `item.field` is a field of the item that it is judged for.
- **Text** stands in single quotes, a quote in it twice. **Numbers** have a point: `9.90`. Beside
  money a number means currency units. **Dates and times** are quoted: `'2026-02-28'`,
  `'2026-02-28 09:30'` (in the project's zone if no offset is given).
- **Durations** are quoted: `'30d'`, `'1d12h'`, with the units w, d, h, m, s, ms, us. They are
  elapsed time: a day is 24 hours. Calendar days are counted by `days_since`.
- **NULL** is what is not known. A comparison with NULL is NULL, AND and OR are three-valued. What
  would raise, overflow, or give NaN or infinity is NULL. A requirement passes only on TRUE, a guard
  blocks unless FALSE.
- **Events**: outcomes of actions, `where` of traits and `when` of contacts made elsewhere are
  conditions on an event: its properties, and `event`, its name.

Anything else (subqueries, regular expressions, comments, casts) is refused with its place."""

NOTES: Mapping[str, str] = {
    "now()": "the moment of the decision",
    "today()": "its date in the customer's zone",
    "x > y": "text by code point",
    "x < y": "text by code point",
    "x >= y": "text by code point",
    "x <= y": "text by code point",
    "x = y": "NULL if either is NULL",
    "x <> y": "also written `!=`",
    "date(x)": "the date in the customer's zone",
    "hour(x)": "0 to 23, in the customer's zone",
    "days_since(x)": "calendar days from the date to today, in the customer's zone; negative ahead",
    "NOT x": "NULL stays NULL",
    "x AND y": "FALSE if either is FALSE, whatever the other",
    "x OR y": "TRUE if either is TRUE, whatever the other",
    "x IS TRUE": "FALSE for NULL; also `IS NOT TRUE`",
    "x IS FALSE": "FALSE for NULL; also `IS NOT FALSE`",
    "x LIKE y": "`%` any characters, `_` one; a quoted pattern; capitals count; also `NOT LIKE`",
    "x IS NULL": "not known; also `IS NOT NULL`",
    "x BETWEEN y AND z": "both ends included; also `NOT BETWEEN`",
    "x IN (y, z)": "any number of values; also `NOT IN`",
    "x IN y": "an element of a list column",
    "contains(x, y)": "a text in a text, or an element in a list column",
    "CASE WHEN x THEN y ELSE z END": "any number of WHEN; the first TRUE one counts",
    "CASE x WHEN y THEN 1 ELSE z END": "the first equal one counts; results of one type",
    "coalesce(x, y)": "the first that is not NULL",
    "nullif(x, y)": "NULL if they are equal",
    "CASE WHEN x THEN y END": "without ELSE, NULL",
    "CASE WHEN x THEN NULL ELSE y END": "NULL may stand for a result",
    "least(x, y)": "the smallest that is known",
    "greatest(x, y)": "the largest that is known",
    "x + y": "also a date and days, a timestamp and a duration",
    "x - y": "also two dates: the days between",
    "x * y": "money times money is refused",
    "x / y": "always real; by zero NULL",
    "x % y": "the rest, with the sign of the first",
    "-x": "",
    "ago(x)": "now less a duration",
    "round(x, y)": "to that many decimals, 0 to 9; half away from zero",
    "x || y": "NULL if either is NULL",
    "concat(x, y)": "leaves out what is NULL",
    "lower(x)": "one code point to one",
    "upper(x)": "one code point to one",
    "trim(x)": "without blanks at the ends",
    "ltrim(x)": "without blanks at the beginning",
    "rtrim(x)": "without blanks at the end",
    "length(x)": "code points",
    "left(x, y)": "the first characters",
    "right(x, y)": "the last characters",
    "substr(x, y)": "from a place, counted from 1, on",
    "substr(x, y, z)": "from a place, so many characters",
    "replace(x, y, z)": "every occurrence",
    "starts_with(x, y)": "",
    "ends_with(x, y)": "",
    "abs(x)": "",
    "round(x)": "half away from zero",
    "floor(x)": "",
    "ceil(x)": "",
    "year(x)": "of a timestamp: in the customer's zone",
    "month(x)": "1 to 12",
    "day(x)": "of the month",
    "isodow(x)": "1 is Monday, 7 Sunday; `isodow(now)` is the customer's weekday",
    "any(x, y)": "some item passes; its fields are named bare: `any(tickets, status = 'open')`",
    "all(x, y)": "every item passes; TRUE if there is none",
    "count(x)": "items of a collection, or those whose field is known",
    "sum(x)": "of a field; NULL if nothing is known",
    "max(x)": "of a field: `max(tickets.resolved_at)`",
    "min(x)": "of a field",
    "contacted(x, y)": "a contact of the action counted within the time; FALSE if never; the bare "
    "word `action` is the action itself",
    "answered(x, y, z)": "that outcome of the action within the time: `answered(action, declined, "
    "'90d')`",
    "late(x)": "the owed action is past its `due`, not fulfilled, and its conditions still pass; "
    "for guards, and for actions that are not owed",
    "last_contact(x)": "when the last contact in the channel counted; NULL if never",
}

SECTIONS = (
    ("Logic", ("NOT", " AND y", " OR ", "IS TRUE", "IS FALSE", "IS NULL")),
    ("Comparing", (" = ", " <> ", " < ", " <= ", " > ", " >= ", "BETWEEN", " IN ", "LIKE")),
    ("Choosing", ("CASE", "coalesce", "nullif", "least", "greatest")),
    ("Collections", ("any(", "all(", "count(", "sum(", "max(", "min(")),
    ("Contacts and answers", ("contacted(", "answered(", "late(", "last_contact(")),
    ("Dates and times", ("now(", "day(", "date(", "since(", "ago(", "year(", "month(", "dow(")),
    (
        "Text",
        ("||", "concat", "er(", "trim", "len", "left", "right", "sub", "repl", "with", "tain"),
    ),
    ("Numbers", ("",)),
)
"""Title, and parts of what belongs there; the first section that fits takes a row."""

FEW = 3
"""Fewer constructs of one form than this are written out."""


def conditions() -> str:
    """All constructs, grouped by what they look like."""
    looks: dict[str, list[Construct]] = {}
    plain = [each for each in CONSTRUCTS.values() if each.syntax == "{0}"]
    mixed = [each for each in CONSTRUCTS.values() if " as " in each.name]
    for each in CONSTRUCTS.values():
        if each not in plain and each not in mixed:
            looks.setdefault(each.syntax.format(*"xyz"), []).append(each)
    sections: dict[str, list[tuple[str, str, str]]] = {title: [] for title, _ in SECTIONS}
    for look, several in looks.items():
        sections[_section(look)].append((f"`{look}`", _takes(several), NOTES[look]))
    return page(
        "Condition language",
        WRITING,
        "## Values",
        ", ".join(f"`{each.name}`" for each in plain) + ".",
        "A *field* stands only inside `any()` and `all()`.",
        "## Conversions",
        "Done by themselves: " + ", ".join(each.name for each in mixed) + ".",
        *(
            f"## {title}\n\n{table(('written', 'takes and gives', 'note'), rows)}"
            for title, rows in sections.items()
        ),
    )


def _section(look: str) -> str:
    return next(title for title, parts in SECTIONS if any(part in look for part in parts))


def _takes(several: list[Construct]) -> str:
    """`text, text → bool`; what is said of many kinds is said once, of T."""
    forms = {each.name: {kind: _form(each, kind) for kind in _kinds(each)} for each in several}
    common = Counter(form for each in forms.values() for form in set(each.values()))
    found: dict[str, list[Kind]] = {}
    for each in several:
        of_kind = {kind: form for kind, form in forms[each.name].items() if common[form] >= FEW}
        kind = max(of_kind, key=lambda kind: common[of_kind[kind]], default=None)
        if kind is None:
            found[_form(each)] = []
        else:
            found.setdefault(of_kind[kind], []).append(kind)
    return "; ".join(
        f"{form}, T one of {', '.join(dict.fromkeys(kinds))}" if kinds else form
        for form, kinds in found.items()
    )


def _kinds(construct: Construct) -> list[Kind]:
    """Kinds that a slot names."""
    slots = ", ".join(construct.slots)
    return [kind for kind in Kind if re.search(rf"\b{kind}\b", slots)]


def _form(construct: Construct, kind: Kind | None = None) -> str:
    """What it takes and gives, the kind written T: in the result too, unless that is a verdict."""
    slots = ", ".join(construct.slots) or "nothing"
    if kind is None:
        return f"{slots} → {construct.result}"
    alike = construct.result == kind and kind != Kind.BOOL
    slots = re.sub(rf"\b{kind}\b", "T", slots)
    return f"{slots} → {'T' if alike else construct.result}"
