"""What came of a project's scenarios."""

import msgspec

from tuttu.vocabulary.errors import Where


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation that did not hold, or a step that could not be run."""

    scenario: str
    where: Where
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.where}: {self.scenario}: expected {self.expected}; found {self.found}"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The results of a folder's scenarios. expectations: how many were checked."""

    scenarios: int
    expectations: int
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> bool:
        """A folder without a single expectation has shown nothing."""
        return self.expectations > 0 and not self.failures
