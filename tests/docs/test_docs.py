"""The documentation cannot drift: all is mentioned, links lead somewhere, pages are fresh."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from click.testing import CliRunner
from tests.waiting import HANG_SECONDS
from tools.reference.yaml_written import REFUSED

from tuttu import catalog
from tuttu.access import Scope
from tuttu.catalog.findings import Findings
from tuttu.catalog.yaml_nodes import parse_yaml, plain_value
from tuttu.cli import main
from tuttu.cli.folders import examples
from tuttu.intake import RefusalCode
from tuttu.policy import CONSTRUCTS
from tuttu.web import ROUTES
from tuttu.web.route import Route

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
ROUTE = re.compile(r"`((?:GET|PUT|POST|DELETE) /[^`]*)`")
COMMAND = re.compile(r"^## `(tuttu[a-z -]*)`$", re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
VARIABLE = re.compile(r"\bTUTTU_[A-Z_]+\b")
FENCES = {"sh", "sh fails", "sh server", "text", "console", "yaml", "js", "python", "ini", "nginx"}
MACHINE = re.compile(
    r"/(?:root|home|Users|work|tmp|mnt|opt)/|/\.venv/lib|index-url|"
    r"pypi\.org|pythonhosted|npmjs|deb\.debian|anaconda|:\d{2}:\d{2} (?:AM|PM)"
)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def told() -> str:
    """Everything that is written anywhere."""
    return "\n".join(map(text_of, PAGES))


def without_code(text: str) -> str:
    """Fences and code spans hold no links."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "", text)


# Words

PRONOUN = re.compile(r"\b(?:he|him|his|himself|she|hers?|herself|whoever|anew)\b", re.IGNORECASE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_customer_is_the_customer_or_they(page: Path) -> None:
    assert not PRONOUN.findall(without_code(text_of(page)))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_a_summary_is_a_whole_sentence(route: Route) -> None:
    documented = " ".join((route.use_case.__doc__ or "").split())
    assert f"{route.summary}." in documented or route.summary.startswith("Segment's")


# Everything is mentioned


def test_every_route_and_no_other_is_in_the_reference() -> None:
    found = set(ROUTE.findall(text_of(DOCS / "reference" / "http.md")))
    assert {f"{each.method} {each.path}" for each in ROUTES} <= found
    elsewhere = {route for page in PAGES for route in ROUTE.findall(text_of(page))}
    known = {f"{each.method} {each.path}" for each in ROUTES}
    assert elsewhere <= known, "a page names a route that does not exist"


def commands(group: click.Group, path: str = "tuttu") -> Iterator[str]:
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}"


def test_every_command_and_no_other_is_in_the_reference() -> None:
    assert isinstance(main, click.Group)
    found = COMMAND.findall(text_of(DOCS / "reference" / "commands.md"))
    assert sorted(found) == sorted(commands(main))


def keys(shape: object) -> Iterator[str]:
    """Names of keys anywhere in a schema."""
    if not isinstance(shape, dict):
        return
    for name, inner in shape.get("properties", {}).items():
        yield name
        yield from keys(inner)
    for inner in (shape.get("additionalProperties"), shape.get("items"), *shape.get("anyOf", [])):
        yield from keys(inner)


def test_every_key_of_a_project_folder_is_in_the_reference() -> None:
    page = text_of(DOCS / "reference" / "project.md")
    settings = {key for shape in catalog.schemas().values() for key in keys(shape)}
    assert len(settings) > 80
    missing = {key for key in settings if not re.search(rf"`(?:[^`]*[.\]])?{key}`", page)}
    assert not missing


@pytest.mark.parametrize(("what", "example", "_"), REFUSED)
def test_what_the_reference_says_of_yaml_is_refused(what: str, example: str, _: str) -> None:
    findings = Findings()
    parse_yaml("a.yaml", example, findings)
    assert len(findings.faults()) == 1, what


def test_what_the_reference_says_of_words_in_yaml() -> None:
    words = {
        word: plain_value(word) for word in ("TRUE", "~", "Null", "yes", "no", "on", "2026-03-01")
    }
    assert list(words.values()) == [True, None, None, "yes", "no", "on", "2026-03-01"]


def test_every_construct_scope_and_code_is_in_the_reference() -> None:
    conditions = text_of(DOCS / "reference" / "conditions.md")
    called = {name for each in CONSTRUCTS if (name := re.match(r"\w+(?=\()", each))}
    assert {name[0] for name in called if f"`{name[0]}(" not in conditions} == set()
    http = text_of(DOCS / "reference" / "http.md")
    assert {name for name in [*Scope, *RefusalCode] if f"`{name.value}`" not in http} == set()


def test_every_example_company_is_told_of() -> None:
    index = text_of(DOCS / "README.md")
    assert {name for name in examples() if f"**`{name}`**" not in index} == set()


