"""A plan of 47 measures as a paper against bare reportlab without tags drawing the same pages.

"bare" are the same texts, tables and drawings by stock flowables (see ``bench_booklet``): neither tags,
links, bookmarks, contents with page numbers nor the number of all pages.
"""

from __future__ import annotations

import io
import time
from statistics import median

import pypdf
from django.utils.translation import override

from measures.reports import plan_paper
from measures.reports.plan_paper import PlanData
from project.common.pdf.fonts import register
from tests.bench.bench_booklet import bare_paper
from tests.pdfua.plans import plan_data

_REPEATS = 5


def bare_plan(data: PlanData) -> bytes:
    """The same pages without the kit."""
    with override("de"):
        names = [row.name for row in data.sheets]
        return bare_paper(data.plan.title, names, plan_paper.content(data))


def run() -> list[dict[str, float | str]]:
    """Measure both in turns, so that a busy machine slows both alike.

    Returns:
        One row: measures, pages and size of each, seconds (median) and their ratio.
    """
    register()
    data = plan_data()
    made: dict[str, bytes] = {}
    seconds: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(_REPEATS):
        for name, call in (
            ("bare", lambda: bare_plan(data)),
            ("ours", lambda: plan_paper.render(data, language="de")),
        ):
            start = time.perf_counter()
            made[name] = call()
            seconds[name].append(time.perf_counter() - start)
    row: dict[str, float | str] = {"measures": len(data.sheets)}
    for name in ("ours", "bare"):
        row[f"{name} pages"] = len(pypdf.PdfReader(io.BytesIO(made[name])).pages)
        row[f"{name} kB"] = len(made[name]) // 1000
        row[f"{name} s"] = median(seconds[name])
    row["ratio to bare"] = median(seconds["ours"]) / median(seconds["bare"])
    row["wanted at most"] = 2
    return [row]
