"""Public pages of a plan: readable without sign-in, without cookies, only what was released."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, Final

from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt

from measures.charts import (
    Mark,
    Phase,
    SpanLook,
    axis_over,
    figure_chart,
    span_swatch,
    timeline_row,
    value_range,
)
from measures.models import PlanRelease
from measures.selectors.releases import (
    PublicFigure,
    PublicMeasure,
    ReleaseDiff,
    change_log,
    filtered_measures,
    public_measures,
    public_releases,
)
from project.common.public import in_language_of_address, public
from project.common.svg import to_svg
from workflows.forms.plan_release import PublicFilterForm

TIMELINE: Final = "timeline"
FIGURES: Final = "figures"
#: Who may show the embedded parts in a frame: every website.
_ANYBODY: Final = {"frame-ancestors": ["*"]}


def embed_names() -> dict[str, Promise]:
    """Parts that other websites can show."""
    return {TIMELINE: gettext_lazy("Timeline"), FIGURES: gettext_lazy("Key figures")}


def _release(pk: int) -> PlanRelease:
    return get_object_or_404(public_releases(), plan=pk)


def _context(request: HttpRequest, release: PlanRelease, tab: str = "") -> dict[str, Any]:
    """What every page of a plan begins with; the language of the address goes along with its links."""
    wanted = request.GET.get("lang", "")
    chosen = wanted if wanted in dict(settings.LANGUAGES) else ""
    query = request.GET.copy()
    languages = []
    for code, name in settings.LANGUAGES:
        query["lang"] = code
        languages.append((code, name, f"?{query.urlencode()}", code == get_language()))
    return {
        "release": release,
        "plan": release.content,
        "plan_pk": release.plan_id,
        "tab": tab,
        "lang": f"?lang={chosen}" if chosen else "",
        "languages": languages,
    }


@public
@in_language_of_address
def public_plan_list(request: HttpRequest) -> HttpResponseBase:
    """All plans that are public."""
    chosen = request.GET.get("lang", "")
    lang = f"?lang={chosen}" if chosen in dict(settings.LANGUAGES) else ""
    return render(request, "workflows/public_plan_list.html", {"releases": public_releases(), "lang": lang})


@public
@in_language_of_address
def public_plan(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The measures of a plan, to search and filter."""
    release = _release(pk)
    rows = public_measures(release.content)
    form = PublicFilterForm(request.GET, rows=rows)
    wanted = form.cleaned_data if form.is_valid() else {}
    found = filtered_measures(
        rows, search=wanted.get("q", ""), field=wanted.get("field", ""), state=wanted.get("state", "")
    )
    return render(
        request,
        "workflows/public_plan.html",
        {
            **_context(request, release, "measures"),
            "form": form,
            "groups": _by_field(found),
            "count": len(found),
            "total": len(rows),
            "has_parts": any(row.is_part for row in rows),
        },
    )


def _by_field(rows: Sequence[PublicMeasure]) -> list[tuple[str, list[PublicMeasure]]]:
    groups: list[tuple[str, list[PublicMeasure]]] = []
    for row in rows:
        if not groups or groups[-1][0] != row.field_title:
            groups.append((row.field_title, []))
        groups[-1][1].append(row)
    return groups


@public
@in_language_of_address
def public_measure(request: HttpRequest, pk: int, key: int) -> HttpResponseBase:
    """One measure."""
    release = _release(pk)
    for row in public_measures(release.content):
        if row.told["key"] == key:
            context = {**_context(request, release), "row": row, "charts": _charts([row])}
            return render(request, "workflows/public_measure.html", context)
    raise Http404


@public
@in_language_of_address
def public_timeline(request: HttpRequest, pk: int) -> HttpResponseBase:
    """When what is done, as bars and as a table."""
    release = _release(pk)
    return render(
        request,
        "workflows/public_timeline.html",
        {**_context(request, release, TIMELINE), **_timeline(release)},
    )


