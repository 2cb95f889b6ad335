"""The order of words, checked one after another before sqlglot builds the tree.

sqlglot reads forty dialects and forgives what none of them means: a missing AND of BETWEEN, a
missing THEN, two texts side by side. Here every word stands where the language has it, or is an
error with its place. The check keeps its own stack, so depth costs no recursion, and it bounds the
depth that the recursive parser will see.
"""

from collections.abc import Callable

from sqlglot import Token, TokenType

from tuttu.policy.errors import PolicyError

MAX_NESTING = 20
"""Parentheses, CASEs, NOTs and minus signs inside each other."""

MAX_PARTS = 4
"""Of a name, ``context.campaign.source``: more than these sqlglot would read as something else."""

_END = TokenType.SEMICOLON
_CONSTANTS = {
    TokenType.NUMBER,
    TokenType.STRING,
    TokenType.NULL,
    TokenType.TRUE,
    TokenType.FALSE,
}
_LOGIC = {TokenType.OR, TokenType.AND}
_COMPARISONS = {
    TokenType.EQ,
    TokenType.NEQ,
    TokenType.LT,
    TokenType.LTE,
    TokenType.GT,
    TokenType.GTE,
}
_ARITHMETIC = {
    TokenType.PLUS,
    TokenType.DASH,
    TokenType.STAR,
    TokenType.SLASH,
    TokenType.MOD,
    TokenType.DPIPE,
}
_BEGINNINGS = {*_CONSTANTS, TokenType.IDENTIFIER, TokenType.L_PAREN, TokenType.STAR}
_LITERAL_TYPES = {"DATE": TokenType.DATE, "TIMESTAMP": TokenType.TIMESTAMP}
_VALUE = "a name, a value, a function or an opening parenthesis"
_OPERATOR = "an operator such as AND, OR, =, <, IN, or the end"
_UNSUPPORTED = {
    "SELECT": "a condition over the row: there are no subqueries",
    "WITH": "a condition over the row: there are no subqueries",
    "EXISTS": "any(collection, condition)",
    "CAST": "no cast: values already have the type that the project declares",
    "TRY_CAST": "no cast: values already have the type that the project declares",
    "INTERVAL": "a quoted duration, as in ago('7d')",
    "EXTRACT": "year(x), month(x), day(x) or isodow(x)",
    "ILIKE": "lower(x) LIKE 'pattern in small letters'",
    "ESCAPE": "no ESCAPE; contains(), starts_with() and ends_with() take any character as it is",
}


class _Open:
    """Something begun that must end: what it is, where it began, and what it waits for."""

    __slots__ = ("kind", "phase", "start")

    def __init__(self, kind: str, start: int, phase: TokenType | None = None) -> None:
        self.kind, self.start, self.phase = kind, start, phase


class _Walk:
    """One pass over the words of a text."""

    def __init__(self, found: list[Token], size: int) -> None:
        self.tokens = [*found, Token(_END, "", 1, size + 1, size, size)]
        self.index = 0
        self.open: list[_Open] = []

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    @property
    def next_kind(self) -> TokenType:
        return self.tokens[self.index + 1].token_type

    def error(self, expected: str) -> PolicyError:
        token = self.token
        if _is_bare(token):
            expected = _UNSUPPORTED.get(token.text.upper(), expected)
        return PolicyError(_shown(token), expected, token.start)

    def push(self, kind: str, phase: TokenType | None = None) -> None:
        self.open.append(_Open(kind, self.token.start, phase))
        if len(self.open) > MAX_NESTING:
            expected = f"at most {MAX_NESTING} parentheses, CASEs, NOTs and minus signs in others"
            raise PolicyError("deeper nesting", expected, self.token.start)

    def pop(self, *kinds: str) -> bool:
        """Closes the innermost thing if it is one of these."""
        if self.open and self.open[-1].kind in kinds:
            self.open.pop()
            return True
        return False

    def drop(self, *kinds: str) -> None:
        while self.pop(*kinds):
            pass

    def run(self) -> None:
        wanted: Callable[[_Walk], bool] = _value
        while self.token.token_type is not _END or wanted is _value:
            wanted = _operator if wanted(self) else _value
            self.index += 1
        self.drop("NOT", "-")
        if self.open:
            missing = _CLOSERS[self.open[-1].kind]
            raise PolicyError("the end of the text", missing, self.token.start)


_CLOSERS = {
    "(": "a closing parenthesis",
    "call": "a closing parenthesis",
    "list": "a closing parenthesis",
    "CASE": "WHEN, ELSE or END of CASE",
    "BETWEEN": "AND of BETWEEN",
}


def _shown(token: Token) -> str:
    if token.token_type is _END:
        return "the end of the text"
    if token.token_type is TokenType.STRING:
        return f"the text {token.text!r}"
    return repr(token.text)


def _is_bare(token: Token) -> bool:
    """A name without quotes around it."""
    written = token.end - token.start + 1
    return token.token_type is TokenType.IDENTIFIER and written == len(token.text)


def _value(walk: _Walk) -> bool:
    """At a place where a value begins; True if the value is complete after this word."""
    kind = walk.token.token_type
    if kind in _CONSTANTS:
        return True
    if kind is TokenType.IDENTIFIER:
        return _name(walk)
    if kind is TokenType.L_PAREN:
        walk.push("(")
    elif kind is TokenType.CASE:
        walk.push("CASE", TokenType.CASE)
        if walk.next_kind is TokenType.WHEN:
            walk.index += 1
            walk.open[-1].phase = TokenType.WHEN
    elif kind is TokenType.NOT or kind is TokenType.DASH:
        walk.push("NOT" if kind is TokenType.NOT else "-")
        return False
    else:
        raise walk.error(_VALUE)
    return False


