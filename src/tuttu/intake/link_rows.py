"""Rows of a file of links: pairs or clusters, in their own columns or in those of Splink."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from tuttu.intake.errors import BadFileError
from tuttu.intake.rows import Row

PAIRS: tuple[tuple[str, str, str], ...] = (
    ("one", "other", "score"),
    ("unique_id_l", "unique_id_r", "match_probability"),
)
CLUSTERS: tuple[tuple[str, str, str], ...] = (
    ("cluster", "identifier", "score"),
    ("cluster_id", "unique_id", "match_probability"),
)
SPLIT = ("one_namespace", "one_value", "other_namespace", "other_value")
EXPECTED = (
    "`one` and `other`, or one_namespace, one_value, other_namespace and other_value, or `cluster`"
    " and `identifier`, with a `score`; or Splink's unique_id_l, unique_id_r and match_probability,"
    " or cluster_id and unique_id"
)
OTHER_DELIMITERS = ";\t|"
AN_IDENTIFIER = "namespace:value, as user_id:maija, or `--namespace`"

Named = tuple[str, str]
"""Namespace and value."""


def other_delimiter(columns: Sequence[str]) -> str | None:
    """The sign that divides a header which was taken for a single column; None: commas do. Links
    have at least two columns, with none of these signs in their names."""
    if len(columns) != 1:
        return None
    return next((sign for sign in OTHER_DELIMITERS if sign in columns[0]), None)


class LinkRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row: the link that it is, or why it is none. Neither: the first of its cluster."""

    row: Row
    one: Named | None = None
    other: Named | None = None
    score: float = 1.0
    found: str | None = None
    expected: str = ""


class _Unreadable(Exception):  # noqa: N818 - a row, not a mistake
    def __init__(self, found: str, expected: str) -> None:
        super().__init__(found)
        self.found = found
        self.expected = expected


def link_rows(
    rows: Iterable[Row], columns: tuple[str, ...] | None, namespace: str | None = None
) -> Iterator[LinkRow]:
    """The rows in order.

    columns: of the header; None: as the first row has them. namespace: of identifiers that are
    written without one.

    A cluster is a link from its first identifier to each later one; its score is the smaller of
    their two. Of each cluster the first identifier is in memory. Raises BadFileError for a file
    that has other columns.
    """
    reading: _Reading | None = None
    for row in rows:
        if row.fault is not None:
            found, _, expected = row.fault.partition("; expected ")
            yield LinkRow(row=row, found=found.removeprefix("found "), expected=expected)
            continue
        if reading is None:
            reading = _Reading(columns or tuple(row.values), namespace)
        try:
            yield reading.link(row)
        except _Unreadable as no:
            yield LinkRow(row=row, found=no.found, expected=no.expected)


class _Reading:
    """How one file says its links."""

    def __init__(self, columns: Iterable[str], namespace: str | None) -> None:
        known = set(columns)
        self._namespace = namespace
        self._firsts: dict[str, tuple[Named, float]] = {}
        self._split = known.issuperset(SPLIT)
        self._pair = next((each for each in PAIRS if known.issuperset(each[:2])), None)
        self._cluster = next((each for each in CLUSTERS if known.issuperset(each[:2])), None)
        if not self._split and self._pair is None and self._cluster is None:
            raise BadFileError(f"found the columns {', '.join(sorted(known))}; expected {EXPECTED}")
        score = (self._pair or self._cluster or PAIRS[0])[2]
        self._score = score if score in known else None

    def link(self, row: Row) -> LinkRow:
        values = row.values
        score = self._score_of(values)
        if self._split:
            one, other = (
                (_text(values, f"{end}_namespace"), _text(values, f"{end}_value"))
                for end in ("one", "other")
            )
        elif self._pair is not None:
            one, other = (self._named(values, column) for column in self._pair[:2])
        else:
            assert self._cluster is not None  # noqa: S101 - one of the three is there
            return self._in_cluster(row, self._cluster, score)
        return LinkRow(row=row, one=one, other=other, score=score)

    def _in_cluster(self, row: Row, columns: tuple[str, str, str], score: float) -> LinkRow:
        cluster = _text(row.values, columns[0])
        named = self._named(row.values, columns[1])
        first = self._firsts.setdefault(cluster, (named, score))
        if first[0] == named:
            return LinkRow(row=row)
        return LinkRow(row=row, one=first[0], other=named, score=min(first[1], score))

    def _named(self, values: Mapping[str, object], column: str) -> Named:
        text = _text(values, column)
        if self._namespace is not None:
            return self._namespace, text
        namespace, _, value = text.partition(":")
        if not namespace or not value:
            raise _Unreadable(f"{text!r}", AN_IDENTIFIER)
        return namespace, value

    def _score_of(self, values: Mapping[str, object]) -> float:
        if self._score is None:
            return 1.0
        said = values.get(self._score)
        try:
            number = float(said) if isinstance(said, str | int | float) else math.nan
        except ValueError:
            number = math.nan
        if not 0 <= number <= 1:
            found = "no score" if said is None else f"the score {said!r}"
            raise _Unreadable(found, "a number from 0 to 1")
        return number


def _text(values: Mapping[str, object], column: str) -> str:
    """A number is its text, as in events."""
    value = values.get(column)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if value is None or isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _Unreadable(f"nothing in {column}" if value is None else f"{value!r}", AN_IDENTIFIER)
    return str(value)
