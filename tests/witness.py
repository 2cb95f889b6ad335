"""What the code of an earlier commit answered, and how the present code is asked the same.

Witnesses are asked over HTTP, so that nothing of them rests on a name of the source. All that they
need of it stands in `doors`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
from tests.waiting import HANG_SECONDS

from tuttu.engine import open_engine
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.conversion import parse_instant
from tuttu.web import create_app

LATER = frozenset({"code", "values", "by_code", "address", "owed", "owed_left", "known", "shared"})
LATER |= {"local_time", "local_received", "zone", "unreadable", "ahead", "clock_ahead"}
LATER |= {"basis", "after_sale", "consents", "groups", "kind_of_person", "set"}
LATER |= {"nobodies", "were_one", "refused_traits", "beyond_limit"}
"""Fields that came later: what is compared leaves them out."""
CHOICE_LATER = frozenset({"language", "subject"})
PARTS_LATER = frozenset({"permits", "worths", "guards of shades"})
"""What `verify` has compared since."""
STAGES_LATER = frozenset({"reachable"})
"""Stages that came since, and refuse nobody where nothing is declared for them."""
WORDS = frozenset({"reason", "reasons", "words"})
"""Fields that are words to be read, and have been reworded since."""

Question = dict[str, Any]
"""method, path; and where they are needed body (a text), key (the secret of a server key; without
it the question comes by the project's own socket) and idempotency (an Idempotency-Key)."""


def comparable(answer: Any, without: frozenset[str] = LATER | WORDS) -> Any:
    """An answer without its words: what must be the same for ever."""
    if isinstance(answer, list):
        return [comparable(each, without) for each in answer if not _is_later(each)]
    if isinstance(answer, dict):
        kept = {name: each for name, each in answer.items() if name not in without}
        if "treatment" in kept:  # A choice: these came later, and elsewhere are names of traits.
            kept = {name: each for name, each in kept.items() if name not in CHOICE_LATER}
        if kept.get("kind") == "column" and kept.get("now") is None:
            kept.pop("would_be")  # No value is claimed any more for what is not known.
        return {name: comparable(each, without) for name, each in kept.items()}
    return answer


def _is_later(part: Any) -> bool:
    if not isinstance(part, dict):
        return False
    later = part.get("stage") in STAGES_LATER and part.get("refused") == 0
    return later or part.get("part") in PARTS_LATER


class Doors:
    """The two doors of one store, in this process: by a key, and the project's own socket."""

    def __init__(self, runner: asyncio.Runner, outer: Any, own: Any) -> None:
        self._runner = runner
        self._outer = httpx.ASGITransport(outer)
        self._own = httpx.ASGITransport(own)

    def ask(self, method: str, path: str, body: object = None, **more: str) -> Any:
        """The answer to what must be granted."""
        text = None if body is None else body if isinstance(body, str) else json.dumps(body)
        found = self.answer({"method": method, "path": path, "body": text, **more})
        assert found["status"] < 300, (method, path, found)
        return found["answer"]

    def answer(self, question: Question) -> dict[str, Any]:
        """status, and answer without what chance gave it."""
        response = self._runner.run(self._sent(question))
        answer = json.loads(response.content) if response.content else None
        return {"status": response.status_code, "answer": _steady(answer)}

    @staticmethod
    def _client(transport: httpx.AsyncBaseTransport) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=transport, base_url="http://tuttu", timeout=HANG_SECONDS)

    async def _sent(self, question: Question) -> httpx.Response:
        key = question.get("key")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        if "idempotency" in question:
            headers["Idempotency-Key"] = question["idempotency"]
        transport = self._outer if key else self._own
        async with self._client(transport) as client:
            body = question.get("body")
            content = None if body is None else body.encode()
            return await client.request(
                question["method"], question["path"], content=content, headers=headers
            )


def _steady(answer: Any) -> Any:
    """A decision that is not kept names its new contacts by chance."""
    if isinstance(answer, dict) and answer.get("decision_id", "kept") is None:
        for choice in (*answer["choices"], *answer["withheld"], *answer.get("owed", ())):
            if not choice["reused"]:
                del choice["contact_id"]
    return answer


@contextmanager
def doors(folder: Path, moment: str, storage: str | None = None) -> Iterator[Doors]:
    """A project folder opened on a manual clock. storage: the URL of a store, else its own."""
    clock = ManualClock(parse_instant(moment) or 0)
    with (
        closing(open_engine(folder, clock=clock, storage=storage)) as engine,
        asyncio.Runner() as runner,
    ):
        yield Doors(runner, create_app(engine), create_app(engine, local=True))
