"""The tutorial, the how-to pages and the README do what they say: their commands are run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from tests.scales import FULL, SEED

ROOT = Path(__file__).parents[2]
PAGES = [
    page
    for page in sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
    if "\n```sh" in page.read_text(encoding="utf-8")
]
FIRST = [page for page in PAGES if page.parent != ROOT / "docs" / "how-to"]
"""What everybody reads first is run at both scales; of the how-to pages, at the small one, some
that the seed draws."""
HOW_TO = [page for page in PAGES if page not in FIRST]
RUN = PAGES if FULL else FIRST + sorted(Random(SEED).sample(HOW_TO, 8))


@pytest.mark.stories
@pytest.mark.parametrize("page", RUN, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_page_does_what_it_says(page: Path, check_page: Callable[[Path], None]) -> None:
    check_page(page)


def test_the_tutorial_and_every_how_to_have_commands_that_run() -> None:
    told = {ROOT / "docs" / "tutorial.md", *(ROOT / "docs" / "how-to").glob("[!R]*.md")}
    assert told <= set(PAGES)


PAGE = """
```sh
greeting=hello
```
```text
```
```sh
echo $greeting; echo "127.0.0.1:8080"
```

```text
{expected}
127.0.0.1:8080
```
```sh fails
echo no >&2; false
```
```text
no
```
```sh server
bash -c 'echo up; exec cat'
```
```text
up
```
```console
not run
```
"""


@pytest.mark.parametrize(("expected", "holds"), [("hello", True), ("h…o", True), ("hullo", False)])
def test_a_page_can_fail(
    expected: str, holds: bool, tmp_path: Path, check_page: Callable[[Path], None]
) -> None:
    path = tmp_path / "page.md"
    path.write_text(PAGE.format(expected=expected), encoding="utf-8")
    if holds:
        check_page(path)
    else:
        with pytest.raises(pytest.fail.Exception, match="--- expected"):
            check_page(path)


@pytest.mark.parametrize("block", ["```sh\nfalse\n```", "```sh fails\ntrue\n```"])
def test_a_command_that_ends_otherwise_fails_the_page(
    block: str, tmp_path: Path, check_page: Callable[[Path], None]
) -> None:
    path = tmp_path / "page.md"
    path.write_text(block, encoding="utf-8")
    with pytest.raises(pytest.fail.Exception, match="ended with"):
        check_page(path)
