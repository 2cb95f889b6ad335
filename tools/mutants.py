"""Break one law at a time, and demand that the named test notices.

Each patch in `tests/mutants/` begins with lines ``law: …`` and ``test: tests/….py::name`` (one or
more) and goes on as a unified diff against the repository. The patch is applied to a copy; a named
test that still passes there guards nothing.

    python -m tools.mutants [--jobs N] [NAME …]
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "mutants"
COPIED = ("src", "tests", "tools", "docs", "providers", "pyproject.toml", "README.md")
FAILED = re.compile(r"^(?:=* ?)?\d+ failed\b", re.MULTILINE)
"""In pytest's last line. A test that could not even begin has noticed nothing."""
SECONDS = 600


@dataclass(frozen=True)
class Mutant:
    """law: what it breaks, in words. tests: as pytest names them; one of them must fail."""

    path: Path
    law: str
    tests: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.path.stem


def read(path: Path) -> Mutant:
    """Raises ValueError if the header lacks the law or the test."""
    header = path.read_text().partition("\n--- ")[0].splitlines()
    said = [line.partition(": ")[::2] for line in header if line.strip()]
    laws = [text for word, text in said if word == "law"]
    tests = tuple(text for word, text in said if word == "test")
    if len(laws) != 1 or not tests:
        raise ValueError(f"{path.name}: expected one line `law: …` and a line `test: …`")
    return Mutant(path, laws[0], tests)


def mutants() -> list[Mutant]:
    """Every patch that is kept, by name."""
    return [read(path) for path in sorted(FOLDER.glob("*.patch"))]


def copy(into: Path) -> Path:
    """The repository's own files, without what is built or installed."""
    ignored = shutil.ignore_patterns("__pycache__", "node_modules", ".hypothesis")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, into / name, ignore=ignored)
        elif source.exists():
            shutil.copy(source, into / name)
    return into


def apply(mutant: Mutant, copied: Path, *options: str) -> None:
    """Raises ValueError if the patch does not fit any more. options: of `git apply`."""
    done = subprocess.run(
        ["git", "apply", "--recount", "-C1", *options, str(mutant.path)],
        cwd=copied,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(copied.parent)},
    )
    if done.returncode:
        raise ValueError(f"{mutant.path.name}: does not apply: {done.stderr.strip()}")


def survives(mutant: Mutant) -> str | None:
    """None: a named test fails, as it should. Otherwise what happened instead."""
    with tempfile.TemporaryDirectory(prefix="tuttu-mutant-") as folder:
        copied = copy(Path(folder))
        apply(mutant, copied)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *mutant.tests],
            cwd=copied,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
            env=_environment(copied),
        )
    if FAILED.search(done.stdout):
        return None
    if done.returncode == 0:
        return "SURVIVED"
    return f"the test did not run:\n{done.stdout[-2_000:]}{done.stderr[-2_000:]}"


def _environment(copied: Path) -> dict[str, str]:
    data = os.environ.get("TUTTU_DATA", str(ROOT.parent / "shared" / "data"))
    changed = {"PYTHONPATH": str(copied / "src"), "TUTTU_DATA": data, "TUTTU_SCALE": "small"}
    # A skip would be no answer either: with CI set it is a failure, so it is left unset here.
    kept = {name: value for name, value in os.environ.items() if name != "CI"}
    return {**kept, **changed, "PYTHONDONTWRITEBYTECODE": "1"}


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="patches without .patch; all")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args(arguments)
    chosen = [each for each in mutants() if not given.names or each.name in given.names]
    with ThreadPoolExecutor(given.jobs) as pool:
        found = list(pool.map(_reported, chosen))
    caught = sum(found)
    print(f"{caught} of {len(found)} mutants were caught")
    return 0 if found and caught == len(found) else 1


def _reported(mutant: Mutant) -> bool:
    problem = survives(mutant)
    print(f"{'caught' if problem is None else problem}: {mutant.name} ({mutant.law})", flush=True)
    return problem is None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
