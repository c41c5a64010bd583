"""The address of the product itself: leads to where the person has something to do."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from stakeholders.sessions import signed_in
from workflows.selectors.places import places_of
from workflows.selectors.polls import open_polls_for
from workflows.selectors.tasks import InboxFilter, inbox_keys


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """To the tasks or an open poll if there are any, funders to their portfolio, others to the cycles."""
    user = signed_in(request)
    if inbox_keys(user, InboxFilter(), limit=1) or open_polls_for(user):
        return redirect("workflows:inbox")
    places = places_of(user)
    if places.portfolio and not places.cycles:
        return redirect("measures:funding-portfolio")
    if places.projects and not places.cycles:
        return redirect("measures:project-list")
    if places.cycles:
        return redirect("workflows:cycle-list")
    if places.people:
        return redirect("stakeholders:organisation-list")
    return redirect("workflows:inbox")
