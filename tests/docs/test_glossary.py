"""docs/glossary.md names every model in German, and every identifier in it exists."""

import re

import pytest
from django.apps import apps
from django.utils import translation

from tests.docs.tools import DOCS, code_spans, table_rows

ROWS = [row for row in table_rows((DOCS / "glossary.md").read_text(encoding="utf-8")) if row[0] != "Term"]
APPS = ["stakeholders", "monitoring", "measures", "workflows"]
MODELS = [model for app in APPS for model in apps.get_app_config(app).get_models()]
IDENTIFIERS = sorted(
    {name for row in ROWS for name in code_spans(row[1]) if re.match(r"[a-z]+\.[A-Z]", name)}
)


def test_each_row_is_whole():
    for row in ROWS:
        assert len(row) == 4, row
        assert all(row), row


def test_each_term_is_explained_once_and_in_order():
    terms = [row[0].casefold().translate(str.maketrans("äöüß", "aous")) for row in ROWS]
    assert len(terms) == len(set(terms))
    assert terms == sorted(terms)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_each_model_is_in_the_glossary_under_its_german_name(model):
    with translation.override("de"):
        german = str(model._meta.verbose_name)
    found = [row for row in ROWS if row[0] == german]
    assert found, f"{german} is missing"
    assert f"{model._meta.app_label}.{model.__name__}" in code_spans(found[0][1])


@pytest.mark.parametrize("name", IDENTIFIERS)
def test_each_identifier_exists(name):
    app, *parts = name.split(".")
    assert app in APPS
    module = __import__(f"{app}.models", fromlist=["models"])
    thing = module
    for part in parts:
        fields = getattr(thing, "_meta", None)
        if fields is not None and part in {field.name for field in fields.get_fields()}:
            break
        thing = getattr(thing, part)
