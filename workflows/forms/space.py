"""Forms of evenings of the social-space conference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from measures.models import Measure
from monitoring.models import Area
from project.forms import GermanIntegerField, needed_if
from stakeholders.models import Body, Organisation
from workflows.forms.answers import AnswerForm
from workflows.forms.keyed import KeyedForm
from workflows.models import (
    AnswerKind,
    AttendeeGroup,
    Meeting,
    PlanningCycle,
    Recommendation,
    SpaceAnswer,
    SpaceConference,
    SpaceIdea,
)
from workflows.models.social_space import COMMENT_LENGTH, IDEA_LENGTH, MOST_PEOPLE, QUESTION_LENGTH
from workflows.selectors.conference import invitable
from workflows.selectors.space_conferences import (
    TITLES,
    answerable_measures,
    approved_recommendations,
    title_of,
)
from workflows.take_part import DEFAULT, languages

_LONG_TEXT = 5000
#: Fields of the question in further languages begin with it.
_QUESTION = "question_"


def _moment(label: Any, **kwargs: Any) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M"],
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        **kwargs,
    )


class _RecommendationChoice(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return title_of(obj)


class _OneRecommendation(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return title_of(obj)


class _MeasureChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.number} {obj.title}"


class ConferenceForm(forms.Form):
    """An evening is set up."""

    area = forms.ModelChoiceField(
        label=_("Area"),
        queryset=Area.objects.none(),
        empty_label=None,
        help_text=_("One of the areas with a profile in this cycle."),
    )
    held_on = forms.DateField(
        label=_("Day of the evening"), help_text=_("A guess is enough; it can be changed while preparing.")
    )
    facilitator = forms.ModelChoiceField(
        label=_("Facilitating organisation"),
        queryset=Organisation.objects.none(),
        empty_label=None,
        help_text=_("Its people moderate the evening and enter ideas for those who have no telephone."),
    )

    def __init__(self, *args: Any, areas: Any, organisations: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "area", areas)
        _offer(self, "facilitator", organisations)


def _offer(form: forms.Form, name: str, rows: Any) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = rows


class PrepareEveningForm(forms.Form):
    """What the evening is about, and when its entry page is open."""

    meeting = forms.ModelChoiceField(
        label=_("Meeting"),
        queryset=Meeting.objects.none(),
        required=False,
        empty_label=_("None, the evening has a day and place of its own"),
        help_text=_("A meeting on record says day and place by itself."),
    )
    held_on = forms.DateField(label=_("Day of the evening"))
    place = forms.CharField(label=_("Place"), max_length=200, required=False)
    recommendations = _RecommendationChoice(
        label=_("Recommendations"),
        queryset=Recommendation.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple({"class": "pg-choices"}),
        help_text=_("Approved ones that touch the area. Ideas can belong to one of them, or to none."),
    )
    question = needed_if(
        forms.CharField(
            label=_("Question for the evening"),
            max_length=QUESTION_LENGTH,
            required=False,
            widget=forms.Textarea({"rows": 2}),
            help_text=_("One short sentence in simple words, for example “What do children here need?”."),
        ),
        _("needed to finish the preparation"),
    )
    points_each = GermanIntegerField(
        label=_("Points for each person"), help_text=_("By which the ideas are weighed.")
    )
    opens_at = needed_if(
        _moment(_("Entry page opens"), required=False), _("needed to finish the preparation")
    )
    closes_at = needed_if(
        _moment(_("Entry page closes"), required=False), _("needed to finish the preparation")
    )

    def __init__(self, *args: Any, meetings: Any, recommendations: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "meeting", meetings)
        _offer(self, "recommendations", recommendations)
        if not meetings:
            del self.fields["meeting"]
        for code, name in languages():
            if code != DEFAULT:
                self.fields[f"{_QUESTION}{code}"] = forms.CharField(
                    label=_("Question in another language: %(language)s") % {"language": name},
                    max_length=QUESTION_LENGTH,
                    required=False,
                    widget=forms.Textarea({"rows": 2, "lang": code, "dir": "auto"}),
                )
        self.order_fields(self._order())

    def _order(self) -> list[str]:
        """Translations stand below the question they translate."""
        own = [name for name in self.fields if not name.startswith(_QUESTION)]
        place = own.index("question") + 1
        return [*own[:place], *(name for name in self.fields if name not in own), *own[place:]]

    @property
    def values(self) -> dict[str, Any]:
        """Cleaned arguments of ``conference_prepare``."""
        texts = {name: text for name, text in self.cleaned_data.items() if name.startswith(_QUESTION)}
        plain = {name: value for name, value in self.cleaned_data.items() if name not in texts}
        translations = {name.removeprefix(_QUESTION): text for name, text in texts.items()}
        return {"meeting": None, **plain, "translations": translations}


class HoldEveningForm(forms.Form):
    """Closes an evening with the numbers of those who took part, or moves the end of the entry page."""

    closes_at = _moment(_("Entry page closes"), help_text=_("Save to close it later or earlier."))
    waiting_reason = forms.CharField(
        label=_("Why what still waits is not shown"),
        required=False,
        max_length=300,
        help_text=_("Only if you do not want to read it one by one: all of it is hidden with this reason."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for group in AttendeeGroup:
            self.fields[group.value] = GermanIntegerField(
                label=group.label, required=False, min_value=0, max_value=MOST_PEOPLE
            )

    @property
    def counts(self) -> dict[str, int]:
        """Group -> number; what is left empty counts as nobody."""
        return {group: self.cleaned_data.get(group) or 0 for group in AttendeeGroup.values}


class NextStepsForm(forms.Form):
    """What happens next, for those who took part."""

    next_steps = needed_if(
        forms.CharField(
            label=_("What happens next"),
            required=False,
            max_length=_LONG_TEXT,
            widget=forms.Textarea({"rows": 5}),
            help_text=_("In simple words. It stands above the answers; a blank line begins a new paragraph."),
        ),
        _("needed to hand in"),
    )


class ReleaseAnswersForm(AnswerForm):
    """The head releases the answers or returns them."""

    YES = "release"
    question = _("May everybody read these answers?")
    yes = _("Yes, publish them now")
    reader = _("Needed if you return them; the author will read it.")
    missing = _("Say what has to be changed; the author will read it.")


class ReleaseCorrectionForm(AnswerForm):
    """The head lets a corrected answer out or returns it."""

    YES = "release"
    question = _("May this answer take the place of the published one?")
    yes = _("Yes, publish it now")
    reader = _("Needed if you return it; the author will read it.")
    missing = _("Say what has to be changed; the author will read it.")

    # Which one was read: while it lay here another may have had its turn.
    correction = forms.IntegerField(widget=forms.HiddenInput)


class IdeaAnswerForm(forms.Form):
    """The answer to an idea."""

    kind = forms.ChoiceField(
        label=_("What becomes of the idea?"), choices=AnswerKind.choices, widget=forms.RadioSelect
    )
    measure = needed_if(
        _MeasureChoice(label=_("Measure"), queryset=Measure.objects.none(), required=False),
        _("only if it became a measure"),
    )
    recommendation = needed_if(
        _OneRecommendation(label=_("Recommendation"), queryset=Recommendation.objects.none(), required=False),
        _("only if it is taken up in a recommendation"),
    )
    body = needed_if(
        forms.ModelChoiceField(label=_("Body"), queryset=Body.objects.none(), required=False),
        _("only if it goes to a body"),
    )
    organisation = needed_if(
        forms.ModelChoiceField(label=_("Organisation"), queryset=Organisation.objects.none(), required=False),
        _("only if it goes to an organisation"),
    )
    text = needed_if(
        forms.CharField(
            label=_("Words to those who had the idea"),
            required=False,
            max_length=_LONG_TEXT,
            widget=forms.Textarea({"rows": 4}),
            help_text=_("In simple words, without names of persons. Everybody will read it."),
        ),
        _("needed if it goes elsewhere or is not possible"),
    )

    def __init__(
        self, *args: Any, measures: Any, recommendations: Any, bodies: Any, organisations: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "measure", measures)
        _offer(self, "recommendation", recommendations)
        _offer(self, "body", bodies)
        _offer(self, "organisation", organisations)


def answer_choices(cycle: PlanningCycle) -> dict[str, Any]:
    """What an answer to an idea of a cycle can name: arguments of ``IdeaAnswerForm``."""
    return {
        "measures": answerable_measures(cycle),
        "recommendations": approved_recommendations(cycle),
        "bodies": Body.objects.filter(territory=cycle.territory_id).order_by("name"),
        "organisations": invitable(cycle),
    }


def answer_initial(answer: SpaceAnswer | None) -> dict[str, Any]:
    """The fields of ``IdeaAnswerForm`` as an answer has them; none without one."""
    fields = ("kind", "measure", "recommendation", "body", "organisation", "text")
    return {} if answer is None else {name: getattr(answer, name) for name in fields}


class EveningReasonForm(forms.Form):
    """Why an evening is given up."""

    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text=_("All who see the cycle read it."),
    )


class EnterIdeaForm(KeyedForm):
    """The facilitator enters an idea for somebody."""

    recommendation = _OneRecommendation(
        label=_("Belongs to"),
        queryset=Recommendation.objects.none(),
        required=False,
        empty_label=_("none of the recommendations"),
    )
    text = forms.CharField(label=_("Idea"), max_length=IDEA_LENGTH, widget=forms.Textarea({"rows": 4}))

    def __init__(self, *args: Any, conference: SpaceConference, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, "recommendation", conference.recommendations.prefetch_related(*TITLES))


class EnterCommentForm(KeyedForm):
    """The facilitator enters a comment for somebody."""

    idea = forms.TypedChoiceField(label=_("Idea"), coerce=int)
    text = forms.CharField(label=_("Comment"), max_length=COMMENT_LENGTH, widget=forms.Textarea({"rows": 3}))

    def __init__(self, *args: Any, ideas: Sequence[SpaceIdea], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["idea"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(idea.number, f"{idea.number}: {idea.text[:80]}") for idea in ideas]


class EnterPointsForm(KeyedForm):
    """The facilitator enters the points of one person."""

    def __init__(self, *args: Any, ideas: Sequence[SpaceIdea], points_each: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for idea in ideas:
            self.fields[f"idea_{idea.number}"] = GermanIntegerField(
                label=f"{idea.number}: {idea.text[:80]}", required=False, min_value=0, max_value=points_each
            )

    @property
    def points(self) -> dict[int, int]:
        """Number of the idea -> points."""
        return {
            int(name.removeprefix("idea_")): value
            for name, value in self.cleaned_data.items()
            if name.startswith("idea_") and value
        }
