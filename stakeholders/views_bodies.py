"""Pages of bodies: who sits in which, and what they do."""

from __future__ import annotations

import datetime
from typing import Any

from django.apps import apps
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.formats import date_de
from project.common.listing import term_of
from stakeholders.forms.bodies import DayForm
from stakeholders.models import Body, RulesOfProcedure, Seat
from stakeholders.permissions import Perm, can, territories_where, visible
from stakeholders.selectors.absences import standings
from stakeholders.selectors.bodies import body_seats, functions_at, with_deputies_of
from stakeholders.selectors.rules import rules_of, rules_on, sentences_of, today_text

#: Meetings and decisions shown on the page of a body; the cycle has the whole lists.
LATEST = 10


@require_safe
def body_list(request: HttpRequest) -> HttpResponseBase:
    """Bodies a person may see, by territory."""
    today = timezone.localdate()
    now = Q(memberships__starts_on__lte=today) & (
        Q(memberships__ends_on__isnull=True) | Q(memberships__ends_on__gte=today)
    )
    voting = now & Q(memberships__seat__in=[Seat.CHAIR, Seat.VOTING])
    rows = (
        visible(request.user, Perm.VIEW_BODY, Body.objects.filter(is_active=True))
        .select_related("territory")
        .annotate(
            voting_count=Count("memberships", filter=voting, distinct=True),
            advisory_count=Count(
                "memberships", filter=now & Q(memberships__seat=Seat.ADVISORY), distinct=True
            ),
        )
        .order_by("territory__name", "kind", "name")
    )
    term = term_of(request)
    if term:
        rows = rows.filter(Q(name__icontains=term) | Q(territory__name__icontains=term))
    found: list[Any] = list(rows)
    rules = rules_of([row.pk for row in found], today)
    for row in found:
        row.quorum_today = rules[row.pk].voting_rules().quorum_count(row.voting_count)
    wanted = export_format(request)
    if wanted is not None:
        columns = [
            Column(_("Territory"), "territory.name"),
            Column(_("Body"), "name"),
            Column(_("Kind"), lambda row: row.get_kind_display()),
            Column(_("Voting members"), "voting_count", Kind.NUMBER, 0),
            Column(_("Advisory members"), "advisory_count", Kind.NUMBER, 0),
            Column(_("Quorum"), "quorum_today", Kind.NUMBER, 0),
        ]
        return table_response(_("Bodies"), columns, found, wanted)
    context = {
        "rows": found,
        "term": term,
        "links": export_links(request),
        "may_found": territories_where(request.user, Perm.ADMINISTER_TERRITORY).exists(),
    }
    return render(request, "stakeholders/body_list.html", context)


@require_safe
def body_detail(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One body: members and deputies, quorum, meetings, decisions."""
    body = get_object_or_404(
        visible(request.user, Perm.VIEW_BODY, Body.objects.select_related("territory")), pk=pk
    )
    today = timezone.localdate()
    day_form = DayForm(request.GET or None)
    day = day_form.day(today)
    members: list[Any] = with_deputies_of(body_seats(body, day=day), day)
    there, functions = standings(members, day), functions_at(members, day)
    for seat in members:
        seat.standing = there[seat.pk]
        seat.function = functions.get((seat.pk, seat.user_id), "")
        seat.deputy_function = functions.get((seat.pk, seat.deputy_id), "")
    rules = rules_on(body, day)
    wanted = export_format(request)
    if wanted is not None:
        return _members_as_file(body, members, day, rules, wanted)
    voting_count = sum(seat.is_voting for seat in members)
    cycles = _cycles_seen_by(request)
    meetings: Any = body.meetings.filter(cycle__in=cycles)
    decisions: Any = body.decisions.filter(Q(meeting__cycle__in=cycles) | Q(poll__cycle__in=cycles))
    return render(
        request,
        "stakeholders/body_detail.html",
        {
            "body": body,
            "members": members,
            "voting_count": voting_count,
            "advisory_count": len(members) - voting_count,
            "day_form": day_form,
            "day": day,
            "is_today": day == today,
            "rules": rules,
            "sentences": sentences_of(rules),
            "today_text": today_text(rules.voting_rules(), members),
            # Who sees no cycle of the territory must not read that nothing was set: it is only not shown.
            "sees_cycles": cycles.filter(territory=body.territory).exists(),
            "meetings": meetings.select_related("cycle").order_by("-held_on")[:LATEST],
            "decisions": decisions.select_related("version").order_by("-year", "-number")[:LATEST],
            "former": body.memberships.filter(ends_on__lt=day)
            .select_related("organisation", "user")
            .order_by("-ends_on"),
            "may_manage": bool(can(request.user, Perm.MANAGE_BODY, body)),
            "links": export_links(request),
        },
    )


def _cycles_seen_by(request: HttpRequest) -> QuerySet[Any]:
    """Cycles a person may see; asked by name, for this layer does not know the planning cycle."""
    model = apps.get_model("workflows", "PlanningCycle")
    return visible(request.user, Perm.VIEW_CYCLE, model._default_manager.all()).values("pk")


def _members_as_file(
    body: Body, members: list[Any], day: datetime.date, rules: RulesOfProcedure, wanted: Any
) -> HttpResponseBase:
    """Who could vote on the day, and how the body decided then."""
    columns = [
        Column(_("Organisation"), "organisation.name"),
        Column(_("Person"), lambda row: str(row.user)),
        Column(_("Function"), lambda row: row.function or None),
        Column(_("Deputy"), lambda row: str(row.deputy) if row.deputy else None),
        Column(_("Function of the deputy"), lambda row: row.deputy_function or None),
        Column(_("Seat"), lambda row: row.get_seat_display()),
        Column(_("Has a vote"), "is_voting"),
        Column(_("Away"), lambda row: row.standing.absence is not None),
        Column(_("From"), "starts_on", Kind.DATE),
        Column(_("Until"), "ends_on", Kind.DATE),
    ]
    name = _("Members %(body)s") % {"body": body.name}
    lines = [
        f"{body.name}, {body.territory.name}",
        _("As of %(day)s") % {"day": date_de(day)},
        _("Rules of procedure from %(day)s.") % {"day": date_de(rules.valid_from)},
        *sentences_of(rules),
    ]
    return table_response(name, columns, members, wanted, lines)
