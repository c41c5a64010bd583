"""English pages: names of classes that our presets give are English, texts of the catalogue marked German."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from monitoring.class_words import class_words
from monitoring.models import IndexResult
from monitoring.presets import PRESETS, Preset
from monitoring.selectors.methods import rule_words
from stakeholders.models import User
from tests.factories import World

ClientAs = Callable[[User], Client]


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.key)
def test_all_classes_of_our_presets_have_english_names(preset: Preset) -> None:
    content = preset.content()
    labels = [*content["classes"]["labels"], *content.get("stands_out", [])]
    labels += content.get("dynamics", {}).get("classes", {}).get("labels", [])
    for label in labels:
        assert class_words(label) == label
    with translation.override("en"):
        for label in labels:
            assert class_words(label) != label, label
        told = " ".join(words for _name, words in rule_words(content))
        assert all(class_words(label) in told for label in labels)


def test_names_people_typed_stay() -> None:
    with translation.override("en"):
        for label in ("Brennpunkt", "niedrig / steil", "", "Hoch"):
            assert class_words(label) == label
        row = IndexResult(class_label="niedrig / negativ", lowest_class="hoch", highest_class="Brennpunkt")
        assert (row.class_words, row.class_range_words) == ("low / negative", ("high", "Brennpunkt"))


def test_texts_of_the_catalogue_are_marked_as_german(world: World, client_as: ClientAs) -> None:
    rate = world.indicators[0]
    rate.limits = "Sagt nichts über einzelne."
    rate.save()
    client = client_as(world.people["planner"])
    client.cookies["django_language"] = "en"
    page = client.get(reverse("monitoring:indicator-detail", args=[rate.pk])).content.decode()
    assert '<html lang="en' in page
    assert f'<p lang="de">{rate.definition}' in page
    assert f'<p lang="de">{rate.limits}' in page
