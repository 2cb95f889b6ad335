"""A history told to a real engine."""

from __future__ import annotations

import msgspec
from tests.batch.happening import Deed, History

from tuttu.api.answers import (
    DecideRequest,
    PreferenceRequest,
    PreferencesRequest,
    UnmergeRequest,
    Who,
)
from tuttu.engine import Engine

TELLER = "test"


def tell(engine: Engine, history: History) -> None:
    for each in history:
        if isinstance(each, Deed):
            _do(engine, each)
        else:
            kind, said = each
            engine.accept(kind, msgspec.json.encode(said), None, TELLER)


def _who(name: str) -> Who:
    return {"anonymous_id" if name.startswith("anon") else "user_id": name}


def _do(engine: Engine, deed: Deed) -> None:
    who = _who(deed.who)
    if deed.what == "unmerge":
        if deed.who != deed.other:
            engine.unmerge(UnmergeRequest(one=who, other=_who(deed.other)), TELLER)
    elif deed.what == "decide":
        engine.decide(DecideRequest(who=who, surfaces=["front"]))
    else:
        choice = PreferenceRequest(purpose="profiling", allowed=deed.what == "allow")
        engine.set_preferences(who, PreferencesRequest(preferences=[choice]), TELLER)
