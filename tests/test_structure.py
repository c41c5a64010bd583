"""The rules of the house that no linter knows. (Templates: tests/project/test_templates.py.)"""

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import URLPattern

from tests.docs.tools import DOCS, ROOT, code_spans, repository_files

APPS = ["project", "stakeholders", "monitoring", "measures", "workflows"]
MOST_LINES = 600
CODE = [path for path in repository_files(".py") if "migrations" not in path.parts]
MIGRATIONS = [path for path in repository_files(".py") if re.match(r"\d{4}_", path.name)]
TEXTS = repository_files(
    ".py", ".md", ".html", ".txt", ".css", ".js", ".toml", ".sh", ".po", ".svg", ".csv", ".yml", ".json"
)
#: First word of a migration's name says what it does.
VERBS = {"add", "alter", "change", "create", "drop", "fill", "move", "remove", "rename", "split", "tighten"}
#: Folders under which a person's or a machine's own files lie.
MACHINE_PATH = re.compile(r"(?<![\w./:>}-])/(?:home|root|Users|work|mnt|workspace)/[\w.-]+")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_files_were_found():
    assert len(CODE) > 100
    assert MIGRATIONS


@pytest.mark.parametrize("path", CODE, ids=_name)
def test_no_file_is_too_long(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", MIGRATIONS, ids=_name)
def test_migrations_are_named_by_a_person(path):
    _number, *words = path.stem.split("_")
    assert words[0] in VERBS, "NNNN_<verb>_<thing>"
    assert len(words) >= 2
    assert "auto" not in words
    assert not path.stem.endswith("and_more")


@pytest.mark.parametrize("app", APPS[1:])
def test_migrations_are_numbered_without_gaps(app):
    numbers = sorted(int(path.name[:4]) for path in MIGRATIONS if path.parts[-3] == app)
    assert numbers == list(range(1, len(numbers) + 1))


def test_no_file_names_a_folder_of_one_machine():
    own = str(ROOT)
    found = []
    for path in TEXTS:
        text = path.read_text(encoding="utf-8")
        hits = MACHINE_PATH.findall(text) + ([own] if own in text else [])
        found += [f"{_name(path)}: {hit}" for hit in hits]
    assert found == []


@pytest.mark.parametrize("app", APPS)
def test_each_app_has_a_readme_with_models_addresses_and_rights(app):
    text = (ROOT / app / "README.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {app}\n")
    for heading in ["## Models", "## Addresses", "## Rights"]:
        assert f"\n{heading}\n" in text
    named = set(code_spans(text))
    models = {model.__name__ for model in apps.get_app_config(app).get_models()}
    assert models - named == set()


def test_the_documented_layers_are_the_checked_ones():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(row["layers"] for row in contracts["contracts"] if row["id"] == "layers")
    assert " > ".join(f"`{layer}`" for layer in layers) in (DOCS / "structure.md").read_text(encoding="utf-8")


def test_the_documented_tree_names_every_package():
    text = (DOCS / "structure.md").read_text(encoding="utf-8")
    for package in [*APPS, "tests", "docs", "scripts"]:
        assert re.search(rf"^{package}/\s", text, re.MULTILINE), package


OWN_CODE = [path for path in CODE if path.relative_to(ROOT).parts[0] in APPS]


@pytest.mark.parametrize("path", OWN_CODE, ids=_name)
def test_texts_are_marked_by_names_that_are_collected(path):
    """``make messages`` knows gettext and its kin by their own names and ``_``, not by others."""
    aliases = re.findall(r"\b[np]*gettext(?:_lazy)? as (\w+)", path.read_text(encoding="utf-8"))
    assert set(aliases) <= {"_"}


@pytest.mark.parametrize("app", APPS)
def test_each_place_is_in_the_readme_of_its_app(app):
    text = (ROOT / app / "README.md").read_text(encoding="utf-8")
    patterns = [row for row in import_module(f"{app}.urls").urlpatterns if isinstance(row, URLPattern)]
    places = {str(row.pattern).split("/")[0] for row in patterns} - {""}
    assert {place for place in places if f"`/{place}" not in text} == set()
