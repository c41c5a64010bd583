"""Beginning and giving up the renewal of a chapter. Steers the flow, so it stands above it."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from stakeholders.models import User
from stakeholders.permissions import Perm, require
from workflows.flows import ChapterFlow
from workflows.models import ChapterRenewal, ReportChapter
from workflows.nodes import send
from workflows.services.renewals import renewal_create


@transaction.atomic
def chapter_renew(chapter: ReportChapter, *, user: User) -> ChapterRenewal:
    """Begin a new edition: planning gets the task to write it, with a draft from the figures.

    Raises:
        PermissionDenied: The user does not plan the territory.
        DomainError: Those of ``renewal_create``.
    """
    renewal = renewal_create(chapter, user=user)
    ChapterFlow.start.run(renewal=renewal)
    return renewal


def renewal_give_up(renewal: ChapterRenewal, *, reason: str, user: User) -> None:
    """Give the work on an edition up; what is published stays.

    Args:
        renewal: Being written or handed in.
        reason: Why; colleagues read it in the history of the chapter.
        user: Needs the right to plan the territory.

    Raises:
        PermissionDenied: The user does not plan the territory.
        DomainError: ``reason_missing``, ``no_open_task`` if it is finished.
    """
    require(user, Perm.PLAN_TERRITORY, renewal.chapter.report.territory)
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why the work on this chapter is given up."))
    send(renewal.process, ChapterFlow.wait_for_giving_up, reason=reason, user=user)
    renewal.refresh_from_db()
