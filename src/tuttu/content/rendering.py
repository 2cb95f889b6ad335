"""A message for one customer."""

from collections.abc import Iterator, Sequence

from liquid import BoundTemplate, Environment

from tuttu.content.errors import ContentError
from tuttu.content.templates import environment, item_of, missing, values_of
from tuttu.vocabulary.library import Message
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import ITEM, Row, item_column

LANGUAGE = "language"
"""The trait with the customer's own language, if the company declares it."""

Key = tuple[str, str, str]


class Renderer:
    """Renders the messages of one version of a project; each template is parsed once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._environments: dict[str, Environment] = {}
        self._templates: dict[Key, BoundTemplate] = {}

    def render(
        self,
        message: str,
        channel: str,
        languages: Sequence[str],
        row: Row,
        *,
        about: str | None = None,
    ) -> str:
        """The text for the first language that there is one for.

        languages: asked for, first choice first; then come the customer's trait `language` and the
        company's own. ``fi-FI`` also takes a text in ``fi``. row: as conditions read it. about:
        the collection whose item the row holds, which stands in the object ``item``. Raises
        ContentError: no text, a value that is not known, too much work; whatever a template does,
        it is this error and no other, so that the next candidate can be taken.
        """
        found = self._find(message, channel, languages, row)
        values = values_of(row, self._project.row_schema, missing)
        if about is not None:
            fields = self._project.row_schema.collections[about]
            at_hand = {name: row.get(item_column(name)) for name in fields}
            values[ITEM] = item_of(at_hand, fields, missing)
        try:
            text: str = self._template(found).render(values)
        except Exception as error:
            raise ContentError(f"{found.where}: {_said(error)}") from error
        return text.strip()

    def _find(self, message: str, channel: str, languages: Sequence[str], row: Row) -> Message:
        own = row.get(LANGUAGE)
        wanted = [*languages, *([own] if isinstance(own, str) else [])]
        tried = list(dict.fromkeys(_spoken([*wanted, *self._project.company.languages])))
        for language in tried:
            found = self._project.messages.get((message, channel, language))
            if found is not None:
                return found
        raise ContentError(f"no text of {message} for {channel} in {', '.join(tried)}")

    def _template(self, message: Message) -> BoundTemplate:
        key = (message.name, message.channel, message.language)
        parsed = self._templates.get(key)
        if parsed is None:
            parsed = self._environment(message.channel).from_string(message.template)
            self._templates[key] = parsed
        return parsed

    def _environment(self, channel: str) -> Environment:
        made = self._environments.get(channel)
        if made is None:
            made = environment(channel, self._project.company.zone)
            self._environments[channel] = made
        return made


def _spoken(languages: Sequence[str]) -> Iterator[str]:
    """Each language, and the plain form of a regional one behind it."""
    for language in languages:
        yield language
        if "-" in language:
            yield language.partition("-")[0]


def _said(error: Exception) -> str:
    return getattr(error, "message", None) or str(error) or type(error).__name__
