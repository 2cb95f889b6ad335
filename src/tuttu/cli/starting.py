"""Importing this lets Ctrl-C end the process without a word, until `over` is called.

It is imported before all that is large: who interrupts a command that is still being loaded gets
no trace of our modules.
"""

import signal
import threading

_BEFORE = signal.getsignal(signal.SIGINT)
_OURS = _BEFORE is signal.default_int_handler and (
    threading.current_thread() is threading.main_thread()
)
if _OURS:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def over() -> None:
    """All is loaded: Ctrl-C is an exception again, which tidies up on its way."""
    if _OURS:
        signal.signal(signal.SIGINT, _BEFORE)
