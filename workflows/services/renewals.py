"""Writes of the renewal of a chapter: saving, handing in, releasing; called by the steps of its flow."""

from __future__ import annotations

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import LogEntry, Organisation, User
from stakeholders.permissions import Perm, holders, require
from workflows.chapters import fingerprint, read_figures
from workflows.drafting import chapter_draft
from workflows.models import (
    ChapterEdition,
    ChapterKind,
    ChapterRenewal,
    PlanningCycle,
    RenewalState,
    ReportChapter,
    ReportSecret,
    SocialReport,
)
from workflows.models.social_report import OPEN_RENEWALS
from workflows.selectors.chapter_figures import freeze_chapter, profile_texts
from workflows.selectors.chapter_secrets import hidden_in, secrets_found


@transaction.atomic
def renewal_create(chapter: ReportChapter, *, user: User) -> ChapterRenewal:
    """Begin work on a new edition, with a draft from the figures as they are now.

    Args:
        chapter: Chapter of a report.
        user: Needs the right to plan the territory.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``chapter_archived``, ``renewal_open``, ``no_cycle``, and those of ``freeze_chapter``.
    """
    report = chapter.report
    require(user, Perm.PLAN_TERRITORY, report.territory)
    locked = ReportChapter.objects.select_for_update().get(pk=chapter.pk)
    if locked.is_archived:
        raise DomainError("chapter_archived", _("The chapter is no longer part of the report."))
    if chapter.renewals.filter(state__in=OPEN_RENEWALS).exists():
        raise DomainError("renewal_open", _("This chapter is being renewed already."))
    cycle = cycle_for(report.territory)
    frozen = freeze_chapter(chapter, cycle)
    before = latest_edition(chapter)
    # What was withdrawn must not come back as what the new figures are compared with.
    compared = chapter.editions.filter(withdrawal__isnull=True).order_by("-number").first()
    renewal = ChapterRenewal.objects.create(
        chapter=chapter,
        cycle=cycle,
        text=before.text
        if before is not None and chapter.kind == ChapterKind.TEXT
        else chapter_draft(
            read_figures(frozen.figures),
            None if compared is None else read_figures(compared.figures, hidden_in(compared)),
            profile_texts(frozen.run) if chapter.kind == ChapterKind.AREAS and frozen.run else {},
        ),
        begun_by=user,
    )
    log_action("renewal.begun", user=user, obj=renewal, territory=report.territory)
    return renewal


def cycle_for(territory: Organisation) -> PlanningCycle:
    """The cycle under whose work a chapter is renewed: the open one, else the latest.

    Raises:
        DomainError: ``no_cycle``.
    """
    cycles = PlanningCycle.objects.filter(territory=territory)
    cycle = cycles.filter(closed_at__isnull=True).first() or cycles.order_by("-starts_year", "-pk").first()
    if cycle is None:
        raise DomainError("no_cycle", _("Open a planning cycle first: its figures are what is reported."))
    return cycle


def latest_edition(chapter: ReportChapter) -> ChapterEdition | None:
    """What was published last, withdrawn or not. Queries: 1."""
    return chapter.editions.order_by("-number").first()


@transaction.atomic
def renewal_save(renewal: ChapterRenewal, *, text: str, user: User) -> None:
    """Keep the text in between.

    Raises:
        PermissionDenied: The user does not act for the planning unit.
        DomainError: ``not_being_written``.
    """
    _expect_writing(renewal, user)
    renewal.text = text
    renewal.written_by, renewal.saved_at = user, timezone.now()
    renewal.save(update_fields=["text", "written_by", "saved_at"])
    log_action("renewal.saved", user=user, obj=renewal, territory=_territory(renewal))


@transaction.atomic
def renewal_submit(renewal: ChapterRenewal, *, text: str, user: User) -> None:
    """Hand a text in for release, with the figures as they are at this moment.

    Raises:
        PermissionDenied: The user does not act for the planning unit.
        DomainError: ``not_being_written``, ``text_missing``, ``nobody_to_release`` where four eyes would
            leave nobody to go on with it, and those of ``freeze_chapter``.
    """
    _expect_writing(renewal, user)
    if not text.strip():
        raise DomainError(
            "text_missing", _("Write what the figures say; a chapter without text helps nobody.")
        )
    heads = holders(Perm.LEAD_ORGANISATION, renewal.chapter.report.planning_unit)
    if not heads.exclude(pk__in={user.pk, *renewal_writers(renewal)}).exists():
        raise DomainError(
            "nobody_to_release",
            _(
                "Who writes a chapter cannot release it, and nobody else leads the planning unit. Ask your "
                "administration to name a deputy, then hand it in."
            ),
        )
    frozen = freeze_chapter(renewal.chapter, renewal.cycle)
    renewal.text, renewal.written_by, renewal.saved_at = text.strip(), user, timezone.now()
    renewal.figures, renewal.figures_sha256 = frozen.figures, fingerprint(frozen.figures)
    renewal.state = RenewalState.SUBMITTED
    renewal.save()
    log_action("renewal.submitted", user=user, obj=renewal, territory=_territory(renewal))


