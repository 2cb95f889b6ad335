"""Resources: how much there is of them."""

from tuttu import api, ledger
from tuttu.engine.runtime import Runtime
from tuttu.vocabulary import errors, events, values


def resources(runtime: Runtime) -> list[api.ResourceAnswer]:
    """Every declared resource: how much of it there is, used, held and free."""
    with runtime.view() as seen:
        project, now = seen.version.project, runtime.now()
        states = [
            ledger.resource_state(seen.snapshot, project, each, now) for each in project.resources
        ]
    return [api.resource_answer(state) for state in states]


def resource(runtime: Runtime, name: str) -> api.ResourceAnswer:
    """One declared resource."""
    with runtime.view() as seen:
        project = seen.version.project
        if name not in project.resources:
            declared = ", ".join(project.resources) or "none"
            raise errors.NotFound(f"no resource is named {name!r}; declared: {declared}")
        state = ledger.resource_state(seen.snapshot, project, name, runtime.now())
    return api.resource_answer(state)


def set_resource(
    runtime: Runtime, name: str, request: api.ResourceRequest, by: str
) -> api.ResourceAnswer:
    """Sets the amount of a declared resource."""
    resource(runtime, name)
    if not 0 <= request.amount <= values.COUNT_MAX:
        raise errors.BadRequest(f"an amount of {request.amount}", f"0 to {values.COUNT_MAX}")
    runtime.append(events.ResourceSet(name=name, amount=request.amount, by=by))
    return resource(runtime, name)
