"""A shop in which people share identifiers: what is said to it, and what it answers."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from tests.laws.saying import send

from tuttu import engine as use
from tuttu.api import DecideAnswer, DecideRequest, ExplainAnswer, ExplainRequest
from tuttu.engine import Runtime
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import format_instant
from tuttu.vocabulary.values import MINUTE, Instant

SHOP = Path(str(files("tuttu"))) / "examples" / "shop"
START: Instant = 1_772_366_400 * 1_000_000
"""2026-03-01T12:00:00Z."""
GUARD = "open complaint stops marketing"


def changed(folder: Path, changes: dict[str, dict[str, Any]], of: Path = SHOP) -> Path:
    """A copy of a company, in which keys of files are said otherwise, two levels deep."""
    yaml = YAML()
    shutil.copytree(of, folder, ignore=shutil.ignore_patterns("scenarios"))
    for name, keys in changes.items():
        path = folder / f"{name}.yaml"
        said = yaml.load(path)
        for key, inner in keys.items():
            said[key] = {**said.get(key, {}), **inner} if isinstance(inner, dict) else inner
        yaml.dump(said, path)
    return folder


class Company:
    """One engine. People are named by keywords: ``user_id="aino", anonymous_id="b1"``."""

    def __init__(self, engine: Runtime, clock: ManualClock) -> None:
        self.engine = engine
        self.clock = clock
        self._said = 0

    def send(self, *calls: dict[str, Any]) -> None:
        """Calls as a sender writes them."""
        for call in calls:
            assert send(self.engine, call["type"], call) == 1

    def say(self, event: str, properties: dict[str, Any] | None = None, **who: str) -> None:
        """An event, a minute after the one before."""
        self.clock.set(self.clock.now() + MINUTE)
        self._said += 1
        call: dict[str, Any] = {"type": "track", "event": event, "messageId": f"m{self._said}"}
        self._send(call, properties or {}, who)

    def identify(self, traits: dict[str, Any] | None = None, **who: str) -> None:
        self.clock.set(self.clock.now() + MINUTE)
        self._said += 1
        self._send({"type": "identify", "messageId": f"m{self._said}"}, traits or {}, who)

    def _send(self, call: dict[str, Any], said: dict[str, Any], who: dict[str, str]) -> None:
        fields = {"user_id": "userId", "anonymous_id": "anonymousId"}
        call |= {fields[name]: value for name, value in who.items() if name in fields}
        others = {name: value for name, value in who.items() if name not in fields}
        call["context"] = {
            "externalIds": [{"type": name, "id": value} for name, value in others.items()]
        }
        call["traits" if call["type"] == "identify" else "properties"] = said
        call["timestamp"] = format_instant(self.clock.now())
        assert send(self.engine, call["type"], call) == 1

    def decide(self, *surfaces: str, dry_run: bool = True, **who: str) -> DecideAnswer:
        asked = list(surfaces or ["front.hero"])
        return use.decide(self.engine, DecideRequest(who=who, surfaces=asked, dry_run=dry_run))

    def explain(self, *surfaces: str, **who: str) -> ExplainAnswer:
        request = ExplainRequest(who=who, surfaces=list(surfaces or ["front.hero"]))
        return use.explain(self.engine, request, "anna")

    def why_not(self, action: str, *surfaces: str, **who: str) -> list[tuple[str, bool]]:
        """Codes of all refusals of an action, and whether each is of others who may be them."""
        answer = self.explain(*surfaces, **who)
        refused = next((each for each in answer.refused if each.action == action), None)
        if refused is None:
            return []
        found = [
            (refused.code, refused.values),
            *((each.code, each.values) for each in refused.also),
        ]
        return [(code, values.get("shared") is True) for code, values in found]

    def chosen(self, *surfaces: str, **who: str) -> list[str]:
        return [choice.action for choice in self.decide(*surfaces, dry_run=True, **who).choices]
