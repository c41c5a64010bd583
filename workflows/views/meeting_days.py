"""Whether the day of a meeting fits the stage it belongs to, told beside the field and after saving."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from project.common.formats import date_de
from stakeholders.models import Body
from workflows.models import CycleStage, Meeting, PlanningCycle
from workflows.selectors.cycles import stage_of_body, stage_outside


def _of_stage(stage: CycleStage) -> dict[str, str]:
    return {
        "stage": stage.get_kind_display(),
        "first": date_de(stage.starts_on),
        "last": date_de(stage.due_on),
    }


def hint_at_stage(form: forms.Form, cycle: PlanningCycle, body: Body) -> None:
    """Say beside the field of the day how long the stage of the body lasts. Queries: 1."""
    stage = stage_of_body(cycle, body.pk)
    if stage is not None:
        text = _("By the schedule the stage %(stage)s lasts from %(first)s to %(last)s.")
        form.fields["held_on"].help_text = text % _of_stage(stage)


def warn_of_day(request: HttpRequest, meeting: Meeting) -> None:
    """A meeting may lie outside the dates of its stage, but nobody shall overlook it. Queries: 1."""
    stage = stage_outside(meeting)
    if stage is not None:
        text = _(
            "The meeting on %(day)s lies outside the dates of the stage %(stage)s (%(first)s to %(last)s)."
            " It stands; move the dates of the stage if they no longer fit."
        )
        messages.warning(request, text % {"day": date_de(meeting.held_on), **_of_stage(stage)})


def warn_of_missing_addresses(request: HttpRequest, meeting: Meeting) -> None:
    """Who is invited but gets no mail has to be told by other means. Queries: 1."""
    silent = meeting.participants.filter(organisation__email="").select_related("organisation")
    names = sorted(row.organisation.label for row in silent)
    if names:
        text = _("No mail reaches %(names)s: no e-mail address is known. Tell them yourself.")
        messages.warning(request, text % {"names": ", ".join(names)})
