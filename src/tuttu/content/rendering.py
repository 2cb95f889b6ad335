"""A message for one customer."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec
from liquid import BoundTemplate, Environment
from liquid.exceptions import LiquidError

from tuttu.content import templates
from tuttu.content.errors import ContentError
from tuttu.content.work import Work, counted, render
from tuttu.vocabulary.company import ContentType
from tuttu.vocabulary.library import Message
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Row

LANGUAGE = "language"
"""The trait with the customer's own language, if the company declares it."""

Key = tuple[str, str, str]
_LINE_ENDS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
"""Whatever some program takes for the end of a line, and what stands beside it."""


class Rendered(msgspec.Struct, frozen=True):
    """A message for one customer. subject: one line of plain text; None: it has none. language: of
    the text that was used; empty: it is not known."""

    text: str
    language: str = ""
    subject: str | None = None


class Renderer:
    """Renders the messages of one version of a project; each template is parsed once, before
    anybody waits for it."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._environments: dict[tuple[ContentType, str, str], Environment] = {}
        self._templates: dict[Key, _Parsed] = {}
        for each in project.messages.values():
            with suppress(LiquidError):  # a fault of the project: who renders it is told
                self._parsed(each)

    def render(
        self,
        message: str,
        channel: str,
        languages: Sequence[str],
        row: Row,
        *,
        about: str | None = None,
        work: Work | None = None,
    ) -> Rendered:
        """The message in the first language that there is a text for.

        languages: asked for, first choice first; then come the customer's trait `language` and the
        company's own. ``fi-FI`` also takes a text in ``fi``. row: as conditions read it. about:
        the collection whose item the row holds, which stands in the object ``item``. work: what
        the decision that it is for may do in all. Raises ContentError: no text, a value that is
        not known, too much work; whatever a template does, it is this error and no other, so that
        the next candidate can be taken.
        """
        found = self._find(message, channel, languages, row)
        own = Work(whole=work)
        values = templates.Values(row, self._project.row_schema, templates.missing, own, about)
        where = found.where
        subject = None
        try:
            parsed = self._parsed(found)
            text = render(parsed.text, values, own).strip()
            if parsed.subject is not None:
                where = found.subject_where or where
                subject = _LINE_ENDS.sub(" ", render(parsed.subject, values, own)).strip()
        except Exception as error:
            raise ContentError(f"{where}: {_said(error)}") from error
        return Rendered(text=text, language=found.language, subject=subject)

    def _find(self, message: str, channel: str, languages: Sequence[str], row: Row) -> Message:
        own = row.get(LANGUAGE)
        wanted = [*languages, *([own] if isinstance(own, str) else [])]
        tried = list(dict.fromkeys(_spoken([*wanted, *self._project.company.languages])))
        for language in tried:
            found = self._project.messages.get((message, channel, language))
            if found is not None:
                return found
        raise ContentError(f"no text of {message} for {channel} in {', '.join(tried)}")

    def _parsed(self, message: Message) -> "_Parsed":
        key = (message.name, message.channel, message.language)
        parsed = self._templates.get(key)
        if parsed is None:
            content = templates.content_on(message.channel, self._project)
            text = self._environment(content, message).from_string(message.template)
            subject = None
            if message.subject is not None:
                subject = counted(self._environment("text", message).from_string(message.subject))
            parsed = self._templates[key] = _Parsed(counted(text), subject)
        return parsed

    def _environment(self, content: ContentType, message: Message) -> Environment:
        key = (content, message.channel, message.language)
        made = self._environments.get(key)
        if made is None:
            locale = templates.locale_of(message.channel, message.language, self._project)
            made = self._environments[key] = templates.environment(content, locale)
        return made


class _Parsed(NamedTuple):
    """The templates of a message; subject: of plain text."""

    text: BoundTemplate
    subject: BoundTemplate | None


def _spoken(languages: Sequence[str]) -> Iterator[str]:
    """Each language, and the plain form of a regional one behind it."""
    for language in languages:
        yield language
        if "-" in language:
            yield language.partition("-")[0]


def _said(error: Exception) -> str:
    return getattr(error, "message", None) or str(error) or type(error).__name__
