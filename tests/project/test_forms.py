"""Forms in the look of KERN, and German numbers."""

import datetime
import re
from decimal import Decimal

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.utils import translation

from project.forms import GermanDecimalField, GermanIntegerField, needed_if, parse_number
from workflows.forms.deliveries import ReviewForm
from workflows.forms.implementation import ConfirmForm
from workflows.forms.recommendations import AdoptionForm


@pytest.fixture(autouse=True)
def _german():
    with translation.override("de"):
        yield


class SampleForm(forms.Form):
    title = forms.CharField(label="Titel", help_text="Ein Satz.")
    text = forms.CharField(label="Text", widget=forms.Textarea, required=False)
    due_on = forms.DateField(label="Frist")
    costs = GermanDecimalField(label="Kosten", unit="€", required=False)
    choice = forms.ChoiceField(
        label="Beschluss", widget=forms.RadioSelect, choices=[("a", "ja"), ("b", "nein")]
    )
    areas = forms.MultipleChoiceField(
        label="Gebiete", widget=forms.CheckboxSelectMultiple, choices=[("1", "Nord"), ("2", "Süd")]
    )
    office = forms.ChoiceField(label="Amt", choices=[("1", "Jugendamt")])
    paper = forms.FileField(label="Unterlage", required=False)
    sure = forms.BooleanField(label="Geprüft", required=False)
    token = forms.CharField(widget=forms.HiddenInput, required=False)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("1.234,5", "1234.5"),
        ("1234,5", "1234.5"),
        ("1234.5", "1234.5"),
        ("1.234", "1234"),
        ("12.345.678", "12345678"),
        ("0.125", "0.125"),
        ("1234.567", "1234.567"),
        ("-1.234,5", "-1234.5"),
        ("−0,8", "-0.8"),
        ("60 000", "60000"),
        ("+3", "+3"),
    ],
)
def test_german_numbers(typed, read):
    assert parse_number(typed) == read


@pytest.mark.parametrize(
    ("typed", "read"), [("1,234.5", "1234.5"), ("1,234", "1234"), ("1234.5", "1234.5"), ("0,125", "0.125")]
)
def test_english_numbers(typed, read):
    with translation.override("en"):
        assert parse_number(typed) == read


@pytest.mark.parametrize(
    "typed", ["", "abc", "1,2,3", "1.23.456", "12,", ",5", "1e5", "1.234,5.6", "--1", "٣"]
)
def test_what_is_not_one_number_is_refused(typed):
    if typed == "٣":
        # Digits of other scripts are read by Python, too: they mean the same.
        assert Decimal(parse_number(typed)) == 3
        return
    with pytest.raises(ValueError, match="not a number"):
        parse_number(typed)


def test_decimal_field_cleans_and_checks_limits():
    field = GermanDecimalField(max_digits=6, decimal_places=2, min_value=0)
    assert field.clean("1.234,50") == Decimal("1234.50")
    for bad in ["zwölf", "1,234", "-1", "12.345,67"]:
        with pytest.raises(ValidationError):
            field.clean(bad)


def test_decimal_field_shows_german_and_keeps_what_was_typed():
    class NumberForm(forms.Form):
        amount = GermanDecimalField(initial=Decimal("60000.50"))

    assert 'value="60.000,5"' in str(NumberForm()["amount"])
    assert 'value="12,x"' in str(NumberForm({"amount": "12,x"})["amount"])
    assert not NumberForm({"amount": "60.000,50"}).has_changed()
    assert NumberForm({"amount": "60.000,51"}).has_changed()


def test_integer_field():
    field = GermanIntegerField()
    assert field.clean("1.234") == 1234
    assert isinstance(field.clean("5"), int)
    with pytest.raises(ValidationError):
        field.clean("3,5")


def _html(part: object) -> str:
    """Markup without line breaks that templates leave before a closing bracket or tag."""
    return re.sub(r"\s*\n\s*(?=[<>])", "", str(part))


def test_label_hint_and_input_belong_together():
    html = _html(SampleForm()["title"].as_field_group())
    assert '<label class="kern-label" for="id_title">Titel</label>' in html
    assert 'id="id_title_helptext">Ein Satz.' in html
    assert 'class="kern-form-input__input"' in html
    assert 'aria-describedby="id_title_helptext"' in html
    assert "required" in html


def test_a_browser_never_cuts_what_is_pasted_into_a_long_text():
    class Answer(forms.Form):
        text = forms.CharField(max_length=20, widget=forms.Textarea)

    assert "maxlength" not in str(Answer()["text"])
    form = Answer({"text": "x" * 30})
    assert "30" in str(form.errors["text"])
    assert "x" * 30 in str(form["text"]), "nothing is lost"


def test_only_optional_fields_say_so():
    form = SampleForm()
    assert "kern-label__optional" in form["text"].as_field_group()
    assert "kern-label__optional" not in form["title"].as_field_group()
    assert "kern-label__optional" not in form["sure"].as_field_group()
    form.hide_optional = True
    assert "kern-label__optional" not in form["text"].as_field_group()


