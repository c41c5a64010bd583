"""The demo's social reports: chapters of several dates, newer figures, and one waiting for release."""

from __future__ import annotations

import datetime

from monitoring.models import Domain
from workflows.demo import clock, driver
from workflows.demo.cast import Cast
from workflows.demo.catalogue import domain_of
from workflows.models import ChapterKind, ChapterRenewal, ReportChapter, SocialReport
from workflows.renewing import chapter_renew
from workflows.services.social_report import chapter_add, report_begin

INTRODUCTION = (
    "Beispiel: Dieser Bericht zeigt, wo Menschen im Kreis Unterstützung brauchen und wo es gut läuft. "
    "Er wird Kapitel für Kapitel erneuert, sobald neue Zahlen da sind; jedes Kapitel trägt deshalb seinen "
    "eigenen Stand.\n\nZahlen allein erklären wenig. Was Fachleute dazu sagen, steht im Text der Kapitel."
)


def begin(cast: Cast, *, slug: str, day: datetime.date) -> SocialReport:
    """The frame of a report."""
    with clock.on(day):
        return report_begin(
            cast.territory,
            planning_unit=cast.organisations["sozialplanung"],
            slug=slug,
            title=f"Sozialbericht {cast.territory.label}",
            introduction=INTRODUCTION,
            user=cast.person("sozialplanung"),
            is_example=True,
        )


def add(
    report: SocialReport, cast: Cast, title: str, kind: ChapterKind = ChapterKind.DOMAIN, topic: str = ""
) -> ReportChapter:
    """A chapter at the end."""
    domain: Domain | None = domain_of(topic) if topic else None
    return chapter_add(report, title=title, kind=kind, domain=domain, user=cast.person("sozialplanung"))


def publish(chapter: ReportChapter, cast: Cast, day: datetime.date, *, remark: str = "") -> None:
    """Written by planning and released by its head on a day, with a remark above the draft."""
    renewal = hand_in(chapter, cast, day, remark=remark)
    with clock.on(day):
        driver.release_chapter(renewal, user=cast.person("leitung-sozialplanung"))


def hand_in(chapter: ReportChapter, cast: Cast, day: datetime.date, *, remark: str = "") -> ChapterRenewal:
    """Written by planning; its head has the task to release it."""
    planner = cast.person("sozialplanung")
    with clock.on(day):
        renewal = chapter_renew(chapter, user=planner)
        text = "\n\n".join(part for part in (remark, renewal.text) if part)
        driver.write_chapter(renewal, text, user=planner)
    return renewal
