"""Who is joined with whom, refused or parted, case by case."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests import builders

from tuttu import identity
from tuttu.api import ENGLISH, words_in
from tuttu.identity import resolve
from tuttu.vocabulary.company import Namespace
from tuttu.vocabulary.events import Identifier
from tuttu.vocabulary.facts import Conflict, Unit

if TYPE_CHECKING:
    from tests.identity.conftest import MakeWorld, World
else:
    MakeWorld = World = Any

Rules = Callable[..., dict[str, Namespace]]


def joined(*groups: str) -> set[frozenset[str]]:
    return {frozenset(group.split()) for group in groups}


_words = words_in(ENGLISH).reason


def reasons(world: World, name: str) -> list[tuple[str, str, str]]:
    return [(link.one.value, link.other.value, _words(link.reason)) for link in world.refused(name)]


def test_an_event_with_two_identifiers_joins_them(world: World) -> None:
    world.tell(
        world.event("anonymous_id:phone"),
        world.event("user_id:maija"),
        world.event("user_id:maija", "anonymous_id:phone", time=7),
    )
    customer = world.customer("anonymous_id:phone")
    assert world.names() == joined("user_id:maija anonymous_id:phone")
    assert [each.value for each in customer.identifiers] == ["maija", "phone"]
    assert customer.joined_at == 7
    assert customer.oldest == world.store.pseudonym("anonymous_id", "phone")
    assert customer == world.customer("user_id:maija")


def test_nobody_is_somebody_with_an_empty_fragment(world: World) -> None:
    customer = world.customer("user_id:nobody")
    assert customer.fragments == (world.store.pseudonym("user_id", "nobody"),)
    assert [each.value for each in customer.identifiers] == ["nobody"]
    assert customer.joined_at is None
    assert world.people() == []


def test_an_identifier_of_two_people_joins_neither(world: World) -> None:
    world.tell(
        world.event("user_id:maija", "email:home@x.fi"),
        world.event("user_id:matti", "email:home@x.fi"),
    )
    assert world.names() == joined("user_id:maija", "user_id:matti")
    for name in ("maija", "matti"):
        expected = [(name, "home@x.fi", "email is shared by several people")]
        assert reasons(world, f"user_id:{name}") == expected
    assert len(world.refused("email:home@x.fi")) == 2


def test_a_value_of_a_unique_namespace_goes_to_the_stronger_evidence(
    make_world: MakeWorld, namespaces: Rules
) -> None:
    strength = {"identify": 5, "default": 1}
    world = make_world(namespaces(user_id={"unique": True}, email={"strength": strength}))
    world.tell(
        world.event("user_id:visitor", "email:m@x.fi", time=1),
        world.event("user_id:maija", "email:m@x.fi", call="identify", time=9),
    )
    assert world.names() == joined("user_id:maija email:m@x.fi", "user_id:visitor")
    expected = [("visitor", "m@x.fi", "user_id is at most one per customer")]
    assert reasons(world, "user_id:visitor") == expected


def test_people_are_counted_and_not_browsers(make_world: MakeWorld, namespaces: Rules) -> None:
    """The sixth browser of a guest takes nobody apart, and neither do their two phones."""
    world = make_world(namespaces(email={"apart": True, "limit": 5}, phone={}, anonymous_id={}))
    world.tell(
        world.event("email:maija@x.fi", "phone:1"),
        world.event("email:maija@x.fi", "phone:2"),
        world.event("phone:1", "anonymous_id:b0"),
        world.event("phone:2", "anonymous_id:b0"),
    )
    for number in range(6):
        world.tell(world.event("email:maija@x.fi", f"anonymous_id:b{number}"))
    assert len(world.customer("email:maija@x.fi").identifiers) == 9


def test_one_browser_with_an_email_and_a_phone_is_one_person(
    make_world: MakeWorld, namespaces: Rules
) -> None:
    world = make_world(namespaces(email={"apart": True}, phone={"apart": True}, anonymous_id={}))
    world.tell(
        world.event("email:maija@x.fi", "anonymous_id:desk"),
        world.event("phone:1", "anonymous_id:desk"),
    )
    assert world.names() == joined("email:maija@x.fi phone:1 anonymous_id:desk")
    assert world.node("anonymous_id:desk").people == 1


def test_an_email_tells_guests_apart_at_one_browser(
    make_world: MakeWorld, namespaces: Rules
) -> None:
    world = make_world(namespaces(email={"apart": True}, anonymous_id={"limit": 2}))
    world.tell(
        world.event("email:1@x.fi", "anonymous_id:desk"),
        world.event("email:2@x.fi", "anonymous_id:desk"),
    )
    assert world.names() == joined("email:1@x.fi", "email:2@x.fi")
    node = world.node("anonymous_id:desk")
    assert node.people == 2
    world.tell(world.event("email:3@x.fi", "anonymous_id:desk"))
    world.tell(world.event("email:4@x.fi", "anonymous_id:desk"))
    assert world.node("anonymous_id:desk").people == 3  # one more than its limit, however many


def test_a_guest_who_turns_out_to_be_a_user_shares_their_phone(
    make_world: MakeWorld, namespaces: Rules
) -> None:
    """Two customers simply become one; what the smaller one names is counted again."""
    world = make_world(namespaces(user_id={"unique": True}, email={}, phone={}))
    world.tell(
        world.event("user_id:aino", "phone:1"),
        world.event("email:v@x.fi", "phone:1"),
        world.unmerge("user_id:aino", "email:v@x.fi"),
    )
    assert world.names() == joined("user_id:aino phone:1", "email:v@x.fi")
    world.tell(world.event("user_id:veikko", "email:v@x.fi"))
    assert world.names() == joined("user_id:aino", "user_id:veikko email:v@x.fi")
    assert world.node("phone:1").people == 2


def test_two_addresses_of_one_login_are_one_customer(
    make_world: MakeWorld, namespaces: Rules
) -> None:
    world = make_world(namespaces(user_id={"unique": True}, email={"apart": True}, anonymous_id={}))
    world.tell(
        world.event("email:old@x.fi", "anonymous_id:a"),
        world.event("email:new@x.fi", "anonymous_id:b"),
        world.event("user_id:maija", "email:old@x.fi"),
        world.event("user_id:maija", "email:new@x.fi"),
    )
    assert world.names() == joined(
        "user_id:maija email:old@x.fi email:new@x.fi anonymous_id:a anonymous_id:b"
    )
    assert world.refused("user_id:maija") == ()


def test_a_phone_joins_none_who_differ_in_their_email(
    make_world: MakeWorld, namespaces: Rules
) -> None:
    phone = {"strength": {"identify": 5}}
    world = make_world(namespaces(user_id={"unique": True}, email={"apart": True}, phone=phone))
    world.tell(
        world.event("email:1@x.fi", "phone:1", call="identify"),
        world.event("email:2@x.fi", "phone:1"),
    )
    assert world.names() == joined("email:1@x.fi phone:1", "email:2@x.fi")
    assert reasons(world, "email:2@x.fi") == [("2@x.fi", "1", "they differ in email")]


def test_a_login_that_comes_later_shows_that_a_phone_is_shared(
    make_world: MakeWorld, namespaces: Rules
) -> None:
    """A guest's address joined the phone of a user; it is another user's."""
    world = make_world(namespaces(user_id={"unique": True}, email={}, phone={}))
    world.tell(
        world.event("user_id:aino", "phone:1"),
        world.event("email:v@x.fi", "phone:1"),
    )
    assert world.names() == joined("user_id:aino phone:1 email:v@x.fi")
    world.tell(world.event("user_id:veikko", "email:v@x.fi"))
    assert world.names() == joined("user_id:aino", "user_id:veikko email:v@x.fi")
    assert world.node("phone:1").people == 2


def test_what_only_a_crowd_shared_is_theirs_who_is_left(
    make_world: MakeWorld, namespaces: Rules
) -> None:
    world = make_world(namespaces(email={"apart": True, "partners": 3}, anonymous_id={}))
    world.tell(
        world.event("email:shop@x.fi", "anonymous_id:phone"),
        world.event("email:maija@x.fi", "anonymous_id:phone"),
    )
    assert world.names() == joined("email:shop@x.fi", "email:maija@x.fi")
    world.tell(
        *(world.event("email:shop@x.fi", f"anonymous_id:b{number}") for number in range(3)),
    )
    assert frozenset({"email:maija@x.fi", "anonymous_id:phone"}) in world.names()


def test_too_many_partners_of_any_kind_join_nobody(
    make_world: MakeWorld, namespaces: Rules
) -> None:
    world = make_world(namespaces(email={"partners": 5}, anonymous_id={}))
    for number in range(6):
        world.tell(world.event("email:shop@x.fi", f"anonymous_id:b{number}"))
        together = 1 if number == 5 else number + 2
        assert len(world.customer("email:shop@x.fi").identifiers) == together
    assert world.customer("email:shop@x.fi").joined_at is None
    assert reasons(world, "anonymous_id:b3") == [
        ("shop@x.fi", "b3", "email has more than 5 partners")
    ]
    assert len(world.names()) == 1  # the browsers have no fact of their own
    assert len(world.refused("email:shop@x.fi")) == 6
    world.tell(world.unmerge("anonymous_id:b2", "email:shop@x.fi"))
    assert len(world.customer("email:shop@x.fi").identifiers) == 6
    assert len(world.customer("anonymous_id:2").identifiers) == 1


def test_unmerge_gives_both_back_for_good(world: World) -> None:
    world.tell(world.event("user_id:maija"), world.event("anonymous_id:phone"))
    apart = world.people()
    world.tell(world.event("user_id:maija", "anonymous_id:phone", time=-5))
    assert len(world.people()) == 1
    world.tell(world.unmerge("anonymous_id:phone", "user_id:maija"))
    assert [each.fragments for each in world.people()] == [each.fragments for each in apart]
    world.tell(world.event("user_id:maija", "anonymous_id:phone", time=99))
    assert world.names() == joined("user_id:maija", "anonymous_id:phone")
    assert reasons(world, "user_id:maija") == [("maija", "phone", "unmerged")]


def test_unmerge_may_come_before_what_it_forbids(world: World) -> None:
    world.tell(
        world.unmerge("user_id:maija", "anonymous_id:phone"),
        world.event("user_id:maija", "anonymous_id:phone"),
        world.event("user_id:maija", "email:m@x.fi"),
        world.event("anonymous_id:phone", "email:m@x.fi"),
    )
    assert world.names() == joined("user_id:maija email:m@x.fi", "anonymous_id:phone")
    assert ("phone", "m@x.fi", "unmerged") in reasons(world, "anonymous_id:phone")


def test_unmerge_of_two_that_only_a_third_joins_cuts_the_weaker_link(world: World) -> None:
    world.tell(
        world.event("anonymous_id:phone", "email:m@x.fi", time=1),
        world.event("anonymous_id:tablet", "email:m@x.fi", time=2),
        world.unmerge("anonymous_id:phone", "anonymous_id:tablet"),
    )
    assert world.names() == joined("anonymous_id:phone email:m@x.fi", "anonymous_id:tablet")
    assert reasons(world, "anonymous_id:tablet") == [("tablet", "m@x.fi", "unmerged")]


def test_what_only_unmerged_evidence_names_is_nobody(world: World) -> None:
    world.tell(world.event("user_id:maija", time=3))
    alone = world.people()
    world.tell(
        world.event("user_id:maija", "anonymous_id:phone", time=5),
        world.unmerge("user_id:maija", "anonymous_id:phone"),
    )
    assert [each.fragments for each in world.people()] == [each.fragments for each in alone]


def test_alias_joins_up_to_its_limit(world: World) -> None:
    for number in range(1, 4):
        world.tell(world.event(f"user_id:u{number}"))
        world.tell(world.event("user_id:u0", f"user_id:u{number}", call="alias"))
    assert world.names() == joined("user_id:u0 user_id:u1 user_id:u2", "user_id:u3")
    reason = "user_id is at most 3 per customer, even by alias"
    assert reasons(world, "user_id:u3") == [("u0", "u3", reason)]


def test_only_the_pair_of_an_alias_may_pass_the_limit_of_one(world: World) -> None:
    world.tell(
        world.event("user_id:other", "anonymous_id:kiosk"),
        world.event("user_id:new", "user_id:old", "anonymous_id:kiosk", call="alias"),
    )
    assert world.names() == joined("user_id:new user_id:old", "user_id:other")
    assert world.node("anonymous_id:kiosk").people == 2


def test_alias_links_its_pair_though_a_higher_namespace_is_there(
    make_world: MakeWorld, namespaces: Rules
) -> None:
    rules = namespaces(crm_id={"unique": True}, user_id={"unique": True, "alias_limit": 2})
    world = make_world(rules)
    world.tell(world.event("crm_id:7", "user_id:new", "user_id:old", call="alias"))
    assert world.names() == joined("crm_id:7 user_id:new user_id:old")


def test_several_values_without_alias_are_refused(world: World) -> None:
    world.tell(world.event("user_id:new", "user_id:old"), world.event("user_id:old"))
    assert world.names() == joined("user_id:new", "user_id:old")
    assert reasons(world, "user_id:new") == [("new", "old", "user_id is at most one per customer")]


def test_a_late_event_parts_what_two_turn_out_to_share(world: World) -> None:
    world.tell(
        world.event("user_id:maija", "anonymous_id:kiosk", time=20),
        world.event("anonymous_id:kiosk", "email:k@x.fi", time=30),
        world.event("user_id:matti", "anonymous_id:kiosk", time=10),
    )
    assert world.names() == joined(
        "anonymous_id:kiosk email:k@x.fi", "user_id:matti", "user_id:maija"
    )


def test_repeated_evidence_changes_nothing(world: World) -> None:
    world.tell(world.event("user_id:maija", "anonymous_id:phone", time=3))
    before = world.state()
    world.tell(world.event("user_id:maija", "anonymous_id:phone", time=8))
    assert world.state() == before
    assert world.customer("user_id:maija").joined_at == 3


def test_joined_at_is_the_first_time_of_the_newest_pair(world: World) -> None:
    world.tell(
        world.event("user_id:maija", "anonymous_id:phone", time=50),
        world.event("user_id:maija", "email:m@x.fi", time=20),
    )
    assert world.customer("user_id:maija").joined_at == 50
    world.tell(world.event("user_id:maija", "anonymous_id:phone", time=10))
    assert world.customer("user_id:maija").joined_at == 20


def test_a_preference_makes_its_fragment_known_and_the_next_event_names_it(world: World) -> None:
    world.tell(world.preference("email:m@x.fi", 5))
    assert [each.identifiers for each in world.people()] == [()]
    world.tell(world.event("user_id:maija", "email:m@x.fi", time=9))
    customer = world.customer("user_id:maija")
    assert customer.oldest == world.store.pseudonym("email", "m@x.fi")
    assert world.names() == joined("user_id:maija email:m@x.fi")


def test_who_is_known_from_a_door_only_has_his_name(world: World) -> None:
    choice = world.preference("email:m@x.fi", 5)
    who = Identifier("email", "m@x.fi")
    world.tell(msgspec.structs.replace(choice, body=msgspec.structs.replace(choice.body, who=who)))
    assert [each.identifiers for each in world.people()] == [(who,)]


def test_a_namespace_that_is_no_longer_declared_keeps_its_facts_and_links_nobody(
    world: World,
) -> None:
    world.tell(world.event("loyalty:1", "user_id:maija"), world.event("user_id:maija"))
    assert world.names() == joined("loyalty:1", "user_id:maija")
    assert world.refused("user_id:maija") == ()


def test_who_was_asked_about_is_watched(world: World) -> None:
    world.tell(world.event("user_id:maija"))
    with world.store.read() as snapshot:
        resolve(snapshot, world.project, Identifier("user_id", "maija"))
        reads = snapshot.reads
    world.tell(world.event("anonymous_id:phone", "user_id:maija"))
    stale = Unit(facts=(world.event("user_id:maija"),), reads=reads)
    assert world.store.commit([stale]) == [Conflict("identity.nodes")]


def test_who_is_refused_by_the_strongest_is_taken_by_the_next(
    make_world: MakeWorld, namespaces: Rules
) -> None:
    """The second e-mail is refused by its strongest link; when the one that had it takes another,
    the next who named it has it."""
    world = make_world(
        namespaces(user_id={"unique": True}, email={"unique": True, "strength": {"identify": 1}})
    )
    world.tell(
        world.event("user_id:u1", "email:first", time=0, call="identify"),
        world.event("user_id:u1", "email:second", time=1, call="identify"),
        *(world.event(f"user_id:u{number}", "email:second", time=number + 5) for number in (2, 3)),
    )
    assert world.names() >= joined("user_id:u2 email:second", "user_id:u3")
    world.tell(world.event("user_id:u2", "email:third", time=3))
    assert world.names() >= joined("user_id:u2 email:third", "user_id:u3 email:second")


def test_an_email_that_thousands_share_newest_first(
    make_world: MakeWorld, namespaces: Rules, scale: Callable[[int, int], int]
) -> None:
    size = scale(300, 3_000)
    world = make_world(
        namespaces(user_id={"unique": True}, anonymous_id={}, email={"partners": 10**6})
    )
    world.tell(
        *(world.event(f"user_id:u{n}", "email:shop", time=n) for n in reversed(range(size))),
        *(
            world.event(f"anonymous_id:b{n % size}", "email:kiosk", time=n)
            for n in reversed(range(2 * size))
        ),
        together=True,
    )
    assert len(world.customer("user_id:u0").identifiers) == 1
    assert world.node("email:shop").people == 2
    kiosk = world.customer("email:kiosk")
    assert (len(kiosk.identifiers), kiosk.joined_at) == (size + 1, size - 1)


@pytest.mark.parametrize("together", [False, True])
def test_a_chain_and_a_star_of_thousands(
    make_world: MakeWorld, namespaces: Rules, scale: Callable[[int, int], int], *, together: bool
) -> None:
    size = scale(600, 5_000)
    world = make_world(namespaces(anonymous_id={}, email={}))
    world.tell(
        *(world.event(f"anonymous_id:b{n}", f"anonymous_id:b{n + 1}") for n in range(size)),
        *(world.event(f"anonymous_id:s{n}", "email:shop@x.fi") for n in range(size)),
        together=together,
    )
    chain = world.customer(f"anonymous_id:b{size}")
    assert len(chain.fragments) == size + 1
    assert chain.joined_at == size
    assert len(world.people()) == size + 1


@pytest.mark.parametrize("forth", [True, False])
def test_an_earlier_fact_of_its_own_is_the_first_in_whatever_order(
    make_world: MakeWorld, namespaces: Rules, *, forth: bool
) -> None:
    """Also where nothing else is new in it: who is oldest follows from it."""
    world = make_world(namespaces(user_id={}))
    told = [world.event("user_id:maija", time=5), world.event("user_id:maija", time=9)]
    world.tell(*(told if forth else reversed(told)))
    assert world.node("user_id:maija").own == 5


def test_whoever_asks_of_sharing_alone_waits_for_nobody(
    make_world: MakeWorld, namespaces: Rules
) -> None:
    """What rests on a customer watches their home; this rests on none."""
    world = make_world(namespaces(user_id={"unique": True}, email={"limit": 3}))
    world.tell(world.event("user_id:maija", "email:a"), world.event("user_id:matti", "email:a"))
    with world.store.read() as snapshot:
        found = identity.sharing(snapshot, world.project, builders.identifier("email:a"))
        assert (found, snapshot.reads) == ("shared", ())


@pytest.mark.parametrize("call", ["alias", "track"])
def test_what_two_shared_is_theirs_once_they_are_one(
    make_world: MakeWorld, namespaces: Rules, call: str
) -> None:
    world = make_world(namespaces(user_id={"unique": True, "alias_limit": 2}, email={}))
    world.tell(world.event("user_id:maija", "email:a"), world.event("user_id:matti", "email:a"))
    assert world.names() == joined("user_id:maija", "user_id:matti")
    assert world.node("email:a").people == 2
    world.tell(world.event("user_id:maija", "user_id:matti", call=call))
    one = joined("user_id:maija user_id:matti email:a")
    two = joined("user_id:maija", "user_id:matti")
    assert world.names() == (one if call == "alias" else two)


def test_unmerges_of_others_may_show_that_an_identifier_is_shared(
    make_world: MakeWorld, namespaces: Rules
) -> None:
    """The phone is another's for as long as the one customer holds an email that it was parted
    from; nothing is said of the phone when they lose it."""
    world = make_world(namespaces(user_id={"unique": True}, email={"apart": True}, phone={}))
    world.tell(
        world.event("user_id:aino", "email:a@x.fi", "phone:1"),
        world.event("user_id:veikko", "phone:1"),
        world.unmerge("phone:1", "email:a@x.fi"),
    )
    assert world.names() == joined("user_id:aino email:a@x.fi", "user_id:veikko phone:1")
    world.tell(world.unmerge("email:a@x.fi", "user_id:aino"))
    assert world.names() == joined("user_id:aino", "user_id:veikko")
    assert world.node("phone:1").people == 2


def test_a_rehearsal_keeps_apart_what_was_unmerged(world: World) -> None:
    world.tell(
        world.event("user_id:maija", "anonymous_id:phone"),
        world.event("anonymous_id:phone"),
        world.event("anonymous_id:tablet", "user_id:maija", "email:no-fact@x.fi"),
        world.unmerge("user_id:maija", "anonymous_id:phone"),
    )
    with world.store.read() as snapshot:
        told = identity.rehearse(snapshot, world.project, world.project)
    assert (told.before, told.after) == (len(world.people()), len(world.people()))
    assert world.names() == joined(
        "user_id:maija anonymous_id:tablet email:no-fact@x.fi", "anonymous_id:phone"
    )


@pytest.mark.parametrize(
    ("limit", "people", "found"),
    [
        (1, 1, None),
        (1, 2, "crowd"),
        (2, 2, "shared"),
        (2, 3, "crowd"),
        (None, 1, None),
        (None, 9, "shared"),
    ],
)
def test_what_more_people_use_than_its_limit_is_a_crowd(
    make_world: MakeWorld, namespaces: Rules, limit: int | None, people: int, found: str | None
) -> None:
    world = make_world(namespaces(user_id={"unique": True}, email={"limit": limit}, phone={}))
    world.tell(*(world.event(f"user_id:u{number}", "email:a") for number in range(people)))
    asked = [builders.identifier(name) for name in ("email:a", "phone:1", "user_id:u0")]
    with world.store.read() as snapshot:
        assert identity.sharing(snapshot, world.project, asked[0]) == found
        named = identity.personal(snapshot, world.project, asked)
        shared = identity.personal(snapshot, world.project, asked[:1])
    assert named == (asked[0] if found is None else asked[1])
    assert shared == asked[0]


def test_a_phone_is_shared_though_unmerges_have_all_taken_in_order_again(
    make_world: MakeWorld, namespaces: Rules
) -> None:
    """The address came to the phone as nobody's, and was kept from its user; now it is another
    user's, who was unmerged from somebody, too."""
    world = make_world(namespaces(user_id={"unique": True}, email={}, phone={}))
    world.tell(
        world.event("user_id:aino", "phone:1"),
        world.event("email:v@x.fi", "phone:1"),
        world.unmerge("user_id:aino", "email:v@x.fi"),
        world.event("user_id:veikko", "phone:2"),
        world.unmerge("user_id:veikko", "phone:2"),
    )
    assert world.names() == joined("user_id:aino phone:1", "email:v@x.fi", "user_id:veikko")
    world.tell(world.event("user_id:veikko", "email:v@x.fi"))
    assert world.names() == joined("user_id:aino", "user_id:veikko email:v@x.fi")
    assert world.node("phone:1").people == 2


def test_an_identifier_is_known_since_it_was_first_named(world: World) -> None:
    world.tell(world.event("user_id:maija", "anonymous_id:phone", time=7))
    assert [world.node(name).named for name in ("user_id:maija", "anonymous_id:phone")] == [7, 7]
    world.tell(world.event("user_id:matti", "anonymous_id:phone", time=3))
    assert world.node("anonymous_id:phone").named == 3
    world.tell(world.unmerge("user_id:matti", "anonymous_id:phone"))
    assert world.node("anonymous_id:phone").named == 7
    assert world.node("user_id:matti").named is None
