"""Versions of a plan: everything its measures said on a day, frozen and never changed.

``content`` is ``{"measures": {number: {name: value}}}``. The names are those of ``FIELD_NAMES`` and ``key``,
the key of the measure, by which it is found again should its number change. Dates are in ISO form, states and
stages their stored values, money has two places; lists hold a text for each row; what is empty is ``""``,
``[]`` or None.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from measures.models import ActionPlan, KeyFigure, Measure, PlanVersion
from project.common.errors import DomainError
from project.common.formats import decimal_de
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, require

_TITLE_LENGTH, _REFERENCE_LENGTH = 200, 60
_TEXTS = (
    "title",
    "short_description",
    "description",
    "effect_hypothesis",
    "target_group",
    "status",
    "stage",
    "contact_function",
    "contact_email",
    "contact_phone",
    "needs_agreement",
)
_DATES = ("starts_on", "ends_on", "started_on", "ended_on")


@transaction.atomic
def plan_version_create(
    plan: ActionPlan,
    *,
    title: str,
    as_of: datetime.date,
    user: User | None,
    decision_reference: str = "",
) -> PlanVersion:
    """Fix a plan as it stands.

    Args:
        plan: The plan; held while it is read.
        title: What happened, such as "Agreed by the council".
        as_of: Day it is the state of, not in the future.
        user: Needs the right to plan the territory; None where the course of a cycle fixes it.
        decision_reference: Number of the decision it rests on.

    Raises:
        PermissionDenied: The user may not plan the territory.
        DomainError: ``title_missing``, ``as_of_in_future``, ``no_measures``.

    Queries: 10 for any number of measures.
    """
    if user is not None:
        require(user, Perm.PLAN_TERRITORY, plan.territory)
    if not title.strip():
        raise DomainError("title_missing", _("Say what the plan is fixed for."))
    if as_of > timezone.localdate():
        raise DomainError("as_of_in_future", _("A plan cannot be fixed for a day to come."))
    # Held: numbers of versions follow each other, and no measure is added meanwhile.
    ActionPlan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
    measures = plan_content(plan)
    if not measures:
        raise DomainError("no_measures", _("The plan has no measures yet; there is nothing to fix."))
    content = {"measures": measures}
    last: int | None = PlanVersion.objects.filter(plan=plan).aggregate(last=Max("number"))["last"]
    version = PlanVersion.objects.create(
        plan=plan,
        number=(last or 0) + 1,
        title=title.strip()[:_TITLE_LENGTH],
        as_of=as_of,
        decision_reference=decision_reference.strip()[:_REFERENCE_LENGTH],
        content=content,
        sha256=hash_of(content),
        created_by=user,
    )
    log_action(
        "plan.version_fixed",
        user=user,
        obj=plan,
        territory=plan.territory,
        data={"number": version.number, "title": version.title, "sha256": version.sha256},
    )
    return version


def plan_fix(plan: ActionPlan, *, title: str, decision_references: Sequence[str] = ()) -> PlanVersion | None:
    """Fix a plan because its course got to where it counts; nothing if it has no measures yet."""
    if not plan.measures.exists():
        return None
    return plan_version_create(
        plan,
        title=title,
        as_of=timezone.localdate(),
        user=None,
        decision_reference=references_fitted(decision_references),
    )


def references_fitted(references: Sequence[str]) -> str:
    """As many whole numbers of decisions as there is room for, and how many more there are.

    >>> references_fitted(["LK 1/2026", "LK 2/2026"])
    'LK 1/2026, LK 2/2026'
    >>> references_fitted([f"LK {number}/2026" for number in range(10, 20)])
    'LK 10/2026, LK 11/2026, LK 12/2026, LK 13/2026 (+ 6)'
    """
    for count in range(len(references), 0, -1):
        more = len(references) - count
        text = ", ".join(references[:count]) + (f" (+ {more})" if more else "")
        if len(text) <= _REFERENCE_LENGTH:
            return text
    return references[0][:_REFERENCE_LENGTH] if references else ""


def hash_of(content: dict[str, Any]) -> str:
    """Hash of a content; the order of names does not matter."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def plan_content(plan: ActionPlan) -> dict[str, dict[str, Any]]:
    """What the measures of a plan say now, by number. Queries: 9 for any number of measures."""
    rows = (
        Measure.objects.filter(plan=plan)
        .select_related("field", "parent__field", "responsible")
        .prefetch_related(
            "partners__organisation",
            "areas",
            "goals",
            "milestones",
            "finance_lines",
            "needs__needed__field",
            "needs__needed__parent__field",
            "key_figures__unit",
            "key_figures__targets",
        )
    )
    # In one language whoever fixes or compares: otherwise what was not changed would differ.
    with translation.override(settings.LANGUAGE_CODE):
        found = {row.number: _content_of(row) for row in rows}
    return dict(sorted(found.items(), key=lambda pair: [int(part) for part in pair[0].split(".")]))


def _content_of(measure: Measure) -> dict[str, Any]:
    days = {name: getattr(measure, name) for name in _DATES}
    return {
        "key": measure.pk,
        "number": measure.number,
        **{name: getattr(measure, name) for name in _TEXTS},
        **{name: day.isoformat() if day else None for name, day in days.items()},
        "field": str(measure.field),
        "responsible": measure.responsible.name,
        "partners": sorted(
            f"{row.organisation.name}: {row.role}" if row.role else row.organisation.name
            for row in measure.partners.all()
        ),
        "areas": sorted(area.name for area in measure.areas.all()),
        "goals": sorted(goal.title for goal in measure.goals.all()),
        "milestones": [f"{row.due_on.isoformat()} {row.title}" for row in measure.milestones.all()],
        "milestones_reached": sorted(
            f"{row.reached_on.isoformat()} {row.title}"
            for row in measure.milestones.all()
            if row.reached_on is not None
        ),
        "finance": [
            f"{row.get_kind_display()} {row.year or ''} {row.title}: {decimal_de(row.amount, 2)} €"
            for row in measure.finance_lines.all()
        ],
        "needs": sorted(row.needed.number for row in measure.needs.all()),
        "key_figures": [_figure_in_words(row) for row in measure.key_figures.all()],
    }


def _figure_in_words(figure: KeyFigure) -> str:
    targets = ", ".join(
        f"{row.due_on.isoformat()} {decimal_de(row.value)}"
        for row in sorted(figure.targets.all(), key=lambda target: target.due_on)
    )
    baseline = f"{figure.baseline_on.isoformat()} {decimal_de(figure.baseline)}"
    return f"{figure.title} ({figure.unit.symbol}): {baseline} → {targets}"
