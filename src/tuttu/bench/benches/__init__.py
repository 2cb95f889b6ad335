"""The benches, a file each; `BENCHES` is the tuple of them, in the order in which they run."""

from importlib import import_module

from tuttu.bench.fixtures import Bench

FILES = (
    "decide_http",
    "decide_http_mixed",
    "decide_process",
    "decide_contacts",
    "decide_items",
    "decide_commit",
    "decide_peer",
    "caps",
    "score",
    "intake_batch",
    "intake_single",
    "intake_actions",
    "intake_history",
    "start",
    "answer_bytes",
    "receipt_bytes",
    "import_events",
    "batch_judge",
    "store_pg",
)
BENCHES: tuple[Bench, ...] = tuple(
    import_module(f"tuttu.bench.benches.{name}").BENCH for name in FILES
)