def test_every_variable_of_the_environment_is_told_of() -> None:
    sources = [ROOT / "Makefile", *(ROOT / "src").rglob("*.py"), *(ROOT / "tests").glob("*.py")]
    used = {name for path in sources for name in VARIABLE.findall(text_of(path))}
    assert used
    assert used <= set(VARIABLE.findall(told()))


# Pages lead somewhere


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_of_the_source_are_there(page: Path) -> None:
    named = re.findall(r"`((?:\w+/)+\w+\.py)`", text_of(page))
    known = (ROOT, ROOT / "src" / "tuttu")
    assert not [name for name in named if not any((top / name).exists() for top in known)]


def slugs(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    fenceless = re.sub(r"^```.*?^```$", "", text_of(page), flags=re.DOTALL | re.MULTILINE)
    titles = re.findall(r"^#+ +(.+?) *$", fenceless, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(page: Path) -> Iterator[str]:
    for link, image in LINK.findall(without_code(text_of(page))):
        target = link or image
        if not re.match(r"[a-z]+:", target):
            yield unquote(target)


def leads_to(page: Path, link: str) -> tuple[Path, str]:
    path, _, anchor = link.partition("#")
    return (page.parent / path).resolve() if path else page, anchor


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        target, anchor = leads_to(page, link)
        assert target.exists(), f"{link}: there is no such file"
        assert target.is_relative_to(ROOT), f"{link}: outside the repository"
        assert not anchor or anchor in slugs(target), f"{link}: there is no such heading"


def test_every_page_can_be_reached_from_the_readme() -> None:
    """A link to a folder leads to all its pages."""
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page.is_dir():
            waiting += page.glob("*.md")
        elif page not in reached and page.suffix == ".md":
            reached.add(page)
            waiting += [leads_to(page, link)[0] for link in links(page)]
    assert set(PAGES) <= reached


# Pages are fit to be read elsewhere


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_names_this_machine(page: Path) -> None:
    found = [line for line in text_of(page).splitlines() if MACHINE.search(line)]
    assert not found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_fences_say_what_is_done_with_them(page: Path) -> None:
    lines = [line for line in text_of(page).splitlines() if line.startswith("```")]
    assert len(lines) % 2 == 0
    assert {line.removeprefix("```") for line in lines[::2]} <= FENCES
    assert set(lines[1::2]) <= {"```"}


def test_the_readme_is_short() -> None:
    assert len(text_of(ROOT / "README.md").splitlines()) < 150


def test_pictures_are_well_formed_and_say_what_they_show() -> None:
    for picture in (DOCS / "images").glob("*.svg"):
        drawn = text_of(picture)
        assert "<title" in drawn
        assert "<desc" in drawn
        assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")


# What is generated is fresh, what is quoted is real


def test_the_reference_is_written_from_this_code(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tools.reference", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=HANG_SECONDS)
    fresh = {path.name: text_of(path) for path in tmp_path.iterdir()}
    kept = {path.name: text_of(path) for path in (DOCS / "reference").glob("*.md")}
    assert sorted(fresh) == sorted(kept)
    stale = [name for name in fresh if fresh[name] != kept[name]]
    assert not stale, "run `make docs`"


@pytest.mark.stories
def test_the_decision_in_the_readme_is_a_real_one(
    quoted: Callable[[str], list[re.Pattern[str]]],
) -> None:
    said = CliRunner().invoke(main, ["demo", "--once"]).output
    shown = quoted(text_of(ROOT / "README.md"))
    assert len(shown) == 2
    for each in shown:
        assert each.search(said), f"{each.pattern}\n--- printed\n{said}"


def test_the_guard_in_the_readme_is_the_examples() -> None:
    policy = text_of(ROOT / "src" / "tuttu" / "examples" / "operator" / "policy.yaml")
    [guard] = re.findall(r"```yaml\n(.*?)```", text_of(ROOT / "README.md"), re.DOTALL)
    assert guard in policy


# Where does this go?

TASKS = re.split(
    r"^\d+\. ",
    text_of(ROOT / "CONTRIBUTING.md").partition("## Where does this go?")[2].partition("\n## ")[0],
    flags=re.MULTILINE,
)[1:]
FILE = re.compile(r"`([\w./]*/[\w./]*)`")


def test_there_are_ten_tasks() -> None:
    assert len(TASKS) == 10


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.partition("**")[2].partition("**")[0])
def test_a_task_names_files_that_there_are_and_no_more_than_four(task: str) -> None:
    product, apart, tests = task.partition("Tests:")
    files = FILE.findall(product)
    assert apart
    assert 1 <= len(files) <= 4
    for name in files:
        assert (
            ROOT / name if name.startswith("tools/") else ROOT / "src" / "tuttu" / name
        ).exists()
    assert FILE.findall(tests)
    for name in FILE.findall(tests):
        assert (ROOT / name).is_file()
