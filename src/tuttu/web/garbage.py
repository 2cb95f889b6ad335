"""What lives as long as a version of the project is kept out of Python's garbage collections.

A version of thousands of actions is a million objects that stay. Every full collection walks them
all, for nothing, while requests wait. Counting references still frees what nobody needs; only
circles among what was kept out are not found until the next version comes.
"""

import gc


def keep_out_what_lives() -> None:
    """All that there is now. What was kept out before, an older version and what has become a
    circle since, is collected first: a version that is gone holds no memory."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()
