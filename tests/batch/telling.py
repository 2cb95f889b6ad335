"""A history told to a real engine."""

from __future__ import annotations

from contextlib import suppress

import msgspec
from tests.batch.happening import Deed, History

from tuttu import engine as use
from tuttu.api import (
    DecideRequest,
    PreferenceRequest,
    PreferencesRequest,
    UnmergeRequest,
    Who,
)
from tuttu.engine import Runtime
from tuttu.vocabulary.errors import CallRefused

TELLER = "test"


def tell(engine: Runtime, history: History) -> None:
    for each in history:
        if isinstance(each, Deed):
            _do(engine, each)
        else:
            kind, said = each
            with suppress(CallRefused):
                use.accept(engine, kind, msgspec.json.encode(said), None, TELLER)


def _who(name: str) -> Who:
    return {"anonymous_id" if name.startswith("anon") else "user_id": name}


def _do(engine: Runtime, deed: Deed) -> None:
    who = _who(deed.who)
    if deed.what == "unmerge":
        if deed.who != deed.other:
            use.unmerge(engine, UnmergeRequest(one=who, other=_who(deed.other)), TELLER)
    elif deed.what == "decide":
        use.decide(engine, DecideRequest(who=who, surfaces=["front"]))
    else:
        choice = PreferenceRequest(purpose="profiling", allowed=deed.what == "allow")
        use.set_preferences(engine, who, PreferencesRequest(preferences=[choice]), TELLER)
