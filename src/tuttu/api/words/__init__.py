"""The words of reasons, changes and notes, in the languages that there are: the only place that
turns a code into a sentence.

They stand in `words.json` beside this file, a sentence in all its languages together, so that a new
code is one place. A template names values in braces; ``[?name text]`` stands only where the value
`name` says something. Dates, money and numbers are the same in all languages, and so is a name that
the project wrote.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files

import msgspec

from tuttu.vocabulary.values import MONEY_SCALE, Figure, Figures
from tuttu.vocabulary.verdicts import SHARED, Reason, Score

ENGLISH = "en"
LANGUAGES = (ENGLISH, "fi", "sv")
LEFT_OUT = "…"
"""In the place of a value that is not there."""

OPTIONAL = re.compile(r"\[\?(\w+) ([^\]]*)\]")


class Translation(msgspec.Struct, frozen=True):
    """One language's templates. reasons: by code; the others by names of their own."""

    reasons: Mapping[str, str]
    changes: Mapping[str, str]
    notes: Mapping[str, str]
    worth: Mapping[str, str]


class Words:
    """One language's sentences: its templates, filled."""

    def __init__(self, translation: Translation) -> None:
        self.translation = translation

    def reason(self, reason: Reason) -> str:
        """A code that has no words here reads as the code and its values."""
        template = self.translation.reasons.get(reason.code)
        if template is None:
            values = ", ".join(f"{name} {_plain(value)}" for name, value in reason.values.items())
            return f"{reason.code} ({values})" if values else reason.code
        words = fill(template, reason.values)
        return self.note(SHARED, reason=words) if reason.values.get(SHARED) is True else words

    def change(self, key: str, /, **values: Figure) -> str:
        return fill(self.translation.changes[key], values)

    def note(self, key: str, /, **values: Figure) -> str:
        return fill(self.translation.notes[key], values)

    def worth(self, score: Score) -> str:
        """The ranking's formula with this candidate's figures, in currency units."""
        names = self.translation.worth
        product = f"{score.propensity:g} × {score.value / MONEY_SCALE:g}"
        for factor in (score.relevance, score.lever):
            if factor != 1:
                product += f" × {factor:g}"
        for amount, name in ((score.effort, "effort"), (score.cost, "cost")):
            if amount:
                product += f" - {amount / MONEY_SCALE:g} {names[name]}"
        return fill(names["worth"], {"worth": score.rounded / MONEY_SCALE, "product": product})


@cache
def words_in(language: str) -> Words:
    """Raises KeyError for a language that is none of `LANGUAGES`."""
    if language not in LANGUAGES:
        raise KeyError(language)
    text = files(__package__).joinpath("words.json").read_bytes()
    sections = msgspec.json.decode(text, type=dict[str, dict[str, dict[str, str]]])
    chosen = {
        section: {key: said[language] for key, said in sentences.items() if language in said}
        for section, sentences in sections.items()
    }
    return Words(Translation(**chosen))


def language_of(accept: str) -> str:
    """Of an ``Accept-Language`` header, the language that is wanted most of those that there are;
    of equal ones the first. English where none is."""
    wanted: dict[str, float] = {}
    for element in accept.split(","):
        tag, *parameters = (part.strip().lower() for part in element.split(";"))
        weight = _weight(parameters)
        if tag and weight is not None:
            language = tag.partition("-")[0]
            wanted[language] = max(weight, wanted.get(language, 0.0))
    others = [each for each in LANGUAGES if each not in wanted]
    if "*" in wanted and others:
        wanted[others[0]] = wanted["*"]
    known = [each for each in wanted if each in LANGUAGES and wanted[each] > 0]
    return max(known, key=lambda each: wanted[each], default=ENGLISH)


def _weight(parameters: list[str]) -> float | None:
    """Between 0 and 1; None: not to be understood, and the element is passed over."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            found = re.fullmatch(r"(0(\.\d{0,3})?|1(\.0{0,3})?)", value.strip())
            return float(value) if found else None
    return 1.0


class _Shown(dict[str, str]):
    """Values as they are read; one that is not there is left out."""

    def __missing__(self, name: str) -> str:
        return LEFT_OUT


def fill(template: str, values: Figures) -> str:
    shown = _Shown()
    for name, value in values.items():
        shown[name] = value if isinstance(value, str) else _plain(value)
    by = values.get("by")
    if "currency" in values and isinstance(by, int | float):
        shown["by"] = _difference(by)
    if "[?" in template:
        template = OPTIONAL.sub(lambda part: part[2] if values.get(part[1]) else "", template)
    return template.format_map(shown)


def _difference(by: float) -> str:
    """Two decimals, four where two would hide it, and the first digit where four would."""
    amount = round(by * MONEY_SCALE)
    if amount == 0 and by:
        return f"{Decimal(f'{by:.1g}'):f}"
    return f"{by:.{2 if amount % 100 == 0 else 4}f}"


def _plain(value: Figure) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
