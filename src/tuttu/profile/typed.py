"""A value that is said of a trait, as the trait's type."""

from tuttu.vocabulary import conversion, values, zones

A_ZONE = "the name of a time zone such as Europe/Helsinki"


def typed(name: str, value: object, declared: values.Type, zone: str) -> tuple[values.Value, str]:
    """The value, and what was expected instead if it does not fit: then the value is NULL. zone:
    the project's, in which dates and times are read that name none."""
    converted = conversion.convert(value, declared, zone)
    if name == values.ZONE and isinstance(converted, str) and not zones.is_zone(converted):
        return None, A_ZONE
    return converted, str(declared) if conversion.slipped(value, converted) else ""
