"""Liquid as tuttu uses it: sandboxed, bounded, strict about what is not known."""

from __future__ import annotations

from liquid import Environment, FalsyStrictUndefined

from tuttu.content.filters import guard_filters

TEXT_CHANNELS = frozenset({"sms", "push", "call", "letter"})
"""They carry plain text. In every other channel, unknown ones included, values are escaped for
HTML: an escape too many is ugly, one too few lets a customer's text act as markup."""

FORBIDDEN_TAGS = ("include", "render")
"""They read other templates."""


class NotKnown(FalsyStrictUndefined):
    """A NULL or a name that does not exist: false in `if`, replaced by `default`, and otherwise
    the end of the rendering."""

    allowed_properties = FalsyStrictUndefined.allowed_properties | {"force_liquid_default"}
    force_liquid_default = True


class Bounded(Environment):
    """No template may work long or write much. Sizes are in bytes."""

    loop_iteration_limit = 10_000
    output_stream_limit = 256 * 1024
    local_namespace_limit = 1024 * 1024
    context_depth_limit = 20


def environment(channel: str, zone: str) -> Environment:
    """What the templates of a channel may use. zone: of written dates, an IANA name."""
    made = Bounded(undefined=NotKnown, autoescape=channel not in TEXT_CHANNELS)
    for tag in FORBIDDEN_TAGS:
        made.tags.pop(tag, None)
    guard_filters(made.filters, zone)
    return made


def missing(name: str) -> object:
    """What stands for a NULL that cannot be left out."""
    return NotKnown(name, token=None)
