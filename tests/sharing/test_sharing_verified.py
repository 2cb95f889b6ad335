"""What guards say of a customer's shade, judged twice."""

from __future__ import annotations

from typing import Any

from tests.sharing.company import Company

from tuttu import engine as use

PART = "guards of shades"


def test_guards_of_shades_are_judged_twice(opened: Any) -> None:
    """Three share a browser, and so have a shade each; one of them complains. Who shares nothing
    has none."""
    shop: Company = opened()
    for number, who in enumerate(("aino", "veikko", "matti")):
        order = {"order_id": f"O{number}", "total": 20}
        shop.say("Order Completed", order, user_id=who, anonymous_id="laptop")
    shop.say("Order Completed", {"order_id": "O9", "total": 20}, user_id="pekka")
    complaint = {"complaint_id": "C1", "status": "open"}
    shop.say("Complaint Opened", complaint, user_id="aino")
    found = use.verify(shop.engine)
    assert found.agree, found.differences
    parts = {each.part: each for each in found.parts}
    guards = len(shop.engine.project.policy.guards)
    assert (parts["guards"].different, parts[PART].different) == (0, 0)
    assert (parts[PART].definitions, parts[PART].compared) == (guards, 3 * guards)
