"""What the words say: one message, its texts per channel and language, as Liquid templates.

A template sees the customer's row and nothing else: no files, no other templates, no clock, and
bounded work. Doubt is no: a value that is printed and not known makes the rendering fail, unless
the template says what to print instead. This room must not decide what is sent to whom, or
whether.
"""

from tuttu.content.checking import check
from tuttu.content.errors import ContentError
from tuttu.content.rendering import Rendered, Renderer
from tuttu.content.warnings import warnings
from tuttu.content.work import Work
from tuttu.vocabulary.room import Room

ROOM = Room(name="content", check=check, warnings=warnings)

__all__ = ["ROOM", "ContentError", "Rendered", "Renderer", "Work", "check", "warnings"]
