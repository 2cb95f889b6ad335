"""The embedded store alone: one owner, one secret; and the scratch store, which leaves nothing."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from tuttu.storage import OwnedElsewhereError, Store, StoreCorruptError, open_store
from tuttu.testing.stores import SHARED, SUITE, Note, Step, unit_of
from tuttu.vocabulary.facts import Committed


def opened(folder: Path) -> Store:
    store = open_store("sqlite:.tuttu/store.db", folder)
    store.register([SUITE])
    return store


def test_one_owner(tmp_path: Path) -> None:
    with closing(opened(tmp_path)):
        with pytest.raises(OwnedElsewhereError, match="another process owns"):
            opened(tmp_path)
        other_file = tmp_path / ".tuttu" / "other.db"
        with pytest.raises(OwnedElsewhereError):
            open_store(f"sqlite:{other_file}", tmp_path)
    opened(tmp_path).close()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o777])
def test_a_secret_that_others_can_use_is_refused(tmp_path: Path, mode: int) -> None:
    opened(tmp_path).close()
    secret = tmp_path / ".tuttu" / "secret"
    secret.chmod(mode)
    with pytest.raises(StoreCorruptError, match=f"mend it: chmod 600 {secret}"):
        opened(tmp_path)
    secret.chmod(0o400)
    opened(tmp_path).close()


def test_another_secret_opens_nothing(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store:
        store.commit([unit_of(store, Step("put", b"k"))])
    secret = tmp_path / ".tuttu" / "secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    kept = secret.read_bytes()
    secret.write_bytes(bytes(32))
    with pytest.raises(StoreCorruptError, match="restore the file `secret`"):
        opened(tmp_path)
    secret.write_bytes(kept[:-1])
    with pytest.raises(StoreCorruptError, match="found 31 bytes, expected 32"):
        opened(tmp_path)
    secret.unlink()
    with pytest.raises(StoreCorruptError, match="without its secret"):
        opened(tmp_path)
    assert not secret.exists()
    secret.write_bytes(kept)
    secret.chmod(0o600)
    with closing(opened(tmp_path)) as store, store.read() as snapshot:
        assert snapshot.get(SHARED, b"k") == Note("")


def test_a_file_that_is_no_store_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / ".tuttu" / "store.db"
    path.parent.mkdir()
    path.write_bytes(b"what somebody else keeps here\n" * 100)
    before = path.read_bytes()
    with pytest.raises(StoreCorruptError, match="the store's file is not as expected"):
        opened(tmp_path)
    assert path.read_bytes() == before


def test_a_scratch_store_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    one = open_store("sqlite::memory:", tmp_path, salt="s")
    other = open_store("sqlite::memory:", tmp_path, salt="s")
    assert one.pseudonym("user_id", "a") == other.pseudonym("user_id", "a")
    one.register([SUITE])
    assert one.commit([unit_of(one)]) == [Committed(1)]
    with other.read() as snapshot:
        assert snapshot.position == 0
    assert len(list(tmp_path.iterdir())) == 2
    one.close()
    other.close()
    assert list(tmp_path.iterdir()) == []
