"""How many of a thing, in words."""


def so_many(count: int, one: str, many: str | None = None) -> str:
    """``1 row``, ``2,000 rows``. many: of a word that does not only take an s."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
