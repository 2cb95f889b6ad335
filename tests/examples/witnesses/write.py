"""Write down what the present code makes of each example company.

    python -m tests.examples.witnesses.write f06ea64

The commit whose code it is stands in the file. The example's own stories are its script: their
events in the order of time, each story's people under names of their own; the events of its
demonstration; and questions at moments of which the stories expect something. What would be
decided and kept there is left out: a kept decision makes ids by chance, and the digest reads them.
To be run once, before the code changes. Two figures of the operator's were changed by hand since:
the worth that would win is a step higher where the rival's, which is not rounded any more, is above
what is shown. Where its channels need addresses, its people tell them, which is one fragment more
each; and what would change the refusal of a price-change notice is that a price changes, and
nothing else: since it is owed, it need not win a place. And since it stopped selling mobile by
phone to people who are not its mobile customers, on the surface `call` the candidate is
`mobile-plan` in place of `mobile-bundle`; preferences have the channel `automated-call`; customers
have the traits that these rules and a guard of households read, which are in the digest.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
from ruamel.yaml import YAML
from tests.examples.witnesses.retold import EXAMPLES, HERE, answered, company, imported
from tests.witness import Question

Timed = tuple[datetime, int, Question]
FIELDS = {"user_id": "userId", "anonymous_id": "anonymousId"}

HELPDESK = """Case ID,Activity,Complete Timestamp,customer
Case 1,Assign seriousness,2012/06/01 08:00:00.000,Value 1
Case 1,Take in charge ticket,2012/06/01 09:30:00.000,Value 1
Case 1,Resolve ticket,2012/06/02 10:00:00.000,Value 1
Case 1,Closed,2012/06/17 10:00:00.000,Value 1
Case 2,Assign seriousness,2012/06/03 08:00:00.000,Value 2
Case 2,Wait,2012/06/03 09:00:00.000,Value 2
Case 2,VERIFIED,2012/06/04 09:00:00.000,Value 2
Case 3,Assign seriousness,2012/06/05 08:00:00.000,Value 2
Case 3,Resolve ticket,2012/06/05 08:00:01.000,Value 2
Case 3,Resolve ticket,2012/06/05 08:00:01.000,Value 2
"""
"""In the shape of the source's log; invented."""


def bank_rows() -> str:
    """A few of the example's own rows: some with the date of an earlier contact."""
    file = EXAMPLES / "bank/data/bank.parquet"
    with duckdb.connect() as source:
        found = source.execute(
            f"""WITH numbered AS (SELECT *, row_number() OVER () AS place FROM '{file}')
                SELECT * EXCLUDE place FROM numbered
                WHERE place % 1500 = 1 OR place IN
                    (SELECT place FROM numbered WHERE pdays < 999 ORDER BY place LIMIT 12)
                ORDER BY place"""
        )
        names = [column[0] for column in found.description or []]
        rows = [names, *found.fetchall()]
    return "".join(";".join(map(str, row)) + "\n" for row in rows)


IMPORTS = {
    "bank": ("imports/bank.yaml", bank_rows),
    "helpdesk": ("imports/helpdesk.yaml", lambda: HELPDESK),
}


