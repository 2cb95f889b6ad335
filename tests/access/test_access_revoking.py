"""Two keys of one name, as two processes may issue them in one moment: revoked together."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from tests import builders as b

from tuttu import access
from tuttu.access import Keyring
from tuttu.access.keys import digest_of, holders
from tuttu.storage import open_store
from tuttu.vocabulary.events import KeyIssued
from tuttu.vocabulary.facts import Body


def test_a_name_is_revoked_with_all_its_keys(storage_url: str, tmp_path: Path) -> None:
    """On each kind of store; a key of another name stays."""
    with closing(open_store(storage_url, tmp_path)) as store:
        store.register([access.ROOM.live_folds(b.EMPTY)])
        facts = iter(range(100))

        def append(body: Body) -> None:
            b.commit(store, b.fact(store, body, id=f"{next(facts)}"))

        keyring = Keyring(store.read, append, store.when_durable, shared=store.remote)
        first = keyring.issue("shop", ("decide",))
        other = keyring.issue("till", ("decide",))
        # What another process appends that has not seen the first one yet.
        second = "tuttu_of_another_process"
        append(KeyIssued(name="shop", digest=digest_of(second), scopes=("decide",)))
        elsewhere = Keyring(store.read, append, store.when_durable, shared=store.remote)
        assert [name for name, _ in elsewhere.names()] == ["shop", "shop", "till"]
        elsewhere.revoke("shop")
        assert elsewhere.holder(first) is None
        assert elsewhere.holder(second) is None
        assert elsewhere.holder(other) is not None
        with store.read() as snapshot:
            assert [holder.name for _, holder in holders(snapshot)] == ["till"]
