"""docs/settings.md names every setting of ours and every variable, with its default."""

import pytest
from django.conf import global_settings

from tests.docs.tools import DOCS, ROOT, assigned_settings, code_spans, environment_reads, table_rows

SETTINGS_FILE = ROOT / "project" / "settings.py"
TEXT = (DOCS / "settings.md").read_text(encoding="utf-8")
ROWS = [row for row in table_rows(TEXT) if row[0].startswith("`")]
FIRST_CELLS = {name for row in ROWS for name in code_spans(row[0])}
VARIABLES = environment_reads(SETTINGS_FILE)
#: Settings of ours, or of packages: Django's own are documented by Django.
OURS = {name for name in assigned_settings(SETTINGS_FILE) if not hasattr(global_settings, name)}


def test_the_settings_file_was_understood():
    assert {"DATABASE_URL", "SECRET_KEY", "SECRECY_THRESHOLD"} <= VARIABLES.keys()
    assert {"DEMO_MODE", "SECRECY_THRESHOLD", "HTTPS"} <= OURS


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_each_variable_is_documented(name):
    assert name in FIRST_CELLS


@pytest.mark.parametrize("name", sorted(OURS))
def test_each_own_setting_is_documented(name):
    assert name in FIRST_CELLS


def test_nothing_is_documented_that_does_not_exist():
    read_elsewhere = set()
    for path in [ROOT / "Makefile", ROOT / ".ci" / "run", *(ROOT / "scripts").iterdir(), *_test_files()]:
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            read_elsewhere |= {name for name in FIRST_CELLS if name in text}
    assert FIRST_CELLS - VARIABLES.keys() - OURS - read_elsewhere == set()


def _test_files():
    return sorted((ROOT / "tests" / "browser").glob("*.py"))


@pytest.mark.parametrize("name", sorted(name for name, default in VARIABLES.items() if default is not ...))
def test_the_default_is_the_one_of_the_code(name):
    default = VARIABLES[name]
    row = next(row for row in ROWS if name in code_spans(row[0]))
    if default is False:
        assert row[1] == "no"
    elif default == "":
        assert row[1] in {"–", "required"}
    else:
        assert code_spans(row[1]) == [str(default)]
