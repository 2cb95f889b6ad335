"""`tuttu test` is itself tested: every shipped expectation, negated, makes it fail in its place."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from click.testing import CliRunner, Result

from tuttu.catalog import Expectation, load, read_scenarios
from tuttu.cli import main
from tuttu.simulation import Failure, run
from tuttu.vocabulary.counting import so_many

if TYPE_CHECKING:
    from tests.simulation.conftest import Copy
else:
    Copy = Any

pytestmark = pytest.mark.stories

Scale = Callable[[int, int], int]
EXAMPLES = ("bank", "helpdesk", "operator", "shop", "utility")
NO_REASON = "a reason that nobody has"
OF_REFUSALS = ("because", "stage", "also")
PLAIN = r"[^,}\n]*[^,}\s]"
"""A value in one of these files: none holds a comma or a brace."""


class Negation(NamedTuple):
    """One way to say the opposite of an expectation. expected, found: what the failure must name.

    changes: keys with their new key and value; None: the key goes.
    """

    what: str
    changes: dict[str, str | None]
    expected: str
    found: str


def negations(one: Expectation, actions: list[str]) -> Iterator[Negation]:
    """Every way to negate it."""
    match one.kind:
        case "chosen":
            yield from _of_chosen(one)
        case "refused":
            yield from _of_refused(one)
        case "not_chosen":
            yield Negation(
                "chosen", {"not_chosen": f"chosen: {one.action}"}, subject(one), "chosen"
            )
        case "owed":
            yield from _of_owed(one)
        case "not_owed":
            yield Negation("owed", {"not_owed": f"owed: {one.action}"}, f"{subject(one)} owed", "")
        case "empty":
            yield from _of_empty(one, actions)
        case _:
            other = _other_value(one.value)
            text = f"{one.action}: {json.dumps(other)}"
            yield Negation("trait", {one.action: text}, repr(other), repr(one.value))


def subject(one: Expectation) -> str:
    """The action, and the item that it is about."""
    return f"{one.action} about {one.item}" if one.item else one.action


def _of_chosen(one: Expectation) -> Iterator[Negation]:
    name, whole = one.action, subject(one)
    way = f" by {one.treatment}" if one.treatment else ""
    yield Negation("refused", {"chosen": f"refused: {name}"}, f"{whole}{way} refused", "chosen")
    not_chosen = {"chosen": f"not_chosen: {name}", "treatment": None}
    yield Negation("not chosen", not_chosen, f"{whole} not on {one.surfaces[0]}", f"{whole} chosen")
    if one.item:
        yield Negation("item", {"item": "item: another"}, f"{name} about another", f"{whole}")
    if one.treatment:
        other = f"not-{one.treatment}"
        yield Negation("treatment", {"treatment": f"treatment: {other}"}, f"by {other}", "chosen")


def _of_owed(one: Expectation) -> Iterator[Negation]:
    other: dict[str, str | None] = {"owed": f"not_owed: {one.action}", "late": None}
    yield Negation(
        "not owed", {**other, "treatment": None}, f"{one.action} not owed", f"{one.action} owed"
    )
    if one.late is not None:
        late: dict[str, str | None] = {"late": f"late: {json.dumps(not one.late)}"}
        yield Negation("late", late, "not late" if one.late else "late", "due")
    if one.treatment:
        way: dict[str, str | None] = {"treatment": "treatment: another"}
        yield Negation("treatment", way, "by another", "")


def _of_refused(one: Expectation) -> Iterator[Negation]:
    of_refusals: dict[str, str | None] = dict.fromkeys(OF_REFUSALS)
    why = one.because or one.stage or ""
    chosen = {"refused": f"chosen: {one.action}", **of_refusals}
    yield Negation("chosen", chosen, f"{subject(one)} on {one.surfaces[0]}", why)
    if one.item:
        about: dict[str, str | None] = {"item": "item: another"}
        yield Negation("item", about, f"{one.action} about another", "no candidate")
    if one.because:
        yield Negation("because", {"because": f"because: {NO_REASON}"}, NO_REASON, one.because)
    if one.stage:
        wrong = "resources" if one.stage != "resources" else "guards"
        yield Negation("stage", {"stage": f"stage: {wrong}"}, f"in {wrong}", one.stage)
    if one.also:
        more = ", ".join((*one.also, "controls"))
        yield Negation("also", {"also": f"also: [{more}]"}, f"also in {more}", one.also[0])


def _of_empty(one: Expectation, actions: list[str]) -> Iterator[Negation]:
    key = "empty" if one.value is None else "default"
    for action in actions:
        yield Negation("chosen", {key: f"chosen: {action}"}, action, "nothing chosen")
    if one.value is not None:
        yield Negation("default", {key: "default: another"}, "'another'", repr(one.value))


def _other_value(value: object) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return f"{value} or not" if value else 7


class Script:
    """A scenario file whose expectations are rewritten in place: no line moves."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.told = path.read_text("utf-8")
        self._lines = self.told.split("\n")

    def restore(self) -> None:
        self._lines = self.told.split("\n")

    def write(self) -> None:
        self.path.write_text("\n".join(self._lines), "utf-8")

    def rewrite(self, one: Expectation, changes: dict[str, str | None]) -> None:
        """In the entry of the list that holds the expectation."""
        starts = [n for n, line in enumerate(self._lines) if re.match(r"\s*- ", line)]
        start = max(n for n in starts if n < one.where.line)
        end = min((n for n in starts if n > start), default=len(self._lines))
        entry = "\n".join(self._lines[start:end])
        for key, new in changes.items():
            entry = _without(entry, key) if new is None else _with(entry, key, new)
        self._lines[start:end] = entry.split("\n")


