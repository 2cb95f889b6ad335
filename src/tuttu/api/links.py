"""Links of others: what a request may say of a set, and what an answer says of it."""

from typing import Annotated

import msgspec

from tuttu.api.answers import Who
from tuttu.api.words import Words
from tuttu.identity import NamedSet, Run, SetOutcome
from tuttu.vocabulary import company, conversion
from tuttu.vocabulary.values import Figures

MOST_LINKS = 1_000
"""In one request."""


class LinksRunRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A run is to be read. source: a digest of its file; a run of the same one that was not closed
    goes on."""

    source: Annotated[str, msgspec.Meta(max_length=128)] = ""


class LinksRunAnswer(msgspec.Struct, kw_only=True):
    """The run. through: the rows up to this one are kept already. at_least: as it is declared."""

    run: str
    through: int
    at_least: float


class ClaimedLink(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Two identifiers that are one person, for all that the set knows; how certain it is."""

    one: Who
    other: Who
    score: float = 1.0


class LinksRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The next links of a run. through: the last row of the file that was read for them; sent
    again, they count once. below, refused: rows that the sender itself left out."""

    through: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    links: Annotated[list[ClaimedLink], msgspec.Meta(max_length=MOST_LINKS)]
    below: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0
    refused: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0


class RefusedClaim(msgspec.Struct, kw_only=True):
    """One link that was not taken: its place in the request, what was found and expected."""

    index: int
    found: str
    expected: str


class LinksAnswer(msgspec.Struct, kw_only=True):
    """What became of the links. below: the score is under the least one."""

    claimed: int
    below: int
    refused: list[RefusedClaim]


class RefusedPairs(msgspec.Struct, kw_only=True):
    """How many pairs of a set joined nobody for one reason: in words, and as code and values."""

    reason: str
    code: str
    values: Figures
    pairs: int


class LinkSetAnswer(msgspec.Struct, kw_only=True):
    """A set of links, by its run that counts. pairs: that it claims; joined: of which both are one
    customer now. below, faulty: rows of the file that claim nothing. None: no run was closed."""

    set: str
    declared: bool
    strength: int = 0
    at_least: float = 0.0
    run: str | None = None
    time: str | None = None
    by: str | None = None
    pairs: int = 0
    joined: int = 0
    refused: list[RefusedPairs] = []
    below: int = 0
    faulty: int = 0
    whole: bool = True
    """False: the change to this run is not made yet for all."""


def unclaimed_set(name: str, declared: company.EvidenceSet | None) -> LinkSetAnswer:
    """A set of which no run was ever closed."""
    if declared is None:
        return LinkSetAnswer(set=name, declared=False)
    at_least = declared.at_least
    return LinkSetAnswer(set=name, declared=True, strength=declared.strength, at_least=at_least)


def link_set_answer(
    name: str,
    declared: company.EvidenceSet | None,
    current: NamedSet,
    run: Run,
    outcome: SetOutcome,
    words: Words,
) -> LinkSetAnswer:
    """run: the one that counts. outcome: what became of its pairs."""
    refused = [
        RefusedPairs(reason=words.reason(why), code=why.code, values=why.values, pairs=count)
        for why, count in outcome.refused
    ]
    return msgspec.structs.replace(
        unclaimed_set(name, declared),
        strength=current.strength,
        run=run.run,
        by=run.by,
        time=conversion.format_instant(run.time),
        pairs=outcome.pairs,
        joined=outcome.joined,
        refused=refused,
        below=run.below,
        faulty=run.refused,
        whole=not current.pending,
    )
