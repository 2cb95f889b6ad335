"""People as the API names them, ``{"user_id": "maija"}``, to identifiers and back."""

from tuttu.api.answers import ShownLink, Who
from tuttu.api.links import ClaimedLink
from tuttu.api.words import Words
from tuttu.identity import IdentifierError, normalise
from tuttu.vocabulary import company, conversion, errors, events, people
from tuttu.vocabulary.project import Project

HANDLE = "handle"
"""In the place of a namespace: a name that was given for one of several people."""
SEGMENT_NAMES = {"userId": "user_id", "anonymousId": "anonymous_id"}


Asked = tuple[list[events.Identifier], tuple[str, ...]]
"""Identifiers, at least one, highest priority first; and namespaces of those that name nobody."""


def identifiers_of(project: Project, who: Who) -> list[events.Identifier]:
    """The identifiers that are given, at least one, highest priority first, each of which names
    somebody. Raises BadRequest."""
    found, nobodies = asked_identifiers(project, who)
    if nobodies:
        raise _nobody(project, who, nobodies[0])
    return found


def asked_identifiers(project: Project, who: Who) -> Asked:
    """As a question gives them: one that names nobody is left out, as of an event, unless there is
    none beside it. Raises BadRequest."""
    if not who:
        raise errors.BadRequest("an empty `who`", 'one identifier, as {"user_id": "maija"}')
    found: dict[str, events.Identifier] = {}
    nobodies: list[str] = []
    for name, value in who.items():
        namespace = _namespace(project, name)
        normal = normalise(namespace, value)
        if normal is None:
            nobodies.append(namespace.name)
            continue
        named = events.Identifier(namespace.name, normal)
        if found.setdefault(namespace.name, named) != named:
            raise errors.BadRequest(f"two values of {namespace.name}", "one of each namespace")
    if not found:
        raise _nobody(project, who, nobodies[0])
    given = sorted(found.values(), key=lambda each: project.namespaces[each.namespace].rank)
    return given, tuple(sorted({*nobodies} - {*found}))


def claimed_link(
    project: Project, link: ClaimedLink
) -> tuple[events.Identifier, events.Identifier, int]:
    """The two identifiers, the smaller one first, and the score in millionths. Raises BadRequest
    for what links nobody."""
    named = [*_only(project, link.one), *_only(project, link.other)]
    one, other = sorted(named)
    if one == other:
        raise errors.BadRequest(f"{label(one)} twice", "two different identifiers")
    if not 0 <= link.score <= 1:
        raise errors.BadRequest(f"the score {link.score!r}", "a number from 0 to 1")
    return one, other, round(link.score * events.MILLION)


def _only(project: Project, who: Who) -> list[events.Identifier]:
    try:
        found = identifiers_of(project, who)
    except IdentifierError as error:
        found_, _, expected = str(error).partition("; expected ")
        raise errors.BadRequest(found_.replace("found ", "", 1), expected) from None
    if len(found) > 1:
        raise errors.BadRequest(f"{len(found)} identifiers", "one on each side of a link")
    return found


def _namespace(project: Project, name: str) -> company.Namespace:
    name = SEGMENT_NAMES.get(name, name)
    namespace = project.namespaces.get(name)
    if namespace is None:
        hint = errors.did_you_mean(name, project.namespaces)
        declared = ", ".join(project.namespaces)
        raise errors.BadRequest(f"the namespace {name!r}", f"one of: {declared}{hint}")
    return namespace


def _nobody(project: Project, who: Who, name: str) -> errors.BadRequest:
    """name: a namespace of which a value names nobody."""
    namespace = project.namespaces[name]
    value = next(value for said, value in who.items() if SEGMENT_NAMES.get(said, said) == name)
    expected = f"an identifier that names somebody: {_shape(namespace)}"
    return errors.BadRequest(f"{name} {value!r}", expected)


def _shape(namespace: company.Namespace) -> str:
    shapes = {"email": "an e-mail address", "phone": "a phone number"}
    steps = [step for step in namespace.normalise if step in shapes]
    return f"{shapes[steps[0]]} that is not blocked" if steps else "neither empty nor blocked"


def shown(identifier: events.Identifier) -> Who:
    return {identifier.namespace: identifier.value}


def label(identifier: events.Identifier) -> str:
    """One line, as ``/v1/customers/{id}`` takes it."""
    return f"{identifier.namespace}:{identifier.value}"


def link(refused: people.RefusedLink, words: Words) -> ShownLink:
    return ShownLink(
        one=shown(refused.one),
        other=shown(refused.other),
        reason=words.reason(refused.reason),
        code=refused.reason.code,
        values=refused.reason.values,
        event_id=refused.event_id,
        time=conversion.format_instant(refused.time),
        set=refused.set,
    )


def who_of(project: Project, name: str) -> Who:
    """``namespace:value``, or ``handle:value``; without a declared namespace, a value of the one of
    highest priority. Raises BadRequest for a word before the colon that is nearly a namespace."""
    namespace, colon, value = name.partition(":")
    if colon and (namespace in project.namespaces or namespace == HANDLE):
        return {namespace: value}
    first = min(project.namespaces.values(), key=lambda each: each.rank).name
    hint = errors.did_you_mean(namespace, project.namespaces) if colon else ""
    if hint:
        raise errors.BadRequest(
            f"the namespace {namespace!r}{hint}", f"a declared one, or {first}:{name}"
        )
    return {first: name}
