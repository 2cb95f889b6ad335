"""consent.yaml."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.catalog.conftest import (
    BASE,
    DESIGN,
    OFFER,
    Edit,
    Faults,
    Slip,
    Write,
    assert_one_fault,
)

from tuttu import catalog
from tuttu.vocabulary.company import ConsentTerms, Purpose
from tuttu.vocabulary.errors import Where


def defaults(purpose: Purpose) -> dict[str, bool]:
    """Of who chose nothing, by channel; the same for every kind of person."""
    (terms,) = purpose.terms.values()
    return {channel: each.allowed for channel, each in terms.items()}


def test_consent_is_complete_over_channels(write: Write) -> None:
    purposes = catalog.load(write()).purposes
    assert defaults(purposes["marketing"]) == {"web": True, "email": False, "call": True}
    assert defaults(purposes["service"]) == {"web": True, "email": True, "call": True}
    assert purposes["marketing"].where == Where("consent.yaml", 2)


def test_it_loads() -> None:
    project = catalog.load(DESIGN)
    assert project.channels["web"].outbound is False
    assert project.channels["letter"].outbound is True
    assert project.purposes["service"].terms_in("email").allowed is True
    assert project.purposes["marketing"].terms_in("email").allowed is False


SLIPS: list[Slip] = [
    ("consent.yaml", "basis: contract", "basis: contact", 3, "`contact`", "one of", "contract"),
    ("consent.yaml", "call: in", "cal: in", 2, "`cal`", "a channel of channels.yaml", "call"),
    ("consent.yaml", ", call: in", "", 2, "a default without `call`", "in or out for every", None),
]  # fmt: skip


@pytest.mark.parametrize("slip", SLIPS)
def test_one_slip_gives_one_fault(edit: Edit, slip: Slip) -> None:
    assert_one_fault(edit, slip)


KINDS = """\
kinds: {trait: person, values: [consumer, company]}
purposes:
  marketing:
    basis: {consumer: {web: public task, email: consent, call: consent}, company: public task}
    default: {consumer: {web: in, email: out, call: in}, company: in}
    soft_opt_in: {channels: [email], sale: orders > 0, offered: could_refuse}
  service: {basis: {web: contract, email: legal obligation, call: contract}}
  profiling: {basis: legitimate interest, default: in}
