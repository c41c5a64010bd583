"""The whole set of papers of a meeting against bare reportlab without tags, some 300 pages of it.

"bare" are the same texts, tables and drawings by stock flowables (see ``bench_booklet``): neither tags,
links, bookmarks, contents with page numbers nor the number of all pages.
"""

from __future__ import annotations

import datetime
import io
import time
from statistics import median

import pypdf
from django.utils.translation import override

from project.common.pdf.fonts import register
from stakeholders.models import Body, BodyKind, Organisation
from tests.bench.bench_booklet import bare_paper
from tests.pdfua.profiles import MOMENT, profiles
from workflows.models import AgendaItem, AgendaKind, Meeting, Recommendation, RecommendationVersion
from workflows.reports import meeting_folder
from workflows.reports.meeting_folder import FolderData, ItemPapers
from workflows.reports.profile import ProfileData
from workflows.selectors.agenda import AgendaLine
from workflows.selectors.conference import Figure
from workflows.selectors.recommendations import AreaEvidence, Evidence

_REPEATS = 3
RECOMMENDATIONS = 40
_TEXT = (
    "Die Werte liegen deutlich über dem Mittel; die Fachleute vor Ort bestätigen es und nennen"
    " fehlende Räume, lange Wege und Familien, die bisher kein Angebot erreicht. "
)


def folder() -> FolderData:
    """The profiles of all areas, then recommendations that rest on them."""
    areas = profiles()
    cycle = areas[0].cycle
    cycle.starts_year = 2026
    body = Body(name="Steuerungsgruppe", kind=BodyKind.STEERING_GROUP)
    meeting = Meeting(
        cycle=cycle,
        body=body,
        held_on=datetime.date(2027, 3, 12),
        starts_at=datetime.time(9),
        place="Kreishaus",
        papers_sent_at=MOMENT,
    )
    items = [_area(meeting, place, row) for place, row in enumerate(areas, start=1)]
    items += [
        _recommendation(meeting, len(areas) + number, number, areas[number % len(areas)])
        for number in range(1, RECOMMENDATIONS + 1)
    ]
    return FolderData(meeting, items, is_internal=True, minutes=300, organisations=("Jugendamt", "Jobcenter"))


def _area(meeting: Meeting, place: int, row: ProfileData) -> ItemPapers:
    item = AgendaItem(meeting=meeting, kind=AgendaKind.AREA, title=row.area.name, duration_minutes=20)
    return ItemPapers(AgendaLine(item, place, row.area.name), profile=row)


def _recommendation(meeting: Meeting, place: int, number: int, about: ProfileData) -> ItemPapers:
    recommendation = Recommendation(cycle=meeting.cycle, number=number)
    version = RecommendationVersion(
        pk=number,
        recommendation=recommendation,
        number=1,
        title="Elternarbeit ausbauen",
        finding=_TEXT * 3,
        aim=_TEXT,
        proposal=_TEXT * 4,
        cost="Eine halbe Stelle und Räume auf Dauer.",
        addressee=Organisation(name="Jugendamt"),
        submitted_at=MOMENT,
    )
    version._prefetched_objects_cache = {"fields": []}  # as read by the selector, without a database
    figures = [
        Figure(about.area, line.indicator, "12,3 %", "", line.z)
        for line in about.lines[:8]
        if line.z is not None
    ]
    evidence = Evidence([AreaEvidence(about.area, figures, list(about.statements))], [], about.run)
    item = AgendaItem(
        meeting=meeting,
        kind=AgendaKind.RECOMMENDATION,
        title=version.title,
        recommendation=recommendation,
        duration_minutes=15,
    )
    line = AgendaLine(item, place, version.title, recommendation)
    return ItemPapers(line, version=version, evidence=evidence)


def bare_folder(data: FolderData) -> bytes:
    """The same papers without the kit."""
    with override("de"):
        return bare_paper(
            "Sitzungsmappe", [papers.line.heading for papers in data.items], meeting_folder.content(data)
        )


def run() -> list[dict[str, float | str]]:
    """Measure both in turns, so that a busy machine slows both alike.

    Returns:
        One row: items, pages and size of each, seconds (median) and their ratio.
    """
    register()
    data = folder()
    made: dict[str, bytes] = {}
    seconds: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(_REPEATS):
        for name, call in (
            ("bare", lambda: bare_folder(data)),
            ("ours", lambda: meeting_folder.render(data, language="de")),
        ):
            start = time.perf_counter()
            made[name] = call()
            seconds[name].append(time.perf_counter() - start)
    row: dict[str, float | str] = {"items": len(data.items)}
    for name in ("ours", "bare"):
        row[f"{name} pages"] = len(pypdf.PdfReader(io.BytesIO(made[name])).pages)
        row[f"{name} kB"] = len(made[name]) // 1000
        row[f"{name} s"] = median(seconds[name])
    row["ratio to bare"] = median(seconds["ours"]) / median(seconds["bare"])
    row["wanted at most"] = 2
    return [row]
