"""How fast tuttu is on this machine, beside limits and peers that are measured in the same run.

A bench makes a company and customers of its own, starts the server as a process where it measures
one, and may use the databases and libraries of others as limits and peers, none of which running
tuttu needs. This room must not be imported by any other but the command line, must not touch a
project that it did not make, and makes nothing faster by knowing more than a user of the doors.
"""

from tuttu.bench.benches import BENCHES
from tuttu.bench.company import GeneratedCompany, write
from tuttu.bench.fixtures import Bench, Scale
from tuttu.bench.results import Result
from tuttu.bench.running import chosen, run

__all__ = ["BENCHES", "Bench", "GeneratedCompany", "Result", "Scale", "chosen", "run", "write"]
