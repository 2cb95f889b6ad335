"""What can be wrong with a condition, said with its place."""

import difflib
from collections.abc import Iterable

from tuttu.vocabulary.errors import FinalError


class PolicyError(FinalError):
    """A text that is no condition, formula or duration of ours.

    found: what stands there. expected: what should. offset: where, in characters of the text,
    from 0. nearest: the known name that looks most like the unknown one.
    """

    def __init__(self, found: str, expected: str, offset: int, nearest: str | None = None) -> None:
        hint = f" Did you mean {nearest!r}?" if nearest else ""
        super().__init__(f"at character {offset}: found {found}; expected {expected}.{hint}")
        self.found = found
        self.expected = expected
        self.offset = offset
        self.nearest = nearest


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that looks most like `name`, upper and lower case being alike; or None."""
    by_folded = {other.casefold(): other for other in sorted(known)}
    close = difflib.get_close_matches(name.casefold(), by_folded, 1, 0.6)
    return by_folded[close[0]] if close else None
