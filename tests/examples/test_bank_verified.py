"""All clients of the bank, judged row by row and in DuckDB: one meaning."""

from __future__ import annotations

import pytest
from tests.examples.conftest import Bank

from tuttu import engine as use
from tuttu.cli.render import verification_text

pytestmark = pytest.mark.laws


def test_the_bank_has_one_meaning(bank: Bank) -> None:
    found = use.verify(bank.engine)
    assert found.agree, verification_text(found)
    (clients,) = bank.rows.execute("SELECT count(*) FROM bank").fetchone() or (0,)
    assert found.customers == clients
    parts = {each.part: each for each in found.parts}
    conditions = {
        condition.test
        for action in bank.engine.project.actions.values()
        for block in (action.eligible, action.applicable, action.suitable)
        for condition in block
    }
    assert parts["conditions"].compared == clients * len(conditions)
    assert parts["stages"].compared == clients * 3 * 12
    assert parts["segments"].compared == clients * 2
    assert parts["traits over the log"].compared == clients * 20
