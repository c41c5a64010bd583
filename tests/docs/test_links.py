"""Relative links of all Markdown files lead somewhere."""

import re
import urllib.parse

import pytest

from tests.docs.tools import DOCS, ROOT, markdown_files, without_code

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#+\s+(.*?)\s*$", re.MULTILINE)
FILES = markdown_files()


def _anchors(path):
    """Anchors as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    titles = (re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", title) for title in HEADING.findall(text))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_relative_links_resolve(path):
    for address in LINK.findall(without_code(path.read_text(encoding="utf-8"))):
        parts = urllib.parse.urlsplit(address)
        if parts.scheme or address.startswith("//"):
            continue
        target = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
        assert target.exists(), address
        assert target.is_relative_to(ROOT), address
        if parts.fragment:
            assert parts.fragment in _anchors(target), address


def test_each_decision_is_linked_and_numbered_once():
    folder = DOCS / "decisions"
    linked = LINK.findall((folder / "README.md").read_text(encoding="utf-8"))
    names = sorted(path.name for path in folder.glob("*.md") if path.name != "README.md")
    assert sorted(set(linked) & set(names)) == names
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    for name in names:
        title = (folder / name).read_text(encoding="utf-8").splitlines()[0]
        assert re.fullmatch(rf"# {name[:4]} \S.*", title), name


def test_each_page_of_the_handbook_is_linked():
    folder = DOCS / "handbuch"
    linked = set(LINK.findall((folder / "index.md").read_text(encoding="utf-8")))
    assert {path.name for path in folder.glob("*.md")} - {"index.md"} <= linked
