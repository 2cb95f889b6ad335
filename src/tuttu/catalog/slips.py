"""What a value does that does not fit its trait: as traits.yaml says, or by what guards read."""

from collections.abc import Iterable, Mapping
from typing import cast

import msgspec

from tuttu.catalog.scope import LoadScope
from tuttu.catalog.trait_usage import TraitUsage
from tuttu.catalog.yaml_nodes import MappingNode
from tuttu.policy import reads_of
from tuttu.vocabulary import company, library, values


def with_slips(
    sheet: MappingNode | None, profile: company.Profile, policy: library.Policy, usage: TraitUsage
) -> company.Profile:
    """The profile with `slip` of every written trait, and the fields of items that one makes
    unknown. By default that is what a guard reads, through other traits too: a guard that lacks a
    value blocks."""
    traits, fields = _read_by_guards(policy.guards, usage)
    if sheet is None:
        return profile
    _check(sheet, profile, usage.scope)
    nodes = sheet.mapping("traits")
    return msgspec.structs.replace(
        profile,
        traits={
            name: msgspec.structs.replace(
                trait, slip=_slip(nodes.mapping(name), unknown=name in traits)
            )
            if trait.written
            else trait
            for name, trait in profile.traits.items()
        },
        collections={
            name: msgspec.structs.replace(
                each, unknown=frozenset(each.fields) & fields.get(name, frozenset()) - {each.key}
            )
            for name, each in profile.collections.items()
        },
    )


def _slip(node: MappingNode, *, unknown: bool) -> company.Slip:
    default: company.Slip = "unknown" if unknown else "keep"
    return cast(company.Slip, node.text("slip", default))


def _read_by_guards(
    guards: Iterable[library.Guard], usage: TraitUsage
) -> tuple[frozenset[str], Mapping[str, frozenset[str]]]:
    """Traits, and fields by collection, that guards read themselves or through others."""
    expressions = [each for guard in guards for each in guard.expressions.values()]
    behind = list(usage.behind(expressions))
    derived = [trait.derived for trait in behind if trait.derived]
    fields = {name: set(read) for name, read in reads_of([*expressions, *derived]).fields.items()}
    for trait in behind:
        if trait.aggregate and trait.over != "events":
            read = trait.test.columns if trait.test else frozenset()
            fields.setdefault(trait.over, set()).update(read, [trait.field or ""])
    for guard in guards:
        about = [
            column.removeprefix(values.OF_ITEM)
            for each in guard.expressions.values()
            for column in each.columns
            if column.startswith(values.OF_ITEM)
        ]
        fields.setdefault(guard.about or "", set()).update(about)
    named = {name: frozenset(read) for name, read in fields.items()}
    return frozenset(trait.name for trait in behind), named


def _check(sheet: MappingNode, profile: company.Profile, scope: LoadScope) -> None:
    """Of what is the first known of others, only what sources wrote under its own name can slip."""
    for name, node in sheet.mapping("traits").mappings():
        trait = profile.traits.get(name)
        if "slip" in node and trait is not None and trait.first_known and not trait.written:
            expected = "it beside a trait that is written: by `type`, or by sources of its own name"
            scope.findings.add(node.at("slip"), "`slip`", expected)
