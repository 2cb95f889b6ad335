"""What a permit rests on beside the customer's choices: the kind of person, and a sale."""

import msgspec

from tuttu.policy import named_columns
from tuttu.vocabulary import company, values
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.verdicts import Reason


class Circumstances(msgspec.Struct, frozen=True):
    """row: the one that the action's own conditions are asked on. similar_to: of the action; None:
    it rests on no sale."""

    row: values.Row = {}
    similar_to: values.Expression | None = None


NOTHING_KNOWN = Circumstances()


def kind_of(project: Project, row: values.Row) -> str:
    """Of person; `company.ANYONE` where it is NULL, or none that is declared."""
    if project.kinds is None:
        return company.ANYONE
    value = project.kinds.read(row)
    return value if isinstance(value, str) and value in project.kinds.values else company.ANYONE


def after_a_sale(purpose: company.Purpose, channel: str, known: Circumstances) -> bool:
    """Whether there was a sale, with refusal offered, so that what is similar may be offered in a
    channel where nothing but consent is missing."""
    declared = purpose.soft_opt_in
    return (
        declared is not None
        and channel in declared.channels
        and declared.sale(known.row) is True
        and declared.offered(known.row) is True
    )


def lacking_soft_opt_in(
    declared: company.SoftOptIn,
    similar_to: values.Expression,
    known: Circumstances,
    cell: values.Figures,
) -> Reason | None:
    """The first part of a soft opt-in that is not TRUE; if it is NULL, with the columns that are
    unknown. cell: purpose and channel, which the reason names."""
    unsold = _missing(declared.sale, known.row)
    if unsold is not None:
        return Reason("no_sale", {**cell, **unsold})
    unoffered = _missing(declared.offered, known.row)
    if unoffered is not None:
        return Reason("refusal_not_offered", {**cell, **unoffered})
    unlike = _missing(similar_to, known.row)
    return None if unlike is None else Reason("not_similar", {**cell, **unlike})


def _missing(test: values.Expression, row: values.Row) -> values.Figures | None:
    """None for TRUE; else the unknown columns of what is NULL."""
    found = test(row)
    if found is None:
        named = sorted(named_columns(test))
        return {"unknown": tuple(name for name in named if row.get(name) is None)}
    return None if found is True else {}