"""
PERSON = (
    "traits:\n  person: {type: text}\n  could_refuse: {type: bool}\n  orders: {type: integer}\n"
)
SOFT = "    soft_opt_in: {channels: [email], sale: orders > 0, offered: could_refuse}\n"
BY_KIND: dict[str, str | bytes | None] = {
    "consent.yaml": KINDS,
    "traits.yaml": BASE["traits.yaml"].replace("traits:\n", PERSON),
    OFFER: f"{BASE[OFFER]}similar_to: has_tv\n",
}


def test_terms_by_kind_and_by_channel(write: Write) -> None:
    project = catalog.load(write(BY_KIND))
    marketing, service = project.purposes["marketing"], project.purposes["service"]
    assert marketing.terms_in("email", "consumer") == ConsentTerms("consent", allowed=False)
    assert marketing.terms_in("web", "consumer") == ConsentTerms("public task", allowed=True)
    assert marketing.terms_in("email", "company") == ConsentTerms("public task", allowed=True)
    assert service.terms_in("email") == ConsentTerms("legal obligation", allowed=True)
    assert service.terms_in("call", "company") == ConsentTerms("contract", allowed=True)
    assert (marketing.by_kind, service.by_kind) == (True, False)
    assert [marketing.differs(each) for each in project.channels] == [False, True, True]
    kinds, soft = project.kinds, marketing.soft_opt_in
    assert kinds is not None
    assert (kinds.trait, kinds.values) == ("person", ("consumer", "company"))
    assert kinds.read({"person": "company"}) == "company"
    assert soft is not None
    assert soft.channels == {"email"}
    assert soft.sale({"orders": 1}) is True
    similar = project.actions["offer"].similar_to
    assert similar is not None
    assert similar({"has_tv": True}) is True


WORD = st.sampled_from(["consent", "legitimate interest", "contract"])
SAID = st.fixed_dictionaries(
    {
        kind: st.fixed_dictionaries(
            {channel: st.tuples(WORD, st.booleans()) for channel in ("web", "email", "call")}
        )
        for kind in ("consumer", "company")
    }
)


@pytest.mark.laws
@given(SAID)
def test_of_whom_the_kind_is_not_known_the_strictest_terms_hold(
    said: dict[str, dict[str, tuple[str, bool]]],
) -> None:
    """Allowed only where every kind allows, on consent if one waits for it."""

    def written(part: Callable[[tuple[str, bool]], str]) -> str:
        return json.dumps(
            {kind: {c: part(each) for c, each in by.items()} for kind, by in said.items()}
        )

    consent = (
        "kinds: {trait: person, values: [consumer, company]}\n"
        "purposes:\n"
        "  service: {basis: contract}\n"
        "  profiling: {basis: legitimate interest}\n"
        f"  marketing: {{basis: {written(lambda each: each[0])},"
        f" default: {written(lambda each: 'in' if each[1] else 'out')}}}\n"
    )
    files = {**BASE, **BY_KIND, "consent.yaml": consent, OFFER: BASE[OFFER]}
    marketing = catalog.load({path: str(text) for path, text in files.items()}).purposes[
        "marketing"
    ]
    for channel in ("web", "email", "call"):
        terms = [marketing.terms_in(channel, kind) for kind in said]
        doubt = marketing.terms_in(channel)
        assert terms == [ConsentTerms(*said[kind][channel]) for kind in said]
        assert doubt.allowed == all(each.allowed for each in terms)
        bases = {each.basis for each in terms}
        assert doubt.basis in bases
        assert ("consent" in bases) == (doubt.basis == "consent")
        assert (bases == {"contract"}) == (doubt.basis == "contract")


def bent(old: str, new: str) -> dict[str, str | bytes | None]:
    assert old in KINDS
    return {**BY_KIND, "consent.yaml": KINDS.replace(old, new)}


@pytest.mark.parametrize(
    ("files", "line", "found", "expected"),
    [
        (bent("trait: person", "trait: persn"), 1, "`persn`", "a trait of traits.yaml"),
        (bent("trait: person", "trait: has_tv"), 1, "`has_tv`, which is bool", "that is a text"),
        (bent(", company: in}", "}"), 5, "a default without `company`", "every kind of person"),
        (bent(", company: in}", ", firm: in}"), 5, "`firm`", "a kind of `kinds`"),
        (bent("call: in}, company", "cal: in}, company"), 5, "`cal`", "a channel of"),
        (bent(", call: in}, company", "}, company"), 5, "a default without `call`", "in or out"),
        (bent("company: public task", "company: publik task"), 4, "a mapping",
         "one of consent, contract"),
        (bent("values: [consumer, company]", "values: [company]"), 1, "a list", "at least 2"),
        (bent("values: [consumer, company]", "values: [consumer, company, call]"), 1,
         "the kind `call`", "another name: it is a channel"),
        (bent("channels: [email]", "channels: [web]"), 6,
         "`web`, where marketing does not wait for consent", "the default out"),
        (bent("channels: [email]", "channels: [mail]"), 6, "`mail`", "a channel of"),
        (bent("sale: orders > 0", "sale: orders"), 6, "`orders`", "a condition"),
        (bent("profiling: {basis: legitimate interest, default: in}",
              "profiling: {basis: legitimate interest, default: {consumer: out, company: in}}"), 8,
         "`profiling` by kind of person", "one basis and default for all"),
        (bent(SOFT, ""), 0, "`similar_to`, for marketing", "a purpose that may rest on a sale"),
    ],
)  # fmt: skip
def test_one_slip_about_kinds_or_sales_gives_one_fault(
    faults: Faults,
    files: dict[str, str | bytes | None],
    line: int,
    found: str,
    expected: str,
) -> None:
    (fault,) = faults(files)
    if line:
        assert fault.where == Where("consent.yaml", line)
    assert found in fault.found
    assert expected in fault.expected


def test_the_trait_is_one_that_the_purposes_may_read(faults: Faults) -> None:
    only_for_service = PERSON.replace(
        "person: {type: text}", "person: {type: text, use: [service]}"
    )
    files = {**BY_KIND, "traits.yaml": BASE["traits.yaml"].replace("traits:\n", only_for_service)}
    (fault,) = faults(files)
    assert "`person`, which is for service, in a rule for marketing" in fault.found
