"""An OpenFeature provider that serves the decisions of tuttu: a flag is a surface.

It asks a running tuttu server over HTTP and holds no rules of its own; it never raises for a server
that is away, slow or of another mind, but gives the caller's default with a reason.
"""

from tuttu_openfeature.options import Options
from tuttu_openfeature.provider import TuttuProvider

__all__ = ["Options", "TuttuProvider"]
