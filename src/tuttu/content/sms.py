"""How long a text message is: characters and segments, as networks count them (3GPP TS 23.038).

In the alphabet of GSM a message takes 160 characters, and each of several 153; with any other sign
70 and 67 units of UTF-16.
"""

from collections.abc import Iterable
from itertools import chain

import msgspec
from liquid import BoundTemplate, RenderContext
from liquid.ast import Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import FilteredExpression, StringLiteral
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.case_tag import CaseNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.unless_tag import UnlessNode

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("^{}\\[~]|€\f")
"""They take two characters' room."""


class Length(msgspec.Struct, frozen=True):
    """Of a text message. units: characters that count. room: of them in each segment. beyond: the
    first sign that is not of GSM's alphabet."""

    units: int
    room: int
    segments: int
    beyond: str | None = None


def length_of(text: str) -> Length:
    beyond = next((sign for sign in text if sign not in BASIC and sign not in EXTENDED), None)
    if beyond is None:
        units, one, several = len(text) + sum(sign in EXTENDED for sign in text), 160, 153
    else:
        units, one, several = len(text.encode("utf-16-le")) // 2, 70, 67
    room = one if units <= one else several
    return Length(units, room, max(1, -(-units // room)), beyond)


def least_of(template: BoundTemplate) -> Length:
    """Of what a template surely writes, where it writes most: its own words, of branches the
    longest, of each value its default or nothing."""
    static = RenderContext(template)
    return length_of(_words(template.nodes, static).strip())


def _words(nodes: Iterable[Node], static: RenderContext) -> str:
    return "".join(_of_node(node, static) for node in nodes)


def _of_node(node: Node, static: RenderContext) -> str:
    if isinstance(node, ContentNode):
        return node.text
    if isinstance(node, OutputNode):
        return _default(node)
    ways = [_words([child], static) for child in node.children(static)]
    if isinstance(node, IfNode | UnlessNode | CaseNode):
        return max(ways, key=lambda way: length_of(way).units, default="")
    return "".join(ways)


def _default(node: OutputNode) -> str:
    expression = node.expression
    if not isinstance(expression, FilteredExpression):
        return ""
    if isinstance(expression.left, StringLiteral):
        return expression.left.value
    named = chain.from_iterable(
        each.args for each in expression.filters or () if each.name == "default"
    )
    words = [each.value.value for each in named if isinstance(each.value, StringLiteral)]
    return words[0] if words else ""
