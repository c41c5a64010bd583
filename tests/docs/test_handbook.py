"""What the handbook prints in bold stands on the screen in exactly these words."""

import re

import polib
import pytest

from tests.docs.tools import DOCS, ROOT, table_rows

#: Bold is emphasis there; its words are checked against the import by tests/monitoring.
OTHERWISE = {"lieferung.md"}
PAGES = sorted(path for path in (DOCS / "handbuch").glob("*.md") if path.name not in OTHERWISE)
#: Words of the engine and of programmers that no user should meet.
ENGINE_WORDS = re.compile(
    r"\b(Prozess\w*|Instanz\w*|Workflow\w*|Task\w*|Node\w*|Flow\w*|Engine|ID|User\w*|Button\w*|Default\w*)\b"
)


def _labels():
    found = set()
    for entry in polib.pofile(str(ROOT / "project" / "locale" / "de" / "LC_MESSAGES" / "django.po")):
        if not entry.obsolete:
            found |= {entry.msgstr, *entry.msgstr_plural.values()}
    # "Lieferung prüfen: %(subject)s" is told in the handbook without what it is about.
    return found | {re.sub(r":? %\(\w+\)s$", "", label) for label in found}


LABELS = _labels()
BOLD = sorted(
    {
        (path.name, phrase)
        for path in PAGES
        for phrase in re.findall(r"\*\*(.+?)\*\*", path.read_text(encoding="utf-8"))
    }
)


@pytest.mark.parametrize(("page", "phrase"), BOLD)
def test_bold_words_are_those_of_the_screen(page, phrase):
    assert phrase in LABELS


MESSAGES = sorted(
    {
        (path.name, quoted)
        for path in PAGES
        for row in table_rows(path.read_text(encoding="utf-8"))
        for quoted in re.findall(r"^„(.+)“$", row[0])
    }
)


@pytest.mark.parametrize(("page", "quoted"), MESSAGES)
def test_messages_are_quoted_as_they_are_shown(page, quoted):
    pattern = re.compile(".*".join(re.escape(part.strip()) for part in quoted.split("…")), re.DOTALL)
    assert any(pattern.search(label) for label in LABELS)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_no_word_of_the_engine_reaches_the_users(path):
    text = re.sub(r"\]\([^)]*\)|`[^`]*`", "", path.read_text(encoding="utf-8"))
    assert ENGINE_WORDS.findall(text) == []


@pytest.mark.parametrize("path", [path for path in PAGES if path.name not in {"index.md", "glossar.md"}])
def test_each_page_says_what_can_go_wrong(path):
    assert "## Was schiefgehen kann" in path.read_text(encoding="utf-8")
