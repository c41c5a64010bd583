"""The scene of the rights tests with three funded projects, and a word of its own in every text that somebody
may not read.

Project "a" and project "b" fund the same measure, by different funders and providers; "c" lies in the
neighbouring district and is paid by the funder of "a" from the same programme.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain
from typing import Any

from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from measures.models import (
    ActionPlan,
    AmendmentAnswer,
    AmendmentRequest,
    AmendmentState,
    AmendmentStep,
    AmendmentVersion,
    FieldOfAction,
    FundedProject,
    Measure,
    Programme,
    ProjectReport,
    ProjectReportState,
)
from measures.selectors.project_sides import SEEN_BY, Part, Side
from measures.services.advisers import adviser_let_in
from measures.services.grants import notice_record
from measures.services.operations import operations_read, operations_take
from measures.services.programmes import CallFields, call_save
from measures.services.projects import project_create, project_parties_set
from monitoring.models import IndexScore, Value
from stakeholders.models import Function, Organisation, OrganisationKind, User
from tests import factories, grants, operations
from tests.factories import World
from tests.permissions.project_report_rows import ReportMaker, letters
from tests.permissions.scene import Scene
from workflows.flows import InterimReportFlow
from workflows.models import PlanningCycle, TaskCard
from workflows.nodes import open_task
from workflows.project_reporting import drawdown_begin, extension_request

#: Role -> the side it stands on, for each of the projects; who is missing does not see it.
SIDES: dict[str, dict[str, Side]] = {
    "a": {
        "funder": Side.FUNDER,
        "funder_member": Side.FUNDER,
        "adviser": Side.READER,
        "provider": Side.PROVIDER,
        "provider_member": Side.READER,
        "partner": Side.READER,
        "staff": Side.STAFF,
        "planner": Side.PLANNER,
    },
    # Its provider also takes part in the measure and sits in the conference of the social space.
    "b": {
        "funder_b": Side.FUNDER,
        "provider_b": Side.PROVIDER,
        "staff": Side.STAFF,
        "planner": Side.PLANNER,
    },
    # Its funder let the adviser read all projects of the programme.
    "c": {
        "funder": Side.FUNDER,
        "funder_member": Side.FUNDER,
        "adviser": Side.READER,
        "neighbour": Side.PLANNER,
    },
}
#: Everybody who looks. The neighbour plans the other district: to this one an outsider.
WALKERS = (*dict.fromkeys(role for sides in SIDES.values() for role in sides), "anonymous")
#: Who works in the district, and so reads what is internal there.
INSIDERS = frozenset({"planner", "staff"})
#: A figure of an area that is found nowhere else, as it is written in German and elsewhere.
FIGURE = 8731.25
FIGURE_PATTERN = r"(?<!\d)8[.,\s]?731[.,](25|3)(?!\d)"
#: Tables whose texts are for everybody who sees the project, or are given words of their own below.
_NOT_INTERNAL = frozenset(
    """AmendmentRequest AmendmentVersion AmendmentLine AmendmentAnswer Operation OperationImport Programme
    ProgrammeCall FundedProject ProjectPartner GrantNotice GrantLine ReportingDuty ProjectReport
    ProjectReportLine Receipt ProjectReportDelivery ProjectReportStep ReportStepFile ReportExtension
    PlanRelease KeyFigure KeyFigureTarget SocialReport ChapterEdition ReportChapter""".split()  # noqa: SIM905
)
_INTERNAL = ("measures", "workflows")
#: Drafts and votes: read by those who write and cast them only.
_DRAFTS = (
    "agreementdraft",
    "cosign",
    "figurereport",
    "minutesinternal",
    "minutesitemdrafted",
    "minutesiteminternal",
    "poll",
    "roundreport",
)
#: Shorter columns hold keys and kinds, longer ones what somebody wrote.
_LEAST_LENGTH = 100


def word(name: str) -> str:
    """A word that is found nowhere else; ``words_in`` finds it again."""
    return f"zq{name}qz"


class ProjectScene(Scene):
    """The scene with its projects; ``readers`` says who may read which word."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        #: Word -> roles that may read it.
        self.readers: dict[str, frozenset[str]] = {}
        #: Words that those who may read them have to find; of the others it is enough that nobody else does.
        self.wanted: set[str] = set()
        self.walkers: dict[str, User] = {"planner": world.people["planner"], "staff": world.people["member"]}
        self._hide_internal()
        self._hide_figure()
        self.projects: dict[str, FundedProject] = {}
        self._add_a()
        self._add_b()
        self._add_c()
        #: Letter of a project and place of a report -> the report.
        self.project_reports: dict[str, list[ProjectReport]] = {}
        for letter, project in self.projects.items():
            self.project_reports[letter] = list(self._reports(letter, project))
        self._add_cases()
        self._add_operations()
        # Of what stands behind a key in an address, this is what the table of addresses looks at.
        self.project = self.projects["a"]
        self.notice = self.project.notices.get()

    def person(self, role: str) -> User | None:
        """The person of a role; nobody for "anonymous"."""
        return None if role == "anonymous" else User.objects.get(pk=self.walkers[role].pk)

    def forbidden(self, role: str) -> frozenset[str]:
        """Words that a role must not read."""
        return frozenset(text for text, roles in self.readers.items() if role not in roles)

    # --- What is internal ---------------------------------------------------------------------------

    def _hide_internal(self) -> None:
        """Put a word into every text that was written in the district, past all services."""
        for model in chain.from_iterable(apps.get_app_config(label).get_models() for label in _INTERNAL):
            if model.__name__ not in _NOT_INTERNAL:
                for field in _texts(model):
                    for pk in list(self._rows(model).values_list("pk", flat=True)):
                        self._hide(model, field, pk)
        for role in ("chair", "head", "specialist", "health_head", "jobcenter_head"):
            self._rename(self.world.people[role], role.replace("_", ""))
        self.measure.refresh_from_db()
        # Whoever has a task reads in which cycle.
        self.readers |= dict.fromkeys(
            PlanningCycle.objects.values_list("title", flat=True), frozenset(WALKERS)
        )
        # What the notice and the reports call the measure by is for all who see one of its projects.
        self.readers[self.measure.title] = frozenset({*SIDES["a"], *SIDES["b"]})
        for version in self.draft.versions.all():
            texts = {getattr(version, field.name) for field in _texts(type(version))}
            self.readers |= dict.fromkeys(texts & self.readers.keys(), INSIDERS)
        # An evening says in public what it asks, and what became of what was said there.
        public = [word(f"spaceconferencequestion{letters(self.evening.pk)}")]
        public += [version.title for version in self.decided.versions.all()]
        self.readers |= dict.fromkeys(public, frozenset(WALKERS))
        for text in (self.measure.description, self.measure.effect_hypothesis):
            assert text in self.readers, "the scene does not hide what it should"
            self.wanted.add(text)

    def _rows(self, model: type[models.Model]) -> models.QuerySet[Any]:
        """What is internal of a table: a task of the funder is its own."""
        rows = model._default_manager.all()
        return rows.exclude(organisation=self.world.funder) if model is TaskCard else rows

    def _hide(self, model: type[models.Model], field: Any, pk: Any) -> None:
        """Write past the services; where the tables want the text empty, it stays so."""
        name = f"{model.__name__}{field.name}".replace("_", "").lower()
        # Letters only: what looks like a number is taken for one.
        text = word(name + letters(pk))
        table, column = model._meta.db_table, field.column
        with contextlib.suppress(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [text, pk])
            is_draft = name.startswith(_DRAFTS)
            self.readers[text] = INSIDERS if is_draft else INSIDERS | {"provider_b"}

    def _rename(self, user: User, name: str) -> None:
        text = word(f"person{name}")
        User.objects.filter(pk=user.pk).update(display_name=text)
        self.readers[text] = INSIDERS | {"provider_b"}

    def _hide_figure(self) -> None:
        area = self.world.areas[0]
        for model in (Value, IndexScore):
            assert model._default_manager.filter(area=area).update(value=FIGURE)

    # --- Projects -----------------------------------------------------------------------------------

    def said(self, letter: str, name: str, part: Part = Part.PROJECT, *, wanted: bool = True) -> str:
        """A word that stands in a part of a project, read by the sides that see the part."""
        text = word(f"p{letter}{name}")
        roles = frozenset(role for role, side in SIDES[letter].items() if side in SEEN_BY[part])
        self.readers[text] = self.readers.get(text, frozenset()) | roles
        if wanted:
            self.wanted.add(text)
        return text

    def _organisation(self, letter: str, name: str, kind: OrganisationKind, **kwargs: Any) -> Organisation:
        return factories.organisation(self.said(letter, name), kind, **kwargs)

    def _project(
        self, letter: str, measure: Measure, *, funder: Organisation, provider: Organisation, **kwargs: Any
    ) -> FundedProject:
        project = project_create(
            measure=measure,
            funder=funder,
            provider=provider,
            title=self.said(letter, "title"),
            reference=self.said(letter, "reference"),
            starts_on=measure.starts_on,
            ends_on=measure.ends_on,
            **kwargs,
        )
        fields = grants.notice_within(project)
        conditions = self.said(letter, "conditions")
        recorded = {**fields.__dict__, "conditions": conditions, "reference": self.said(letter, "reference")}
        notice_record(project, fields=type(fields)(**recorded), user=kwargs["user"])
        self.projects[letter] = project
        return project

    def _add_a(self) -> None:
        world, planner = self.world, self.world.fresh("planner")
        provider = self._organisation("a", "provider", OrganisationKind.PROVIDER, territory=world.territory)
        partner = self._organisation("a", "partner", OrganisationKind.ASSOCIATION, territory=world.territory)
        adviser = factories.organisation("Beratung des Programms", OrganisationKind.ADVISER)
        self.walkers |= {
            "funder": world.people["funder_reader"],
            "funder_member": factories.staff("Sachbearbeitung", world.funder, Function.MEMBER),
            "adviser": factories.staff("Beraterin", adviser),
            "provider": factories.staff("Leitung", provider),
            "provider_member": factories.staff("Mitarbeit", provider, Function.MEMBER),
            "partner": factories.staff("Leitung Partner", partner),
        }
        project = self._project(
            "a",
            self.measure,
            funder=world.funder,
            provider=provider,
            programme=word("pacprogramme"),
            user=planner,
        )
        self._programme("ac", project.programme, {*SIDES["a"], *SIDES["c"]}, user=self.walkers["funder"])
        project_parties_set(project, partners=[partner], areas=[], further_measures=[], user=planner)
        adviser_let_in(
            project.programme, organisation=adviser, user=User.objects.get(pk=self.walkers["funder"].pk)
        )

    def _add_b(self) -> None:
        world = self.world
        funder = self._organisation("b", "funder", OrganisationKind.FUNDER)
        # Who records a project in another district chooses among all funders.
        self.readers[funder.name] |= {"neighbour"}
        self.walkers |= {
            "funder_b": factories.staff("Referat der Stiftung", funder, Function.PLANNER),
            "provider_b": world.people["provider_head"],
        }
        project = self._project(
            "b",
            self.measure,
            funder=funder,
            provider=world.provider,
            programme=word("pbprogramme"),
            user=world.fresh("planner"),
        )
        self._programme("b", project.programme, set(SIDES["b"]), user=self.walkers["funder_b"])

    def _add_c(self) -> None:
        world = self.world
        self.walkers["neighbour"] = world.people["outsider"]
        plan = ActionPlan.objects.create(
            territory=world.neighbour, title=word("plannext"), ends_on=world.plan.ends_on
        )
        self.readers[plan.title] = frozenset({"neighbour"})
        field = FieldOfAction.objects.create(plan=plan, number=1, title="Bildung")
        provider = self._organisation("c", "provider", OrganisationKind.PROVIDER, territory=world.neighbour)
        measure = factories.measure(plan, provider, field=field, description=word("measurenext"))
        self.readers[measure.description] = frozenset({"neighbour"})
        self.wanted.add(measure.description)
        self._project(
            "c",
            measure,
            funder=world.funder,
            provider=provider,
            programme=word("pacprogramme"),
            user=world.fresh("outsider"),
        )

    def _programme(self, letters: str, programme: Programme, roles: Iterable[str], *, user: User) -> None:
        """Words of a programme, and its call."""
        programme.goals = word(f"p{letters}goals")
        programme.save()
        call = call_save(
            programme,
            fields=CallFields(year=2026, goals=word(f"p{letters}call"), budget=Decimal("1234567.89")),
            user=User.objects.get(pk=user.pk),
        )
        for text in (programme.title, programme.goals, call.goals):
            self.readers[text] = frozenset(roles)
            self.wanted.add(text)

    # --- Reports ------------------------------------------------------------------------------------

    def _reports(self, letter: str, project: FundedProject) -> Iterator[ProjectReport]:
        """One accepted after everything that can happen to it, one being written, one being checked."""
        states = ProjectReportState.ACCEPTED, ProjectReportState.DRAFTING, ProjectReportState.CHECKING
        for place, state in enumerate(states):
            first = project.starts_on + datetime.timedelta(days=60 * place)
            parts = (Part.DELIVERED, Part.RECEIPTS, Part.QUESTIONS, Part.CHECK)
            if state == ProjectReportState.DRAFTING:
                parts = (Part.DRAFT,) * 4
            elif state == ProjectReportState.CHECKING:
                parts = (Part.CHECK,) * 4
            made = ReportMaker(self, letter, project, place, parts)
            yield made.make(state, first)

    # --- Cases, amendments, lists ---------------------------------------------------------------------

    def _add_cases(self) -> None:
        """The draft lies with the provider as a task, more time is asked for, a drawdown is begun."""
        for letter, role in {"a": "provider", "b": "provider_b"}.items():
            writer = User.objects.get(pk=self.walkers[role].pk)
            report = self.project_reports[letter][1]
            process = InterimReportFlow.start.run(report=report)
            task = open_task(process, InterimReportFlow.draft_report)
            Task.objects.filter(pk=task.pk).update(
                owner=writer, status=STATUS.ASSIGNED, assigned=timezone.now()
            )
            extension_request(
                report,
                wanted_until=report.due_on + datetime.timedelta(days=30),
                reason=self.said(letter, "moretime", Part.QUESTIONS),
                user=writer,
            )
            project = self.projects[letter]
            drawdown_begin(
                project,
                covers_from=project.starts_on,
                covers_until=project.ends_on,
                due_on=project.ends_on,
                user=writer,
            )
            self._add_amendments(letter, project, writer)

    def _add_amendments(self, letter: str, project: FundedProject, writer: User) -> None:
        """One that was returned, forwarded and refused; and one that has not been forwarded."""
        acting = {"provider", "provider_b", "partner", "planner"} & SIDES[letter].keys()
        funder = {"funder", "funder_b"} & SIDES[letter].keys()
        answers = {
            AmendmentStep.RETURNED: acting - {"partner"},
            AmendmentStep.FORWARDED: funder | {"planner"},
            AmendmentStep.REFUSED: acting | funder,
        }
        old, new = (
            AmendmentRequest.objects.create(
                project=project,
                number=number,
                state=state,
                draft={"reason": self._told(f"p{letter}{name}draft", set(), wanted=False)},
                ended_at=ended_at,
                begun_by=writer,
            )
            for number, state, name, ended_at in (
                (1, AmendmentState.REFUSED, "old", timezone.now()),
                (2, AmendmentState.SUBMITTED, "new", None),
            )
        )
        for request, number, name, readers in (
            (old, 1, "first", acting),
            (old, 2, "second", acting | funder),
            (new, 1, "unsent", acting),
        ):
            version = AmendmentVersion.objects.create(
                request=request,
                number=number,
                basis=project.notices.get(),
                ends_on=project.ends_on,
                reason=self._told(f"p{letter}amendment{name}", readers),
                submitted_by=writer,
            )
            steps = {"first": answers.keys() & {"returned"}, "second": answers.keys() - {"returned"}}
            for step in sorted(steps.get(name, ())):
                text = self._told(f"p{letter}amendment{step}".replace("_", ""), answers[AmendmentStep(step)])
                AmendmentAnswer.objects.create(
                    request=request, version=version, step=step, text=text, written_by=writer
                )

    def _add_operations(self) -> None:
        """A list of each funder that its own people read."""
        for letter, roles in {"a": {"funder", "funder_member"}, "b": {"funder_b"}}.items():
            name = self._told(f"p{letter}operation", roles)
            funder, role = self.projects[letter].funder, "funder" if letter == "a" else "funder_b"
            user = User.objects.get(pk=self.walkers[role].pk)
            kept = operations_read(
                funder,
                content=operations.table(operations.line(name)),
                name="vorhaben.csv",
                programme_name="ESF Plus",
                user=user,
            )
            operations_take(kept, user=user)

    def _told(self, name: str, roles: Iterable[str], *, wanted: bool = True) -> str:
        text = word(name)
        self.readers[text] = frozenset(roles)
        if wanted:
            self.wanted.add(text)
        return text


def _texts(model: type[models.Model]) -> Iterator[Any]:
    """Columns in which somebody writes."""
    for field in model._meta.local_concrete_fields:
        if field.choices or field.unique or field.primary_key or isinstance(field, models.EmailField):
            continue
        is_long = isinstance(field, models.CharField) and (field.max_length or 0) >= _LEAST_LENGTH
        if isinstance(field, models.TextField) or is_long:
            yield field