def _name(walk: _Walk) -> bool:
    word, upper = walk.token, walk.token.text.upper()
    if _is_bare(word) and upper in _UNSUPPORTED and walk.next_kind in _BEGINNINGS:
        raise walk.error(_VALUE)
    if _is_bare(word) and upper in _LITERAL_TYPES and walk.next_kind is TokenType.STRING:
        word.token_type = _LITERAL_TYPES[upper]
        walk.index += 1
    elif walk.next_kind is TokenType.DOT:
        _parts(walk)
    elif walk.next_kind is TokenType.L_PAREN:
        return _call(walk)
    return True


def _parts(walk: _Walk) -> None:
    """What follows the first part of a name with points."""
    count = 1
    while walk.next_kind is TokenType.DOT:
        walk.index += 2
        count += 1
        if walk.token.token_type is not TokenType.IDENTIFIER or count > MAX_PARTS:
            raise walk.error(
                f"a name of at most {MAX_PARTS} parts, such as told.shoe_size or address.city"
            )


def _call(walk: _Walk) -> bool:
    walk.index += 1
    if walk.next_kind is TokenType.R_PAREN:
        walk.index += 1
        return True
    walk.push("call")
    return False


def _operator(walk: _Walk) -> bool:
    """After a complete value; True if it is still complete after this word."""
    walk.drop("-")
    kind = walk.token.token_type
    if kind in _ARITHMETIC:
        return False
    if kind in _CLOSING:
        return _CLOSING[kind](walk)
    between = bool(walk.open) and walk.open[-1].kind == "BETWEEN"
    if between and kind is not TokenType.AND:
        raise walk.error("AND of BETWEEN")
    if kind in _LOGIC:
        if not between:
            walk.drop("NOT", "-")
        walk.pop("BETWEEN")
        return False
    if kind in _COMPARISONS:
        return False
    return _test(walk)


def _test(walk: _Walk) -> bool:
    """IS, LIKE, IN, BETWEEN, and the last three after NOT."""
    if walk.token.token_type is TokenType.IS:
        return _is(walk)
    if walk.token.token_type is TokenType.NOT:
        walk.index += 1
    kind = walk.token.token_type
    if kind is TokenType.IN:
        if walk.next_kind is TokenType.L_PAREN:
            walk.index += 1
            walk.push("list")
        elif walk.next_kind is not TokenType.IDENTIFIER:
            walk.index += 1
            raise walk.error("a list in parentheses, or a column that is a list")
    elif kind is TokenType.BETWEEN:
        walk.push("BETWEEN")
    elif kind is not TokenType.LIKE:
        raise walk.error(_OPERATOR)
    return False


def _is(walk: _Walk) -> bool:
    walk.index += 1
    if walk.token.token_type is TokenType.NOT:
        walk.index += 1
    if walk.token.token_type not in {TokenType.NULL, TokenType.TRUE, TokenType.FALSE}:
        raise walk.error("NULL, TRUE or FALSE, with or without NOT before it")
    return True


def _comma(walk: _Walk) -> bool:
    walk.drop("NOT", "-")
    if not walk.open or walk.open[-1].kind not in {"call", "list"}:
        raise walk.error(_missing(walk))
    return False


def _right_parenthesis(walk: _Walk) -> bool:
    walk.drop("NOT", "-")
    if not walk.pop("(", "call", "list"):
        raise walk.error(_missing(walk))
    return True


def _missing(walk: _Walk) -> str:
    return _CLOSERS[walk.open[-1].kind] if walk.open else _OPERATOR


_PHASES = {
    TokenType.WHEN: {TokenType.CASE, TokenType.THEN},
    TokenType.THEN: {TokenType.WHEN},
    TokenType.ELSE: {TokenType.THEN},
    TokenType.END: {TokenType.THEN, TokenType.ELSE},
}
"""Word of CASE to the words of the same CASE that may stand before it."""


def _case_word(walk: _Walk) -> bool:
    walk.drop("NOT", "-")
    kind = walk.token.token_type
    if not walk.open or walk.open[-1].kind != "CASE":
        raise walk.error(_missing(walk))
    if walk.open[-1].phase not in _PHASES[kind]:
        raise walk.error(_WAITING[walk.open[-1].phase])
    walk.open[-1].phase = kind
    return kind is TokenType.END and walk.pop("CASE")


_WAITING = {
    TokenType.CASE: "WHEN of CASE",
    TokenType.WHEN: "THEN of CASE",
    TokenType.THEN: "WHEN, ELSE or END of CASE",
    TokenType.ELSE: "END of CASE",
    None: _OPERATOR,
}
_CLOSING: dict[TokenType, Callable[[_Walk], bool]] = {
    TokenType.COMMA: _comma,
    TokenType.R_PAREN: _right_parenthesis,
    TokenType.WHEN: _case_word,
    TokenType.THEN: _case_word,
    TokenType.ELSE: _case_word,
    TokenType.END: _case_word,
}


def check_order(found: list[Token], size: int) -> None:
    """Raises `PolicyError` where a word stands that the language does not have there.

    The names DATE and TIMESTAMP before a text become words of their own. size: of the text.
    """
    _Walk(found, size).run()
