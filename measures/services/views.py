"""Writes on saved views: filter, order and columns of the list of measures under a name."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from measures.models import ActionPlan, SavedView
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, require


@transaction.atomic
def saved_view_save(*, plan: ActionPlan, title: str, query: str, is_shared: bool, user: User) -> SavedView:
    """Keep a view of the list of measures.

    Args:
        plan: Whose measures.
        title: Name of the view, once per person and plan.
        query: Query of the address without "?".
        is_shared: Whether all who see the plan may use it.
        user: Whose view it is; needs to see the plan.

    Raises:
        PermissionDenied: The user does not see the plan.
        DomainError: ``title_missing``, ``title_taken``, ``query_too_long``.
    """
    require(user, Perm.VIEW_PLAN, plan)
    row = SavedView(user=user, plan=plan, query=query, is_shared=is_shared)
    if len(query) > _longest(row):
        raise DomainError("query_too_long", _("This view is too long to be saved. Choose fewer columns."))
    _write(row, title)
    log_action("saved_view.saved", user=user, obj=plan, territory=plan.territory, data={"title": row.title})
    return row


@transaction.atomic
def saved_view_change(row: SavedView, *, title: str, is_shared: bool, user: User) -> None:
    """Rename a saved view, or share it, or no longer.

    Raises:
        PermissionDenied: It is somebody else's.
        DomainError: ``title_missing``, ``title_taken``.
    """
    _require_own(row, user)
    before = {"title": row.title, "is_shared": row.is_shared}
    row.is_shared = is_shared
    _write(row, title)
    log_action(
        "saved_view.changed",
        user=user,
        obj=row.plan,
        territory=row.plan.territory,
        data={"before": before, "title": row.title, "is_shared": is_shared},
    )


@transaction.atomic
def saved_view_delete(row: SavedView, *, user: User) -> None:
    """Delete a saved view.

    Raises:
        PermissionDenied: It is somebody else's.
    """
    _require_own(row, user)
    plan, title = row.plan, row.title
    row.delete()
    log_action("saved_view.deleted", user=user, obj=plan, territory=plan.territory, data={"title": title})


def _require_own(row: SavedView, user: User) -> None:
    if row.user_id != user.pk:
        raise PermissionDenied(str(_("Only the person who saved a view changes it.")))


def _longest(row: SavedView) -> int:
    length: int | None = row._meta.get_field("query").max_length
    return length or 0


def _write(row: SavedView, title: str) -> None:
    row.title = " ".join(title.split())
    if not row.title:
        raise DomainError("title_missing", _("Give the view a name."))
    taken = DomainError("title_taken", _("You have a view of this name already. Choose another name."))
    same = SavedView.objects.filter(user=row.user, plan=row.plan, title=row.title)
    if same.exclude(pk=row.pk).exists():
        raise taken
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:  # a second click
        raise taken from error
