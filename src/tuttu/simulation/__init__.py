"""Scenarios run on a second engine over a scratch store.

It runs a project's scenarios on a real engine, step by step on a clock of its own, and reports what
came out otherwise than expected. It must not touch the company's own store, and it has no rules:
what a scenario expects is answered by the same decisions as everywhere.
"""

from tuttu.simulation.report import Failure, Report
from tuttu.simulation.run import run

__all__ = ["Failure", "Report", "run"]
