"""What lives as long as a version of the project is kept out of Python's garbage collections.

A version of thousands of actions is a million objects that stay. Every full collection walks them
all, for nothing, while requests wait. Counting references still frees what nobody needs; only
circles among what was kept out are not found until the next version comes.
"""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def keep_out_what_lives() -> None:
    """All that there is now. What was kept out before, an older version and what has become a
    circle since, is collected first: a version that is gone holds no memory."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


@contextmanager
def out_of_collections() -> Iterator[Callable[[], None]]:
    """What lives is kept out while the block runs; it gives what is to be called when the next
    version has come. At the end all is let in again: what is still out when the program ends
    would be freed by nobody, and extensions say so."""
    keep_out_what_lives()
    try:
        yield keep_out_what_lives
    finally:
        gc.unfreeze()
