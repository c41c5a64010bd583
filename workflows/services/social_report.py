"""Writes of the social report's frame: the report itself, its chapters, withdrawing an edition."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from monitoring.models import Domain, Indicator
from project.common.errors import DomainError, as_domain_error
from stakeholders.audit import log_action
from stakeholders.models import Organisation, OrganisationKind, User
from stakeholders.permissions import Perm, require
from workflows.models import (
    ChapterEdition,
    ChapterKind,
    EditionWithdrawal,
    ReportChapter,
    SocialReport,
)
from workflows.models.social_report import OPEN_RENEWALS

_SLUG_LENGTH = 60
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})


def public_address(title: str) -> str:
    """Address of a title: letters, digits and hyphens, umlauts written out.

    >>> public_address("Kinder, Jugend und Familie – für alle")
    'kinder-jugend-und-familie-fuer-alle'
    """
    return slugify(title.translate(_UMLAUTS))[:_SLUG_LENGTH].strip("-")


@transaction.atomic
def report_begin(
    territory: Organisation,
    *,
    planning_unit: Organisation,
    slug: str,
    title: str,
    introduction: str = "",
    user: User,
    is_example: bool = False,
) -> SocialReport:
    """Begin the report of a territory; nothing is public before its first chapter is.

    Args:
        territory: Territory without a report.
        planning_unit: Whose people write the chapters, and whose head releases them.
        slug: Last part of the public address.
        title: Title.
        introduction: Stands on the first page; a blank line parts paragraphs.
        user: Needs the right to plan the territory.
        is_example: Whether it is only there for show.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``report_exists``, ``foreign_planning_unit``, ``invalid`` (with all sentences).
    """
    require(user, Perm.PLAN_TERRITORY, territory)
    if SocialReport.objects.filter(territory=territory).exists():
        raise DomainError("report_exists", _("There is a social report of this territory already."))
    _expect_own_unit(territory, planning_unit)
    report = SocialReport(
        territory=territory,
        planning_unit=planning_unit,
        slug=slug,
        title=title.strip(),
        introduction=introduction.strip(),
        is_example=is_example,
    )
    _clean(report)
    report.save()
    log_action("social_report.begun", user=user, obj=report, territory=territory)
    return report


@transaction.atomic
def report_change(
    report: SocialReport, *, planning_unit: Organisation, title: str, introduction: str, user: User
) -> None:
    """Change title, introduction and who writes; the public address stays, because others link to it.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``foreign_planning_unit``, ``invalid``.
    """
    require(user, Perm.PLAN_TERRITORY, report.territory)
    _expect_own_unit(report.territory, planning_unit)
    report.planning_unit = planning_unit
    report.title, report.introduction = title.strip(), introduction.strip()
    _clean(report)
    report.save(update_fields=["planning_unit", "title", "introduction"])
    log_action("social_report.changed", user=user, obj=report, territory=report.territory)


def _expect_own_unit(territory: Organisation, unit: Organisation) -> None:
    if unit.territory_id != territory.pk or unit.kind != OrganisationKind.PLANNING_UNIT:
        raise DomainError(
            "foreign_planning_unit", _("Choose the social planning unit of the territory itself.")
        )


def _clean(row: SocialReport | ReportChapter) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        raise as_domain_error(error) from error


# --- chapters --------------------------------------------------------------------------------------


@transaction.atomic
def chapter_add(
    report: SocialReport,
    *,
    title: str,
    kind: ChapterKind | str,
    domain: Domain | None = None,
    indicators: Iterable[Indicator] = (),
    user: User,
) -> ReportChapter:
    """Add a chapter at the end; it is public from its first edition on.

    Args:
        report: The report.
        title: Title; its public address follows from it and stays.
        kind: What it shows beside its text.
        domain: Topic of a chapter of figures; None for the others.
        indicators: Only these of the topic; none for all.
        user: Needs the right to plan the territory.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``domain_missing``, ``domain_unwanted``, ``foreign_indicator``, ``invalid``.
    """
    require(user, Perm.PLAN_TERRITORY, report.territory)
    SocialReport.objects.select_for_update().get(pk=report.pk)
    indicators = list(indicators)
    _expect_domain(kind, domain, indicators)
    chapter = ReportChapter(
        report=report,
        position=_last_place(report) + 1,
        slug=_free_address(report, title),
        title=title.strip(),
        kind=ChapterKind(kind),
        domain=domain,
    )
    _clean(chapter)
    chapter.save()
    chapter.indicators.set(indicators)
    log_action("chapter.added", user=user, obj=chapter, territory=report.territory)
    return chapter


@transaction.atomic
def chapter_change(
    chapter: ReportChapter, *, title: str, indicators: Iterable[Indicator] = (), user: User
) -> None:
    """Change the title and the choice of indicators for coming editions; published ones stay.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``chapter_archived``, ``domain_unwanted``, ``foreign_indicator``, ``invalid``.
    """
    report = chapter.report
    require(user, Perm.PLAN_TERRITORY, report.territory)
    _expect_living(chapter)
    indicators = list(indicators)
    _expect_domain(chapter.kind, chapter.domain, indicators)
    chapter.title = title.strip()
    _clean(chapter)
    chapter.save(update_fields=["title"])
    chapter.indicators.set(indicators)
    log_action("chapter.changed", user=user, obj=chapter, territory=report.territory)


@transaction.atomic
def chapter_move(chapter: ReportChapter, *, is_up: bool, user: User) -> bool:
    """Move a chapter one place up or down.

    Returns:
        False if it stands at that end already.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``chapter_archived``.
    """
    report = chapter.report
    require(user, Perm.PLAN_TERRITORY, report.territory)
    _expect_living(chapter)
    SocialReport.objects.select_for_update().get(pk=report.pk)
    rows = list(report.chapters.filter(archived_at__isnull=True))
    here = next(place for place, row in enumerate(rows) if row.pk == chapter.pk)
    there = here - 1 if is_up else here + 1
    if not 0 <= there < len(rows):
        return False
    rows[here], rows[there] = rows[there], rows[here]
    for place, row in enumerate(rows, start=1):
        row.position = place
    ReportChapter.objects.bulk_update(rows, ["position"])
    log_action("chapter.moved", user=user, obj=chapter, territory=report.territory)
    return True


@transaction.atomic
def chapter_archive(chapter: ReportChapter, *, reason: str, user: User) -> None:
    """Take a chapter out of the report; what was published of it stays readable under its address.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``chapter_archived``, ``reason_missing``, ``renewal_open`` while somebody works on it.
    """
    report = chapter.report
    require(user, Perm.PLAN_TERRITORY, report.territory)
    _expect_living(chapter)
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why the chapter is no longer part of the report."))
    if chapter.renewals.filter(state__in=OPEN_RENEWALS).exists():
        raise DomainError(
            "renewal_open", _("Somebody is working on this chapter. Publish or give up that work first.")
        )
    chapter.archived_at, chapter.archive_reason = timezone.now(), reason.strip()
    chapter.save(update_fields=["archived_at", "archive_reason"])
    log_action(
        "chapter.archived",
        user=user,
        obj=chapter,
        territory=report.territory,
        data={"reason": chapter.archive_reason},
    )


def _expect_living(chapter: ReportChapter) -> None:
    if ReportChapter.objects.select_for_update().get(pk=chapter.pk).is_archived:
        raise DomainError("chapter_archived", _("The chapter is no longer part of the report."))


def _expect_domain(kind: str, domain: Domain | None, indicators: list[Indicator]) -> None:
    if kind == ChapterKind.DOMAIN and domain is None:
        raise DomainError("domain_missing", _("Choose the topic whose figures the chapter shows."))
    if kind != ChapterKind.DOMAIN and (domain is not None or indicators):
        raise DomainError("domain_unwanted", _("Only a chapter of figures has a topic."))
    if any(row.domain_id != (domain.pk if domain else None) for row in indicators):
        raise DomainError("foreign_indicator", _("An indicator belongs to another topic."))


def _last_place(report: SocialReport) -> int:
    last = report.chapters.order_by("-position").values_list("position", flat=True).first()
    return last or 0


def _free_address(report: SocialReport, title: str) -> str:
    wanted = public_address(title) or "kapitel"
    taken = set(report.chapters.values_list("slug", flat=True))
    found, number = wanted, 1
    while found in taken:
        number += 1
        found = f"{wanted[: _SLUG_LENGTH - 4]}-{number}"
    return found


# --- what is public --------------------------------------------------------------------------------


@transaction.atomic
def edition_withdraw(edition: ChapterEdition, *, reason: str, user: User) -> EditionWithdrawal:
    """Take a published edition from the public; it stays in the history, and its address says so.

    Args:
        edition: Any edition that is public.
        reason: Why; colleagues read it in the history, the public only the day.
        user: Needs to lead the planning unit: who releases also withdraws.

    Raises:
        PermissionDenied: The user does not lead the planning unit.
        DomainError: ``reason_missing``, ``already_withdrawn``.
    """
    report = edition.chapter.report
    require(user, Perm.LEAD_ORGANISATION, report.planning_unit)
    if not reason.strip():
        raise DomainError(
            "reason_missing", _("Say why the edition is withdrawn; your colleagues will read it.")
        )
    ReportChapter.objects.select_for_update().get(pk=edition.chapter_id)
    if EditionWithdrawal.objects.filter(edition=edition).exists():
        raise DomainError("already_withdrawn", _("This edition has been withdrawn already."))
    withdrawal = EditionWithdrawal.objects.create(edition=edition, reason=reason.strip(), withdrawn_by=user)
    log_action(
        "edition.withdrawn",
        user=user,
        obj=edition,
        territory=report.territory,
        data={"reason": withdrawal.reason},
    )
    return withdrawal
