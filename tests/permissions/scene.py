"""One scene with an object behind every address, and who looks at it."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from measures.models import FundedProject
from measures.services.projects import project_create
from measures.services.rights import measure_grant_rights
from monitoring.catalogue.ready import ready_content
from monitoring.models import AreaSuccession, Delivery, FileImport, ImportKind
from monitoring.presets import BY_KEY
from monitoring.services.methods import index_method_create
from stakeholders.models import Membership, OutgoingMail, User
from stakeholders.services import absence_add
from tests.chapters import Reports
from tests.factories import World, geojson, square
from tests.stages import Stages
from workflows.engine import recommendation_begin, round_open
from workflows.models import (
    Decision,
    Meeting,
    PlanningCycle,
    Recommendation,
    RecommendationKind,
    Statement,
    TaskCard,
)
from workflows.services.social_report import report_begin

#: Who looks, in the order of the columns of the table.
ROLES = (
    "planner",
    "specialist",
    "head",
    "chair",
    "association_head",
    "provider_head",
    "funder_reader",
    "admin",
    "outsider",
    "anonymous",
)


def url_names() -> dict[str, str]:
    """Every name of the resolver with its route."""

    def walk(resolver: URLResolver, prefix: str, namespace: str) -> Any:
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLResolver):
                inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
                yield from walk(pattern, prefix + str(pattern.pattern), inner)
            elif isinstance(pattern, URLPattern):
                yield f"{namespace}{pattern.name}", prefix + str(pattern.pattern)

    return dict(walk(get_resolver(), "", ""))


class Scene:
    """A cycle in implementation, with a round, a funded project and a draft nobody else may see."""

    def __init__(self, world: World) -> None:
        self.world = world
        stages = Stages(world)
        self.cycle: PlanningCycle
        self.cycle, self.measure = stages.at_implementation()
        measure_grant_rights(self.measure)
        planner = world.fresh("planner")
        self.round = round_open(
            self.cycle,
            reference_on=timezone.localdate(),
            due_on=timezone.localdate() + datetime.timedelta(days=20),
            user=planner,
        )
        self.project: FundedProject = project_create(
            measure=self.measure,
            funder=world.funder,
            provider=world.provider,
            programme="ZiQ",
            title="Projekt",
            starts_on=self.measure.starts_on,
            ends_on=self.measure.ends_on,
            user=planner,
        )
        self.draft = recommendation_begin(
            self.cycle,
            kind=RecommendationKind.STAGE_TWO,
            wording=stages.wording("Stufe 2", indicators=(), areas=()),
            user=planner,
        )
        self.decided: Recommendation = self.cycle.recommendations.get(kind=RecommendationKind.MEASURES)
        self.statement = Statement.objects.get(cycle=self.cycle)
        self.decision = Decision.objects.get()
        self.meeting = Meeting.objects.get(body=world.steering_group)
        self.request = self.cycle.requests.get(organisation=world.youth_office)
        self.delivery = Delivery.objects.get(supplier=world.youth_office)
        self.profile = self.cycle.profiles.get(area=world.areas[0])
        assert self.cycle.index_run is not None
        self.run = self.cycle.index_run
        self.method = index_method_create(
            territory=world.territory,
            name="Eigenes Verfahren",
            content=BY_KEY["siegen"].content() | {"indicator": [{"column": world.indicators[0].key}]},
            user=planner,
        )
        self.card = TaskCard.objects.get(is_open=True, task__process__reportprocess__report__round=self.round)
        self.report = self.round.reports.get()
        self.membership = Membership.objects.get(user=world.people["specialist"])
        self.mail = OutgoingMail.objects.create(address=self.membership.user.email, subject="S")
        self.catalogue_file = FileImport(
            kind=ImportKind.CATALOGUE, file_name="katalog.json", sha256="0" * 64, created_by=planner
        )
        self.catalogue_file.file.save("katalog.json", ContentFile(ready_content("siegen")))
        self.area_file = FileImport(
            kind=ImportKind.AREAS,
            territory=world.territory,
            file_name="gebiete.geojson",
            sha256="0" * 64,
            created_by=planner,
        )
        self.area_file.file.save("gebiete.geojson", ContentFile(geojson(square(0, 0))))
        self.tables = {
            kind: FileImport(
                kind=kind,
                territory=world.territory,
                file_name="tabelle.csv",
                sha256="0" * 64,
                created_by=planner,
            )
            for kind in (ImportKind.POPULATION, ImportKind.SUCCESSIONS)
        }
        for row in self.tables.values():
            row.file.save("tabelle.csv", ContentFile(b"AGS;Jahr;Einwohner\n05378000;2024;2100\n"))
        self.succession = AreaSuccession.objects.create(
            old=world.areas[2], new=world.areas[3], changed_on=datetime.date(2024, 1, 1), share=1
        )
        self.reports = Reports(
            world,
            self.cycle,
            report_begin(
                world.territory,
                planning_unit=world.planning_unit,
                slug="musterkreis",
                title="Sozialbericht",
                user=planner,
            ),
        )
        self.edition = self.reports.edition(self.reports.chapter())
        self.renewal = self.reports.renewal(self.edition.chapter)
        today = timezone.localdate()
        self.absence = absence_add(
            world.fresh("specialist"), starts_on=today, ends_on=today, reason="", user=None
        )
        self.seat = world.conference.memberships.get(user=world.people["specialist"])

    def person(self, role: str) -> User | None:
        """The person of a role; nobody for "anonymous"."""
        return None if role == "anonymous" else self.world.fresh(role)

    def kwargs(self, route: str) -> dict[str, Any] | None:
        """Arguments of an address: the object of the scene that belongs there, by what stands before its key.

        Never by the name of the page: keys of different tables coincide and hide a wrong object.
        """
        objects: dict[str, Any] = {
            "absences/": self.absence,
            "administration/functions/": self.membership,
            "administration/mails/": self.mail,
            "administration/organisations/": self.world.youth_office,
            "administration/people/": self.world.people["specialist"],
            "areas/": self.world.areas[0],
            "areas/border-changes/": self.succession,
            "areas/border-changes/imports/": self.tables[ImportKind.SUCCESSIONS],
            "areas/imports/": self.area_file,
            "areas/inhabitants/imports/": self.tables[ImportKind.POPULATION],
            "bodies/": self.world.steering_group,
            "bodies/rules/": self.world.steering_group.rules.get(),
            "bodies/seats/": self.seat,
            "chapter-editions/": self.edition,
            "chapter-renewals/": self.renewal,
            "cycles/": self.cycle,
            "decisions/": self.decision,
            "delivered-files/": self.delivery,
            "deliveries/": self.request,
            "index-methods/": self.method,
            "index-runs/": self.run,
            "indicators/": self.world.indicators[0],
            "indicators/catalogue/imports/": self.catalogue_file,
            "measures/": self.measure,
            "meetings/": self.meeting,
            "plans/": self.world.plan,
            "profiles/": self.profile,
            "projects/": self.project,
            "recommendations/": self.decided,
            "report-chapters/": self.edition.chapter,
            "reports/": self.report,
            "rounds/": self.round,
            "social-reports/": self.reports.report,
            "social-reports/new/": self.world.territory,
            "tasks/": self.card.task,
        }
        kwargs: dict[str, Any] = {}
        if "<uidb64>" in route:
            kwargs |= {"uidb64": "MQ", "token": "0-0"}
        if "<int:process_pk>" in route:
            kwargs["process_pk"] = self.cycle.process.pk
        named = {
            "<slug:slug>": self.reports.report.slug,
            "<slug:chapter>": self.edition.chapter.slug,
            "<int:number>": self.edition.number,
            "<slug:topic>": "about",
            "<slug:key>": "siegen",
        }
        for part, value in named.items():
            if part in route:
                kwargs[part.partition(":")[2].rstrip(">")] = value
        if "<str:kind>" in route:
            kwargs |= {"kind": "measure", "pk": self.measure.pk}
        elif "<int:pk>" in route:
            found = objects.get(route.partition("<int:pk>")[0])
            if found is None:
                return None
            kwargs["pk"] = found.pk
        return kwargs
