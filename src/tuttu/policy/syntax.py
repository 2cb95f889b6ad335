"""Text to sqlglot's tree, once its words and their order are known to be ours."""

from typing import Any, ClassVar, TypeAlias

from sqlglot import Dialect, TokenType, exp
from sqlglot.errors import SqlglotError
from sqlglot.parsers.duckdb import DuckDBParser

from tuttu.policy.errors import PolicyError
from tuttu.policy.grammar import MAX_NESTING, check_order
from tuttu.policy.tokens import tokenize

_Table: TypeAlias = dict[Any, Any]


class _Parser(DuckDBParser):
    """DuckDB's precedences and predicates; no function of SQL's, since the functions are ours."""

    FUNCTIONS: ClassVar[_Table] = {}
    FUNCTION_PARSERS: ClassVar[_Table] = {}
    NO_PAREN_FUNCTIONS: ClassVar[_Table] = {}
    SUBQUERY_PREDICATES: ClassVar[_Table] = {}
    PRIMARY_PARSERS: ClassVar[_Table] = {
        **DuckDBParser.PRIMARY_PARSERS,
        TokenType.NULL: lambda self, token: self.expression(exp.Null(), token),
        TokenType.TRUE: lambda self, token: self.expression(exp.Boolean(this=True), token),
        TokenType.FALSE: lambda self, token: self.expression(exp.Boolean(this=False), token),
    }


_DIALECT = Dialect.get_or_raise("duckdb")
"""Made once: a parser looks it up by its name otherwise."""


def read(text: str) -> exp.Expr:
    """sqlglot's tree of a text. Raises `PolicyError`."""
    found = tokenize(text)
    check_order(found, len(text))
    try:
        trees = _Parser(dialect=_DIALECT).parse_into(exp.Condition, found, text)
    except SqlglotError as error:
        details = getattr(error, "errors", None) or [{}]
        position = max(int(details[0].get("col") or 1) - 1, 0)
        raise PolicyError(repr(text), "a condition or a formula", position) from None
    except RecursionError:
        raise PolicyError("deeper nesting", f"at most {MAX_NESTING} levels", 0) from None
    if len(trees) != 1 or trees[0] is None:
        raise PolicyError(repr(text), "one condition or formula", 0)
    return trees[0]


def place(tree: exp.Expr) -> int:
    """Where the leftmost word below begins, in characters from 0."""
    starts = [start for node in tree.walk() if (start := node.meta.get("start")) is not None]
    return min(starts, default=0)


def shown(tree: exp.Expr) -> str:
    """A tree in plain words, for errors."""
    if isinstance(tree, exp.Column):
        return f"the name {'.'.join(part.name for part in tree.parts)!r}"
    if isinstance(tree, exp.Literal):
        return f"the text {tree.name!r}" if tree.is_string else repr(tree.name)
    if isinstance(tree, exp.Anonymous):
        return f"the function {tree.this.name}()"
    return "an expression"
