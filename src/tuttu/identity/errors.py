"""What can be wrong with an identifier that a sender gives."""

from tuttu.vocabulary.errors import FinalError


class IdentifierError(FinalError, ValueError):
    """An identifier that cannot be kept: it says which, what was found and what was expected."""