@public
@in_language_of_address
def public_figures(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Key figures of all measures."""
    release = _release(pk)
    rows = [row for row in public_measures(release.content) if row.figures]
    return render(
        request,
        "workflows/public_figures.html",
        {**_context(request, release, FIGURES), "charts": _charts(rows)},
    )


@public
@in_language_of_address
def public_changes(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What changed from one release to the next."""
    release = _release(pk)
    return render(
        request,
        "workflows/public_changes.html",
        {**_context(request, release, "changes"), "log": change_log(release.plan)},
    )


@public
@in_language_of_address
def public_feed(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The changes as an Atom feed."""
    release = _release(pk)
    page = settings.SITE_URL + reverse("workflows:public-plan", args=[pk])
    feed = Atom1Feed(
        title=release.content["title"],
        link=page,
        description=release.content["territory"],
        # Who tells it is the territory, never a person; a feed without an author is not valid.
        author_name=release.content["territory"],
        language=get_language() or "de",
        feed_url=settings.SITE_URL + reverse("workflows:public-plan-feed", args=[pk]),
    )
    for entry in change_log(release.plan):
        feed.add_item(
            title=entry.release.note or _("Release %(number)s") % {"number": entry.release.number},
            link=settings.SITE_URL + reverse("workflows:public-plan-changes", args=[pk]),
            description=_in_words(entry),
            unique_id=f"{page}#{entry.release.number}",
            updateddate=entry.release.released_at,
            pubdate=entry.release.released_at,
        )
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


def _in_words(entry: ReleaseDiff) -> str:
    lines = [f"{row.number} {row.title}" for row in entry.rows]
    return "; ".join(lines) or _("first release, or no measure changed")


@public
def public_data(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The release as open data; without what has become secret since."""
    release = _release(pk)
    measures = []
    for row in release.content["measures"]:
        told = dict(row)
        if "figures" in told:
            told["figures"] = [_data_of(PublicFigure(figure)) for figure in told["figures"]]
        measures.append(told)
    return JsonResponse(
        {
            **release.content,
            "release": release.number,
            "released_at": release.released_at.isoformat(),
            "measures": measures,
        },
        json_dumps_params={"ensure_ascii": False, "indent": 1},
    )


def _data_of(figure: PublicFigure) -> dict[str, Any]:
    told = dict(figure.told)
    if figure.is_secret(told["baseline"]):
        told["baseline"] = None
    if "actuals" in told:
        told["actuals"] = [
            {**row, "value": None, "is_secret": True} if figure.is_secret(row["value"]) else row
            for row in told["actuals"]
        ]
    return told


@public
@xframe_options_exempt
@csp_replace(_ANYBODY)
@in_language_of_address
def public_embed(request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
    """A part of the plan for a frame on another website."""
    release = _release(pk)
    parts: dict[str, Any]
    if kind == TIMELINE:
        parts = _timeline(release)
    else:
        parts = {"charts": _charts([row for row in public_measures(release.content) if row.figures])}
    context = {**_context(request, release), **parts, "kind": kind, "name": embed_names()[kind]}
    return render(request, "workflows/public_embed.html", context)


# --- drawings ----------------------------------------------------------------------------------------


def _timeline(release: PlanRelease) -> dict[str, Any]:
    """Rows of the timeline; none where dates are not released."""
    rows = [row for row in public_measures(release.content) if row.first_day and row.last_day]
    if not rows:
        return {"lines": []}
    ends = datetime.date.fromisoformat(release.content["ends_on"])
    axis = axis_over([day for row in rows for day in (row.first_day, row.last_day) if day] + [ends])
    today = timezone.localdate()
    lines = []
    looks: dict[tuple[SpanLook, str], None] = {}
    for row in rows:
        assert row.first_day is not None
        assert row.last_day is not None
        kind = row.badge.kind if row.badge else "info"
        if row.told.get("ended_on"):
            phase = Phase.OVER
        else:
            phase = Phase.RUNNING if row.told.get("started_on") else Phase.AHEAD
        look = SpanLook(kind, phase)
        drawing = timeline_row(
            axis,
            starts_on=row.first_day,
            ends_on=row.last_day,
            look=look,
            today=today,
        )
        lines.append((row, to_svg(drawing)))
        if row.badge:
            looks[look, row.badge.text] = None
    return {
        "lines": lines,
        "axis": axis,
        "legend": [(to_svg(span_swatch(look)), text) for look, text in looks],
        "today": today if axis.holds(today) else None,
        "has_states": bool(looks),
    }


def _charts(rows: Sequence[PublicMeasure]) -> list[tuple[PublicMeasure, PublicFigure, SafeString]]:
    """Key figures of measures with their drawings."""
    return [(row, figure, _chart(figure)) for row in rows for figure in row.figures]


def _chart(figure: PublicFigure) -> SafeString:
    path, actuals = ([Mark(*point) for point in points] for points in figure.points)
    if len(path) < 2:
        return SafeString("")
    low, high = value_range(path, actuals)
    return to_svg(
        figure_chart(
            title=figure.title,
            unit=figure.unit,
            path=path,
            actuals=actuals,
            low_label=figure.axis_label(low),
            high_label=figure.axis_label(high),
            today=timezone.localdate(),
        )
    )
