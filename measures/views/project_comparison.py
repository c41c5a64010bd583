"""Funded projects side by side, and sums over them."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from measures.esf import INDICATORS
from measures.forms.project_filters import ParticipantFilterForm
from measures.selectors.funding_figures import figure_sums, participant_sums, participants_by_year
from measures.selectors.funding_scope import portfolio_scope
from measures.selectors.project_comparison import PARTICIPANTS, Compared, Comparison, compare
from measures.selectors.project_lists import project_choices
from measures.selectors.project_told import insight_of
from measures.selectors.projects import projects_seen_by
from project.common.exports import Column, Kind, export_format, export_links, table_response
from project.common.formats import SIGN_UNKNOWN, date_de
from project.common.keys import key_or_none
from project.common.listing import page_of

#: How many projects can stand side by side.
FEWEST, MOST = 2, 5


@require_safe
def project_compare(request: HttpRequest) -> HttpResponseBase:
    """Two to five projects that the person chose in the list."""
    wanted = {key for value in request.GET.getlist("p") if (key := key_or_none(value)) is not None}
    today = timezone.localdate()
    projects = projects_seen_by(request.user).filter(pk__in=wanted).order_by("title", "pk")
    count = projects.count()
    if not FEWEST <= count <= MOST:
        messages.error(request, _("Choose two to five projects in the list, then compare them."))
        return redirect("measures:project-list")
    found = compare(projects, today, insight_of(request.user))
    form = export_format(request)
    if form is not None:
        source = [_("As of %(day)s") % {"day": date_de(today)}]
        return table_response(
            _("Comparison of projects"), _compare_columns(found), found.projects, form, source
        )
    context = {"found": found, "links": export_links(request), "secret": SIGN_UNKNOWN}
    return render(request, "measures/project_compare.html", context)


def _compare_columns(found: Comparison) -> list[Column]:
    def source(kind: str) -> Column:
        label = dict(found.sources)[kind]

        def amount(row: Compared) -> object:
            return row.sources[kind][0] if kind in row.sources else None

        return Column(f"{label} (€)", amount, Kind.NUMBER, 2)

    return [
        Column(_("Project"), "row.project.title"),
        Column(_("Programme"), "row.project.programme.title"),
        Column(_("Funder"), "row.project.funder.name"),
        Column(_("Provider"), "row.project.provider.name"),
        Column(_("Funded from"), "row.project.starts_on", Kind.DATE),
        Column(_("Funded until"), "row.project.ends_on", Kind.DATE),
        *(source(kind) for kind, _label in found.sources),
        Column(_("Granted (euros)"), "row.money.granted", Kind.NUMBER, 2),
        Column(_("Drawn (euros)"), "row.money.drawn", Kind.NUMBER, 2),
        Column(_("Spent (euros)"), "row.money.spent", Kind.NUMBER, 2),
        Column(
            _("Participants"),
            lambda row: SIGN_UNKNOWN if row.is_hidden else row.participants,
            Kind.NUMBER,
            0,
        ),
        Column(_("Cost per participant (euros)"), "cost_per_participant", Kind.NUMBER, 2),
        Column(_("Accepted reports"), "accepted", Kind.NUMBER, 0),
        Column(_("of these in time"), "in_time", Kind.NUMBER, 0),
    ]


@require_safe
def funding_figures(request: HttpRequest) -> HttpResponseBase:
    """Key figures and participants added up over the projects of the portfolio."""
    scope = portfolio_scope(request.user)
    if not scope:
        raise Http404
    projects = scope.projects()
    choices = project_choices(request.user, scope)
    form = ParticipantFilterForm(request.GET, choices=choices)
    people = participant_sums(projects, programme=form.programme, year=form.year)
    what = request.GET.get("table", "")
    wanted = export_format(request)
    source = [_("As of %(day)s") % {"day": date_de(timezone.localdate())}]
    if wanted is not None and what == "participants":
        return table_response(_("Participants added up"), _people_columns(), people, wanted, source)
    sums = figure_sums(projects)
    if wanted is not None:
        return table_response(_("Key figures added up"), _sum_columns(), sums, wanted, source)
    address = reverse("measures:project-list")
    context = {
        "form": form,
        "people": people,
        "years": [
            (row, f"{address}?programme={row.programme}&year={row.year}")
            for row in participants_by_year(projects, PARTICIPANTS)
        ],
        "participants_title": INDICATORS[PARTICIPANTS],
        "page_obj": (page := page_of(request, sums)),
        "sums": [(row, f"{address}?figure={row.key}") for row in page],
        "people_url": _people_url(form),
        "secret": SIGN_UNKNOWN,
        "links": export_links(request),
        "people_links": [
            {**link, "url": f"{link['url']}&table=participants"} for link in export_links(request)
        ],
    }
    return render(request, "measures/funding_figures.html", context)


def _people_url(form: ParticipantFilterForm) -> str:
    parts = [f"programme={form.programme}"] if form.programme else []
    parts += [f"year={form.year}"] if form.year else []
    return f"{reverse('measures:project-list')}?{'&'.join(parts)}"


def _people_columns() -> list[Column]:
    def count(name: str) -> Column:
        labels = {
            "women": _("Women"),
            "men": _("Men"),
            "non_binary": _("Non-binary"),
            "total": _("Altogether"),
        }

        def value(row: object) -> object:
            number = getattr(row, name)
            return SIGN_UNKNOWN if number is None else number

        return Column(labels[name], value, Kind.NUMBER, 0)

    return [
        Column(_("Indicator"), "code"),
        Column(_("What is counted"), "title"),
        *(count(name) for name in ("women", "men", "non_binary", "total")),
        Column(_("Accepted reports"), "reports", Kind.NUMBER, 0),
        Column(_("of these not added up"), "hidden", Kind.NUMBER, 0),
    ]


def _sum_columns() -> list[Column]:
    return [
        Column(_("Key figure"), "title"),
        Column(_("Unit"), "unit.symbol"),
        Column(_("Sum"), "value", Kind.NUMBER, 0),
        Column(_("Added up"), "counted", Kind.NUMBER, 0),
        Column(_("Not added up: few people"), "hidden", Kind.NUMBER, 0),
        Column(_("Measures"), "measures", Kind.NUMBER, 0),
    ]
