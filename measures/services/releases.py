"""Releasing a plan to the public: chosen fields of chosen measures, frozen as they stand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from measures.models import ActionPlan, FigureKind, Measure, PlanRelease
from measures.selectors.figures import FigureLine, is_small_count, protected
from measures.selectors.portfolio import MeasureLine, measure_lines
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, require

#: Fields that can be released beside number, title and field of action. Contacts are none of them.
FIELDS: Final[Mapping[str, Promise]] = {
    "short_description": _("In one sentence"),
    "description": _("What is done"),
    "effect_hypothesis": _("Hypothesis of effect"),
    "target_group": _("Target group"),
    "areas": _("Areas"),
    "stage": pgettext_lazy("of a plan", "Planning stage"),
    "dates": _("Term"),
    "responsible": _("Responsible organisation"),
    "partners": _("Partners"),
    "status": _("Agreement and course"),
    "state": _("State"),
    "goals": _("Goals"),
    "milestones": _("Milestones"),
    "figures": _("Key figures with targets"),
    "actuals": _("Reported figures"),
    "finance": _("Cost and funding"),
}
#: Chosen where nothing was released yet: everything but money.
USUAL: Final = tuple(name for name in FIELDS if name != "finance")


def release_content(
    plan: ActionPlan, *, fields: Collection[str], measures: Collection[int]
) -> dict[str, Any]:
    """What the public would read.

    Args:
        plan: The plan.
        fields: Keys of ``FIELDS``.
        measures: Keys of the measures.

    Returns:
        JSON with nothing but what is released; small counts of people are never in it. Without measures it
        is empty.
    """
    rows = list(
        Measure.objects.filter(plan=plan, pk__in=measures)
        .select_related("plan", "field", "parent__field", "responsible")
        .prefetch_related("areas", "goals", "milestones", "finance_lines", "partners__organisation")
        .order_by("field__number", "position")
    )
    rows.sort(key=lambda row: [int(part) for part in row.number.split(".")])
    if not rows:
        return {}
    lines = measure_lines(rows, timezone.localdate())
    used = {row.field_id for row in rows}
    return {
        "title": plan.title,
        "territory": plan.territory.name,
        "ends_on": plan.ends_on.isoformat(),
        "as_of": timezone.localdate().isoformat(),
        "fields_of_action": [
            {"number": field.number, "title": field.title}
            for field in plan.fields.order_by("number")
            if field.pk in used
        ],
        "measures": [_measure(line, [name for name in FIELDS if name in fields]) for line in lines],
    }


def _measure(line: MeasureLine, fields: Collection[str]) -> dict[str, Any]:
    measure = line.measure
    told: dict[str, Any] = {
        "key": measure.pk,
        "number": measure.number,
        "title": measure.title,
        "field": measure.field.number,
    }
    for name in fields:
        if name == "figures":
            told[name] = [_figure(protected(row), has_actuals="actuals" in fields) for row in line.figures]
        elif name == "dates":
            days = ("starts_on", "ends_on", "started_on", "ended_on")
            told |= {day: _day(getattr(measure, day)) for day in days}
        elif name in _READERS:
            told[name] = _READERS[name](line)
        elif name != "actuals":  # told with the figures only
            told[name] = getattr(measure, name)
    return told


#: Field -> its value as it is told; those that are left out are texts of the measure itself.
_READERS: Final[Mapping[str, Callable[[MeasureLine], Any]]] = {
    "areas": lambda line: sorted(area.name for area in line.measure.areas.all()),
    "goals": lambda line: [goal.title for goal in line.measure.goals.all()],
    "responsible": lambda line: line.measure.responsible.name,
    "partners": lambda line: [
        {"name": row.organisation.name, "role": row.role} for row in line.measure.partners.all()
    ],
    "state": lambda line: {"code": line.state.value, "waits_for_stage_two": line.waits_for_stage_two},
    "milestones": lambda line: [
        {"title": row.title, "due_on": _day(row.due_on), "reached_on": _day(row.reached_on)}
        for row in line.measure.milestones.all()
    ],
    "finance": lambda line: [
        {"kind": row.kind, "title": row.title, "year": row.year, "amount": _number(row.amount)}
        for row in line.measure.finance_lines.all()
    ],
}


def _figure(line: FigureLine, *, has_actuals: bool) -> dict[str, Any]:
    """A key figure without small counts of people: neither where it began nor what was reached."""
    figure = line.figure
    is_secret = is_small_count(figure.baseline, figure)
    told: dict[str, Any] = {
        "title": figure.title,
        "level": figure.level,
        "unit": {"de": figure.unit.symbol_de, "en": figure.unit.symbol_en, "decimals": figure.unit.decimals},
        "is_count": figure.unit.is_count,
        "baseline": None if is_secret else _number(figure.baseline),
        "baseline_on": _day(figure.baseline_on),
        "definition": figure.definition,
        "source": figure.source,
        "targets": [
            {"due_on": _day(row.due_on), "value": _number(row.value)}
            | ({"wording": row.wording} if row.wording else {})
            for row in line.targets
        ],
    }
    # Told only where they say something: what was released before stays equal to what is released now.
    if figure.kind == FigureKind.QUALITY:
        told["kind"] = figure.kind
    if figure.indicator is not None and figure.area is not None:
        told["follows"] = {"indicator": figure.indicator.name, "area": figure.area.name}
    if has_actuals:
        told["actuals"] = [
            {"day": _day(row.day), "value": _number(row.value), "is_secret": row.is_secret}
            for row in line.actuals
        ]
    return told


def _day(day: Any) -> str | None:
    return day.isoformat() if day is not None else None


def _number(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"


def content_mark(content: Mapping[str, Any]) -> str:
    """Mark of a content, to release what was looked at; the day itself does not count."""
    told = {name: value for name, value in content.items() if name != "as_of"}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@transaction.atomic
def plan_release(
    plan: ActionPlan,
    *,
    fields: Sequence[str],
    measures: Iterable[int],
    note: str,
    seen: str,
    user: User,
) -> PlanRelease:
    """Release a plan; the public reads it from now on.

    Args:
        plan: The plan.
        fields: Keys of ``FIELDS``.
        measures: Keys of the measures.
        note: What is new, for the public.
        seen: ``content_mark`` of the preview the person decided on.
        user: Who releases; needs the right to plan the territory.

    Raises:
        PermissionDenied: The user may not plan the territory.
        DomainError: ``unknown_field``, ``no_measure``, ``changed_meanwhile``.
    """
    require(user, Perm.PLAN_TERRITORY, plan.territory)
    if set(fields) - FIELDS.keys():
        raise DomainError("unknown_field", _("This field cannot be released."))
    content = release_content(plan, fields=fields, measures=list(measures))
    if not content:
        raise DomainError("no_measure", _("Please choose at least one measure, or take the plan back."))
    if content_mark(content) != seen:
        raise DomainError(
            "changed_meanwhile",
            _("The plan was changed since you looked at the preview. Please look at it again."),
        )
    return _store(plan, [name for name in FIELDS if name in fields], content, note, user)


@transaction.atomic
def plan_withdraw(plan: ActionPlan, *, note: str, user: User) -> PlanRelease:
    """Take a plan back from the public.

    Raises:
        PermissionDenied: The user may not plan the territory.
        DomainError: ``not_released``.
    """
    require(user, Perm.PLAN_TERRITORY, plan.territory)
    last = plan.releases.order_by("-number").first()
    if last is None or not last.content:
        raise DomainError("not_released", _("The plan is not public."))
    return _store(plan, last.fields, {}, note, user)


def _store(
    plan: ActionPlan, fields: Sequence[str], content: dict[str, Any], note: str, user: User
) -> PlanRelease:
    # Two who release at once get numbers one after the other.
    ActionPlan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    last: int | None = plan.releases.aggregate(last=Max("number"))["last"]
    release = PlanRelease.objects.create(
        plan=plan,
        number=(last or 0) + 1,
        fields=list(fields),
        content=content,
        note=note.strip(),
        released_by=user,
    )
    log_action(
        "plan.released" if content else "plan.withdrawn",
        user=user,
        obj=release,
        territory=plan.territory,
        data={"number": release.number, "fields": list(fields), "measures": len(content.get("measures", []))},
    )
    return release
