"""What those who run tuttu ask: resources, dead letters, keys, the clock, its health."""

from __future__ import annotations

from tuttu.api.answers import (
    CallsAnswer,
    ClockAnswer,
    ClockRequest,
    DeadLetterAnswer,
    DeadLettersAnswer,
    HealthAnswer,
    ProjectAnswer,
    ReloadAnswer,
    ReplayAnswer,
    ResourceAnswer,
    ResourceRequest,
)
from tuttu.batch.funnel import Funnel
from tuttu.batch.verify import Verification
from tuttu.web.auth import LOCAL
from tuttu.web.calls import settled
from tuttu.web.problems import ProblemError
from tuttu.web.route import Asked
from tuttu.web.shapes import (
    DeadLettersQuery,
    DigestAnswer,
    FunnelQuery,
    IssuedKeyAnswer,
    KeyAnswer,
    KeyRequest,
    NoQuery,
)


def resources(asked: Asked[None, NoQuery]) -> list[ResourceAnswer]:
    """Every declared resource: how much of it there is, used, held and free."""
    return asked.engine.resources()


def resource(asked: Asked[None, NoQuery]) -> ResourceAnswer:
    """One declared resource."""
    return asked.engine.resource(asked.path["name"])


def set_resource(asked: Asked[ResourceRequest, NoQuery]) -> ResourceAnswer:
    """Sets the amount of a declared resource."""
    return asked.engine.set_resource(asked.path["name"], asked.body, asked.by)


def dead_letters(asked: Asked[None, DeadLettersQuery]) -> DeadLettersAnswer:
    """Refused calls that wait to be repaired, sent again or dropped, oldest first."""
    return asked.engine.dead_letters(after=asked.query.after, limit=asked.query.limit)


def dead_letter(asked: Asked[None, NoQuery]) -> DeadLetterAnswer:
    """One refused call, with its body as far as it was kept."""
    return asked.engine.dead_letter(asked.path["id"])


def repair(asked: Asked[bytes, NoQuery]) -> CallsAnswer:
    """Sends a refused call again with the repaired body given here."""
    return settled(asked.engine.repair(asked.path["id"], asked.body, asked.by))


def send_again(asked: Asked[None, NoQuery]) -> CallsAnswer:
    """Sends a refused call again as it is, say after the project was repaired."""
    return settled(asked.engine.send_again(asked.path["id"], asked.by))


def drop(asked: Asked[None, NoQuery]) -> None:
    """Gives a refused call up."""
    asked.engine.drop(asked.path["id"], asked.by)


def funnel(asked: Asked[None, FunnelQuery]) -> Funnel:
    """How many customers each action reaches, and at which stage it loses the others."""
    names = tuple(name.strip() for name in asked.query.surfaces.split(",") if name.strip())
    return asked.engine.funnel(names, asked.query.at)


def verify(asked: Asked[None, NoQuery]) -> Verification:
    """Judges everybody row by row and in DuckDB over an export that is gone afterwards, computes
    every trait over the whole log, and tells the differences. It takes a while."""
    return asked.engine.verify()


def keys(asked: Asked[None, NoQuery]) -> list[KeyAnswer]:
    """The server keys: names and scopes, never secrets."""
    issued = asked.engine.keys()
    return [KeyAnswer(name=name, scopes=sorted(scopes)) for name, scopes in issued]


def issue_key(asked: Asked[KeyRequest, NoQuery]) -> IssuedKeyAnswer:
    """Issues a server key. Its secret is in the answer, and nowhere else."""
    if asked.body.name == LOCAL.name:
        raise ProblemError(400, "reserved_name", f"{LOCAL.name!r} names the project's own socket")
    scopes = tuple(sorted({scope.value for scope in asked.body.scopes}))
    secret = asked.engine.issue_key(asked.body.name, scopes)
    return IssuedKeyAnswer(name=asked.body.name, scopes=list(scopes), key=secret)


def revoke_key(asked: Asked[None, NoQuery]) -> None:
    """Revokes a server key: it opens nothing any more."""
    asked.engine.revoke_key(asked.path["name"])


def clock(asked: Asked[None, NoQuery]) -> ClockAnswer:
    """The server's present."""
    return asked.engine.clock()


def set_clock(asked: Asked[ClockRequest, NoQuery]) -> ClockAnswer:
    """Moves a manual clock on; time never goes back."""
    return asked.engine.set_clock(asked.body)


def project(asked: Asked[None, NoQuery]) -> ProjectAnswer:
    """Which version of the project is active, a fill at work, and how the last reload went."""
    return asked.engine.version()


def reload(asked: Asked[None, NoQuery]) -> ReloadAnswer:
    """Reads the project folder anew: fills what it declares anew, activates it, withdraws what it
    has no action for. A faulty folder changes nothing, and its faults are told."""
    return asked.engine.reload(asked.by)


def digest(asked: Asked[None, NoQuery]) -> DigestAnswer:
    """The digest of the whole state: equal digests, equal customers."""
    return DigestAnswer(digest=asked.engine.digest())


def replay(asked: Asked[None, NoQuery]) -> ReplayAnswer:
    """The log folded anew in a scratch store, compared with the state that is kept."""
    return asked.engine.replay()


def health(asked: Asked[None, NoQuery]) -> HealthAnswer:
    """The process answers."""
    return asked.engine.health()


def ready(asked: Asked[None, NoQuery]) -> HealthAnswer:
    """The store can be read and written."""
    return asked.engine.ready()