def test_a_field_needed_for_one_answer_says_for_which_and_never_optional():
    class Review(forms.Form):
        reason = needed_if(forms.CharField(required=False), "nur bei Rückgabe nötig")

    html = _html(Review()["reason"].as_field_group())
    assert '<span class="kern-label__optional">(nur bei Rückgabe nötig)</span>' in html
    assert html.count("kern-label__optional") == 1


@pytest.mark.parametrize(
    ("form", "name"),
    [
        (ReviewForm(), "reason"),
        (AdoptionForm(), "reason"),
        (ConfirmForm(), "comment"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, forms.Form) else value,
)
def test_what_one_answer_needs_is_not_called_optional(form, name):
    with translation.override("en"):
        html = form[name].as_field_group()
    assert "(only needed" in html
    assert "(optional)" not in html


def test_error_is_announced_marked_and_linked():
    form = SampleForm({"choice": ""})
    html = str(form)
    assert 'href="#id_title"' in html
    assert 'href="#id_choice_0"' in html, "an error of a group leads to its first choice"
    assert 'id="id_title_error"' in html
    assert 'aria-describedby="id_title_helptext id_title_error"' in html
    assert 'aria-invalid="true"' in html
    assert html.index("data-error-summary") < html.index('name="title"')


def test_each_error_link_has_its_target():
    html = str(SampleForm({}))
    for target in re.findall(r'href="#([^"]+)"', html):
        assert f'id="{target}"' in html


def test_form_without_errors_has_no_summary():
    assert "data-error-summary" not in str(SampleForm())


def test_non_field_errors_stand_in_the_summary():
    form = SampleForm({"title": "x"})
    form.add_error(None, "So geht es nicht.")
    assert str(form).count("So geht es nicht.") == 1


def test_groups_are_fieldsets_with_legend():
    html = _html(SampleForm()["choice"].as_field_group())
    assert '<fieldset class="kern-fieldset"' in html
    assert '<legend class="kern-label">Beschluss</legend>' in html
    assert html.count('class="kern-form-check__radio"') == 2
    assert 'class="kern-form-check__checkbox"' in str(SampleForm()["areas"])


def test_date_input_speaks_iso_to_the_browser_and_understands_german():
    form = SampleForm(initial={"due_on": datetime.date(2027, 1, 14)})
    assert 'type="date"' in str(form["due_on"])
    assert 'value="2027-01-14"' in str(form["due_on"])
    assert SampleForm.base_fields["due_on"].clean("14.01.2027") == datetime.date(2027, 1, 14)


def test_select_unit_file_and_hidden_inputs():
    form = SampleForm()
    assert "kern-form-input__select-wrapper" in str(form["office"])
    assert '<span class="pg-unit__text">€</span>' in form["costs"].as_field_group()
    assert 'type="file"' in str(form["paper"])
    assert "class=" not in str(form["token"])
    assert str(form).count('name="token"') == 1


def test_uploaded_file_validates():
    form = SampleForm({}, {"paper": SimpleUploadedFile("a.csv", b"x")})
    form.is_valid()
    assert "paper" not in form.errors


def test_formset_rows_and_one_summary():
    class RowForm(forms.Form):
        name = forms.CharField(label="Kennzahl")

    formset_class = forms.formset_factory(RowForm, extra=2)
    assert str(formset_class()).count("pg-formset__row") == 2
    bound = formset_class(
        {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "2", "form-0-name": "", "form-1-name": ""}
    )
    html = str(bound)
    assert html.count("data-error-summary") == 1
    assert 'href="#id_form-1-name"' in html


def test_widget_attributes_survive_and_are_escaped():
    class AttrForm(forms.Form):
        name = forms.CharField(widget=forms.TextInput({"class": "pg-input--short", "data-x": '"<'}))

    html = str(AttrForm()["name"])
    assert 'class="kern-form-input__input pg-input--short"' in html
    assert html.count("class=") == 1
    assert "data-x=&quot;" not in html
    assert 'data-x="&quot;&lt;"' in html


class PairSet(forms.BaseFormSet):
    """A set that says something of itself."""

    def clean(self):
        raise ValidationError("Zusammen sind es zu viele.")


@pytest.mark.parametrize(("title", "told"), [("", "Bitte prüfen Sie 4 Angaben"), ("x", "eine Angabe")])
def test_what_is_said_of_a_whole_set_counts_only_where_it_stands_alone(title, told):
    class Pair(forms.Form):
        one = forms.CharField()
        two = forms.CharField()

    names = ("form-0-one", "form-0-two", "form-1-one", "form-1-two")
    data = {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "2", **dict.fromkeys(names, title)}
    formset = forms.formset_factory(Pair, formset=PairSet)(data)

    page = render_to_string("forms/formset_errors.html", {"formset": formset})

    assert told in page
    assert "Zusammen sind es zu viele." in page