def renewal_writers(renewal: ChapterRenewal) -> list[int]:
    """Keys of all who saved or handed in its text, whoever did so last. Queries: 1."""
    entries = LogEntry.objects.filter(
        action__in=["renewal.saved", "renewal.submitted"],
        content_type=ContentType.objects.get_for_model(ChapterRenewal),
        object_id=renewal.pk,
        user__isnull=False,
    )
    return list(entries.order_by().values_list("user_id", flat=True).distinct())


def _expect_writing(renewal: ChapterRenewal, user: User) -> None:
    require(user, Perm.ACT_FOR_ORGANISATION, renewal.chapter.report.planning_unit)
    state = ChapterRenewal.objects.select_for_update().values_list("state", flat=True).get(pk=renewal.pk)
    if state not in (RenewalState.WRITING, RenewalState.RETURNED):
        raise DomainError("not_being_written", _("This chapter is not being written (any more)."))


@transaction.atomic
def renewal_review(
    renewal: ChapterRenewal, *, is_released: bool, reason: str = "", user: User
) -> ChapterEdition | None:
    """Release what was handed in, or return it.

    Args:
        renewal: Handed in for release.
        is_released: Whether it becomes public.
        reason: What has to be changed; needed for a return.
        user: Leads the planning unit, and is another than who wrote.

    Returns:
        The new edition; None if it was returned.

    Raises:
        PermissionDenied: The user does not lead the planning unit.
        DomainError: ``not_submitted``, ``four_eyes``, ``reason_missing``, ``figures_changed`` if the figures
            are not the ones that were handed in any more.
    """
    report = renewal.chapter.report
    require(user, Perm.LEAD_ORGANISATION, report.planning_unit)
    locked = ChapterRenewal.objects.select_for_update().get(pk=renewal.pk)
    if locked.state != RenewalState.SUBMITTED:
        raise DomainError("not_submitted", _("There is nothing to release."))
    if user.pk in renewal_writers(locked):
        raise DomainError("four_eyes", _("Who wrote the chapter does not release it."))
    if is_released:
        edition = _publish(locked, user)
        _refresh(renewal)
        return edition
    if not reason.strip():
        raise DomainError("reason_missing", _("Say what has to be changed; the author will read it."))
    locked.state, locked.return_reason = RenewalState.RETURNED, reason.strip()
    locked.save(update_fields=["state", "return_reason"])
    _refresh(renewal)
    log_action(
        "renewal.returned",
        user=user,
        obj=renewal,
        territory=report.territory,
        data={"reason": locked.return_reason},
    )
    return None


def _refresh(renewal: ChapterRenewal) -> None:
    renewal.refresh_from_db(fields=["state", "return_reason"])


def _publish(renewal: ChapterRenewal, user: User) -> ChapterEdition:
    chapter, report = renewal.chapter, renewal.chapter.report
    # Two chapters of one report may not be published at once: each hides what the other would tell.
    SocialReport.objects.select_for_update().get(pk=report.pk)
    frozen = freeze_chapter(chapter, renewal.cycle)
    if fingerprint(frozen.figures) != renewal.figures_sha256:
        raise DomainError(
            "figures_changed",
            _(
                "The figures have changed since this was handed in, or more of them are secret. Return it, "
                "so that the text is looked through beside the new figures."
            ),
        )
    assert renewal.written_by is not None
    before = latest_edition(chapter)
    edition = ChapterEdition.objects.create(
        chapter=chapter,
        number=1 if before is None else before.number + 1,
        renewal=renewal,
        title=chapter.title,
        text=renewal.text,
        figures=renewal.figures,
        figures_sha256=renewal.figures_sha256,
        run=frozen.run,
        data_at=frozen.data_at,
        published_on=timezone.localdate(),
        written_by=renewal.written_by,
        released_by=user,
    )
    edition.indicators.set(frozen.indicators)
    renewal.state = RenewalState.PUBLISHED
    renewal.save(update_fields=["state"])
    secrets_store(report)
    log_action(
        "edition.published",
        user=user,
        obj=edition,
        territory=report.territory,
        data={"sha256": edition.figures_sha256},
    )
    return edition


def secrets_store(report: SocialReport) -> int:
    """Keep what no edition may show any more; after a publication, and when a delivery comes into force.

    Returns:
        How many figures were found. Nothing is logged: which they are would tell.
    """
    rows = secrets_found(report)
    ReportSecret.objects.bulk_create(rows)
    return len(rows)


def secrets_refresh(territory: Organisation) -> int:
    """Keep what the report of a territory may not show any more, since what is secret has changed.

    Waits for a release that is under way, whose edition it must see.

    Returns:
        How many figures were found.
    """
    reports = SocialReport.objects.select_for_update().filter(territory=territory)
    return sum(secrets_store(report) for report in reports)


def renewal_end(renewal: ChapterRenewal, *, reason: str, user: User) -> None:
    """Give up the work; called by the flow when its message arrives.

    Raises:
        DomainError: ``reason_missing``.
    """
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why the work on this chapter is given up."))
    renewal.state, renewal.end_reason = RenewalState.GIVEN_UP, reason.strip()
    renewal.save(update_fields=["state", "end_reason"])
    log_action(
        "renewal.given_up",
        user=user,
        obj=renewal,
        territory=_territory(renewal),
        data={"reason": renewal.end_reason},
    )


def _territory(renewal: ChapterRenewal) -> Organisation:
    return renewal.chapter.report.territory
