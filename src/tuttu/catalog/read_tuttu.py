"""tuttu.yaml."""

from zoneinfo import ZoneInfo, available_timezones

import msgspec

from tuttu.catalog.findings import nearest, quote
from tuttu.catalog.scope import LoadScope
from tuttu.catalog.yaml_nodes import MappingNode, ScalarNode
from tuttu.vocabulary.company import Company, Limits

STORES = ("sqlite:", "postgresql://", "postgres://")


def read_company(sheet: MappingNode | None, scope: LoadScope) -> None:
    """Puts the company into the scope; what is absent takes its default."""
    if sheet is None:
        return
    words = ("name", "environment", "currency", "storage")
    given: dict[str, object] = {key: sheet.text(key) for key in words if sheet.scalar(key)}
    for key in ("languages", "brands"):
        if texts := _distinct(sheet.listed(key), scope):
            given[key] = texts
    given["zone"] = _zone(sheet.scalar("zone"), scope)
    given["limits"] = _limits(sheet.mapping("limits"), scope)
    for key in ("clock_skew", "repeat_within"):
        if span := scope.compiler.duration(sheet.scalar(key)):
            given[key] = span
    _check_storage(sheet.scalar("storage"), scope)
    scope.company = msgspec.convert({"name": "", **given}, Company)
    earliest = scope.instant(sheet.scalar("earliest_event"))
    if earliest is not None:
        scope.company = msgspec.structs.replace(scope.company, earliest_event=earliest)


def _limits(mapping: MappingNode, scope: LoadScope) -> Limits:
    default, ahead = Limits(), scope.compiler.duration(mapping.scalar("clock_ahead"))
    return Limits(
        event_bytes=mapping.whole("event_bytes", default.event_bytes),
        body_bytes=mapping.whole("body_bytes", default.body_bytes),
        batch_events=mapping.whole("batch_events", default.batch_events),
        evidence_pairs=mapping.whole("evidence_pairs", default.evidence_pairs),
        clock_ahead=default.clock_ahead if ahead is None else ahead,
    )


def _distinct(nodes: list[ScalarNode], scope: LoadScope) -> list[str]:
    texts: list[str] = []
    for node in nodes:
        if node.text in texts:
            scope.findings.add(node.where, f"{quote(node.text)} again", "each one once")
        texts.append(node.text)
    return texts


def _zone(node: ScalarNode | None, scope: LoadScope) -> str:
    if node is None:
        return "UTC"
    try:
        return ZoneInfo(node.text).key
    except (KeyError, ValueError, OSError):
        near = nearest(node.text, available_timezones())
        expected = "a time zone such as Europe/Helsinki"
        scope.findings.add(node.where, quote(node.text), expected, near)
        return "UTC"


def _check_storage(node: ScalarNode | None, scope: LoadScope) -> None:
    """Only the scheme is repeated: what follows may hold a password."""
    if node is not None and not node.text.startswith(STORES):
        scheme, colon, _ = node.text.partition(":")
        found = quote(f"{scheme}:…") if colon else "a text without a scheme"
        expected = "a storage URL such as sqlite:store.db or postgresql://host/database"
        scope.findings.add(node.where, found, expected)
