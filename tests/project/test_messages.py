import gettext
import os

import polib
import pytest
from django.utils.translation import gettext as translate
from django.utils.translation import override

from project.management.commands.checkmessages import gaps, msgids
from project.messages import compile_messages

PO = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Measure"
msgstr "Maßnahme"

#, fuzzy
msgid "Area"
msgstr "Fläche"

msgid "Decision"
msgstr ""

msgid "Measure of a test"
msgstr "Maßnahme eines Tests"

msgid "%(count)s day"
msgid_plural "%(count)s days"
msgstr[0] "%(count)s Tag"
msgstr[1] "%(count)s Tage"
"""


@pytest.fixture
def catalogue(tmp_path):
    path = tmp_path / "de" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    path.write_text(PO, encoding="utf-8")
    return path


def test_compiled_texts_are_read_by_gettext(catalogue, tmp_path):
    compile_messages([tmp_path])

    translation = gettext.translation("django", tmp_path, ["de"])
    assert translation.gettext("Measure") == "Maßnahme"
    assert translation.ngettext("%(count)s day", "%(count)s days", 2) == "%(count)s Tage"


def test_who_looked_before_there_was_a_file_reads_the_texts_too(catalogue, tmp_path, settings):
    settings.LOCALE_PATHS = [str(tmp_path)]
    with override("de"):
        assert translate("Measure of a test") == "Measure of a test"
        compile_messages([tmp_path])
        assert translate("Measure of a test") == "Maßnahme eines Tests"


def test_fuzzy_and_missing_texts_stay_english(catalogue, tmp_path):
    compile_messages([tmp_path])

    translation = gettext.translation("django", tmp_path, ["de"])
    assert translation.gettext("Area") == "Area"
    assert translation.gettext("Decision") == "Decision"


def test_only_what_changed_is_compiled_again(catalogue, tmp_path):
    assert compile_messages([tmp_path]) == [catalogue.with_suffix(".mo")]
    assert compile_messages([tmp_path]) == []

    later = catalogue.with_suffix(".mo").stat().st_mtime + 1
    os.utime(catalogue, (later, later))
    assert compile_messages([tmp_path]) == [catalogue.with_suffix(".mo")]


def test_gaps_names_fuzzy_and_missing_texts(catalogue):
    assert gaps(catalogue) == ["fuzzy: 'Area'", "missing: 'Decision'"]


@pytest.mark.parametrize(
    ("text", "translation"),
    [
        ("by %(name)s", "von %(nam)s"),
        ("by %(name)s", "von"),
        ("by %(name)s", "von %(name)s, %s"),
    ],
)
def test_gaps_names_wrong_placeholders(catalogue, text, translation):
    file = polib.pofile(str(catalogue))
    file.clear()
    file.append(polib.POEntry(msgid=text, msgstr=translation))
    file.save()

    assert gaps(catalogue) == ["placeholders differ or have no name: 'by %(name)s'"]


def test_msgids_tell_texts_apart_by_context(catalogue):
    file = polib.pofile(str(catalogue))
    file.append(polib.POEntry(msgid="Measure", msgctxt="verb", msgstr="messen"))
    file.save()

    assert {(None, "Measure", ""), ("verb", "Measure", "")} <= msgids(catalogue)
