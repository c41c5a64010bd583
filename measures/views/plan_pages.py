"""What the pages of a plan share: who sees it, the filter of its measures, the ways to see them."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from measures.forms.filters import MeasureFilterForm
from measures.models import ActionPlan, Measure
from measures.selectors.listing import MeasureFilter, filtered, goals_of
from measures.selectors.portfolio import areas_of, fields_of, measures_seen_by, parties_of, plans_seen_by
from measures.selectors.standings import with_states
from project.common.formats import date_de
from stakeholders.models import User
from stakeholders.permissions import Perm, can

#: What an address carries besides the filter of measures.
_NOT_FILTER: Final = ("page", "sort", "export", "col", "m", "zoom", "group", "light", "level")


@dataclasses.dataclass(frozen=True)
class PlanPage:
    """A plan with the measures a person sees, and the filter of the address."""

    plan: ActionPlan
    user: User
    today: datetime.date
    #: All that the person sees, with states.
    measures: QuerySet[Measure]
    form: MeasureFilterForm
    wanted: MeasureFilter

    @property
    def found(self) -> QuerySet[Measure]:
        """Those that fit the filter."""
        return filtered(self.measures, self.wanted, self.today)

    @property
    def is_filtered(self) -> bool:
        """Whether the filter restricts anything."""
        return self.wanted != MeasureFilter()


def plan_or_404(request: HttpRequest, pk: int) -> ActionPlan:
    """The plan; 404 for one the person may not see."""
    return get_object_or_404(plans_seen_by(request.user), pk=pk)


def plan_page(request: HttpRequest, pk: int) -> PlanPage:
    """The plan of an address with its filter; 404 for a plan the person may not see. Queries: 6."""
    plan = plan_or_404(request, pk)
    today = timezone.localdate()
    seen = measures_seen_by(request.user).filter(plan=plan)
    form = MeasureFilterForm(
        request.GET,
        fields_of_action=fields_of(plan),
        organisations=parties_of(seen),
        areas=areas_of(seen),
        goals=goals_of(plan),
    )
    assert isinstance(request.user, User)  # plans are seen by people who are signed in only
    return PlanPage(plan, request.user, today, with_states(seen, today), form, form.wanted())


def filter_query(request: HttpRequest) -> str:
    """The filter of the address, for the links to the other ways to see the measures."""
    query = request.GET.copy()
    for name in _NOT_FILTER:
        query.pop(name, None)
    return f"?{query.urlencode()}" if query else ""


def page_context(request: HttpRequest, page: PlanPage, *, found: int | None = None) -> dict[str, Any]:
    """What the templates of all ways share.

    Args:
        request: The request.
        page: From ``plan_page``.
        found: Number of measures that fit the filter, if it is known already.
    """
    total, parts = _counts(page)
    if found is None:
        found = page.found.count() if page.is_filtered else total
    return {
        "plan": page.plan,
        "form": page.form,
        "total": total,
        "top_count": total - parts,
        "part_count": parts,
        "found_count": found,
        "found_words": _found_words(found, total, parts),
        "is_filtered": page.is_filtered,
        "query": filter_query(request),
        "may_plan": bool(can(page.user, Perm.PLAN_TERRITORY, page.plan.territory)),
    }


def _counts(page: PlanPage) -> tuple[int, int]:
    """Measures that the person sees, and those of them that are parts of others."""
    return page.measures.count(), page.measures.filter(parent__isnull=False).count()


def _found_words(count: int, total: int, parts: int) -> str:
    words = (
        _("%(count)s of %(total)s measures, sub-measures included")
        if parts
        else _("%(count)s of %(total)s measures")
    )
    return words % {"count": count, "total": total}


def source_lines(page: PlanPage, count: int) -> list[str]:
    """What stands below a file of measures. Queries: 2."""
    return [
        f"{page.plan.title}, {page.plan.territory.name}",
        _found_words(count, *_counts(page)),
        _("As of %(day)s") % {"day": date_de(page.today)},
        _("State: confirmed key figures against the straight path from baseline to the next target."),
    ]
