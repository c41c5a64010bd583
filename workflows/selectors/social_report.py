"""Reads of social reports: what is public, and what planning has to renew."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from monitoring.models import Delivery, IndexRun, Indicator, Value
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, visible
from workflows.models import (
    ChapterEdition,
    ChapterKind,
    ChapterRenewal,
    PlanningCycle,
    ReportChapter,
    SocialReport,
)
from workflows.models.social_report import OPEN_RENEWALS

# --- public ----------------------------------------------------------------------------------------


def public_reports() -> QuerySet[SocialReport]:
    """Reports of which anything was ever published, by territory. Queries: none of its own."""
    published = ChapterEdition.objects.filter(chapter__report=OuterRef("pk"))
    return (
        SocialReport.objects.filter(Exists(published))
        .select_related("territory", "planning_unit")
        .order_by("territory__name")
    )


def public_editions(report: SocialReport) -> QuerySet[ChapterEdition]:
    """Everything published of a report, latest edition first. Queries: none of its own."""
    return ChapterEdition.objects.filter(chapter__report=report).select_related(
        "chapter", "chapter__report", "withdrawal"
    )


@dataclass(frozen=True)
class ContentsLine:
    """A published chapter in the contents of its report."""

    chapter: ReportChapter
    edition: ChapterEdition

    @property
    def is_withdrawn(self) -> bool:
        """Whether what was published last was taken back."""
        return hasattr(self.edition, "withdrawal")

    @property
    def has_figures(self) -> bool:
        """Whether it shows more than text, so that the date of its figures says something."""
        return self.chapter.kind != ChapterKind.TEXT


def contents_of(report: SocialReport, *, has_figures: bool = False) -> list[ContentsLine]:
    """Chapters of a report that have been published, in their order, each with its last edition.

    Args:
        report: The report.
        has_figures: Whether the frozen figures are wanted, too.

    Queries: 1 for any number of chapters.
    """
    latest = ChapterEdition.objects.filter(chapter=OuterRef("chapter")).order_by("-number")
    rows = (
        public_editions(report)
        .filter(chapter__archived_at__isnull=True, pk=Subquery(latest.values("pk")[:1]))
        .order_by("chapter__position", "chapter__pk")
    )
    if not has_figures:
        rows = rows.defer("figures")
    return [ContentsLine(row.chapter, row) for row in rows]


# --- planning --------------------------------------------------------------------------------------


def reports_planned_by(user: Any) -> QuerySet[SocialReport]:
    """Reports a person may work on. Queries: none of its own."""
    planned = visible(user, Perm.PLAN_TERRITORY, Organisation.objects.all())
    return SocialReport.objects.filter(territory__in=planned.values("pk")).select_related(
        "territory", "planning_unit"
    )


def chapters_seen_by(user: Any) -> QuerySet[ReportChapter]:
    """Chapters of reports in whose territory a person sees the planning. Queries: none of its own."""
    seen = visible(user, Perm.VIEW_TERRITORY, Organisation.objects.all())
    return ReportChapter.objects.filter(report__territory__in=seen.values("pk")).select_related(
        "report", "report__territory", "report__planning_unit", "domain"
    )


def reports_seen(user: Any) -> QuerySet[SocialReport]:
    """Reports in whose territory a person sees the planning. Queries: none of its own."""
    seen = visible(user, Perm.VIEW_TERRITORY, Organisation.objects.all())
    return SocialReport.objects.filter(territory__in=seen.values("pk")).select_related(
        "territory", "planning_unit"
    )


@dataclass(frozen=True)
class ChapterLine:
    """A chapter in the list of planning.

    Attributes:
        chapter: The chapter.
        edition: What was published last; None before the first edition.
        renewal: Open work on it.
        new_data_at: Since when there are newer figures; None if there are none.
    """

    chapter: ReportChapter
    edition: ChapterEdition | None
    renewal: ChapterRenewal | None
    new_data_at: datetime.datetime | None

    @property
    def is_withdrawn(self) -> bool:
        """Whether what was published last was taken back."""
        return self.edition is not None and hasattr(self.edition, "withdrawal")

    @property
    def is_public(self) -> bool:
        """Whether an edition can be read now."""
        return self.edition is not None and not self.is_withdrawn


def chapter_lines(report: SocialReport, *, is_archived: bool = False) -> list[ChapterLine]:
    """Chapters of a report with their state. Queries: 6 for any number of chapters."""
    chapters = list(
        report.chapters.filter(archived_at__isnull=not is_archived)
        .select_related("domain", "report")
        .prefetch_related("indicators")
    )
    latest = ChapterEdition.objects.filter(chapter=OuterRef("chapter")).order_by("-number")
    editions = {
        row.chapter_id: row
        for row in ChapterEdition.objects.filter(chapter__in=chapters, pk=Subquery(latest.values("pk")[:1]))
        .select_related("withdrawal")
        .defer("figures", "text")
    }
    renewals = {
        row.chapter_id: row
        for row in ChapterRenewal.objects.filter(chapter__in=chapters, state__in=OPEN_RENEWALS)
        .select_related("process", "written_by", "begun_by")
        .defer("figures")
    }
    newer = _newer(report, [(row, editions[row.pk]) for row in chapters if row.pk in editions])
    return [
        ChapterLine(row, editions.get(row.pk), renewals.get(row.pk), newer.get(row.pk)) for row in chapters
    ]


def _newer(
    report: SocialReport, published: Iterable[tuple[ReportChapter, ChapterEdition]]
) -> dict[int, datetime.datetime]:
    """Since when there are newer figures than a chapter shows, by chapter. Queries: 3."""
    published = list(published)
    topics = {row.domain_id for row, _edition in published if row.kind == ChapterKind.DOMAIN}
    shown: dict[int, list[int]] = defaultdict(list)
    # All of a topic, not only those shown: a further supplier may have brought others.
    for pk, domain_pk in (
        Indicator.objects.filter(domain__in=topics).order_by("pk").values_list("pk", "domain_id")
    ):
        shown[domain_pk].append(pk)
    wanted = {pk for found in shown.values() for pk in found}
    arrived: dict[int, set[datetime.datetime]] = defaultdict(set)
    if wanted:
        oldest = min(edition.data_at for _chapter, edition in published)
        # The few deliveries since, not all values: one indexed look-up each.
        since = Delivery.objects.filter(territory=report.territory_id, accepted_at__gt=oldest)
        pairs = (
            Value.objects.filter(delivery__in=since.values("pk"), is_current=True, indicator__in=wanted)
            .order_by()
            .values_list("indicator_id", "delivery__accepted_at")
            .distinct()
        )
        for pk, at in pairs:
            if at is not None:
                arrived[pk].add(at)
    run = _latest_run(report.territory_id) if any(edition.run_id for _row, edition in published) else None
    found: dict[int, datetime.datetime] = {}
    for chapter, edition in published:
        if chapter.kind == ChapterKind.DOMAIN:
            chosen = [row.pk for row in chapter.indicators.all()] or shown[chapter.domain_id or 0]
            moments = [at for pk in chosen for at in arrived[pk] if at > edition.data_at]
            if moments:
                found[chapter.pk] = min(moments)
        elif run is not None and edition.run_id != run.pk and run.created_at > edition.data_at:
            found[chapter.pk] = run.created_at
    return found


def _latest_run(territory_pk: int) -> IndexRun | None:
    """The run of the latest cycle that released its profiles."""
    cycle = (
        PlanningCycle.objects.filter(
            Q(territory=territory_pk, index_run__isnull=False), profiles__released_at__isnull=False
        )
        .select_related("index_run")
        .order_by("-starts_year", "-pk")
        .first()
    )
    return None if cycle is None else cycle.index_run


def history_of(chapter: ReportChapter) -> QuerySet[ChapterEdition]:
    """Editions of a chapter, latest first, with what became of them. Queries: none of its own."""
    return chapter.editions.select_related(
        "written_by", "released_by", "withdrawal", "withdrawal__withdrawn_by"
    ).defer("figures", "text")


def given_up(chapter: ReportChapter) -> QuerySet[ChapterRenewal]:
    """Work on a chapter that was given up. Queries: none of its own."""
    return (
        chapter.renewals.filter(state="given_up")
        .select_related("begun_by")
        .defer("figures", "text")
        .order_by(F("begun_at").desc(), "-pk")
    )
