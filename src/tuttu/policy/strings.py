"""Text by code points, with the meaning that both executors share: letters' case, blanks, LIKE."""

import re
from collections.abc import Callable

from tuttu.policy.case_table import LOWER, UPPER

WHITESPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""Unicode's White_Space, which has not changed since 2014: what trim takes away."""


def lower(text: str) -> str:
    return text.lower() if text.isascii() else text.translate(LOWER)


def upper(text: str) -> str:
    return text.upper() if text.isascii() else text.translate(UPPER)


def like(pattern: str) -> Callable[[str], bool]:
    """A test of texts against a LIKE pattern, in time proportional to text times pattern."""
    first, *rest = pattern.split("%")
    if not rest:
        return _whole(first)
    middle, last = [re.compile(_literal(part), re.DOTALL) for part in rest[:-1] if part], rest[-1]
    start, end = _whole(first), _whole(last)

    def matches(text: str) -> bool:
        position, limit = len(first), len(text) - len(last)
        if position > limit or not start(text[:position]) or not end(text[limit:]):
            return False
        for part in middle:
            found = part.search(text, position, limit)
            if not found:
                return False
            position = found.end()
        return True

    return matches


def _whole(part: str) -> Callable[[str], bool]:
    if "_" not in part:
        return part.__eq__
    expression = re.compile(_literal(part), re.DOTALL)
    return lambda text: expression.fullmatch(text) is not None


def _literal(part: str) -> str:
    return "".join("." if point == "_" else re.escape(point) for point in part)
