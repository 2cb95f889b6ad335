"""content/<message>.<channel>.<language>.liquid."""

from tuttu.catalog.findings import nearest, quote
from tuttu.catalog.folder import CONTENT_PATH, SourceFile
from tuttu.catalog.scope import LoadScope
from tuttu.vocabulary.errors import Where
from tuttu.vocabulary.library import Message

Key = tuple[str, str, str]


def read_content(files: list[SourceFile], scope: LoadScope) -> dict[Key, Message]:
    """Templates by message, channel and language; their names go to the scope."""
    messages = {}
    for file in files:
        key = _key(file, scope)
        if key is None:
            continue
        scope.messages.add(key)
        message, channel, language = key
        messages[key] = Message(
            name=message,
            channel=channel,
            language=language,
            template=file.text or "",
            where=Where(file.path, 1),
        )
    return messages


def _key(file: SourceFile, scope: LoadScope) -> Key | None:
    """What the file's name says; a wrong name is reported, and the nearest one is meant."""
    where = Where(file.path, 1)
    parts = file.parts[-1].split(".")
    if len(parts) != 4:
        scope.findings.add(where, f"the file {quote(file.parts[-1])}", CONTENT_PATH)
        return None
    message, channel, language, _ = parts
    if file.text is not None and not file.text.strip():
        scope.findings.add(where, "an empty file", "a text")
    scope.channels.refer(channel, where, scope.findings)
    languages = scope.company.languages
    if language not in languages:
        expected = f"a language of tuttu.yaml: {', '.join(languages)}"
        scope.findings.add(where, quote(language), expected, nearest(language, languages))
    return message, channel, language
