"""Pages of the goals of a plan."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from measures.forms.base import LongTextField, fill
from measures.models import ActionPlan, Goal, GoalKind
from measures.selectors.goals import goal_name, goal_tree, measures_without_goal
from measures.selectors.portfolio import plans_seen_by
from measures.services.goals import LEVEL_ABOVE, goal_create, goal_mark, goal_remove, goal_update
from measures.services.measures import TEXT_LIMIT
from project.common.errors import DomainError
from project.common.keys import key_or_none
from project.common.seen import SEEN, with_mark
from stakeholders.permissions import Perm, can, require
from stakeholders.sessions import signed_in


class GoalForm(forms.Form):
    """A goal in words, and where it stands."""

    parent = forms.ModelChoiceField(label=gettext_lazy("Goal above"), queryset=Goal.objects.none())
    title = forms.CharField(label=gettext_lazy("Title"), max_length=300)
    description = LongTextField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=TEXT_LIMIT,
        widget=forms.Textarea({"rows": 4}),
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, plan: ActionPlan, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        above = LEVEL_ABOVE.get(kind)
        if above is None:
            del self.fields["parent"]
            return
        goals = Goal.objects.filter(plan=plan, kind=above).order_by("number")
        fill(self, "parent", goals, [(row.pk, f"{goal_name(row)}: {row.title}") for row in goals])


@require_safe
def goal_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The tree of goals with the measures that serve each."""
    plan = get_object_or_404(plans_seen_by(request.user), pk=pk)
    return render(
        request,
        "measures/goal_list.html",
        {
            "plan": plan,
            "tree": goal_tree(request.user, plan),
            "without": measures_without_goal(request.user, plan),
            "may_plan": bool(can(request.user, Perm.PLAN_TERRITORY, plan.territory)),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def goal_create_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a new goal; the address says of which level and below which."""
    plan = get_object_or_404(plans_seen_by(request.user), pk=pk)
    require(request.user, Perm.PLAN_TERRITORY, plan.territory)
    wanted = request.GET.get("kind", "")
    kind = wanted if wanted in GoalKind.values else GoalKind.GUIDING.value
    initial = {"parent": key_or_none(request.GET.get("parent"))}
    form = GoalForm(request.POST if request.method == "POST" else None, plan=plan, kind=kind, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            values = {name: value for name, value in form.cleaned_data.items() if name != SEEN}
            goal = goal_create(plan, kind=kind, user=signed_in(request), **values)
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("%(goal)s has been added.") % {"goal": goal_name(goal)})
            return redirect("measures:goal-list", plan.pk)
    context = {"plan": plan, "form": form, "kind": GoalKind(kind).label, "goal": None}
    return render(
        request, "measures/goal_form.html", context, status=422 if request.method == "POST" else 200
    )


def _goal(request: HttpRequest, pk: int) -> Goal:
    """A goal of a plan the person sees and may plan."""
    goals = Goal.objects.select_related("plan__territory", "parent")
    goal = get_object_or_404(goals, pk=pk, plan__in=plans_seen_by(request.user).values("pk"))
    require(request.user, Perm.PLAN_TERRITORY, goal.plan.territory)
    return goal


@require_http_methods(["GET", "HEAD", "POST"])
def goal_edit_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Word a goal anew, or put it elsewhere; its number stays."""
    goal = _goal(request, pk)
    initial = {"title": goal.title, "description": goal.description, "parent": goal.parent_id}
    initial[SEEN] = goal_mark(goal)
    data = request.POST if request.method == "POST" else None
    form = GoalForm(data, plan=goal.plan, kind=goal.kind, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            goal_update(goal, user=signed_in(request), **form.cleaned_data)
        except DomainError as error:
            if error.code == "changed_meanwhile":
                form.data = with_mark(request.POST, goal_mark(goal))
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("The goal has been changed."))
            return redirect("measures:goal-list", goal.plan_id)
    context = {"plan": goal.plan, "form": form, "kind": goal_name(goal), "goal": goal}
    return render(
        request, "measures/goal_form.html", context, status=422 if request.method == "POST" else 200
    )


@require_POST
def goal_remove_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a goal away that nothing hangs on."""
    goal = _goal(request, pk)
    plan_pk = goal.plan_id
    try:
        goal_remove(goal, user=signed_in(request))
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("The goal has been taken away."))
    return redirect("measures:goal-list", plan_pk)
