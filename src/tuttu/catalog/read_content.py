"""content/<message>.<channel>.<language>.liquid.

A file may begin with a head between two lines of `---`, as others' templates do: it holds the
subject. The text begins behind it.
"""

import re

from tuttu.catalog.findings import nearest, quote
from tuttu.catalog.folder import CONTENT_PATH, SourceFile
from tuttu.catalog.schema_validation import read_sheet
from tuttu.catalog.scope import LoadScope
from tuttu.catalog.yaml_nodes import ScalarNode
from tuttu.vocabulary.errors import Where
from tuttu.vocabulary.library import Message

Key = tuple[str, str, str]
_HEAD = re.compile(r"(?P<head>---[ \t]*\r?\n(?:.*\r?\n)*?)---[ \t]*(?:\r?\n|\Z)")


def read_content(files: list[SourceFile], scope: LoadScope) -> dict[Key, Message]:
    """Templates by message, channel and language; their names go to the scope."""
    messages = {}
    for file in files:
        key = _key(file, scope)
        if key is None:
            continue
        scope.messages.add(key)
        message, channel, language = key
        subject, template = _parts(file, scope)
        messages[key] = Message(
            name=message,
            channel=channel,
            language=language,
            template=template,
            where=Where(file.path, 1 + (file.text or "").removesuffix(template).count("\n")),
            subject=subject.text if subject else None,
            subject_where=subject.where if subject else None,
        )
    return messages


def _parts(file: SourceFile, scope: LoadScope) -> tuple[ScalarNode | None, str]:
    """The subject, and the text behind the head."""
    text = file.text or ""
    head = _HEAD.match(text)
    if head is None:
        return None, text
    sheet = read_sheet("message", file.path, head["head"], scope.findings)
    template = text[head.end() :]
    if not template.strip():
        scope.findings.add(Where(file.path, 1), "a head without a text behind it", "a text")
    return sheet.scalar("subject") if sheet else None, template


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