def _with(entry: str, key: str, new: str) -> str:
    text, count = re.subn(rf"(?<![\w.]){key}: (\[[^]]*\]|{PLAIN})", new, entry)
    assert count == 1, f"{key} stands {count} times in {entry!r}"
    return text


def _without(entry: str, key: str) -> str:
    """Gone with the comma before it, but not with its line."""
    value = rf"{key}: (\[[^]]*\]|{PLAIN})"
    return re.sub(rf",?(\s*)(?<![\w.]){value}", lambda gone: "\n" * gone[1].count("\n"), entry)


class Example:
    """A copy of a shipped example, with its scripts and every way to negate each expectation."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        actions = sorted(load(folder).actions)[:2]
        self.scripts = {
            path.relative_to(folder).as_posix(): Script(path)
            for path in sorted((folder / "scenarios").iterdir())
        }
        self.ways = [
            (one, list(negations(one, actions)))
            for scenario in read_scenarios(folder)
            for one in scenario.expect
        ]

    def rewrite(self, one: Expectation, negation: Negation) -> None:
        self.scripts[one.where.file].rewrite(one, negation.changes)

    def tell(self) -> tuple[Failure, ...]:
        """What comes of it; afterwards all is as it was."""
        for script in self.scripts.values():
            script.write()
            script.restore()
        report = run(self.folder)
        assert report.passed == (not report.failures)
        assert report.expectations == len(self.ways)
        return report.failures


@pytest.fixture(params=EXAMPLES)
def name(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


def names(failure: Failure, negation: Negation) -> bool:
    """Whether it says what was demanded and what was found."""
    return negation.expected in failure.expected and negation.found in failure.found


def test_the_shipped_examples_do_what_they_tell(name: str, copy: Copy) -> None:
    report = run(copy(name))
    assert report.failures == ()
    assert report.passed
    assert report.expectations >= 8


def test_every_expectation_negated_fails_in_its_place(name: str, copy: Copy) -> None:
    """All of a company's expectations at once, a round for each way to negate them."""
    example = Example(copy(name))
    rounds = max(len(ways) for _, ways in example.ways)
    assert rounds >= 2
    for number in range(rounds):
        said = [(one, ways[number % len(ways)]) for one, ways in example.ways]
        for one, negation in said:
            example.rewrite(one, negation)
        failures = example.tell()
        places = Counter(one.where for one, _ in said)
        assert Counter(failure.where for failure in failures) == places
        for one, negation in said:
            here = [failure for failure in failures if failure.where == one.where]
            assert any(names(failure, negation) for failure in here), (negation, here)


def test_one_expectation_negated_is_one_failure(
    name: str, copy: Copy, scale: Scale, seed: int
) -> None:
    example = Example(copy(name))
    ways = [(one, negation) for one, ways in example.ways for negation in ways]
    for one, negation in random.Random(seed).sample(ways, min(scale(3, len(ways)), len(ways))):
        example.rewrite(one, negation)
        [failure] = example.tell()
        assert failure.where == one.where
        assert names(failure, negation), (negation, failure)


