"""Text to tokens, each with its place; what is no token of the language is an error at once."""

import re
import unicodedata

from sqlglot import Token, TokenType

from tuttu.policy.errors import PolicyError

MAX_LENGTH = 100_000
"""Characters of one expression."""

KEYWORDS = {
    "AND": TokenType.AND,
    "OR": TokenType.OR,
    "NOT": TokenType.NOT,
    "IN": TokenType.IN,
    "IS": TokenType.IS,
    "NULL": TokenType.NULL,
    "TRUE": TokenType.TRUE,
    "FALSE": TokenType.FALSE,
    "LIKE": TokenType.LIKE,
    "BETWEEN": TokenType.BETWEEN,
    "CASE": TokenType.CASE,
    "WHEN": TokenType.WHEN,
    "THEN": TokenType.THEN,
    "ELSE": TokenType.ELSE,
    "END": TokenType.END,
}
"""Words that are never names, unless in double quotes."""

SIGNS = {
    "(": TokenType.L_PAREN,
    ")": TokenType.R_PAREN,
    ",": TokenType.COMMA,
    ".": TokenType.DOT,
    "=": TokenType.EQ,
    "<>": TokenType.NEQ,
    "!=": TokenType.NEQ,
    "<": TokenType.LT,
    "<=": TokenType.LTE,
    ">": TokenType.GT,
    ">=": TokenType.GTE,
    "+": TokenType.PLUS,
    "-": TokenType.DASH,
    "*": TokenType.STAR,
    "/": TokenType.SLASH,
    "%": TokenType.MOD,
    "||": TokenType.DPIPE,
}

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<refused>--|/\*|==|::)
    |(?P<text>'(?:[^']|'')*+')
    |(?P<quoted>"(?:[^"]|"")*+")
    |(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![\w.])
    |(?P<word>[^\W\d][\w\u0300-\u036f]*)
    |(?P<sign><>|!=|<=|>=|\|\||[(),.=<>+\-*/%])
    """,
    re.VERBOSE,
)
_UNWRITABLE = re.compile("[\\x00\\ud800-\\udfff]")
_COMMENT = ("a comment", "a condition or a formula without comments")
_HINTS = {
    "--": _COMMENT,
    "/*": _COMMENT,
    "==": ("'=='", "= for a comparison"),
    "::": ("'::'", "no cast: values already have the type that the project declares"),
    "'": ("a text without its closing '", "the same quote once more at its end"),
    '"': ('a name without its closing "', "the same quote once more at its end"),
    ";": ("a semicolon", "one expression and nothing after it"),
    "[": ("a bracket", "collections through any(), all(), count(), max(), min(), sum()"),
    "{": ("a brace", "a condition or a formula"),
    "‘": ("a curly quote", "a straight quote '"),
    "’": ("a curly quote", "a straight quote '"),
    "“": ("a curly quote", 'a straight quote "'),
    "”": ("a curly quote", 'a straight quote "'),
}


def tokenize(text: str) -> list[Token]:
    """The tokens, names as IDENTIFIER whether quoted or not. Texts and names are in NFC.

    Raises `PolicyError` at the first character that begins no token.
    """
    if len(text) > MAX_LENGTH:
        raise PolicyError(f"{len(text)} characters", f"at most {MAX_LENGTH}", MAX_LENGTH)
    if unwritable := _UNWRITABLE.search(text):
        name = f"the character U+{ord(unwritable[0]):04X}"
        raise PolicyError(name, "text that UTF-8 and SQL can hold", unwritable.start())
    found: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match or match.lastgroup == "refused":
            raise _unreadable(text, position)
        if match.lastgroup != "space":
            found.append(_token(str(match.lastgroup), match[0], position))
        position = match.end()
    return found


def _token(group: str, written: str, start: int) -> Token:
    kind, text = TokenType.IDENTIFIER, written
    if group == "text":
        kind, text = TokenType.STRING, written[1:-1].replace("''", "'")
    elif group == "quoted":
        text = written[1:-1].replace('""', '"')
    elif group == "number":
        kind = TokenType.NUMBER
    elif group == "sign":
        kind = SIGNS[written]
    elif written.upper() in KEYWORDS:
        kind = KEYWORDS[written.upper()]
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    return Token(kind, text, 1, start + 1, start, start + len(written) - 1)


def _unreadable(text: str, position: int) -> PolicyError:
    character = text[position]
    if character.isdigit():
        number = re.match(r"[\w.]+", text[position:])
        found = f"the number {number[0] if number else character!r}"
        return PolicyError(found, "digits, with a point between digits: 12 or 9.90", position)
    for written in (text[position : position + 2], character):
        if written in _HINTS:
            return PolicyError(*_HINTS[written], position)
    name = unicodedata.name(character, "no name")
    found = f"the character {character!r} (U+{ord(character):04X}, {name.lower()})"
    return PolicyError(found, "a name, a value, or an operator", position)
