"""What can be wrong with a question."""

from difflib import get_close_matches

from tuttu.vocabulary.errors import FinalError
from tuttu.vocabulary.project import Project


class UnknownSurfaceError(FinalError):
    """Asked for a surface that channels.yaml does not declare."""

    def __init__(self, name: str, project: Project) -> None:
        near = get_close_matches(name, project.surfaces, 1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        self.found = f"the surface {name!r}"
        self.expected = f"one of: {', '.join(project.surfaces) or 'none is declared'}{hint}"
        super().__init__(f"found {self.found}, expected {self.expected}")
