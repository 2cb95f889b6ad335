"""What a project may write of consent, and probably does not mean."""

from collections.abc import Iterator

from tuttu.vocabulary import company, errors
from tuttu.vocabulary.project import Project


def warnings(project: Project) -> Iterator[errors.Fault]:
    """Machines that may speak to people of what the company wants to say, before they consented."""
    purposes = {action.purpose for action in project.actions.values()}
    for name in sorted(purposes & project.purposes.keys()):
        purpose = project.purposes[name]
        for channel in project.channels.values():
            if channel.by == "machine" and not purpose.owed and _is_open(purpose, channel.name):
                found = f"`{channel.name}`, where a machine speaks, is in for `{name}`"
                expected = "`out` with the basis consent: a machine calls who has consented"
                yield errors.Fault(purpose.where, found, expected)


def _is_open(purpose: company.Purpose, channel: str) -> bool:
    """For some kind of person, without a choice and on a basis of what the company wants to say."""
    return any(
        terms.allowed and terms.basis in company.BASES and company.BASES[terms.basis].wanted
        for terms in (each.get(channel, company.NO_TERMS) for each in purpose.terms.values())
    )
