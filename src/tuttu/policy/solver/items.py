"""Collections changed as little as helps: an item's field, an item more, an item less."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from tuttu.policy.solver.trees import item_condition, item_row, value_of
from tuttu.policy.tree import Aggregate, Node, Quantifier
from tuttu.vocabulary.values import Row, Value

Item: TypeAlias = Mapping[str, Value]
Items: TypeAlias = list[Item]

Fit: TypeAlias = Callable[[Node, Row, bool], "Mapping[str, Value] | None"]
"""Fields of an item to be set, so that a condition on it is TRUE (or FALSE); None if none help."""


def for_condition(
    node: Quantifier, row: Row, fit: Fit
) -> tuple[list[Value], list[tuple[Node, Row]]]:
    """Lists that could turn any() or all(), and its condition on the row of each item, through
    which columns of the row itself may turn it."""
    condition, present = item_condition(node.condition), items_of(row, node.collection)
    rows = [item_row(row, item) for item in present]
    truths = [value_of(condition, each) for each in rows]
    lists: list[Value] = []
    for want in (True, False):
        lists += _with_one(condition, row, present, want, fit)
        lists += _with_none(condition, rows, present, truths, want, fit)
    return lists, [(condition, each) for each in rows]


def items_of(row: Row, collection: str) -> Items:
    found = row.get(collection)
    return [*found] if isinstance(found, list) else []


def _with_one(
    condition: Node, row: Row, present: Items, want: bool, fit: Fit
) -> Iterable[list[Item]]:
    """Some item is what is wanted: one of those there, or another one."""
    for place, item in enumerate(present):
        fields = fit(condition, item_row(row, item), want)
        if fields is not None:
            yield [*present[:place], {**item, **fields}, *present[place + 1 :]]
    fields = fit(condition, row, want)
    if fields is not None:
        yield [*present, dict(fields)]


def _with_none(
    condition: Node,
    rows: Sequence[Row],
    present: Items,
    truths: Sequence[Value],
    want: bool,
    fit: Fit,
) -> Iterable[list[Item]]:
    """No item is, or may be, what is not wanted: such are changed, or are not there."""
    wrong = [truth is not want for truth in truths]
    if not any(wrong):
        return
    changed: Items = []
    for item, row, out in zip(present, rows, wrong, strict=True):
        fields = fit(condition, row, want) if out else {}
        if fields is not None:
            changed.append({**item, **fields})
    yield changed
    yield [item for item, out in zip(present, wrong, strict=True) if not out]


def for_summary(node: Aggregate, row: Row, targets: Sequence[Value]) -> list[Value]:
    """Lists of which count, sum, max or min yield the targets."""
    present = items_of(row, node.collection)
    lists: list[Value] = [[]]
    for target in targets:
        if node.field is None or node.function == "count":
            if isinstance(target, int) and 0 <= target <= len(present) + 100:
                lists.append(_counted(node, present, target))
        elif target is None:
            lists.append([{**item, node.field: None} for item in present])
        elif node.function == "sum":
            lists.append(_summed(node.field, present, target))
        else:
            lists.append(_bounded(node, node.field, present, target))
    return lists


def _counted(node: Aggregate, present: Items, target: int) -> list[Item]:
    """So many items; of a field, so many items that have it."""
    if node.field is None:
        return [*present[:target], *({} for _ in range(target - len(present)))]
    having = [place for place, item in enumerate(present) if item.get(node.field) is not None]
    if len(having) > target:
        out = set(having[target:])
        return [item for place, item in enumerate(present) if place not in out]
    return [*present, *({node.field: _SOMETHING} for _ in range(target - len(having)))]


_SOMETHING = 1
"""Counted is what is not NULL, whatever it is."""


def _summed(field: str, present: Items, target: Value) -> list[Item]:
    """The last item that has the field makes the difference, or a new one."""
    assert isinstance(target, int | float)  # noqa: S101 - sums are of numbers
    known = [place for place, item in enumerate(present) if item.get(field) is not None]
    if not known:
        return [*present, {field: target}]
    rest = sum(_number(present[place].get(field)) for place in known[:-1])
    last = known[-1]
    return [*present[:last], {**present[last], field: target - rest}, *present[last + 1 :]]


def _number(value: Value) -> float:
    return value if isinstance(value, int | float) else 0


def _bounded(node: Aggregate, field: str, present: Items, target: Value) -> list[Item]:
    """No item beyond the target, and one at it: the one that is nearest to that side."""
    sign = 1 if node.function == "max" else -1
    known = [place for place, item in enumerate(present) if item.get(field) is not None]
    changed = [*present]
    for place in known:
        if _compared(present[place].get(field), target) == sign:
            changed[place] = {**present[place], field: target}
    if any(item.get(field) == target for item in changed):
        return changed
    if not changed:
        return [{field: target}]
    best = known[0] if known else len(changed) - 1
    for place in known:
        if _compared(present[place].get(field), present[best].get(field)) == sign:
            best = place
    changed[best] = {**changed[best], field: target}
    return changed


def _compared(one: Any, other: Any) -> int:
    """1, 0 or -1, of two values of one kind."""
    return int(one > other) - int(one < other)
