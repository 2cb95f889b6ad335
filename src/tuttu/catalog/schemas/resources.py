"""Shape of resources.yaml: what there is a limited amount of."""

from typing import get_args

from tuttu.catalog.schemas import json_schema as s
from tuttu.vocabulary.company import Period


def resources() -> s.Shape:
    resource = s.record(
        "a resource",
        {
            "amount": s.whole("a number of units", "How many units there are."),
            "per": s.choice(
                get_args(Period),
                "The calendar period that the amount is for. Absent: once and for all.",
            ),
            "owed": s.whole(
                "a number of units", "Units of the amount that are closed to offers. Default 0."
            ),
        },
        ["amount"],
    )
    return s.document(
        "resources.yaml: what there is a limited amount of",
        s.table("resources", resource, s.COLUMN),
    )
