"""The whole plan as an Excel workbook."""

from __future__ import annotations

import tempfile

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from measures.selectors.portfolio import plans_seen_by
from measures.services.workbooks import workbook_write
from project.common.exports import SPOOL_BYTES, file_response

_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
def plan_workbook(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Everything the person may see of a plan, to be changed in Excel; streamed."""
    plan = get_object_or_404(plans_seen_by(request.user), pk=pk)
    file = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115  closed here or by FileResponse
    try:
        workbook_write(file, plan, user=request.user)
    except BaseException:
        file.close()
        raise
    return file_response(file, f"{plan.title}.xlsx", _TYPE)
