"""The ends of the calendar: 9999-12-31 is how other systems write "open-ended"."""

from __future__ import annotations

import asyncio
import shutil
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from tests.waiting import HANG_SECONDS

from tuttu.engine import load_project, scratch_engine
from tuttu.vocabulary import conversion as c
from tuttu.vocabulary.clock import ManualClock
from tuttu.vocabulary.project import Project
from tuttu.web import create_app

CORNER = Path(__file__).parent / "corner"
ENDS = [c.FIRST_INSTANT, c.FIRST_INSTANT + 1, c.LAST_INSTANT, c.LAST_INSTANT - 86_400_000_000]
instants = st.one_of(st.sampled_from(ENDS), st.integers(c.FIRST_INSTANT, c.LAST_INSTANT))
ZONES = ["Europe/Helsinki", "America/Los_Angeles", "Pacific/Kiritimati"]


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> list[Project]:
    """The corner in zones on both sides of UTC, with a guard after an instant."""
    found = []
    for number, zone in enumerate(ZONES):
        folder = shutil.copytree(CORNER, tmp_path_factory.mktemp("calendar") / str(number))
        for name, old, new in (
            ("tuttu.yaml", "name:", f"zone: {zone}\nname:"),
            (
                "traits.yaml",
                "traits:\n",
                f"traits:\n{TRAITS}",
            ),
            ("policy.yaml", "guards:\n", f"guards:\n{GUARDS}"),
        ):
            path = folder / name
            kept = [line for line in path.read_text().splitlines() if not line.startswith("zone:")]
            path.write_text("\n".join(kept).replace(old, new, 1) + "\n")
        found.append(load_project(folder))
    return found


TRAITS = "  ends: {type: timestamp}\n  day: {type: date}\n"
GUARDS = (
    "  ending: {when: days_since(ends) > 3, blocks: marketing, through: 30d after ends}\n"
    "  a day: {when: days_since(day) > 3, blocks: marketing, until: 3d after ends}\n"
)


async def _asked(project: Project, now: int, said: int) -> list[tuple[str, int]]:
    """Every route with an instant in it, or a customer with one; the path and the status."""
    moment = c.format_instant(said)
    values = {"ends": moment, "day": moment[:10]}
    who = {"user_id": "maija"}
    asking = {"who": who, "surfaces": list(project.surfaces)}
    with closing(scratch_engine(project, clock=ManualClock(now))) as engine:
        transport = httpx.ASGITransport(create_app(engine, local=True))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://t", timeout=HANG_SECONDS
        ) as client:
            answers = [
                await client.request(method, path, json=body, params=params)
                for method, path, body, params in (
                    ("POST", "/v1/identify", {"userId": "maija", "traits": values}, {}),
                    ("POST", "/v1/page", {"userId": "maija", "timestamp": moment}, {}),
                    ("POST", "/v1/page", {"userId": "maija", "sentAt": moment}, {}),
                    ("POST", "/v1/decide", asking, {}),
                    ("POST", "/v1/decide", {**asking, "dry_run": True, "context": values}, {}),
                    ("POST", "/v1/explain", {**asking, "changes": True}, {}),
                    ("GET", "/v1/customers/maija", None, {}),
                    ("GET", "/v1/customers/maija/timeline", None, {}),
                    ("GET", "/v1/customers/maija/preferences", None, {}),
                    ("GET", "/v1/funnel", None, {"at": moment}),
                    ("GET", "/v1/resources", None, {}),
                    ("GET", "/v1/digest", None, {}),
                    ("GET", "/v1/replay", None, {}),
                    ("GET", "/v1/verify", None, {}),
                    ("PUT", "/v1/clock", {"now": moment}, {}),
                    ("GET", "/v1/clock", None, {}),
                    ("GET", "/readyz", None, {}),
                )
            ]
    return [(str(each.request.url), each.status_code) for each in answers]


@settings(max_examples=8, phases=[Phase.explicit, Phase.generate])
@given(instants, instants, st.integers(0, len(ZONES) - 1))
def test_no_instant_is_a_mistake_of_ours(
    projects: list[Project], now: int, said: int, zone: int
) -> None:
    for path, status in asyncio.run(_asked(projects[zone], now, said)):
        assert status < 500, path


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("now", [c.FIRST_INSTANT, c.LAST_INSTANT])
def test_the_ends_themselves(projects: list[Project], now: int, zone: str) -> None:
    for path, status in asyncio.run(_asked(projects[ZONES.index(zone)], now, now)):
        assert status < 500, path


@given(st.integers(-(2**63), 2**63 - 1))
@example(c.FIRST_INSTANT - 1)
@example(c.LAST_INSTANT + 1)
def test_whatever_is_computed_can_be_shown(instant: int) -> None:
    shown = c.format_instant(instant)
    assert c.parse_instant(shown) == c.in_calendar(instant)
