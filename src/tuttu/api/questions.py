"""What a question for a decision says of slots and of its moment."""

from collections.abc import Mapping

from tuttu.api.answers import DecideRequest
from tuttu.vocabulary import conversion, errors, values
from tuttu.vocabulary.project import Project


def asked_slots(request: DecideRequest) -> dict[str, int]:
    """How many of which surface, where it says so. Raises BadRequest."""
    for surface, slots in request.slots.items():
        if surface not in request.surfaces:
            raise errors.BadRequest(
                f"slots for {surface!r}", "slots of surfaces that are asked for"
            )
        if not 0 <= slots <= 100:
            raise errors.BadRequest(f"{slots} slots of {surface!r}", "0 to 100")
    return request.slots


def asked_context(project: Project, said: Mapping[str, object]) -> dict[str, values.Value]:
    """Columns of this moment, as declared traits. Raises BadRequest."""
    columns = project.row_schema.columns
    for name in said:
        if name not in columns:
            hint = errors.did_you_mean(name, columns)
            raise errors.BadRequest(f"the context column {name!r}", f"a declared trait{hint}")
    found = {}
    for name, value in said.items():
        found[name] = conversion.convert(value, columns[name], project.company.zone)
        if conversion.slipped(value, found[name]):
            raise errors.BadRequest(
                f"the context column {name!r}: {value!r:.60}", str(columns[name])
            )
    return found
