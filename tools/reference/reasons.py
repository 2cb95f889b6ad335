"""The page of reasons: every code, by stage, with its values and its words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tools.reference.markdown import page, table

from tuttu.api import ENGLISH, LANGUAGES, words_in
from tuttu.api.words import OPTIONAL
from tuttu.decision import STAGES

HEADER = ("code", "values", *LANGUAGES)
VALUE = re.compile(r"\{(\w+)\}")


def reasons() -> str:
    """Codes of stages in the order of stages; then those of contacts that were withdrawn."""
    translations = {language: words_in(language).translation.reasons for language in LANGUAGES}
    known: dict[str, str] = {}
    parts = []
    for stage in STAGES:
        again = [f"`{code}`: see {known[code]}." for code in stage.codes if code in known]
        fresh = [code for code in stage.codes if code not in known]
        rows = [_row(code, stage.codes[code], translations) for code in fresh]
        parts += [f"## {stage.name}", *([table(HEADER, rows)] if rows else []), *again]
        known.update(dict.fromkeys(fresh, stage.name))
    others = [code for code in translations[ENGLISH] if code not in known]
    return page(
        "Reasons",
        "Programs read `code` and `values`; people read the words, in English, Finnish or Swedish "
        "([how to read a reason](../how-to/read-a-reason.md)). In the words `{name}` stands for a "
        "value of that name, and what stands in brackets is left out where there is none.",
        *parts,
        "## Elsewhere",
        "Why a queued contact was withdrawn; and `as_worded`, a reason that was kept before "
        "reasons were data.",
        table(HEADER, [_row(code, (), translations) for code in others]),
    )


def _row(
    code: str, values: Iterable[str], translations: Mapping[str, Mapping[str, str]]
) -> tuple[str, ...]:
    words = [OPTIONAL.sub(r"\2", translations[language][code]) for language in LANGUAGES]
    named = dict.fromkeys((*values, *VALUE.findall(words[0])))
    return (f"`{code}`", ", ".join(f"`{name}`" for name in named), *words)
