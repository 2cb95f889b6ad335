"""A route: one line of the table, and how a request becomes a use case's arguments."""

import inspect
import re
from collections.abc import Callable, Generator, Mapping
from operator import attrgetter
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import msgspec

from tuttu.access import Scope
from tuttu.api import ENGLISH, NoQuery, Shows, who_of
from tuttu.engine import Runtime

UseCase = Callable[..., object]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One authorised and decoded request.

    by: name of the key, ``local`` on the project's own socket. path: parameters of the path,
    decoded. encoding: the Content-Encoding of a raw body. idempotency: a key of this caller only.
    language: of the words of reasons, as Accept-Language asks for it. shows: what the answer shows
    them.
    """

    runtime: Runtime
    by: str
    path: Mapping[str, str]
    query: Any
    body: Any
    encoding: str | None = None
    idempotency: bytes | None = None
    language: str = ENGLISH
    shows: Shows = Shows(addresses=False, refused=False)


ARGUMENTS: Mapping[str, Callable[[Call], Any]] = {
    **{
        name: attrgetter(name)
        for name in (
            "runtime",
            "by",
            "query",
            "encoding",
            "idempotency",
            "language",
            "shows",
        )
    },
    "request": attrgetter("body"),
    "body": attrgetter("body"),
    "who": lambda call: who_of(call.runtime.project, call.path["id"]),
}
"""Arguments of use cases by parameter name; any other name is a parameter of the path."""
OWN = frozenset({"report", "progress"})
"""Parameters that the API leaves at their defaults."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table of routes.

    scope None: open to everybody. name: of the operation, else the use case's. fixed: arguments
    that the line itself gives. body: type of the JSON body; ``bytes`` takes it as it came, and
    ``NoneType`` takes none. answer ``NoneType``: 204, no content. shown_body: the type that the
    document shows for a raw body. writes_key: the key may stand in the body as ``writeKey``. slow:
    done beside the loop, in a thread. refusals: statuses of its own, beside those that follow from
    what it takes. storeless: does not use the store, and is answered even if that is unavailable.
    default_body: what an empty body stands for; None: it is refused.
    """

    method: str
    path: str
    scope: Scope | None
    use_case: UseCase
    name: str
    summary: str
    arguments: Mapping[str, Callable[[Call], Any]]
    fixed: Mapping[str, Any]
    body: Any
    query: type[msgspec.Struct]
    answer: Any
    shown_body: Any = None
    writes_key: bool = False
    slow: bool = False
    refusals: tuple[int, ...] = ()
    storeless: bool = False
    default_body: Any = None

    @property
    def idempotent(self) -> bool:
        """An Idempotency-Key makes it happen once."""
        return "idempotency" in self.arguments

    @property
    def worded(self) -> bool:
        """Its answer has words, in the language that Accept-Language asks for."""
        return "language" in self.arguments

    @property
    def operation(self) -> str:
        """Its name in the OpenAPI document."""
        return f"{self.method.lower()}_{self.name}"

    @property
    def takes(self) -> bool:
        """Whether the route takes any input that could be wrong."""
        asked = self.body is not NoneType or "{" in self.path or self.idempotent
        return asked or bool(msgspec.structs.fields(self.query))


def route(
    method: str,
    path: str,
    scope: Scope | None,
    use_case: UseCase,
    *,
    fixed: Mapping[str, Any] | None = None,
    **more: Any,
) -> Route:
    """A line of the table; what the route takes and gives is what its use case declares.

    Raises TypeError: the use case has a parameter that neither a request nor the path gives."""
    hints = get_type_hints(use_case)
    given = fixed or {}
    parameters = inspect.signature(use_case).parameters
    names = [each for each in parameters if each not in {*given, *OWN}]
    asked = parameters.get("request")
    said = {
        "name": use_case.__name__,
        "summary": first_sentence(use_case.__doc__ or ""),
    }
    return Route(
        method=method,
        path=path,
        scope=scope,
        use_case=use_case,
        arguments={each: ARGUMENTS.get(each) or _of_path(each, path) for each in names},
        fixed=given,
        body=hints.get("request", hints.get("body", NoneType)),
        query=hints.get("query", NoQuery),
        answer=_answer(hints["return"]),
        default_body=None if asked is None or asked.default is asked.empty else asked.default,
        **(said | more),
    )


def _answer(said: Any) -> Any:
    """The type of the answer, also where it comes in slices."""
    return get_args(said)[-1] if get_origin(said) is Generator else said


def first_sentence(text: str) -> str:
    """Of a docstring, over its line breaks; without the full stop."""
    paragraph = " ".join(inspect.cleandoc(text).partition("\n\n")[0].split())
    return re.split(r"\.(?: |$)", paragraph, maxsplit=1)[0]


def _of_path(name: str, path: str) -> Callable[[Call], str]:
    if f"{{{name}}}" not in path:
        raise TypeError(f"{path} gives no {name!r}; expected one of: {', '.join(ARGUMENTS)}")
    return lambda call: call.path[name]
