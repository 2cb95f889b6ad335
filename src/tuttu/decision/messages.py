"""The message of a candidate, for the customer of one view."""

from tuttu.content import Rendered, Renderer, Work
from tuttu.decision.view import Candidate, DecisionView


class MessageRenderer:
    """All messages of one decision, which share what it may spend on them. language: that was asked
    for; None: as the customer and the company have it."""

    def __init__(self, renderer: Renderer, view: DecisionView, language: str | None) -> None:
        self._renderer = renderer
        self._languages = (language,) if language else ()
        self._view = view
        self._work = Work.of_a_decision()

    def __call__(self, candidate: Candidate) -> Rendered:
        """Raises ContentError."""
        treatment, about = candidate.treatment, candidate.action.about
        return self._renderer.render(
            treatment.message,
            treatment.channel,
            self._languages,
            self._view.row_of(candidate),
            about=about,
            work=self._work,
        )
