"""Resources as doors see them."""

from __future__ import annotations

from tuttu import ledger
from tuttu.api.answers import ResourceAnswer, ResourceRequest
from tuttu.engine.house import House
from tuttu.storage import Snapshot
from tuttu.vocabulary.errors import BadRequest, NotFound
from tuttu.vocabulary.events import ResourceSet
from tuttu.vocabulary.values import COUNT_MAX


def resources(house: House) -> list[ResourceAnswer]:
    with house.store.read() as snapshot:
        house = house.at(snapshot)
        return [_shown(house, snapshot, name) for name in house.project.resources]


def resource(house: House, name: str) -> ResourceAnswer:
    with house.store.read() as snapshot:
        house = house.at(snapshot)
        if name not in house.project.resources:
            declared = ", ".join(house.project.resources) or "none"
            raise NotFound(f"no resource is named {name!r}; declared: {declared}")
        return _shown(house, snapshot, name)


def set_resource(house: House, name: str, request: ResourceRequest, by: str) -> ResourceAnswer:
    resource(house, name)
    if not 0 <= request.amount <= COUNT_MAX:
        raise BadRequest(f"an amount of {request.amount}", f"0 to {COUNT_MAX}")
    house.append(ResourceSet(name=name, amount=request.amount, by=by))
    return resource(house, name)


def _shown(house: House, snapshot: Snapshot, name: str) -> ResourceAnswer:
    state = ledger.resource_state(snapshot, house.project, name, house.now())
    return ResourceAnswer(
        name=name,
        amount=state.amount,
        used=state.used,
        held=state.held,
        free=state.free,
        per=house.project.resources[name].per,
    )
