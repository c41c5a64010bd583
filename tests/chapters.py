"""Social reports for the tests, made through the services and the flow."""

from __future__ import annotations

import dataclasses
from typing import Any

from monitoring.models import Domain
from tests.factories import World
from tests.stages import Stages
from workflows.demo import driver
from workflows.models import (
    ChapterEdition,
    ChapterKind,
    ChapterRenewal,
    PlanningCycle,
    ReportChapter,
    SocialReport,
)
from workflows.renewing import chapter_renew
from workflows.services.social_report import chapter_add, report_begin

TEXT = "## Lage\nDie Quote ist hoch.\n\n- erstens\n- zweitens"


@dataclasses.dataclass
class Reports:
    """A world whose cycle has released its profiles, with a report of it."""

    world: World
    cycle: PlanningCycle
    report: SocialReport

    def chapter(self, kind: ChapterKind = ChapterKind.DOMAIN, title: str = "Arbeit", **kwargs: Any) -> Any:
        """A chapter; those of figures on the only topic of the world."""
        if kind == ChapterKind.DOMAIN:
            kwargs.setdefault("domain", Domain.objects.get(key="work"))
        return chapter_add(self.report, title=title, kind=kind, user=self.world.fresh("planner"), **kwargs)

    def renewal(self, chapter: ReportChapter) -> ChapterRenewal:
        """Work on a new edition, in the planner's hands."""
        return chapter_renew(chapter, user=self.world.fresh("planner"))

    def submitted(self, chapter: ReportChapter, text: str = TEXT) -> ChapterRenewal:
        """Handed in by the planner."""
        renewal = self.renewal(chapter)
        driver.write_chapter(renewal, text, user=self.world.fresh("planner"))
        return renewal

    def edition(self, chapter: ReportChapter, text: str = TEXT) -> ChapterEdition:
        """Published: written by the planner, released by the head."""
        renewal = self.submitted(chapter, text)
        driver.release_chapter(renewal, user=self.world.fresh("planning_head"))
        return ChapterEdition.objects.select_related("chapter__report").get(renewal=renewal)


def make_reports(world: World, stages: Stages) -> Reports:
    """The report of the world's territory, without chapters."""
    cycle = stages.at_conference()
    report = report_begin(
        world.territory,
        planning_unit=world.planning_unit,
        slug="musterkreis",
        title="Sozialbericht Musterkreis",
        introduction="Wofür dieser Bericht da ist.",
        user=world.fresh("planner"),
    )
    return Reports(world, cycle, report)
