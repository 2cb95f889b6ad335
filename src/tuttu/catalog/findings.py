"""Faults as they are found, each once, and the nearest name to a wrong one."""

from collections.abc import Iterable
from difflib import get_close_matches

from tuttu.vocabulary.errors import Fault, Where

NOT_YET = "nothing here: not supported yet"
LONGEST_QUOTE = 60


class Findings:
    """Collects faults; the same one twice is one."""

    def __init__(self) -> None:
        self._faults: dict[tuple[Where, str, str], Fault] = {}

    def add(self, where: Where, found: str, expected: str, nearest: str | None = None) -> None:
        fault = Fault(where, found, expected, nearest)
        self._faults.setdefault((where, found, expected), fault)

    def not_yet(self, where: Where, found: str) -> None:
        """What the design has and a later version will read."""
        self.add(where, found, NOT_YET)

    def faults(self) -> list[Fault]:
        """In the order of files and lines."""
        return [self._faults[key] for key in sorted(self._faults)]


def told(name: str) -> str:
    """A file's name as UTF-8 can write it, also where it is none."""
    return name.encode("utf-8", "backslashreplace").decode()


def quote(text: str) -> str:
    """Text as faults show it: on one line, not too long, and in UTF-8."""
    line = " ".join(told(text).split())
    short = line if len(line) <= LONGEST_QUOTE else f"{line[: LONGEST_QUOTE - 1]}…"
    return f"`{short}`"


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The known name that looks most like a wrong one."""
    return next(iter(get_close_matches(name[:200], sorted(names), n=1)), None)
