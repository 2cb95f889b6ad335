"""Servers of the tests' own, ended with the test."""

from __future__ import annotations

from tests.kills.conftest import Serving, serving

__all__ = ["Serving", "serving"]
