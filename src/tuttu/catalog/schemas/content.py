"""Shape of what stands between two lines of `---` at the head of a template."""

from tuttu.catalog.schemas import json_schema as s


def message() -> s.Shape:
    keys = {
        "subject": s.text(
            "a subject",
            "One line of plain text, also a template: what a mail is called before it is opened.",
        )
    }
    return s.document("head of a template", s.record("the head of a template", keys))