def ask_command(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["test", str(folder), *options])


def test_the_command_tells_place_expected_and_found(name: str, copy: Copy, seed: int) -> None:
    example = Example(copy(name))
    one, ways = random.Random(seed).choice(example.ways)
    example.rewrite(one, ways[0])
    [failure] = example.tell()
    result = ask_command(example.folder)
    assert result.exit_code == 1
    told, summary = result.stdout.splitlines()
    assert told == (
        f"{one.where.file}:{one.where.line}: {failure.scenario}: "
        f"expected {failure.expected}; found {failure.found}"
    )
    scenarios = so_many(len(example.scripts), "scenario")
    assert summary == f"{scenarios}, {len(example.ways)} expectations, 1 failed"


def test_progress_goes_beside_the_answer(copy: Copy) -> None:
    folder = copy("operator")
    result = ask_command(folder, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["failures"] == []
    stories = [scenario.name for scenario in read_scenarios(folder)]
    assert result.stderr.splitlines() == [f"{story} …" for story in stories]
    assert not (folder / ".tuttu").exists()


STORY = """scenario: nobody says anything
given:
  - {at: 2012-05-02T09:00, who: {user_id: ada}, event: Ticket Noted, properties: {ticket_id: T1}}
expect:
  - {at: 2012-05-02T09:01, who: {user_id: ada}, surface: portal.start, chosen: product-news}
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("expect:\n" + STORY.splitlines()[-1], "expect: []", 4, "of at least 1"),
        ("expect:\n" + STORY.splitlines()[-1], "", 1, "no `expect`"),
        (", chosen: product-news", "", 5, "an expectation of nothing"),
        ("chosen: product-news", "chosen: product-new", 5, "Did you mean 'product-news'?"),
    ],
)
def test_a_story_that_expects_nothing_is_a_fault(
    copy: Copy, old: str, new: str, line: int, said: str
) -> None:
    folder = copy("helpdesk")
    assert old in STORY
    (folder / "scenarios" / "nothing.yaml").write_text(STORY.replace(old, new), "utf-8")
    result = ask_command(folder)
    assert result.exit_code == 2
    [fault] = [each for each in result.stderr.splitlines() if not each.endswith("…")]
    assert fault.startswith(f"scenarios/nothing.yaml:{line}: ")
    assert said in fault


def test_a_faulty_policy_is_a_fault_too(copy: Copy) -> None:
    folder = copy("helpdesk")
    policy = folder / "policy.yaml"
    policy.write_text(policy.read_text("utf-8").replace("open_tickets", "open_tickts"), "utf-8")
    result = ask_command(folder)
    assert result.exit_code == 2
    assert "policy.yaml:4: " in result.stderr
    assert "open_tickets" in result.stderr


@pytest.mark.parametrize(
    ("old", "new", "line", "expected", "found"),
    [
        ("properties: {ticket_id: T1}", "properties: {}", 3, "a step", "ticket_id"),
        (
            "event: Ticket Noted, properties: {ticket_id: T1}",
            "outcome: declined, action: product-news",
            3,
            "a step",
            "no contact of product-news",
        ),
        (
            "at: 2012-05-02T09:01, who: {user_id: ada}",
            "at: 2012-05-02T09:01, who: {user_id: ''}",
            5,
            "a question",
            "user_id",
        ),
    ],
)
def test_what_cannot_be_told_or_asked_is_a_failure_in_its_place(
    copy: Copy, old: str, new: str, line: int, expected: str, found: str
) -> None:
    folder = copy("helpdesk")
    assert old in STORY
    (folder / "scenarios" / "odd.yaml").write_text(STORY.replace(old, new), "utf-8")
    [failure] = run(folder).failures
    assert (failure.where.file, failure.where.line) == ("scenarios/odd.yaml", line)
    assert expected in failure.expected
    assert found in failure.found


def test_a_folder_without_a_story_has_shown_nothing(copy: Copy) -> None:
    folder = copy("helpdesk")
    (folder / "scenarios" / "open-case.yaml").unlink()
    assert ask_command(folder).exit_code == 1
