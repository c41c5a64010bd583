"""Writes on the goals of a plan."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from measures.models import ActionPlan, Goal, GoalKind
from project.common.errors import DomainError, as_domain_error
from project.common.seen import check_seen, mark_of
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, require

#: Level -> the level above.
LEVEL_ABOVE: dict[str, GoalKind] = {
    GoalKind.STRATEGIC: GoalKind.GUIDING,
    GoalKind.PARTIAL: GoalKind.STRATEGIC,
}


def _check_parent(plan: ActionPlan, kind: str, parent: Goal | None) -> None:
    above = LEVEL_ABOVE.get(kind)
    if above is None and parent is None:
        return
    if parent is None or parent.kind != above or parent.plan_id != plan.pk:
        names = {"kind": GoalKind(kind).label, "above": above.label if above else _("no goal")}
        raise DomainError("wrong_level", _("Above a “%(kind)s” stands: %(above)s.") % names)


@transaction.atomic
def goal_create(
    plan: ActionPlan,
    *,
    kind: str,
    title: str,
    user: User,
    parent: Goal | None = None,
    description: str = "",
) -> Goal:
    """Write a goal; it gets the next number of its level, which it keeps.

    Args:
        plan: Its plan.
        kind: A ``GoalKind``.
        title: What shall be reached, in a sentence.
        user: Needs the right to plan the territory.
        parent: Goal of the level above; none for a guiding principle.
        description: More on it.

    Raises:
        PermissionDenied: The user may not plan the territory.
        DomainError: ``wrong_level``, ``invalid``.
    """
    require(user, Perm.PLAN_TERRITORY, plan.territory)
    _check_parent(plan, kind, parent)
    # Locked: two planners at once must not draw the same number.
    ActionPlan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
    last: int | None = Goal.objects.filter(plan=plan, kind=kind).aggregate(last=Max("number"))["last"]
    goal = Goal(plan=plan, kind=kind, parent=parent, number=(last or 0) + 1)
    _save(goal, title, description)
    _log("goal.created", goal, user, {})
    return goal


@transaction.atomic
def goal_update(
    goal: Goal, *, title: str, description: str, user: User, parent: Goal | None = None, seen: str = ""
) -> None:
    """Word a goal anew, or put it below another of the same level; its number stays.

    Args:
        goal: Read anew first.
        title: What shall be reached, in a sentence.
        description: More on it.
        user: Needs the right to plan the territory.
        parent: Goal of the level above; none for a guiding principle.
        seen: ``goal_mark`` of what the person saw; left out nothing is compared.

    Raises:
        PermissionDenied: The user may not plan the territory.
        DomainError: ``wrong_level``, ``changed_meanwhile``, ``goal_gone``, ``invalid``.
    """
    require(user, Perm.PLAN_TERRITORY, goal.plan.territory)
    _hold(goal)
    check_seen(
        seen,
        goal_mark(goal),
        _(
            "Somebody else has changed this goal meanwhile. It says now: “%(title)s” %(description)s – "
            "send yours once more if it shall stand instead."
        )
        % {"title": goal.title, "description": Truncator(goal.description).chars(300)},
    )
    _check_parent(goal.plan, goal.kind, parent)
    before = {"title": goal.title, "description": goal.description, "parent": str(goal.parent or "")}
    goal.parent = parent
    _save(goal, title, description)
    after = {"title": goal.title, "description": goal.description, "parent": str(parent or "")}
    changed = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
    _log("goal.changed", goal, user, {"changed": changed})


@transaction.atomic
def goal_remove(goal: Goal, *, user: User) -> None:
    """Take a goal away that nothing hangs on; the numbers of the others stay.

    Raises:
        PermissionDenied: The user may not plan the territory.
        DomainError: ``goal_in_use``, ``goal_gone``.
    """
    require(user, Perm.PLAN_TERRITORY, goal.plan.territory)
    _hold(goal)
    if goal.children.exists() or goal.measures.exists():
        raise DomainError(
            "goal_in_use",
            _("Goals or measures stand below this goal. Put them below another one first."),
        )
    _log("goal.removed", goal, user, {"kind": goal.kind, "number": goal.number})
    goal.delete()


def goal_mark(goal: Goal) -> str:
    """Stands for what a goal says (``project.common.seen``)."""
    return mark_of(goal.title, goal.description, goal.parent_id)


def _hold(goal: Goal) -> None:
    """Hold the row and read it anew; what is put below it at this moment waits."""
    try:
        goal.refresh_from_db(from_queryset=Goal.objects.select_for_update(of=("self",)))
    except Goal.DoesNotExist as error:
        raise DomainError("goal_gone", _("Somebody else has taken this goal away meanwhile.")) from error


def _save(goal: Goal, title: str, description: str) -> None:
    goal.title, goal.description = title.strip(), description.strip()
    try:
        goal.full_clean()
        with transaction.atomic():
            goal.save()
    except ValidationError as error:
        raise as_domain_error(error) from error
    except IntegrityError as error:
        raise DomainError("invalid", _("Somebody was faster. Please send it once more.")) from error


def _log(action: str, goal: Goal, user: User, data: dict[str, object]) -> None:
    log_action(action, user=user, obj=goal, territory=goal.plan.territory, data=data)
