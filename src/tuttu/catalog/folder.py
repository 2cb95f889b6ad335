"""The files of a project folder: which there are, what they hold, and their digest.

Only regular files inside the folder are read. Hidden files, `demo/`, `imports/` and whatever else
is not the policy's are left alone.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from tuttu.catalog.findings import Findings, nearest, quote, told
from tuttu.catalog.texts import LARGEST, decoded
from tuttu.vocabulary.errors import Where

KINDS = (
    "tuttu",
    "events",
    "identity",
    "traits",
    "consent",
    "policy",
    "resources",
    "channels",
)
REQUIRED = ("tuttu", "events", "identity", "traits", "consent", "policy", "channels")
"""Their absence is not "none": a file that was lost would take guards and consents with it."""
REQUIRED_OF_OLD = ("tuttu", "identity", "channels", "consent")
"""Those that versions of earlier days have, too: what a store keeps of them stays readable."""
REQUIRED_KEYS = {"policy": ("guards", "contact_limits", "suppressions")}
"""Keys of a file that must be there, `{}` if there is none. Versions of earlier days may lack them.
"""
LATER = ("systems", "context", "calendars", "goals", "models")
FOLDERS = ("actions", "content", "scenarios")
ACTION_PATH = "actions/<owner>/<issue group>/<action>.yaml"
CONTENT_PATH = "content/<message>.<channel>.<language>.liquid"


class SourceFile(msgspec.Struct, frozen=True):
    """One file: its path relative to the folder with /, its bytes; text None: unreadable."""

    path: str
    data: bytes
    text: str | None

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.path.split("/"))

    @property
    def stem(self) -> str:
        return self.parts[-1].partition(".")[0]


class Folder:
    """Reads files below one root, and reports what cannot be read."""

    def __init__(self, root: Path, findings: Findings) -> None:
        self.root = root
        self.findings = findings

    def policy_files(self) -> list[SourceFile]:
        """All files that make the policy, in the order of their paths; scenarios are none."""
        if not self.root.is_dir():
            where = Where(told(str(self.root)), 1)
            self.findings.add(where, "no such folder", "a project folder")
            return []
        paths = [*self._settings(), *self._actions(), *self._content()]
        files = [self._read(path) for path in sorted(paths)]
        for kind in REQUIRED:
            if all(file.path != f"{kind}.yaml" for file in files):
                self.findings.add(Where(f"{kind}.yaml", 1), "no such file", _expected(kind))
        return files

    def scenario_files(self) -> list[SourceFile]:
        paths = self._yaml_only("scenarios", "scenarios/<name>.yaml")
        return [self._read(path) for path in sorted(paths)]

    def _settings(self) -> Iterator[str]:
        for entry in self._entries("."):
            if entry.suffix in {".yaml", ".yml"}:
                yield from self._setting(entry)
            elif entry.is_dir() and entry.name not in FOLDERS:
                self._report_near_folder(told(entry.name))

    def _setting(self, entry: Path) -> Iterator[str]:
        where = Where(self._relative(entry), 1)
        if entry.stem in LATER:
            self.findings.not_yet(where, f"the file {quote(entry.name)}")
        elif entry.stem in KINDS and entry.suffix == ".yaml":
            yield where.file
        else:
            names = [f"{kind}.yaml" for kind in KINDS]
            expected = f"one of {', '.join(names)}"
            found = f"the file {quote(entry.name)}"
            self.findings.add(where, found, expected, nearest(entry.name, names))

    def _report_near_folder(self, name: str) -> None:
        if near := nearest(name, FOLDERS):
            expected = f"one of {', '.join(FOLDERS)}"
            self.findings.add(Where(name, 1), f"the folder {quote(name)}", expected, near)

    def _actions(self) -> Iterator[str]:
        for path in self._below("actions", 4):
            name = path.rpartition("/")[2]
            if path.count("/") == 3 and name.endswith(".yaml"):
                yield path
            elif name.endswith((".yaml", ".yml")):
                self.findings.add(Where(path, 1), "an action out of its place", ACTION_PATH)

    def _content(self) -> Iterator[str]:
        for entry in self._entries("content"):
            path = self._relative(entry)
            if entry.suffix == ".liquid":
                yield path
            elif entry.suffix == ".mjml":
                self.findings.not_yet(Where(path, 1), f"the file {quote(entry.name)}")
            elif entry.suffix != ".md":
                self.findings.add(Where(path, 1), f"the file {quote(entry.name)}", CONTENT_PATH)

    def _yaml_only(self, folder: str, expected: str) -> Iterator[str]:
        for entry in self._entries(folder):
            path = self._relative(entry)
            if entry.suffix == ".yaml":
                yield path
            elif entry.suffix != ".md":
                self.findings.add(Where(path, 1), f"the file {quote(entry.name)}", expected)

    def _below(self, folder: str, levels: int) -> Iterator[str]:
        """Paths of files at most so many levels below."""
        for entry in self._entries(folder):
            path = self._relative(entry)
            if entry.is_dir() and levels and self._inside(entry):
                yield from self._below(path, levels - 1)
            elif not entry.is_dir():
                yield path

    def _entries(self, folder: str) -> list[Path]:
        """What a folder holds, less hidden files."""
        path = self.root / folder
        try:
            entries = sorted(path.iterdir()) if path.exists() and self._inside(path) else []
        except OSError as error:
            self.findings.add(Where(folder, 1), _reason(error), "a folder that can be read")
            return []
        return [entry for entry in entries if not entry.name.startswith(".")]

    def _relative(self, path: Path) -> str:
        """Relative, with /, and printable even where a name is not UTF-8."""
        return told(path.relative_to(self.root).as_posix())

    def _inside(self, path: Path) -> bool:
        try:
            resolved = path.resolve(strict=True)
        except (OSError, RuntimeError):
            self.findings.add(Where(self._relative(path), 1), "a link to nothing", "a file")
            return False
        if resolved.is_relative_to(self.root.resolve()):
            return True
        found = "a link out of the project folder"
        self.findings.add(Where(self._relative(path), 1), found, "a file inside the folder")
        return False

    def _read(self, path: str) -> SourceFile:
        """One file; with a fault, its text is None."""
        data = self._bytes(path)
        text = None if data is None else decoded(data, path, self.findings)
        return SourceFile(path, data or b"", text)

    def _bytes(self, path: str) -> bytes | None:
        full = self.root / path
        if not self._inside(full):
            return None
        where = Where(path, 1)
        if not full.is_file():
            self.findings.add(where, "something that is no file", "a file")
            return None
        try:
            with full.open("rb") as stream:
                return stream.read(LARGEST + 1)
        except OSError as error:
            self.findings.add(where, _reason(error), "a file that can be read")
            return None


class KeptFiles:
    """The policy files of a version that was kept: path to text; its scenarios were not."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def policy_files(self) -> list[SourceFile]:
        kept = ((path, self._texts[path].encode()) for path in sorted(self._texts))
        return [SourceFile(path, data, data.decode("utf-8-sig")) for path, data in kept]

    def scenario_files(self) -> list[SourceFile]:
        return []


def texts_of(files: list[SourceFile]) -> dict[str, str]:
    """What is to be kept of a version, so that `KeptFiles` gives the same files byte for byte."""
    return {file.path: file.data.decode() for file in files if file.text is not None}


def digest(files: list[SourceFile]) -> str:
    """SHA-256 over paths and bytes, with their lengths, in the order of paths; hex."""
    total = hashlib.sha256()
    for file in sorted(files, key=lambda one: one.path):
        for part in (file.path.encode(), file.data):
            total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()


def _expected(kind: str) -> str:
    keys = "".join(f"{key}: {{}}, " for key in REQUIRED_KEYS.get(kind, ())).rstrip(", ")
    return f"a file {kind}.yaml{f'; with {keys} if there are none' if keys else ''}"


def _reason(error: OSError) -> str:
    return f"it cannot be read ({error.strerror or type(error).__name__})"
