"""What a draft begins with: sentences from the measure, its milestones and confirmed figures."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import override

from measures.models import FundedProject, Milestone
from measures.selectors.figures import (
    FigureLine,
    actual_text,
    baseline_text,
    figure_lines,
    number_of,
    protected,
)
from measures.selectors.project_report_content import LANGUAGE
from measures.selectors.releases import behind_project
from measures.status import Light
from project.common.formats import SIGN_UNKNOWN, date_de

#: Most milestones that the outlook names.
_NEXT = 5


def first_narrative(
    project: FundedProject, covers_from: datetime.date, covers_until: datetime.date
) -> dict[str, str]:
    """Sentences a narrative begins with; sections nobody knows anything for are left out.

    Args:
        project: The project, with its measure.
        covers_from: First day of the report.
        covers_until: Last day of the report.

    Returns:
        Section -> text, in German. Small counts of people are left out, as they are for the funder. The
        description of the measure is taken only where the provider answers for the measure itself, its
        milestones as far as the report may tell them.
        Queries: some 8.
    """
    measure = project.measure
    milestones = behind_project(project).milestones
    lines = figure_lines([measure.pk], until=covers_until).get(measure.pk, [])
    told = [protected(line) for line in lines]
    with override(LANGUAGE):
        found = {
            "done": _done(project, milestones, covers_from, covers_until),
            "reached": [_figure(line) for line in told if line.last_value is not None],
            "deviations": _deviations(milestones, told, covers_from, covers_until),
            "network": _network(project),
            "outlook": _outlook(milestones, covers_until),
        }
    return {key: "\n".join(texts) for key, texts in found.items() if texts}


def _done(
    project: FundedProject, milestones: Sequence[Milestone], first: datetime.date, last: datetime.date
) -> list[str]:
    measure, texts = project.measure, []
    if project.provider_id == measure.responsible_id:
        texts += [
            text.strip() for text in (measure.description or measure.short_description,) if text.strip()
        ]
        if measure.target_group.strip():
            texts.append(_("Target group: %(group)s.") % {"group": measure.target_group.strip().rstrip(".")})
    areas = [area.name for area in project.areas.order_by("name", "pk")]
    if areas:
        texts.append(_("The project worked in: %(areas)s.") % {"areas": ", ".join(areas)})
    texts += [
        _("Milestone “%(title)s” was reached on %(day)s.")
        % {"title": row.title, "day": date_de(row.reached_on)}
        for row in milestones
        if row.reached_on is not None and first <= row.reached_on <= last
    ]
    return texts


def _figure(line: FigureLine) -> str:
    """Confirmed value beside baseline, path and next target, in one or two sentences."""
    figure, actual = line.figure, line.last_value
    assert actual is not None
    words = {
        "figure": figure.title,
        "day": date_de(actual.day),
        "value": actual_text(actual, figure),
        "baseline": baseline_text(line),
        "baseline_day": date_de(figure.baseline_on),
    }
    if actual.is_secret or words["value"] == SIGN_UNKNOWN:
        text = _("Key figure “%(figure)s”: the number confirmed for %(day)s is too small to be told.") % words
    elif line.hides_baseline:
        text = _("Key figure “%(figure)s”: %(value)s were confirmed for %(day)s.") % words
    else:
        text = (
            _(
                "Key figure “%(figure)s”: %(value)s were confirmed for %(day)s; the baseline of "
                "%(baseline_day)s was %(baseline)s."
            )
            % words
        )
    target = line.next_target(actual.day)
    if target is not None:
        text += " " + _("The target is %(target)s by %(day)s.") % {
            "target": number_of(target.value, figure),
            "day": date_de(target.due_on),
        }
    return text


def _deviations(
    milestones: Sequence[Milestone], lines: list[FigureLine], first: datetime.date, last: datetime.date
) -> list[str]:
    texts = []
    for row in milestones:
        words = {"title": row.title, "planned": date_de(row.planned_on), "due": date_de(row.due_on)}
        if row.reached_on is not None and row.reached_on <= last:
            if row.reached_on >= first and row.reached_on > row.planned_on:
                words["day"] = date_de(row.reached_on)
                texts.append(
                    _("Milestone “%(title)s”, planned for %(planned)s, was reached on %(day)s.") % words
                )
        elif first <= row.planned_on <= last and row.due_on > last:
            texts.append(_("Milestone “%(title)s” was moved from %(planned)s to %(due)s.") % words)
        elif row.due_on <= last:
            texts.append(_("Milestone “%(title)s”, due on %(due)s, has not been reached yet.") % words)
    texts += [
        _("Key figure “%(figure)s” is not on its path.") % {"figure": line.figure.title}
        for line in lines
        if line.light is Light.OFF_PATH
    ]
    return texts


def _network(project: FundedProject) -> list[str]:
    rows = project.partners.select_related("organisation").order_by("organisation__name", "pk")
    names = [
        f"{row.organisation.name} ({row.task.strip()})" if row.task.strip() else row.organisation.name
        for row in rows
    ]
    return [_("Partners of the project: %(partners)s.") % {"partners": ", ".join(names)}] if names else []


def _outlook(milestones: Sequence[Milestone], last: datetime.date) -> list[str]:
    coming = [row for row in milestones if row.reached_on is None and row.due_on > last]
    return [
        _("Milestone “%(title)s” is planned for %(day)s.") % {"title": row.title, "day": date_de(row.due_on)}
        for row in coming[:_NEXT]
    ]
