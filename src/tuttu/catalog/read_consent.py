"""consent.yaml."""

from collections.abc import Mapping

import msgspec

from tuttu.catalog.expressions import UNREADABLE
from tuttu.catalog.findings import quote
from tuttu.catalog.names import Names
from tuttu.catalog.scope import PROFILING, LoadScope
from tuttu.catalog.trait_usage import TraitUsage
from tuttu.catalog.yaml_nodes import MappingNode, ScalarNode
from tuttu.vocabulary import company, library, values

ByKind = dict[str, dict[str, str]]
"""Kind of person, `ANYONE` for all of them, to channel to what is written."""


def read_kinds(sheet: MappingNode | None) -> company.PersonKinds | None:
    """Of persons; their trait is read once traits are known (`with_trait`)."""
    if sheet is None or "kinds" not in sheet or sheet.broken("kinds"):
        return None
    node = sheet.mapping("kinds")
    named = tuple(dict.fromkeys(each.text for each in node.listed("values")))
    trait = node.text("trait")
    return company.PersonKinds(trait=trait, values=named, read=UNREADABLE, where=node.where)


def read_consent(
    sheet: MappingNode | None, kinds: company.PersonKinds | None, scope: LoadScope
) -> dict[str, company.Purpose]:
    """Purposes by name, each with terms for every channel and kind of person."""
    scope.purposes.declare(sheet, "purposes")
    if sheet is None:
        return {}
    names = _names(sheet, kinds, scope)
    purposes = {
        name: _Reader(name, node, names, scope).purpose()
        for name, node in sheet.mapping("purposes").mappings()
    }
    scope.owed = {name for name, purpose in purposes.items() if purpose.owed}
    return purposes


def _names(sheet: MappingNode, kinds: company.PersonKinds | None, scope: LoadScope) -> Names:
    """Of the kinds; if they have a fault, it is not known what a key of a setting means."""
    values_of = sheet.mapping("kinds")
    broken = sheet.broken("kinds") or values_of.broken("values") or values_of.doubtful
    channels = [kind for kind in kinds.values if kind in scope.channels.known] if kinds else []
    for kind in channels:
        expected = "another name: it is a channel"
        scope.findings.add(values_of.at("values"), f"the kind {quote(kind)}", expected)
    known = kinds.values if kinds and not (broken or channels) else ()
    return Names("a kind of `kinds`", known, is_open=bool(broken or channels))


class _Reader:
    """Reads one purpose."""

    def __init__(self, name: str, node: MappingNode, kinds: Names, scope: LoadScope) -> None:
        self.name = name
        self.node = node
        self.kinds = kinds
        self.scope = scope

    def purpose(self) -> company.Purpose:
        bases = self.setting("basis", "a basis", "a basis for every channel, or one for all")
        owed = self.node.text("class") == "owed"
        skips = frozenset(stage.text for stage in self.node.listed("skips"))
        return company.Purpose(
            name=self.name,
            terms=_terms(bases, self.defaults(bases)),
            owed=owed,
            skips=skips | company.OWED_SKIPS if owed else skips,
            where=self.node.where,
        )

    def defaults(self, bases: ByKind) -> ByKind:
        if "default" in self.node:
            expected = "in or out for every channel, or `default: in` or `out` for all"
            return self.setting("default", "a default", expected)
        asked = {
            kind: {channel: _is_asked(basis) for channel, basis in channels.items()}
            for kind, channels in bases.items()
        }
        if any(each for channels in asked.values() for each in channels.values()):
            self.needs_default()
        return {
            kind: {channel: "out" if each else "in" for channel, each in channels.items()}
            for kind, channels in asked.items()
        }

    def needs_default(self) -> None:
        if not self.node.doubtful:
            expected = "`default`: in or out, or a mapping that says it for every channel"
            found = "no `default` beside the basis consent"
            self.scope.findings.add(self.node.where, found, expected)

    def setting(self, key: str, what: str, expected: str) -> ByKind:
        """One word for all, or one by channel, by kind of person, or by both. expected: for every
        channel."""
        if self.node.broken(key):
            return {company.ANYONE: {}}
        scalar, section = self.node.scalar(key), self.node.mapping(key)
        if scalar is not None:
            return {company.ANYONE: self.everywhere(scalar)}
        if self.kinds.open and not self.scope.channels.known.issuperset(section.entries):
            return {company.ANYONE: {}}
        if not self.kinds.known.intersection(section.entries):
            return {company.ANYONE: self.by_channel(section, what, expected)}
        self.check_complete(section, self.kinds, what, "one for every kind of person")
        return {
            kind: self.everywhere(said)
            if (said := section.scalar(kind))
            else self.by_channel(section.mapping(kind), what, expected)
            for kind in sorted(self.kinds.known.intersection(section.entries))
        }

    def everywhere(self, node: ScalarNode) -> dict[str, str]:
        return dict.fromkeys(sorted(self.scope.channels.known), node.text)

    def by_channel(self, section: MappingNode, what: str, expected: str) -> dict[str, str]:
        self.check_complete(section, self.scope.channels, what, expected)
        return {channel: value.text for channel, value in section.scalars()}

    def check_complete(self, section: MappingNode, names: Names, what: str, expected: str) -> None:
        """Every name, and no other."""
        for name in section.entries:
            names.refer(name, section.at(name), self.scope.findings)
        missing = sorted(names.known - set(section.entries))
        # A name nobody knows is reported, and may be the one that is missing.
        misnamed = not names.known.issuperset(section.entries)
        if missing and not names.open and not misnamed:
            found = f"{what} without {', '.join(quote(name) for name in missing)}"
            self.scope.findings.add(section.where, found, expected)


