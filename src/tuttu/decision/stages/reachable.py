"""Does the channel reach the customer: is there an address that it can use."""

from tuttu import reach
from tuttu.decision.stage import NamedExpression, Stage, StageReads
from tuttu.decision.view import Candidate, DecisionView
from tuttu.vocabulary import company, library
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Figure
from tuttu.vocabulary.verdicts import Reason

_ADDRESS = ("channel", "namespace")


def _reason(candidate: Candidate, view: DecisionView) -> Reason | None:
    channel = view.project.channels.get(candidate.treatment.channel)
    if channel is None or channel.needs is None:
        return None
    if channel.reachable is not None and channel.reachable(view.row) is True:
        return None
    named: dict[str, Figure] = {"channel": channel.name}
    if channel.needs.namespace is None:
        unknown = tuple(name for name in channel.needs.traits if _is_blank(view.row.get(name)))
        return Reason("address_not_known", {**named, "unknown": unknown})
    named["namespace"] = channel.needs.namespace
    why = {
        reach.UNVERIFIED: Reason("address_unverified", named),
        reach.DEAD: Reason("address_dead", named),
        reach.SHARED: Reason("address_shared", named),
    }
    word = view.row.get(company.reachable_column(channel.name))
    return why.get(str(word), Reason("address_none", named))


def _alike(_action: library.Action, treatment: library.Treatment) -> str:
    return treatment.channel


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _reads(_action: library.Action, treatment: library.Treatment, project: Project) -> StageReads:
    channel = project.channels.get(treatment.channel)
    if channel is None or channel.reachable is None:
        return StageReads()
    name = f"reachable by {channel.name}"
    return StageReads((NamedExpression("conditions", name, channel.reachable, None),))


REACHABLE = Stage(
    name="reachable",
    reason=_reason,
    alike=_alike,
    codes={
        "address_none": _ADDRESS,
        "address_shared": _ADDRESS,
        "address_dead": _ADDRESS,
        "address_unverified": _ADDRESS,
        "address_not_known": ("channel",),
    },
    reads=_reads,
)
