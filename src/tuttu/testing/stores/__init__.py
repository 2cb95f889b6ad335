"""What every store must do, as tests that its author runs.

    from tuttu.testing.stores import StoreConformance, Subject

    class TestMyStore(StoreConformance):
        @pytest.fixture
        def subject(self, tmp_path: Path) -> Subject:
            return MySubject(tmp_path)

Each test gets a subject of its own: an empty store that can be opened, and looked at from behind.
"""

from tuttu.testing.stores.handling import (
    SHARED,
    SUITE,
    Note,
    Step,
    Subject,
    fact_of,
    room_with,
    unit_of,
)
from tuttu.testing.stores.logs import LogConformance
from tuttu.testing.stores.records import RecordConformance
from tuttu.testing.stores.sealing import SealingConformance
from tuttu.testing.stores.snapshots import SnapshotConformance
from tuttu.testing.stores.ticks import TickConformance
from tuttu.testing.stores.units import UnitConformance

__all__ = [
    "SHARED",
    "SUITE",
    "Note",
    "Step",
    "StoreConformance",
    "Subject",
    "fact_of",
    "room_with",
    "unit_of",
]


class StoreConformance(
    UnitConformance,
    TickConformance,
    RecordConformance,
    LogConformance,
    SnapshotConformance,
    SealingConformance,
):
    """The whole suite. A class that inherits it gives the fixture `subject`."""
