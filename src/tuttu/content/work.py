"""How much a rendering may do, counted in units of about a microsecond: no clock is read here, so
the same template on the same row always ends the same way, and is never stopped by a busy machine.

Every node of a template that is rendered counts, as often as it is; every value that a path finds,
every filter by what it takes and makes (see `filters`), every text by its length. So nothing that
a template can say works longer than its units.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, TextIO

import msgspec
from liquid import BoundTemplate, RenderContext, Token
from liquid.ast import BlockNode, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import LoopExpression
from liquid.builtin.expressions.logical import ContainsExpression, EqExpression, NeExpression
from liquid.builtin.expressions.primitive import Blank, RangeLiteral
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.for_tag import ForNode
from liquid.builtin.tags.tablerow_tag import TablerowNode
from liquid.exceptions import LiquidSyntaxError, ResourceLimitError
from liquid.expression import Expression
from liquid.output import LimitedStringIO
from liquid.stringify import to_liquid_string
from liquid.undefined import UNDEFINED, is_undefined

MOST_WORK = 40_000
"""Units of one message."""
MOST_OF_A_DECISION = 8 * MOST_WORK
"""Units of all messages that are tried for one decision."""
LONGEST = 50_000
"""Characters of a text, or entries of a list, that a filter takes or makes."""
CHARACTERS_A_UNIT = 250
ENTRIES_A_UNIT = 4

WORK = "tuttu.work"


class Work(msgspec.Struct):
    """What is left to do. whole: of the decision that the message is rendered for."""

    left: int = MOST_WORK
    whole: "Work | None" = None

    @staticmethod
    def of_a_decision() -> "Work":
        return Work(MOST_OF_A_DECISION)

    def spend(self, units: int) -> None:
        """Raises ResourceLimitError where there is not so much left."""
        self.left -= units
        if self.left < 0:
            raise TooMuchWorkError(
                "found too much work for one message; expected less: fewer or shorter loops,"
                " texts and lists",
                token=None,
            )
        if self.whole is not None:
            self.whole.left -= units
            if self.whole.left < 0:
                raise TooMuchWorkError(
                    "found too much work for the messages of one decision", token=None
                )


class TooMuchWorkError(ResourceLimitError):
    """A template that does more than is allowed."""


def size_of(value: object) -> int:
    """Units that a value is worth which is read, compared, or handed on."""
    if isinstance(value, str):
        return len(value) // CHARACTERS_A_UNIT
    if isinstance(value, list | tuple | range | dict):
        return len(value) // ENTRIES_A_UNIT
    return 0


class CountingContext(RenderContext):
    """A rendering that counts what it reads and keeps, and leaves line ends as they are."""

    __slots__ = ()

    def get(
        self, path: list[object], *, token: Token | None, default: object = UNDEFINED
    ) -> object:
        found = super().get(path, token=token, default=default)
        if isinstance(found, range) and len(found) > LONGEST:
            raise TooMuchWorkError(f"found a range of over {LONGEST} numbers", token=token)
        work_of(self).spend(size_of(found))
        return found

    def get_size_of_locals(self) -> int:
        """It is asked at each `assign`, and looks at all that were assigned."""
        work_of(self).spend(1 + len(self.locals) // ENTRIES_A_UNIT)
        return super().get_size_of_locals()

    def get_buffer(self, buf: TextIO | None = None) -> LimitedStringIO:
        carry = buf.size if isinstance(buf, LimitedStringIO) else 0
        return buffer_of((self.env.output_stream_limit or 0) - carry)


def work_of(context: RenderContext) -> Work:
    found: Work = context.tag_namespace[WORK]
    return found


def buffer_of(limit: int) -> LimitedStringIO:
    """limit: in bytes of UTF-8. By default, its class would write every line end as a line feed."""
    return LimitedStringIO(limit, newline="\n")


def render(template: BoundTemplate, values: Mapping[str, object], work: Work) -> str:
    """The text of a template that was `counted`. Raises whatever a template can raise."""
    context = CountingContext(template, globals=values)
    context.tag_namespace[WORK] = work
    buffer = buffer_of(template.env.output_stream_limit or 0)
    template.render_with_context(context, buffer)
    return buffer.getvalue()


def counted(template: BoundTemplate) -> BoundTemplate:
    """The template, changed so that all its nodes count. Raises LiquidSyntaxError for a condition
    whose work cannot be counted."""
    static = RenderContext(template)
    for node in template.nodes:
        _prepare(node, static)
    template.nodes[:] = [_Counted(node, static) for node in template.nodes]
    return template


def _prepare(node: Node, static: RenderContext) -> None:
    """Count all that a node renders."""
    for expression in node.expressions():
        _prepare_expression(expression)
    for child in node.children(static):
        _prepare(child, static)
    if isinstance(node, BlockNode):
        node.nodes = [_Counted(each, static) for each in node.nodes]
    elif isinstance(node, ForNode | TablerowNode):
        loop = node.expression
        node.expression = _BoundedLoop(
            loop.token,
            loop.identifier,
            loop.iterable,
            limit=loop.limit,
            offset=loop.offset,
            reversed_=loop.reversed,
            cols=loop.cols,
        )
        # An empty block would cost nothing, however often it is done.
        node.block.nodes.insert(0, _Counted(ContentNode(node.token, ""), static))


def _prepare_expression(expression: Expression) -> None:
    """`(1..1000000000) contains 0.5` would look at each number; what is not known is blank, as it
    is for others' Liquid."""
    for child in expression.children():
        if isinstance(expression, ContainsExpression) and isinstance(child, RangeLiteral):
            raise LiquidSyntaxError("found a range in a condition", token=child.token)
        _prepare_expression(child)
    if isinstance(expression, EqExpression | NeExpression):
        if isinstance(expression.right, Blank):
            expression.left = _OrNothing(expression.left)
        elif isinstance(expression.left, Blank):
            expression.right = _OrNothing(expression.right)


