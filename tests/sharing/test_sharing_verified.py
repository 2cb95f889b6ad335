"""What guards say of a customer's shade, judged twice."""

from __future__ import annotations

from typing import Any

from tests.sharing.company import Company

from tuttu import engine as use

PART = "guards of shades"


def test_guards_of_shades_are_judged_twice(opened: Any) -> None:
    """Three share a browser, at which somebody complains: each of them has a shade that the guard
    blocks, and a row that it does not, and so has the browser. Who shares nothing has none."""
    shop: Company = opened()
    for number, who in enumerate(("aino", "veikko", "matti")):
        order = {"order_id": f"O{number}", "total": 20}
        shop.say("Order Completed", order, user_id=who, anonymous_id="laptop")
    shop.say("Order Completed", {"order_id": "O9", "total": 20}, user_id="pekka")
    complaint = {"complaint_id": "C1", "status": "open"}
    shop.say("Complaint Opened", complaint, anonymous_id="laptop")
    found = use.verify(shop.engine)
    assert found.agree, found.differences
    parts = {each.part: each for each in found.parts}
    guards = len(shop.engine.project.policy.guards)
    assert (parts["guards"].different, parts[PART].different) == (0, 0)
    assert (parts[PART].definitions, parts[PART].compared) == (guards, 4 * guards)
