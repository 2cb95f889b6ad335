"""The benches, a file each; `BENCHES` is the tuple of them."""

from tuttu.bench.bench import Bench
from tuttu.bench.benches import decide_http, decide_process

BENCHES: tuple[Bench, ...] = (
    decide_http.BENCH,
    decide_process.BENCH,
)
