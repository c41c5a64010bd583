"""One scene with an object behind every address, and who looks at it."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from measures.models import FundedProject, Milestone, Operation, PlanImport, SavedView
from measures.models import ImportKind as PlanImportKind
from measures.services.advisers import adviser_let_in
from measures.services.figure_files import figure_files_add
from measures.services.files import measure_file_add
from measures.services.goals import goal_create
from measures.services.grants import notice_record
from measures.services.programmes import CallFields, call_save
from measures.services.projects import project_create
from measures.services.releases import FIELDS, content_mark, plan_release, release_content
from measures.services.rights import measure_grant_rights
from measures.services.versions import plan_version_create
from measures.workbook.layout import mark_of
from monitoring.catalogue.ready import ready_content
from monitoring.models import AreaSuccession, Delivery, FileImport, ImportKind
from monitoring.presets import BY_KEY
from monitoring.services.methods import index_method_create
from project.common.attachments import Upload
from stakeholders.models import Membership, OrganisationKind, OutgoingMail, User
from stakeholders.services import absence_add
from tests import operations
from tests.amendments import wish_within
from tests.chapters import Reports
from tests.evenings import Evenings
from tests.factories import World, geojson, organisation, square
from tests.grants import delivered_report, notice_within
from tests.stages import Stages
from workflows.assigning import assignment_create
from workflows.demo import amendment_steps
from workflows.demo.minutes import sign_minutes, write_minutes
from workflows.engine import recommendation_begin, round_open
from workflows.models import (
    Decision,
    DecisionResult,
    Meeting,
    MeetingTemplate,
    Minutes,
    PaperKind,
    PlanningCycle,
    Poll,
    PollOutcome,
    Recommendation,
    RecommendationKind,
    Statement,
    StatementFile,
    TaskCard,
    VoteKind,
)
from workflows.selectors.space_conferences import link_of
from workflows.services.agenda_files import agenda_file_add
from workflows.services.papers import paper_issue
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
        self.call = call_save(
            self.project.programme, fields=CallFields(year=2026), user=world.fresh("funder_reader")
        )
        self.notice = notice_record(self.project, fields=notice_within(self.project), user=planner)
        self.project_report, self.report_answer = delivered_report(self.project, world)
        self.amendment = amendment_steps.ask(
            self.project, wish_within(self.notice), user=world.fresh("provider_head")
        )
        amendment_steps.forward(self.amendment, user=planner)
        operations.taken(world, operations.line())
        self.operation = Operation.objects.get()
        self.operation_list = operations.read(world, operations.line(), operations.line("Verein B"))
        self.adviser = adviser_let_in(
            self.project.programme,
            organisation=organisation("Beratung (Beispiel)", OrganisationKind.ADVISER),
            user=world.fresh("funder_reader"),
        )
        self.goal = goal_create(world.plan, kind="guiding", title="Gleiche Lebenslagen", user=planner)
        self.milestone = Milestone.objects.create(
            measure=self.measure,
            title="Räume gemietet",
            planned_on=self.measure.ends_on,
            due_on=self.measure.ends_on,
        )
        self.measure_file = measure_file_add(
            self.measure,
            upload=SimpleUploadedFile("konzept.pdf", b"%PDF-1.7 Konzept"),
            title="Konzept",
            user=planner,
        )
        self.version = plan_version_create(
            world.plan, title="Beschlossen", as_of=timezone.localdate(), user=planner
        )
        self._add_uploads(planner)
        self.draft = recommendation_begin(
            self.cycle,
            kind=RecommendationKind.STAGE_TWO,
            wording=stages.wording("Stufe 2", indicators=(), areas=()),
            user=planner,
        )
        self.decided: Recommendation = self.cycle.recommendations.get(kind=RecommendationKind.MEASURES)
        self.statement = Statement.objects.get(cycle=self.cycle)
        self.statement_file = StatementFile(
            statement=self.statement,
            file_name="karte.png",
            size=9,
            sha256="0" * 64,
            added_by=world.people["specialist"],
        )
        self.statement_file.file.save("karte.png", ContentFile(b"\x89PNG\r\n\x1a\n"))
        self.decision = Decision.objects.get()
        self.meeting = Meeting.objects.get(body=world.steering_group)
        self.poll = Poll.objects.create(
            body=world.steering_group,
            cycle=self.cycle,
            recommendation=self.decided,
            version=self.decision.version,
            meeting=self.meeting,
            kind=VoteKind.NAMED,
            result=DecisionResult.APPROVED,
            opened_by=world.people["chair"],
            closed_at=timezone.now(),
            outcome=PollOutcome.CANCELLED,
            end_reason="Quorum verloren",
        )
        self.template = MeetingTemplate.objects.create(body=world.steering_group, name="Regelsitzung")
        self.agenda_file = agenda_file_add(
            self.meeting.agenda.get(),
            upload=SimpleUploadedFile("plan.pdf", b"%PDF-1.7 Plan"),
            title="Plan",
            user=planner,
        )
        self.minutes = Minutes.objects.get(meeting__body=world.conference)
        write_minutes(self.minutes, user=planner)
        sign_minutes(self.minutes, user=world.fresh("planning_head"))
        self.assignment = assignment_create(
            cycle=self.cycle,
            organisation=world.youth_office,
            text="Berichten",
            due_on=timezone.localdate(),
            decision=self.decision,
            user=planner,
        )
        self.paper = paper_issue(
            kind=PaperKind.MINUTES,
            title="Niederschrift",
            data=b"%PDF-1.7",
            user=planner,
            cycle=self.cycle,
            meeting=self.meeting,
        )
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
        (self.figure_file,) = figure_files_add(
            self.report.figures.get(),
            [Upload("liste.pdf", b"%PDF-1.7 Beispiel")],
            user=world.fresh("specialist"),
        )
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
        evenings = Evenings(world, self.cycle)
        _conference, self.idea = evenings.closed(1)
        self.evening = evenings.opened()
        self.token = link_of(self.evening).token
        today = timezone.localdate()
        self.absence = absence_add(
            world.fresh("specialist"), starts_on=today, ends_on=today, reason="", user=None
        )
        self.view = SavedView.objects.create(user=world.people["head"], plan=world.plan, title="Meine Sicht")
        self.seat = world.conference.memberships.get(user=world.people["specialist"])

    def person(self, role: str) -> User | None:
        """The person of a role; nobody for "anonymous"."""
        return None if role == "anonymous" else self.world.fresh(role)

    def _add_uploads(self, planner: User) -> None:
        """A plan that came back from Excel, a list from elsewhere, and the plan in public."""
        common = {
            "plan": self.world.plan,
            "uploaded_by": planner,
            "expires_at": timezone.now() + datetime.timedelta(days=7),
        }
        changed = ["measures", 2, self.measure.pk, {"title": "Neu"}, {"title": mark_of("Alt")}, "1.1"]
        self.workbook = PlanImport.objects.create(
            kind=PlanImportKind.WORKBOOK, file_name="plan.xlsx", content={"rows": [changed]}, **common
        )
        said = {
            "columns": {"0": "title", "1": "responsible"},
            "statuses": {},
            "organisations": {},
            "fallback": str(self.world.youth_office.pk),
        }
        rows = [["Titel", "Zuständig"], ["Lesepaten", "Jugendamt"]]
        self.measure_list = PlanImport.objects.create(
            kind=PlanImportKind.LIST, file_name="liste.csv", content={"rows": rows, "said": said}, **common
        )
        content = release_content(self.world.plan, fields=list(FIELDS), measures=[self.measure.pk])
        plan_release(
            self.world.plan,
            fields=list(FIELDS),
            measures=[self.measure.pk],
            note="Erste Freigabe",
            seen=content_mark(content),
            user=planner,
        )

    def objects(self) -> dict[str, Any]:
        """What of the scene stands behind a key, by what stands before the key in the address.

        Never by the name of the page: keys of different tables coincide and hide a wrong object.
        """
        return {
            "absences/": self.absence,
            "administration/functions/": self.membership,
            "administration/mails/": self.mail,
            "administration/organisations/": self.world.youth_office,
            "administration/people/": self.world.people["specialist"],
            "agenda-files/": self.agenda_file,
            "agenda-items/": self.agenda_file.item,
            "areas/": self.world.areas[0],
            "areas/border-changes/": self.succession,
            "areas/border-changes/imports/": self.tables[ImportKind.SUCCESSIONS],
            "areas/imports/": self.area_file,
            "areas/inhabitants/imports/": self.tables[ImportKind.POPULATION],
            "assignments/": self.assignment,
            "bodies/": self.world.steering_group,
            "bodies/rules/": self.world.steering_group.rules.get(),
            "bodies/seats/": self.seat,
            "chapter-editions/": self.edition,
            "chapter-renewals/": self.renewal,
            "cycles/": self.cycle,
            "decisions/": self.decision,
            "delivered-files/": self.delivery,
            "deliveries/": self.request,
            "handlungskonzept/": self.world.plan,
            "index-methods/": self.method,
            "index-runs/": self.run,
            "indicators/": self.world.indicators[0],
            "indicators/catalogue/imports/": self.catalogue_file,
            "goals/": self.goal,
            "measure-files/": self.measure_file,
            "list-imports/": self.measure_list,
            "measures/": self.measure,
            "milestones/": self.milestone,
            "plan-versions/": self.version,
            "meeting-templates/": self.template,
            "meetings/": self.meeting,
            "minutes/": self.minutes,
            "papers/": self.paper,
            "plan-imports/": self.workbook,
            "plans/": self.world.plan,
            "polls/": self.poll,
            "profiles/": self.profile,
            "projects/": self.project,
            "programmes/": self.project.programme,
            "calls/": self.call,
            "programme-advisers/": self.adviser,
            "funders/": self.world.funder,
            "notices/": self.notice,
            "project-reports/": self.project_report,
            "project-deliveries/": self.project_report.deliveries.get(),
            "report-step-files/": self.report_answer.files.get(),
            "receipts/": self.project_report.receipts.get(),
            "amendments/": self.amendment,
            "operation-imports/": self.operation_list,
            "operations/": self.operation,
            "recommendations/": self.decided,
            "report-chapters/": self.edition.chapter,
            "figure-files/": self.figure_file,
            "reports/": self.report,
            "rounds/": self.round,
            "statement-files/": self.statement_file,
            "social-reports/": self.reports.report,
            "space-conferences/": self.evening,
            # Opened by nobody: what is withdrawn there is sent.
            "space-corrections/": self.idea,
            "space-ideas/": self.idea,
            "statements/": self.statement,
            "social-reports/new/": self.world.territory,
            "tasks/": self.card.task,
            "views/": self.view,
        }

    def kwargs(self, route: str) -> dict[str, Any] | None:
        """Arguments of an address: the object of the scene that belongs there; None if there is none."""
        kwargs: dict[str, Any] = {}
        if "<uidb64>" in route:
            kwargs |= {"uidb64": "MQ", "token": "0-0"}
        if "<int:process_pk>" in route:
            kwargs["process_pk"] = self.cycle.process.pk
        named = {
            "<slug:slug>": self.reports.report.slug,
            "<slug:chapter>": self.edition.chapter.slug,
            "<int:number>": self.edition.number,
            "<slug:token>": self.token,
            "<slug:topic>": "about",
            "<slug:key>": "siegen",
            "<int:key>": self.measure.pk,
        }
        for part, value in named.items():
            if part in route:
                kwargs[part.partition(":")[2].rstrip(">")] = value
        if "<str:kind>" in route:
            kwargs |= {"kind": "measure", "pk": self.measure.pk}
        elif "<int:pk>" in route:
            found = self.objects().get(route.partition("<int:pk>")[0])
            if found is None:
                return None
            kwargs["pk"] = found.pk
        return kwargs
