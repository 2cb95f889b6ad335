"""Why a message cannot be rendered."""

from tuttu.vocabulary.errors import FinalError


class ContentError(FinalError):
    """The message cannot be rendered for this customer: the next best one is taken."""
