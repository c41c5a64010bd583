"""Search over everything a person may see, kind by kind, with the found words marked."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Substr
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from measures.models import FundedProject, Measure
from measures.selectors.projects import projects_seen_by
from monitoring.models import Area, Indicator
from project.common.formats import date_de
from stakeholders.models import Body, Organisation, OrganisationKind
from stakeholders.permissions import Perm, visible
from workflows.links import link
from workflows.models import PlanningCycle, Recommendation, StageKind, TaskCard
from workflows.selectors.decisions import decisions_seen_by
from workflows.selectors.recommendations import recommendations_seen_by
from workflows.selectors.tasks import InboxFilter, inbox_cards

#: Shortest and longest text to look for (characters).
TERM_LEAST = 2
#: Found rows shown of each kind; all are behind the link.
SHOWN = 5
#: Digits of the official key of a municipality.
_AGS_LENGTH = 8


@dataclasses.dataclass(frozen=True)
class Wanted:
    """Who looks for what. ``nodes``: human steps whose titles contain the text."""

    user: Any
    term: str
    nodes: tuple[Any, ...] = ()

    @property
    def words(self) -> list[str]:
        """Words, all of which must be found."""
        return self.term.split()


@dataclasses.dataclass(frozen=True)
class Piece:
    """Part of a title."""

    text: str
    is_found: bool


@dataclasses.dataclass(frozen=True)
class Hit:
    """Something found."""

    pieces: list[Piece]
    url: str
    context: str


@dataclasses.dataclass(frozen=True)
class Group:
    """What was found of a kind."""

    kind: str
    title: str
    rows: QuerySet[Any]
    hit: Callable[[Any], Hit]


@dataclasses.dataclass(frozen=True)
class Found:
    """The first of what was found of a kind, and how many there are."""

    kind: str
    title: str
    hits: list[Hit]
    count: int


def pieces_of(text: str, words: Sequence[str]) -> list[Piece]:
    """Cut a text into found and other pieces, whatever the case of the letters.

    >>> [(piece.text, piece.is_found) for piece in pieces_of("Elternarbeit", ["arbeit"])]
    [('Eltern', False), ('arbeit', True)]
    """
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    if not pattern:
        return [Piece(text, is_found=False)]
    parts = re.split(f"({pattern})", text, flags=re.IGNORECASE)
    return [Piece(part, is_found=index % 2 == 1) for index, part in enumerate(parts) if part]


def _contains(words: Sequence[str], *fields: str) -> Q:
    """Each word in one of the fields. SQLite ignores case from A to Z only: others are tried both ways."""
    condition = Q()
    for word in words:
        forms = {word} if word.isascii() else {word, word.lower(), word.upper(), word.capitalize()}
        one = Q()
        for field in fields:
            for form in forms:
                one |= Q(**{f"{field}__icontains": form})
        condition &= one
    return condition


def _hit(wanted: Wanted, title: str, url: str, *context: Any) -> Hit:
    return Hit(pieces_of(title, wanted.words), url, " · ".join(str(part) for part in context if part))


# --- One function a kind: rows, and how a row is shown ----------------------------------------------

_Search = tuple[QuerySet[Any], Callable[[Any], Hit]]


def _cycles(wanted: Wanted) -> _Search:
    rows = visible(wanted.user, Perm.VIEW_CYCLE, PlanningCycle.objects.select_related("territory"))
    rows = rows.filter(_contains(wanted.words, "title", "territory__name")).order_by("-starts_year", "pk")

    def hit(row: PlanningCycle) -> Hit:
        stage = _("closed") if row.is_closed else str(StageKind(row.stage).label)
        return _hit(wanted, row.title, link("workflows:cycle-detail", row.pk), row.territory, stage)

    return rows, hit


def _areas(wanted: Wanted) -> _Search:
    rows = visible(wanted.user, Perm.VIEW_AREA, Area.objects.select_related("territory", "parent"))
    condition = Q()
    for word in wanted.words:
        # Small areas rarely name their municipality; their keys begin with its official key.
        town = Organisation.objects.filter(
            _contains([word], "name"),
            kind=OrganisationKind.MUNICIPALITY,
            territory=OuterRef("territory"),
            ags=Substr(OuterRef("key"), 1, _AGS_LENGTH),
        )
        condition &= _contains([word], "name", "key", "parent__name") | Q(Exists(town))
    rows = rows.filter(condition, valid_until__isnull=True).order_by("name", "pk")

    def hit(row: Area) -> Hit:
        url = link("monitoring:area-detail", row.pk)
        return _hit(wanted, row.name, url, row.get_kind_display(), row.parent, row.territory, row.key)

    return rows, hit


def _indicators(wanted: Wanted) -> _Search:
    # The catalogue is one for all territories; whoever sees any area may read it.
    sees_areas = Exists(visible(wanted.user, Perm.VIEW_AREA, Area.objects.all()))
    rows = Indicator.objects.select_related("domain").filter(sees_areas, is_active=True)
    rows = rows.filter(_contains(wanted.words, "name_de", "name_en", "key")).order_by(
        "domain__position", "key"
    )

    def hit(row: Indicator) -> Hit:
        return _hit(wanted, row.name, link("monitoring:indicator-detail", row.pk), row.domain)

    return rows, hit


_REFERENCE = re.compile(r"(\d{4})-(\d{1,4})")


def _recommendations(wanted: Wanted) -> _Search:
    condition = _contains(wanted.words, "seen_title")
    if match := _REFERENCE.fullmatch(wanted.term):
        condition |= Q(cycle__starts_year=int(match[1]), number=int(match[2]))
    rows = (
        recommendations_seen_by(wanted.user).filter(condition).order_by("-cycle__starts_year", "number", "pk")
    )

    def hit(row: Any) -> Hit:
        url = link("workflows:recommendation-detail", row.pk)
        state = Recommendation(state=row.seen_state).get_state_display()
        return _hit(wanted, f"{row.reference} {row.seen_title}", url, state, row.cycle.title)

    return rows, hit


_NUMBER = re.compile(r"(\d{1,4})/(\d{4})")


def _decisions(wanted: Wanted) -> _Search:
    condition = _contains(wanted.words, "version__title", "conditions", "reason")
    if match := _NUMBER.fullmatch(wanted.term):
        condition |= Q(number=int(match[1]), year=int(match[2]))
    rows = decisions_seen_by(wanted.user).filter(condition).order_by("-year", "-number", "pk")

    def hit(row: Any) -> Hit:
        url = link("workflows:decision-detail", row.pk)
        title = f"{row.reference} {row.version.title}"
        return _hit(wanted, title, url, row.get_result_display(), row.body, date_de(row.decided_on))

    return rows, hit


_MEASURE_NUMBER = re.compile(r"(\d{1,3})\.(\d{1,3})")


def _measures(wanted: Wanted) -> _Search:
    condition = _contains(wanted.words, "title", "description", "target_group")
    if match := _MEASURE_NUMBER.fullmatch(wanted.term):
        condition |= Q(field__number=int(match[1]), position=int(match[2]))
    rows = visible(
        wanted.user, Perm.VIEW_MEASURE, Measure.objects.select_related("field", "plan", "responsible")
    )
    rows = rows.filter(condition).order_by("plan__title", "field__number", "position", "pk")

    def hit(row: Measure) -> Hit:
        url = link("measures:measure-detail", row.pk)
        return _hit(wanted, str(row), url, row.get_status_display(), row.responsible.label, row.plan.title)

    return rows, hit


def _projects(wanted: Wanted) -> _Search:
    fields = ("title", "programme__title", "reference", "provider__name")
    # What is found must not tell a funder how the measure behind its project is called.
    known = visible(wanted.user, Perm.VIEW_MEASURE, Measure.objects.all()).values("pk")
    found = _contains(wanted.words, *fields) | (
        Q(measure__in=known) & _contains(wanted.words, *fields, "measure__title")
    )
    rows = projects_seen_by(wanted.user).filter(found).order_by("title", "pk")

    def hit(row: FundedProject) -> Hit:
        return _hit(wanted, row.title, link("measures:project-detail", row.pk), row.programme, row.provider)

    return rows, hit


def _organisations(wanted: Wanted) -> _Search:
    rows = visible(wanted.user, Perm.VIEW_ORGANISATION, Organisation.objects.select_related("territory"))
    rows = rows.filter(_contains(wanted.words, "name", "short_name")).order_by("name", "pk")

    def hit(row: Organisation) -> Hit:
        url = link("stakeholders:organisation-detail", row.pk)
        territory = row.territory if row.territory_id != row.pk else None
        return _hit(wanted, row.name, url, row.get_kind_display(), territory)

    return rows, hit


def _bodies(wanted: Wanted) -> _Search:
    rows = visible(wanted.user, Perm.VIEW_BODY, Body.objects.select_related("territory"))
    rows = rows.filter(_contains(wanted.words, "name")).order_by("name", "pk")

    def hit(row: Body) -> Hit:
        return _hit(wanted, row.name, link("stakeholders:body-detail", row.pk), row.territory)

    return rows, hit


def _tasks(wanted: Wanted) -> _Search:
    rows = inbox_cards(wanted.user, InboxFilter(scope="team", search=wanted.term, nodes=wanted.nodes))

    def hit(row: TaskCard) -> Hit:
        due = _("due %(day)s") % {"day": date_de(row.due_on)}
        return _hit(
            wanted, row.headline, link("workflows:task", row.task_id), row.addressee, due, row.cycle.title
        )

    return rows, hit


#: Kinds in the order of the page.
KINDS: dict[str, tuple[Promise, Callable[[Wanted], _Search]]] = {
    "tasks": (gettext_lazy("Tasks"), _tasks),
    "cycles": (gettext_lazy("Planning cycles"), _cycles),
    "recommendations": (gettext_lazy("Recommendations"), _recommendations),
    "decisions": (gettext_lazy("Decisions"), _decisions),
    "measures": (gettext_lazy("Measures"), _measures),
    "projects": (gettext_lazy("Funded projects"), _projects),
    "areas": (gettext_lazy("Areas"), _areas),
    "indicators": (gettext_lazy("Indicators"), _indicators),
    "organisations": (gettext_lazy("Organisations"), _organisations),
    "bodies": (gettext_lazy("Bodies"), _bodies),
}


def search_group(wanted: Wanted, kind: str) -> Group:
    """Everything found of one kind; the rows are not read yet."""
    title, look = KINDS[kind]
    rows, hit = look(wanted)
    return Group(kind, str(title), rows, hit)


def search_all(wanted: Wanted) -> list[Found]:
    """The first of each kind; kinds without any are left out. Queries: one or two a kind."""
    found = []
    for kind in KINDS:
        group = search_group(wanted, kind)
        first = list(group.rows[: SHOWN + 1])
        if not first:
            continue
        count = group.rows.count() if len(first) > SHOWN else len(first)
        found.append(Found(kind, group.title, [group.hit(row) for row in first[:SHOWN]], count))
    return found