def _terms(bases: ByKind, defaults: ByKind) -> dict[str, Mapping[str, company.ConsentTerms]]:
    """By kind if either is, and the strictest of them all."""
    kinds = sorted({*bases, *defaults} - {company.ANYONE})
    if not kinds:
        return {company.ANYONE: _joined(bases[company.ANYONE], defaults[company.ANYONE])}
    by_kind = {
        kind: _joined(
            bases.get(kind, bases.get(company.ANYONE, {})),
            defaults.get(kind, defaults.get(company.ANYONE, {})),
        )
        for kind in kinds
    }
    return {company.ANYONE: _strictest([*by_kind.values()]), **by_kind}


def _is_asked(basis: str) -> bool:
    return basis in company.BASES and company.BASES[basis].asked


def _joined(
    bases: Mapping[str, str], defaults: Mapping[str, str]
) -> dict[str, company.ConsentTerms]:
    return {
        channel: company.ConsentTerms(bases[channel], allowed == "in")
        for channel, allowed in defaults.items()
        if channel in bases
    }


def _strictest(
    kinds: list[dict[str, company.ConsentTerms]],
) -> dict[str, company.ConsentTerms]:
    """Allowed where all allow; by consent where one asks for it, else by what is wanted, not owed;
    of equal ones the first by name."""
    found = {}
    for channel in kinds[0]:
        terms = [each[channel] for each in kinds if channel in each]
        bases = sorted({each.basis for each in terms})
        basis = max(bases, key=lambda one: (company.BASES[one].asked, company.BASES[one].wanted))
        allowed = len(terms) == len(kinds) and all(each.allowed for each in terms)
        found[channel] = company.ConsentTerms(basis, allowed)
    return found


def with_trait(
    kinds: company.PersonKinds | None,
    purposes: Mapping[str, company.Purpose],
    usage: TraitUsage,
    scope: LoadScope,
) -> company.PersonKinds | None:
    """The kinds with their trait: a text that all purposes which differ by kind may read."""
    if kinds is None or scope.row_columns.hides(kinds.trait):
        return kinds
    if not scope.traits.refer(kinds.trait, kinds.where, scope.findings):
        return kinds
    read = scope.compiler.formula(ScalarNode(kinds.trait, kinds.where), scope.row_columns)
    if read is not UNREADABLE and read.type != values.Type(values.Kind.TEXT):
        found = f"{quote(kinds.trait)}, which is {read.type}"
        scope.findings.add(kinds.where, found, "a trait that is a text")
    for purpose in purposes.values():
        if purpose.by_kind:
            usage.check(read, purpose.name, kinds.where)
    if PROFILING in purposes and purposes[PROFILING].by_kind:
        expected = "one basis and default for all: a profile may tell the kind of person"
        scope.findings.add(purposes[PROFILING].where, "`profiling` by kind of person", expected)
    return msgspec.structs.replace(kinds, read=read)


def with_soft_opt_in(
    sheet: MappingNode | None,
    purposes: Mapping[str, company.Purpose],
    usage: TraitUsage,
    scope: LoadScope,
) -> dict[str, company.Purpose]:
    """The purposes with what may stand in for consent; after traits are known."""
    found = dict(purposes)
    for name, node in sheet.mapping("purposes").mappings() if sheet else ():
        if "soft_opt_in" in node and not node.broken("soft_opt_in"):
            sure = not _misnames_a_kind(node, purposes[name], scope)
            soft = _soft_opt_in(
                purposes[name], node.mapping("soft_opt_in"), usage, scope, sure=sure
            )
            found[name] = msgspec.structs.replace(purposes[name], soft_opt_in=soft)
    return found


def _misnames_a_kind(node: MappingNode, purpose: company.Purpose, scope: LoadScope) -> bool:
    """Whether the purpose lacks the terms of a kind that nobody knows; that is reported."""
    said = (name for key in ("basis", "default") for name in node.mapping(key).entries)
    known = {*purpose.terms, *scope.channels.known}
    return purpose.by_kind and not known.issuperset(said)


def _soft_opt_in(
    purpose: company.Purpose, node: MappingNode, usage: TraitUsage, scope: LoadScope, *, sure: bool
) -> company.SoftOptIn:
    """sure: all of the purpose's terms are known."""
    channels = node.listed("channels")
    for channel in channels:
        known = scope.channels.refer(channel.text, channel.where, scope.findings)
        terms = [each[channel.text] for each in purpose.terms.values() if channel.text in each]
        missing = any(not each.allowed and _is_asked(each.basis) for each in terms)
        if sure and known and terms and not missing:
            found = f"{quote(channel.text)}, where {purpose.name} does not wait for consent"
            expected = "channels with the basis consent and the default out"
            scope.findings.add(channel.where, found, expected)
    tests = {
        key: scope.compiler.condition(node.scalar(key), scope.row_columns)
        for key in ("sale", "offered")
    }
    for key, test in tests.items():
        usage.check(test, purpose.name, node.at(key))
    return company.SoftOptIn(channels=frozenset(each.text for each in channels), **tests)


def check_similar(
    actions: Mapping[str, library.Action],
    purposes: Mapping[str, company.Purpose],
    scope: LoadScope,
) -> None:
    """What is similar to a sale means something where a sale may stand in for consent."""
    for action in actions.values():
        purpose = purposes.get(action.purpose)
        if action.similar_to is not None and purpose is not None and purpose.soft_opt_in is None:
            found = f"`similar_to`, for {purpose.name}, which has no `soft_opt_in`"
            expected = "a purpose that may rest on a sale: `soft_opt_in` in consent.yaml"
            scope.findings.add(action.where, found, expected)
