"""Shapes of what a reload of the project folder does, would do, and did last."""

import msgspec

from tuttu.api.answers import ShownFault


class WithdrawnContact(msgspec.Struct, kw_only=True):
    """A queued contact that will not be made, since its action is gone."""

    contact_id: str
    action: str | None
    treatment: str | None


class ReloadRequest(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """removes: names of guards, contact limits, suppressions, purposes and consents that the folder
    does not have any more on purpose, as `guards.open case stops marketing`."""

    removes: list[str] = []


class ReloadAnswer(msgspec.Struct, kw_only=True):
    """What came of reading the project folder again.

    before: the previously active version. changed: another one is active now. filled: how many
    definitions were filled from the log, from this many facts; unreadable: how many of these were
    left out, since the key of their fragment is lost.
    """

    project_digest: str
    before: str | None
    changed: bool
    since: str
    filled: int
    facts: int
    withdrawn: list[WithdrawnContact]
    unreadable: int = 0


class ReloadRehearsal(msgspec.Struct, kw_only=True):
    """What reading the project folder again would do; nothing is changed.

    before: the active version. filled: how many definitions would be filled from the log, from
    this many facts. customers_before, customers_after: with a fact of their own. respelled: known
    identifiers that the rules would spell otherwise, nobodies: that would name nobody any more.
    joined: customers who are several now; parted: customers who would be several. removes: guards,
    contact limits, suppressions, purposes and consents that would be gone, which has to be agreed
    to by name.
    """

    project_digest: str
    before: str | None
    changed: bool
    filled: int
    facts: int
    customers_before: int
    customers_after: int
    respelled: int
    nobodies: int
    joined: int
    parted: int
    removes: list[str] = []


class FillingAnswer(msgspec.Struct, kw_only=True):
    """A version that is being filled: through which log position, of how many."""

    project_digest: str
    done: int
    of: int


class FailedReload(msgspec.Struct, kw_only=True):
    """The last reload, if it failed: the active version stays."""

    at: str
    faults: list[ShownFault]


class ProjectAnswer(msgspec.Struct, kw_only=True):
    """The version of the project that is active, since when, and who activated it. unreadable:
    facts that the state leaves out, since the keys of their fragments were found lost at a start.
    """

    project: str
    project_digest: str
    since: str
    by: str
    filling: FillingAnswer | None = None
    failed: FailedReload | None = None
    unreadable: int = 0