class Stories:
    """An example's stories as calls and questions, each with its moment."""

    def __init__(self, name: str) -> None:
        self._folder = EXAMPLES / name
        self._zone = ZoneInfo(_yaml(self._folder / "tuttu.yaml")["zone"])
        self._number = 0

    def script(self) -> tuple[str, list[Question]]:
        """The first moment, and all in the order of time; questions after what happens then."""
        timed = sorted([*self._told(), *self._demonstrated()], key=lambda each: each[:2])
        script: list[Question] = []
        now = timed[0][0]
        for at, _, question in timed:
            if at > now:
                now = at
                script.append({"now": at.isoformat()})
            script.append(question)
        return timed[0][0].isoformat(), script

    def _told(self) -> Iterator[Timed]:
        for path in sorted((self._folder / "scenarios").glob("*.yaml")):
            story = _yaml(path)
            for step in story["given"]:
                for question in self._step(step, path.stem):
                    yield self._at(step), 0, question
            for step, question in _questions(story["expect"], path.stem):
                yield self._at(step), 1, question

    def _demonstrated(self) -> Iterator[Timed]:
        for name in ("events.jsonl", "fault.json"):
            path = self._folder / "demo" / name
            if path.is_file():
                text = path.read_text()
                calls = [json.loads(text)] if name.endswith(".json") else _lines(text)
                for call in calls:
                    at = datetime.fromisoformat(call["timestamp"])
                    yield at, 0, _post("/v1/batch", {"batch": [call]})

    def _step(self, step: dict[str, Any], story: str) -> Iterator[Question]:
        if "resource" in step:
            yield _put(f"/v1/resources/{step['resource']}", {"amount": step["amount"]})
        elif "purpose" in step:
            [(namespace, value)] = _named(step["who"], story).items()
            wish = {key: step[key] for key in ("purpose", "channel", "allowed") if key in step}
            path = f"/v1/customers/{namespace}:{value}/preferences"
            yield _put(path, {"preferences": [wish]})
        elif "decide" not in step and "outcome" not in step:
            yield _post("/v1/batch", {"batch": [self._call(step, story)]})

    def _call(self, step: dict[str, Any], story: str) -> dict[str, Any]:
        self._number += 1
        who = _named(step["who"], story)
        call: dict[str, Any] = {
            FIELDS[name]: value for name, value in who.items() if name in FIELDS
        }
        others = [{"id": value, "type": name, "collection": "users", "encoding": "none"}
                  for name, value in who.items() if name not in FIELDS]  # fmt: skip
        if others:
            call["context"] = {"externalIds": others}
        said = {"messageId": f"told-{self._number:04d}", "timestamp": self._at(step).isoformat()}
        if "event" in step:
            what = {"event": step["event"], "properties": step.get("properties", {})}
            return {"type": "track", **said, **call, **what}
        if "alias" in step:
            [previous] = _named(step["alias"], story).values()
            return {"type": "alias", **said, **call, "previousId": previous}
        for kind in ("page", "screen"):
            if kind in step:
                what = {"name": step[kind], "properties": step.get("properties", {})}
                return {"type": kind, **said, **call, **what}
        if "group" in step:
            return {"type": "group", **said, **call, "groupId": step["group"]}
        return {"type": "identify", **said, **call, "traits": step["traits"]}

    def _at(self, step: dict[str, Any]) -> datetime:
        at = step["at"]
        found = at if isinstance(at, datetime) else datetime.fromisoformat(at)
        return found if found.tzinfo else found.replace(tzinfo=self._zone)


def _questions(
    expected: list[dict[str, Any]], story: str
) -> Iterator[tuple[dict[str, Any], Question]]:
    """Of each story its last refusal, explained with what would change it, and a dry decision at
    the last moment at which something was to be shown."""
    asked = [each for each in expected if "surface" in each and "traits" not in each]
    refused = [each for each in asked if "refused" in each]
    others = [each for each in asked if "refused" not in each]
    for last, path in ((refused[-1:], "/v1/explain"), (others[-1:], "/v1/decide")):
        for each in last:
            question = {"who": _named(each["who"], story), "surfaces": [each["surface"]]}
            yield each, _post(path, {**question, "dry_run": True, "seed": 17})
    if asked:
        [(namespace, value)] = _named(asked[-1]["who"], story).items()
        yield asked[-1], {"method": "GET", "path": f"/v1/customers/{namespace}:{value}"}


def _named(who: dict[str, Any], story: str) -> dict[str, str]:
    return {namespace: f"{story}.{value}" for namespace, value in who.items()}


def _post(path: str, body: object) -> Question:
    return {"method": "POST", "path": path, "body": json.dumps(body, default=_day)}


def _put(path: str, body: object) -> Question:
    return {"method": "PUT", "path": path, "body": json.dumps(body)}


def _day(value: object) -> str:
    """A date, as YAML reads it."""
    assert isinstance(value, date)
    return value.isoformat()


def _lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _yaml(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path)


def written(name: str, commit: str) -> dict[str, Any]:
    begin, script = Stories(name).script()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / name
        with company(name, folder, begin) as opened:
            asked = [{**each, **answered(opened, each)} for each in script]
            digest = opened.ask("GET", "/v1/digest")["digest"]
        for each in asked:
            assert each.get("status", 200) < 300, each
            assert each.get("path") != "/v1/batch" or "refused" not in each["answer"], each
        witness = {"commit": commit, "begin": begin, "digest": digest}
        if name in IMPORTS:
            mapping, rows = IMPORTS[name]
            text = rows()
            after = imported(folder, text, mapping)
            witness["import"] = {"mapping": mapping, "rows": text, "digest": after}
    return {**witness, "asked": asked}


def main(commit: str) -> None:
    """A line for each question, so that a difference can be read."""
    for name in sorted(path.name for path in EXAMPLES.iterdir() if (path / "tuttu.yaml").is_file()):
        witness = written(name, commit)
        asked = witness.pop("asked")
        lines = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in witness.items()]
        each = ",\n".join(f"  {json.dumps(one, ensure_ascii=False)}" for one in asked)
        text = "\n".join(["{", *lines, f' "asked": [\n{each}\n ]', "}"])
        (HERE / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
