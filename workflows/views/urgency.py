"""Page on which a body proposes another urgency for an area."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from project.common.errors import DomainError
from stakeholders.sessions import signed_in
from workflows.forms.urgency import UrgencyForm
from workflows.selectors.analysis import profiles_seen_by
from workflows.selectors.urgency import followed, in_force, urgency_proposals
from workflows.services.urgency import bodies_at_work, bodies_spoken_for, urgency_propose


@require_http_methods(["GET", "HEAD", "POST"])
def urgency_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Say how urgent a body sees an area, beside what the index says."""
    profile = get_object_or_404(
        profiles_seen_by(request.user).select_related(
            "area",
            "cycle__territory",
            "cycle__planning_conference",
            "cycle__steering_group",
            "cycle__social_space_conference",
            "cycle__index_run",
        ),
        pk=pk,
    )
    cycle = profile.cycle
    spoken_for = bodies_spoken_for(request.user, cycle)
    if not spoken_for:
        raise PermissionDenied(_("The chair of the body proposes the urgency, or planning on its behalf."))
    bodies = [body for body in bodies_at_work(cycle) if body in spoken_for]
    history = urgency_proposals(cycle, [profile.area]).get(profile.area_id, [])
    own = [row for row in history if row.body_id in {body.pk for body in bodies}]
    form = UrgencyForm(request.POST or None, bodies=bodies, has_earlier=bool(own))
    if request.method == "POST" and form.is_valid():
        try:
            urgency_propose(cycle, area=profile.area, user=signed_in(request), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("The view of the body stands beside the index, with its reason."))
            return redirect("workflows:profile-detail", pk=profile.pk)
    run = cycle.index_run
    return render(
        request,
        "workflows/urgency_propose.html",
        {
            "profile": profile,
            "area": profile.area,
            "cycle": cycle,
            "form": form,
            "result": run.results.filter(area=profile.area_id).first() if run else None,
            "urgencies": in_force(history),
            "earlier": followed(history),
            "bodies": bodies,
            "is_open": bool(bodies) and profile.released_at is not None,
        },
        status=422 if request.method == "POST" else 200,
    )
