"""Other people's libraries that stand beside ours: the extra `bench`."""

from importlib import import_module
from types import ModuleType

from tuttu.bench import processes


class MissingPeerError(processes.BenchError):
    """A library is not installed."""


def peer(name: str) -> ModuleType:
    """Imported when it is asked for, since none of them is needed to run tuttu. Raises
    MissingPeerError."""
    try:
        return import_module(name)
    except ImportError:
        raise MissingPeerError(f"{name} is not installed; pip install 'tuttu[bench]'") from None