class _OrNothing(Expression):
    """A value, or no text where it is not known."""

    __slots__ = ("asked",)

    def __init__(self, asked: Expression) -> None:
        super().__init__(asked.token)
        self.asked = asked

    def evaluate(self, context: RenderContext) -> object:
        value = self.asked.evaluate(context)
        return "" if is_undefined(value) else value

    def children(self) -> list[Expression]:
        return [self.asked]


class _Counted(Node):
    """A node that says what it costs before it is rendered: itself and each expression that it may
    ask, and a text by its length."""

    __slots__ = ("cost", "node")

    def __init__(self, node: Node, static: RenderContext) -> None:
        super().__init__(node.token)
        self.node = node
        self.blank = node.blank
        asked = chain(node.expressions(), *(child.expressions() for child in node.children(static)))
        text = len(node.text) // CHARACTERS_A_UNIT if isinstance(node, ContentNode) else 0
        self.cost = 1 + text + sum(map(_weight, asked))

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        work = work_of(context)
        work.spend(self.cost)
        if not isinstance(self.node, OutputNode):
            return self.node.render(context, buffer)
        value = self.node.expression.evaluate(context)
        _spend_text(value, work)
        return buffer.write(to_liquid_string(value, context.autoescape))


def _weight(expression: Expression) -> int:
    return 1 + sum(map(_weight, expression.children()))


class _BoundedLoop(LoopExpression):
    """A loop over something of a bounded length, which counts."""

    __slots__ = ()

    def _to_iter(self, obj: object, context: RenderContext) -> tuple[Iterator[Any], int]:
        found, length = super()._to_iter(obj, context)
        if length > LONGEST:
            raise TooMuchWorkError(f"found a loop over more than {LONGEST}", token=self.token)
        work_of(context).spend(length // ENTRIES_A_UNIT)
        return found, length


def _spend_text(value: object, work: Work) -> None:
    """Count what a value is worth as text, before it is one: a list may hold one text often."""
    parts = value if isinstance(value, list | tuple) else (value,)
    length = sum(len(each) if isinstance(each, str) else 1 for each in parts)
    if length > LONGEST * 2:
        raise TooMuchWorkError(f"found a text of {length} characters", token=None)
    work.spend(length // CHARACTERS_A_UNIT)
