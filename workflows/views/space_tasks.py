"""Task pages of an evening of the social-space conference: preparing, holding, answering, releasing."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from stakeholders.models import User
from stakeholders.sessions import signed_in
from workflows.forms.space import (
    HoldEveningForm,
    IdeaAnswerForm,
    NextStepsForm,
    PrepareEveningForm,
    ReleaseAnswersForm,
    ReleaseCorrectionForm,
    answer_choices,
    answer_initial,
)
from workflows.models import AttendeeGroup, EntryState, Meeting, SpaceAnswer, SpaceConference
from workflows.selectors.space_conferences import (
    destination_of,
    entry_url,
    headcounts_of,
    idea_lines,
    is_open_at,
    link_of,
    offered_recommendations,
    waiting_count,
)
from workflows.selectors.space_corrections import pending_corrections, returned_corrections
from workflows.services.space_answers import answer_correct, correction_review
from workflows.services.space_conferences import (
    answers_review,
    answers_submit,
    conference_close,
    conference_extend,
    conference_prepare,
    next_steps_save,
)
from workflows.services.space_entries import entries_hide_waiting
from workflows.views.base import TaskView
from workflows.views.read_back import Line

#: Usual hours of an evening, proposed for its entry page.
OPENS, CLOSES = datetime.time(17), datetime.time(21)


class EveningTaskView(TaskView):
    """A task on an evening."""

    @property
    def user(self) -> User:
        """Who acts."""
        return signed_in(self.request)

    @property
    def conference(self) -> SpaceConference:
        """What the case is about."""
        conference: SpaceConference = self.process.conference
        return conference

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(conference=self.conference, **kwargs)


class PrepareEvening(EveningTaskView):
    """Day, recommendations, question, times of the entry page."""

    form_class = PrepareEveningForm
    template_name = "workflows/prepare_evening_task.html"
    success_message = _("The evening is prepared. Print the sheet with the QR code, or show it on the wall.")

    def get_form_kwargs(self) -> dict[str, Any]:
        conference = self.conference
        meetings = Meeting.objects.filter(
            cycle=conference.cycle,
            body=conference.cycle.social_space_conference,
            cancelled_at__isnull=True,
        ).select_related("body")
        return super().get_form_kwargs() | {
            "meetings": meetings if conference.cycle.social_space_conference_id else Meeting.objects.none(),
            "recommendations": offered_recommendations(conference),
        }

    def get_initial(self) -> dict[str, Any]:
        conference = self.conference
        chosen = list(conference.recommendations.all())
        return {
            "meeting": conference.meeting_id,
            "held_on": conference.held_on,
            "place": conference.place,
            "recommendations": chosen or list(offered_recommendations(conference)),
            "question": conference.question,
            "points_each": conference.points_each,
            "opens_at": self._moment(conference.opens_at, OPENS),
            "closes_at": self._moment(conference.closes_at, CLOSES),
            **{f"question_{row.language}": row.text for row in conference.questions.all()},
        }

    def _moment(self, stored: datetime.datetime | None, usual: datetime.time) -> datetime.datetime:
        """A time of the entry page as it was entered, or as is usual on the day of the evening."""
        if stored is not None:
            return timezone.localtime(stored)
        return timezone.make_aware(datetime.datetime.combine(self.conference.held_on, usual))

    def save_draft(self, form: forms.Form) -> None:
        self._prepare(form, is_draft=True)

    def perform(self, form: forms.Form) -> None:
        self._prepare(form, is_draft=False)

    def _prepare(self, form: forms.Form, *, is_draft: bool) -> None:
        assert isinstance(form, PrepareEveningForm)
        conference_prepare(self.conference, user=self.user, is_draft=is_draft, **form.values)


class HoldEvening(EveningTaskView):
    """Link, moderation, and the close with the numbers of those who took part."""

    form_class = HoldEveningForm
    template_name = "workflows/hold_evening_task.html"
    success_message = _("The evening is closed. Planning answers the ideas now.")
    last_warning = _("Close the evening? Nothing can be entered or shown anew afterwards.")
    last_label = _("Close the evening")
    draft_message = _("The entry page closes at the new time.")

    def get_initial(self) -> dict[str, Any]:
        closes_at = self.conference.closes_at
        return {"closes_at": closes_at and timezone.localtime(closes_at)}

    def save_draft(self, form: forms.Form) -> None:
        conference_extend(self.conference, closes_at=form.cleaned_data["closes_at"], user=self.user)

    def perform(self, form: forms.Form) -> None:
        assert isinstance(form, HoldEveningForm)
        if reason := form.cleaned_data["waiting_reason"]:
            entries_hide_waiting(self.conference, reason=reason, user=self.user)
        conference_close(self.conference, counts=form.counts, user=self.user)

    def last_lines(self, form: forms.Form, made: Any) -> list[Line]:
        """The numbers that are kept; a group left empty counts as nobody."""
        assert isinstance(form, HoldEveningForm)
        return [(AttendeeGroup(group).label, str(count)) for group, count in form.counts.items() if count]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            waiting_count=waiting_count(self.conference),
            entry_url=entry_url(link_of(self.conference).token),
            is_open=is_open_at(self.conference),
            now=timezone.now(),
            **kwargs,
        )


class AnswerIdeas(EveningTaskView):
    """Each idea with its answer; handed in for release."""

    form_class = NextStepsForm
    template_name = "workflows/answer_ideas_task.html"
    success_message = _("Handed in. The head of the planning unit releases the answers or returns them.")

    def get_initial(self) -> dict[str, Any]:
        return {"next_steps": self.conference.next_steps}

    def save_draft(self, form: forms.Form) -> None:
        next_steps_save(self.conference, next_steps=form.cleaned_data["next_steps"], user=self.user)

    def perform(self, form: forms.Form) -> None:
        answers_submit(self.conference, next_steps=form.cleaned_data["next_steps"], user=self.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lines = idea_lines(self.conference)
        return super().get_context_data(
            lines=lines, open_count=sum(line.answer is None for line in lines), **kwargs
        )


class ReleaseAnswers(EveningTaskView):
    """The head reads the answers as everybody will."""

    form_class = ReleaseAnswersForm
    template_name = "workflows/release_answers_task.html"

    @property
    def success_message(self) -> Any:  # type: ignore[override]
        """What happened."""
        if self.request.POST.get("answer") == ReleaseAnswersForm.YES:
            return _(
                "Published: from now on everybody can read the answers, by the link of the evening, too."
            )
        return _("Returned with your reason; the author has been asked to correct it.")

    def perform(self, form: forms.Form) -> None:
        assert isinstance(form, ReleaseAnswersForm)
        answers_review(
            self.conference, is_released=form.is_yes, reason=form.cleaned_data["reason"], user=self.user
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            lines=idea_lines(self.conference), headcounts=headcounts_of(self.conference), **kwargs
        )


class ReleaseCorrection(EveningTaskView):
    """The head reads a corrected answer beside the one it corrects."""

    form_class = ReleaseCorrectionForm
    template_name = "workflows/release_correction_task.html"

    @property
    def success_message(self) -> Any:  # type: ignore[override]
        """What happened."""
        if self.request.POST.get("answer") == ReleaseCorrectionForm.YES:
            return _("Published: everybody reads the corrected answer from now on.")
        return _(
            "Returned with your reason: the author gets the task to correct it. The answer stays as it was "
            "published."
        )

    @cached_property
    def correction(self) -> SpaceAnswer | None:
        """The one whose turn it is."""
        return pending_corrections(self.conference).first()

    def get_initial(self) -> dict[str, Any]:
        return {"correction": self.correction and self.correction.pk}

    def perform(self, form: forms.Form) -> None:
        assert isinstance(form, ReleaseCorrectionForm)
        correction = self.correction
        if correction is None or form.cleaned_data["correction"] != correction.pk:
            raise DomainError("not_waiting", _("This correction does not wait for its release any more."))
        correction_review(
            correction, is_released=form.is_yes, reason=form.cleaned_data["reason"], user=self.user
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**_beside(self.conference, self.correction), **kwargs)


def _beside(conference: SpaceConference, correction: SpaceAnswer | None) -> dict[str, Any]:
    """A correction with its idea as it is published, and as it would be."""
    # Also of an idea that was hidden while its correction lay here.
    lines = idea_lines(conference, states=EntryState.values)
    line = next((row for row in lines if correction and row.idea.pk == correction.idea_id), None)
    new = None
    if line is not None and correction is not None:
        new = dataclasses.replace(line, answer=correction, destination=destination_of(correction))
    return {"correction": correction, "line": line, "new": new}


class CorrectAnswer(EveningTaskView):
    """The author reads why a correction was returned, and writes it anew or withdraws it."""

    form_class = IdeaAnswerForm
    template_name = "workflows/correct_answer_task.html"
    success_message = _("Handed in. The head of the planning unit releases the correction or returns it.")

    @cached_property
    def returned(self) -> SpaceAnswer | None:
        """The one whose author is asked."""
        return returned_corrections(self.conference).first()

    def get_initial(self) -> dict[str, Any]:
        return answer_initial(self.returned)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | answer_choices(self.conference.cycle)

    def perform(self, form: forms.Form) -> None:
        if self.returned is None:
            raise DomainError("correction_settled", _("This correction has been dealt with already."))
        answer_correct(self.returned.idea, user=self.user, **form.cleaned_data)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**_beside(self.conference, self.returned), **kwargs)


prepare_evening = PrepareEvening.as_view()
hold_evening = HoldEvening.as_view()
answer_ideas = AnswerIdeas.as_view()
release_answers = ReleaseAnswers.as_view()
release_correction = ReleaseCorrection.as_view()
correct_answer = CorrectAnswer.as_view()
