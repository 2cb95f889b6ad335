"""The suite that every store must pass, on every store that there is."""

from __future__ import annotations

from tuttu.testing.stores import StoreConformance


class TestStores(StoreConformance):
    """The fixture `subject` is in this folder's conftest."""
