"""A customer's profile and choices, as the API shows them."""

from collections.abc import Iterable

from tuttu import consent
from tuttu.api import answers
from tuttu.api.identifiers import label, link, shown
from tuttu.api.row_values import items, values
from tuttu.api.words import Words
from tuttu.decision import DecisionView
from tuttu.vocabulary import conversion, events, people
from tuttu.vocabulary.project import Project
from tuttu.vocabulary.values import Instant


def customer_answer(
    project: Project,
    picture: DecisionView,
    parts: list[answers.ShownFragment],
    refused: Iterable[people.RefusedLink],
    words: Words,
) -> answers.CustomerAnswer:
    """The whole picture; sources are those that are known."""
    schema, row, customer = project.row_schema, picture.row, picture.customer
    traits = project.profile.traits
    names = [name for name in schema.columns if "." not in name or name in traits]
    sourced = [
        name
        for name in schema.columns
        if "." in name and name not in traits and row.get(name) is not None
    ]
    outcomes, withdrawn = picture.history.outcomes(), picture.history.withdrawn()
    none = (0, None)
    allowed = preferences_answer(picture)
    contacts = [
        answers.ShownContact(
            contact_id=contact.id,
            action=contact.action,
            item=contact.item,
            channel=contact.channel,
            purpose=contact.purpose,
            state=contact.state,
            time=conversion.format_instant(contact.time),
            outcome=outcomes.get(contact.id),
            withdrawn=None if why is None else words.reason(why),
            code=None if why is None else why.code,
            values={} if why is None else why.values,
        )
        for contact in picture.history.contacts
        for _, why in (withdrawn.get(contact.id, none),)
    ]
    return answers.CustomerAnswer(
        customer=label(customer.identifiers[0]),
        known=customer.known,
        identifiers=[shown(each) for each in customer.identifiers],
        fragments=len(parts),
        parts=parts,
        traits=values(row, schema, names),
        sources=values(row, schema, sourced),
        collections={name: items(row, schema, name) for name in schema.collections},
        beyond_limit=dict(picture.beyond_limit),
        contacts=contacts,
        refused_links=[link(each, words) for each in refused],
        groups={name: group.members for name, group in picture.groups.items()},
        kind_of_person=allowed.kind_of_person,
        consents=allowed.preferences,
    )


def shown_fragment(
    fragment: events.FragmentId, identifier: events.Identifier | None, first: Instant | None
) -> answers.ShownFragment:
    who = None if identifier is None else shown(identifier)
    return answers.ShownFragment(id=fragment.hex(), who=who, first=conversion.shown_instant(first))


def preferences_answer(view: DecisionView) -> answers.PreferencesAnswer:
    """What the customer allows, and what holds for their kind of person without a choice."""
    known = consent.Circumstances(view.row)
    return answers.PreferencesAnswer(
        known=view.customer.known,
        kind_of_person=consent.kind_of(view.project, view.row) or None,
        preferences=[
            answers.ShownPreference(
                purpose=each.purpose,
                channel=each.channel,
                allowed=each.allowed,
                chosen=each.chosen,
                basis=each.basis,
                after_sale=each.after_sale,
            )
            for each in view.consents.preferences(known)
        ],
    )
