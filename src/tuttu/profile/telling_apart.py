"""What tells people apart who share an identifier: their initials, and a trait that one may ask."""

from collections.abc import Sequence

from tuttu.vocabulary import company, conversion, values


def fits(known: values.Value, said: object, declared: values.Type, zone: str) -> bool:
    """Text in any case, without blanks around it; what is not known fits nothing."""
    answer = conversion.convert(said, declared, zone)
    return known is not None and _plain(answer) == _plain(known)


def initials(declared: company.Profile, row: values.Row) -> str:
    """Of the traits that the project names for it; empty if none is known."""
    names = [row.get(name) for name in declared.initials]
    return "".join(
        f"{name.strip()[0].upper()}." for name in names if isinstance(name, str) and name.strip()
    )


def telling(declared: company.Profile, rows: Sequence[values.Row]) -> str | None:
    """The first trait that one may ask for of which everybody has a value of their own."""
    for name in declared.asks:
        known = {repr(_plain(row.get(name))) for row in rows if row.get(name) is not None}
        if rows and len(known) == len(rows):
            return name
    return None


def _plain(value: values.Value) -> values.Value:
    return value.strip().casefold() if isinstance(value, str) else value
