"""What of a project is dear, as the API shows it."""

from collections.abc import Iterable, Mapping

import msgspec

from tuttu.decision import Cost, CostKind

WORDS: Mapping[CostKind, str] = {
    "asked_alone": "no value of the row compared with constants: asked by itself in each decision",
    "over_items": "goes through the items of a collection in each decision",
    "too_many_ors": "too many ORs about several columns: some are asked by themselves",
    "many_constants": "constants of one column: its table takes {bytes:.1f} MB",
    "every_event": "requires no event: asked of each event, whatever it is called",
    "same_event": "conditions that require nothing but this event: all are asked of each",
    "each_item": "judged for each item, and so many may a customer have",
    "each_member": "read of each member of the group, and so many may it have",
    "long_window": "days of contacts are looked at in each decision",
}
_MEGABYTE = 1_000_000


class ShownCost(msgspec.Struct, kw_only=True):
    """name: of the rule. file, line: of its file. about: the expression, column, event, collection
    or group. count: how much; costs: of what, in words. alike: actions and rules for which the
    line stands."""

    kind: CostKind
    name: str
    file: str
    line: int
    about: str
    count: int
    alike: int
    costs: str


def shown_costs(found: Iterable[Cost]) -> list[ShownCost]:
    return [
        ShownCost(
            kind=each.kind,
            name=each.name,
            file=each.where.file,
            line=each.where.line,
            about=each.text,
            count=each.count,
            alike=each.alike,
            costs=WORDS[each.kind].format(bytes=each.bytes / _MEGABYTE),
        )
        for each in found
    ]
