"""The scale of this run, and the seed of all that it draws."""

from __future__ import annotations

import os

FULL = os.environ.get("TUTTU_SCALE", "small") == "full"
SEED = os.environ.get("TUTTU_SEED", "1")
