"""What would turn refusals of the bank: each change is applied to the snapshot and judged."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from tests.examples.conftest import MOMENT, Bank

from tuttu import engine as use
from tuttu import identity
from tuttu.api import ExplainRequest
from tuttu.content import Rendered
from tuttu.counterfactual import Change, ColumnSet, apply, least_change, subsets
from tuttu.decision import Candidate, CandidateKey, DecisionQuery, DecisionView, decide, view
from tuttu.vocabulary.events import Identifier
from tuttu.vocabulary.verdicts import Refusal

pytestmark = pytest.mark.laws

SURFACES = ("ebank.start", "call", "email", "letter")
ALWAYS_REFUSING = {"eligibility", "applicability", "suitability", "consent"}


class Refused(NamedTuple):
    seen: DecisionView
    question: DecisionQuery
    key: CandidateKey
    refusal: Refusal


def _render(candidate: Candidate) -> Rendered:
    return Rendered(candidate.action.name)


def _view(bank: Bank, client: int) -> DecisionView:
    project = bank.engine.project
    with bank.engine.store.read() as snapshot:
        customer = identity.resolve(snapshot, project, Identifier("client", str(client)))
        return view(snapshot, project, customer, MOMENT)


def _refusals(bank: Bank, rng: random.Random) -> Iterator[Refused]:
    """Any client, any action, any of its treatments; asked of its surface, or of all at once."""
    (clients,) = bank.rows.execute("SELECT count(*) FROM bank").fetchone() or (0,)
    actions = bank.engine.project.actions
    ways = [(action, way) for action in actions.values() for way in action.treatments.values()]
    while True:
        seen = _view(bank, rng.randint(1, clients))
        action, way = rng.choice(ways)
        key = (action.name, way.name, None)
        surfaces = SURFACES if rng.random() < 0.25 else (way.surface,)
        asked = DecisionQuery(
            surfaces=surfaces, fragment=seen.customer.oldest, seed=rng.randrange(2**32)
        )
        refusal = _refusal(seen, asked, key)
        if refusal is not None:
            yield Refused(seen, asked, key, refusal)


def _refusal(seen: DecisionView, asked: DecisionQuery, key: CandidateKey) -> Refusal | None:
    verdicts = decide(seen, asked, "d", _render).verdicts
    (found,) = (v.refusal for v in verdicts if (v.action, v.treatment, v.item) == key)
    return found


def test_the_change_turns_the_verdict_and_no_part_of_it_does(
    bank: Bank, scale: Callable[[int, int], int], seed: int
) -> None:
    """1,000 refusals at full scale; not one is left without a change."""
    wanted, sizes, stages = scale(120, 1_000), Counter[int](), set[str]()
    drawn = _refusals(bank, random.Random(f"{seed} changes"))
    for each, _ in zip(drawn, range(wanted), strict=False):
        change = least_change(each.seen, each.question, each.key, lambda _: _render)
        assert change is not None, (each.key, each.refusal)
        changed = apply(each.seen, change)
        assert _refusal(changed, each.question, each.key) is None, (each.key, change)
        for part in subsets(change):
            less = apply(each.seen, part)
            assert _refusal(less, each.question, each.key) is not None, (each.key, change, part)
        sizes[len(change.parts)] += 1
        stages.add(each.refusal.stage)
    assert sizes.total() == wanted
    assert stages > ALWAYS_REFUSING
    print(f"{wanted} refusals: {dict(sorted(sizes.items()))} parts")  # noqa: T201 - seen with -s


def test_columns_named_at_the_door_turn_it_when_they_are_laid_over_the_row(
    bank: Bank, scale: Callable[[int, int], int], seed: int
) -> None:
    """The change, as data, can be tried out with a question. A value for what is not known is not
    shown; what was found for it turns the refusal all the same."""
    rng = random.Random(f"{seed} context")
    tried = 0
    for each, _ in zip(_refusals(bank, rng), range(scale(40, 200)), strict=False):
        if len(each.question.surfaces) > 1:
            continue
        change = least_change(each.seen, each.question, each.key, lambda _: _render)
        if change is None or not all(isinstance(part, ColumnSet) for part in change.parts):
            continue
        context = {part.name: part.would_be for part in change.parts if isinstance(part, ColumnSet)}
        if any("." in name for name in context):
            continue
        (client,) = each.seen.customer.identifiers
        request = ExplainRequest(
            who={"client": client.value},
            surfaces=list(each.question.surfaces),
            seed=each.question.seed,
        )
        before = use.explain(bank.engine, request, "test")
        (shown,) = (r for r in before.refused if (r.action, r.treatment) == each.key[:2])
        unknown = {part.name for part in shown.would_pass_if if part.now is None}
        assert {part.name: part.would_be for part in shown.would_pass_if} == {
            name: None if name in unknown else value for name, value in context.items()
        }
        request.context = context
        request.changes = False
        after = use.explain(bank.engine, request, "test")
        assert each.key[:2] in {(one.action, one.treatment) for one in after.choices}
        tried += 1
    assert tried >= scale(3, 30)


def test_asking_for_nothing_gives_nothing(bank: Bank) -> None:
    """Who is chosen needs no change."""
    seen = _view(bank, 1)
    asked = DecisionQuery(surfaces=SURFACES, fragment=seen.customer.oldest, seed=1)
    chosen = decide(seen, asked, "d", _render).choices
    for choice in chosen:
        key = (choice.action, choice.treatment, choice.item)
        assert least_change(seen, asked, key, lambda _: _render) == Change(())
