"""Writing the workbook of a plan for a person: only what this person may see."""

from __future__ import annotations

from typing import IO, Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from measures.models import ActionPlan
from measures.selectors.portfolio import measures_seen_by
from measures.services.plan_imports import LANGUAGE
from measures.services.raw_figures import measures_told
from measures.workbook.layout import READ_BACK, REPORTS
from measures.workbook.rows import names_of, reported_rows, rows_of, target_slots
from measures.workbook.writing import PlanWriter
from project.common.formats import date_de


def workbook_write(file: IO[bytes], plan: ActionPlan, *, user: Any) -> None:
    """Write the whole plan as an Excel workbook.

    Args:
        file: Where to; must be seekable.
        plan: A plan the person may see.
        user: Who downloads. Small counts of people are written only for those who may know them.
    """
    measures = measures_seen_by(user).filter(plan=plan).order_by()
    told = measures_told(measures, user=user, plan=plan)
    keys = measures.values("pk")
    with translation.override(LANGUAGE):
        writer = PlanWriter(file, plan_key=plan.pk, names=names_of(plan), slots=target_slots(plan))
        for sheet in READ_BACK:
            writer.write(sheet, rows_of(sheet, plan.measures.filter(pk__in=keys)))
        writer.write_reports(REPORTS, reported_rows(keys, told=told))
        writer.close(lines=_guide(plan), moment=timezone.localtime())


def _guide(plan: ActionPlan) -> list[str]:
    return [
        _("%(plan)s – %(territory)s, as of %(day)s")
        % {"plan": plan.title, "territory": plan.territory.name, "day": date_de(timezone.localdate())},
        _("Change the white cells; grey ones are for reading. Dates and numbers are real dates and numbers."),
        _(
            "Upload the file on the page of the plan. You see every change before anything is written, and "
            "everything is taken over or nothing."
        ),
        _(
            "A new measure is a new row below the others, without number; write a word of your own into "
            "“Number”, such as “new 1”, and name its key figures, milestones and lines of money by it."
        ),
        _("A row that you delete here is not deleted in the plan."),
        _("A key figure that follows an indicator needs an area and takes the unit of the indicator."),
        _(
            "A key figure that is judged in steps has the numbers 0 (not reached), 1 (begun), 2 (partly "
            "reached), 3 (mostly reached) and 4 (reached); say in words what each target means."
        ),
        _(
            "“Needs first” names measures by their number, one a line, with a colon and the reason behind; "
            "a line that you delete takes the dependency away."
        ),
        _(
            "Status, actual start and end, and reported figures are moved in the system: they are for "
            "reading."
        ),
        _("Please leave sheets, headings and the two hidden columns as they are, and merge no cells."),
    ]
