"""Task page of the draft of a report: the provider writes it, bit by bit, and hands it in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from measures.drawdown_rules import drawdown_sums
from measures.esf_rules import SEXES
from measures.forms.project_reports import DraftForm, ReceiptForm, ReceiptListForm, cost_lines
from measures.models import FinanceKind, Receipt, ReportStepKind
from measures.receipt_list import COLUMNS as LIST_COLUMNS
from measures.receipt_list import MOST_ROWS, ListRow, cells_of, read_list, text_of
from measures.report_content import DECLARATIONS
from measures.reports.project_report import file_name, report_paper
from measures.selectors.project_report_account import receipts_of
from measures.selectors.project_report_checks import COLUMNS, SIDES, line_name
from measures.selectors.project_report_content import content_of, told_figures
from measures.selectors.project_report_dates import RETURNS
from measures.services.project_report_steps import FaultyReport, report_deliver
from measures.services.project_reports import draft_save
from measures.services.receipts import (
    receipt_add,
    receipt_file_set,
    receipt_remove,
    receipt_restore,
    receipts_add,
)
from project.common.errors import DomainError
from project.common.exports import (
    Column,
    Kind,
    export_format,
    export_links,
    pdf_response,
    table_response,
)
from project.common.formats import date_de, file_size_de, time_de
from project.common.importing import read_table
from project.common.keys import key_or_none
from workflows.report_drafting import DraftPage, balance_text, cell_text, entry_of, figure_rows
from workflows.views.project_report_tasks import ReportTaskView

#: Button -> prefix of the fields it takes; these are not part of the draft itself.
_TAKES = {"add_receipt": "receipt", "check_list": "list", "take_list": "list"}


class DraftReport(ReportTaskView):
    """One page for all of a report; whatever button is pressed, what was typed is saved first."""

    form_class = DraftForm
    template_name = "workflows/draft_report_task.html"
    success_message = gettext_lazy("Handed in. The social planning unit checks it.")
    draft_message = gettext_lazy("Saved. The report has not been handed in yet.")
    shows_content = False

    #: What the page shows besides, after a button was pressed.
    receipt_form: ReceiptForm | None = None
    list_form: ReceiptListForm | None = None
    list_rows: list[ListRow] | None = None
    is_conflict = False

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """The page as it is stored when the request comes in."""
        super().setup(request, *args, **kwargs)
        self.page = DraftPage(self.report)

    # --- reading -------------------------------------------------------------------------------------

    def get(  # type: ignore[override]
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """The page; or the draft as a paper, account or receipts as a file."""
        if "paper" in request.GET:
            return self._paper()
        if (wanted := export_format(request, "account")) is not None:
            return self._account_file(wanted)
        if (wanted := export_format(request, "receipts")) is not None:
            return self._receipts_file(wanted)
        return super().get(request, *args, **kwargs)

    def _paper(self) -> HttpResponse:
        report, now = self.report, timezone.now()
        number = report.deliveries.count() + 1
        content = content_of(
            report, number=number, user=self.user, organisation=report.project.provider, at=now
        )
        content["confirmation"] = None
        return pdf_response(file_name(content), report_paper(content, sha256="", at=now, is_draft=True))

    def _source(self) -> list[str]:
        project = self.report.project
        return [
            f"{self.report.get_kind_display()}: {project.title}, {project.reference}".strip(", "),
            _("Draft as of %(day)s") % {"day": date_de(timezone.localdate())},
        ]

    def _account_file(self, wanted: Any) -> HttpResponseBase:
        columns = [
            Column(_("Side"), lambda row: SIDES[row.side]),
            Column(_("Line"), lambda row: line_name(*row.key)),
            *(
                Column(title, name, Kind.NUMBER, places=2)
                for name, title in (
                    ("planned", _("Plan for the time")),
                    ("total", _("Plan altogether")),
                    ("drawn", _("Drawn")),
                    ("before", _("Reported before")),
                    ("amount", _("In the time")),
                    ("remaining", _("Remaining")),
                    ("deviation_percent", _("Deviation in percent")),
                )
            ),
            Column(_("Reason"), "reason"),
        ]
        title = _("Account of %(project)s") % {"project": self.report.project.title}
        return table_response(title, columns, self.page.account.rows, wanted, self._source())

    def _receipts_file(self, wanted: Any) -> HttpResponseBase:
        columns = [
            Column(LIST_COLUMNS["number"], "number"),
            Column(LIST_COLUMNS["paid_on"], "paid_on", Kind.DATE),
            Column(LIST_COLUMNS["payee"], "payee"),
            Column(LIST_COLUMNS["purpose"], "purpose"),
            Column(LIST_COLUMNS["line"], lambda row: line_name(FinanceKind.COST, row.kind, row.title)),
            Column(LIST_COLUMNS["amount"], "amount", Kind.NUMBER, places=2),
            Column(_("File"), "file_name"),
        ]
        title = _("Receipts of %(project)s") % {"project": self.report.project.title}
        return table_response(title, columns, self.page.receipts, wanted, self._source())

    # --- writing -------------------------------------------------------------------------------------

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "report": self.report, "account": self.page.account}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Save what was typed, then do what the button says; what goes wrong is said on the page."""
        form = self.get_form()
        assert isinstance(form, DraftForm)
        form.is_valid()
        self._save(form)
        if "autosave" in request.POST:
            return self._autosaved(form)
        acts: dict[str, Callable[[DraftForm], str | None]] = {
            "save": lambda form: str(self.draft_message),
            "add_receipt": self._add_receipt,
            "remove_receipt": self._remove_receipt,
            "restore_receipt": self._restore_receipt,
            "file_receipt": self._file_receipt,
            "check_list": self._check_list,
            "take_list": self._take_list,
        }
        act = next((act for name, act in acts.items() if name in request.POST), None)
        self._keep_waiting(form, is_handed_in=act is None)
        if act is None:
            return self.form_valid(form) if form.is_valid() else self.form_invalid(form)
        done = None
        try:
            done = act(form)
        except DomainError as error:
            form.add_error(None, str(error.message))
        if done and not form.errors:
            messages.success(request, done)
            anchor = "" if "save" in request.POST else "#receipts"
            return redirect(f"{request.path}{anchor}")
        if done and act is not acts["save"]:
            messages.success(request, done)
        return self.form_invalid(form)

    def _save(self, form: DraftForm) -> None:
        """Save what can be read, in a transaction of its own; the rest stays on the page with its marks."""
        try:
            draft_save(self.report, draft=form.draft(), user=self.user, revision=form.seen)
        except DomainError as error:
            self.is_conflict = error.code == "changed_meanwhile"
            form.add_error(None, str(error.message))

    def _keep_waiting(self, form: DraftForm, *, is_handed_in: bool) -> None:
        """Keep what stands in the forms of receipts and list when another button was pressed, and say so."""
        if self.page.is_drawdown:
            return
        request = self.request
        taken = next((prefix for name, prefix in _TAKES.items() if name in request.POST), None)
        filled = {name.partition("-")[0] for name, value in request.POST.items() if str(value).strip()}
        filled |= {name.partition("-")[0] for name in request.FILES}
        filled.discard(taken or "")
        told = []
        if ReceiptForm.prefix in filled:
            lines = cost_lines(self.page.account)
            self.receipt_form = ReceiptForm(request.POST, request.FILES, lines=lines)
            told.append(ReceiptForm.waiting)
        if ReceiptListForm.prefix in filled:
            self.list_form = ReceiptListForm(request.POST, request.FILES)
            told.append(ReceiptListForm.waiting)
        if told and not form.errors:
            form.summary_title = (
                _("Not handed in yet. What you typed is saved; settle first:")
                if is_handed_in
                else _("Saved, but for receipts that wait for their own button:")
            )
        for text in told:
            form.add_error(None, str(text))

    def perform(self, form: forms.Form) -> None:
        try:
            report_deliver(self.report, user=self.user)
        except FaultyReport:
            assert isinstance(form, DraftForm)
            form.summary_title = _("Not handed in yet. What you typed is saved; settle first:")
            raise

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        """Show the page with what is stored now beside what was typed."""
        self.report.refresh_from_db()
        self.page = DraftPage(self.report)
        return super().form_invalid(form)

    def _autosaved(self, form: DraftForm) -> JsonResponse:
        """What the script puts on the page: when it was saved, what was not, and the numbers worked out."""
        if errors := form.non_field_errors():
            status = 409 if self.is_conflict else 422
            return JsonResponse({"message": " ".join(str(error) for error in errors)}, status=status)
        self.page = DraftPage(self.report)
        text = _("Saved at %(time)s") % {"time": time_de(timezone.now())}
        if wrong := form.wrong_labels:
            text = _("%(saved)s, but not: %(fields)s") % {"saved": text, "fields": "; ".join(wrong)}
        return JsonResponse(
            {
                "revision": self.report.revision,
                "message": text,
                "wrong": list(form.errors),
                "texts": self.page.texts(),
                "over": self.page.over,
                "missing": render_to_string("workflows/_draft_missing.html", {"page": self.page}),
            }
        )

    # --- receipts ------------------------------------------------------------------------------------

    def _add_receipt(self, form: DraftForm) -> str | None:
        entry = ReceiptForm(self.request.POST, self.request.FILES, lines=cost_lines(self.page.account))
        self.receipt_form = entry
        if not entry.is_valid():
            return None
        upload = entry.cleaned_data["file"]
        try:
            receipt_add(self.report, fields=entry.receipt, user=self.user, upload=upload)
        except DomainError as error:
            entry.add_error(None, str(error.message))
            return None
        self.receipt_form = None
        return _("Receipt %(number)s has been added.") % {"number": entry.receipt.number}

    def _receipt(self, button: str) -> Receipt:
        key = key_or_none(self.request.POST[button])
        return get_object_or_404(self.report.receipts.select_related("report__project"), pk=key or 0)

    def _remove_receipt(self, form: DraftForm) -> str:
        row = self._receipt("remove_receipt")
        receipt_remove(row, user=self.user)
        return _("Receipt %(number)s has been taken out. You can put it back below the list.") % {
            "number": row.number
        }

    def _restore_receipt(self, form: DraftForm) -> str:
        row = self._receipt("restore_receipt")
        receipt_restore(row, user=self.user)
        return _("Receipt %(number)s is on the list again.") % {"number": row.number}

    def _file_receipt(self, form: DraftForm) -> str:
        row = self._receipt("file_receipt")
        upload = self.request.FILES.get(f"file_{row.pk}")
        if upload is None:
            raise DomainError(
                "file_missing", _("Choose the file of receipt %(number)s.") % {"number": row.number}
            )
        receipt_file_set(row, upload=upload, user=self.user)
        return _("The file of receipt %(number)s has been stored.") % {"number": row.number}

    def _list(self) -> tuple[ReceiptListForm, list[ListRow]]:
        """Rows that were pasted, or of the file; they stand on the page to be corrected."""
        entry = ReceiptListForm(self.request.POST, self.request.FILES)
        self.list_form = entry
        if not entry.is_valid():
            told = (str(text) for texts in entry.errors.values() for text in texts)
            raise DomainError("list_wrong", " ".join(told))
        cells = cells_of(entry.cleaned_data["rows"])
        if (upload := self.request.FILES.get("list-file")) is not None:
            content = upload.read(settings.IMPORT_MAX_BYTES + 1)
            table = read_table(content, upload.name or "", max_bytes=settings.IMPORT_MAX_BYTES)
            found = [[cell_text(cell) for cell in row] for row in table.rows]
            cells = [row for row in found if any(row)]
        if not cells:
            raise DomainError("list_empty", _("Choose a file with the list, or paste its rows."))
        if len(cells) > MOST_ROWS + 1:
            raise DomainError(
                "list_too_long",
                _("At most %(count)s receipts are taken over at once. Split the list.")
                % {"count": MOST_ROWS},
            )
        known = [row.number for row in receipts_of(self.report)]
        self.list_rows = read_list(cells, cost_lines(self.page.account), known)
        entry = ReceiptListForm(initial={"rows": text_of([row.cells for row in self.list_rows])})
        self.list_form = entry
        return entry, self.list_rows

    def _check_list(self, form: DraftForm) -> None:
        self._list()

    def _take_list(self, form: DraftForm) -> str | None:
        _entry, rows = self._list()
        wrong = sum(bool(row.faults) for row in rows)
        if wrong:
            raise DomainError(
                "list_wrong",
                _("Nothing has been taken over: correct the marked rows of the list first (%(count)s).")
                % {"count": wrong},
            )
        made = receipts_add(self.report, rows=[entry_of(row) for row in rows], user=self.user)
        self.list_form = self.list_rows = None
        told = ngettext(
            "%(count)s receipt has been taken over. Add its file to it.",
            "%(count)s receipts have been taken over. Add their files to them.",
            len(made),
        )
        return told % {"count": len(made)}

    # --- the page ------------------------------------------------------------------------------------

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        form, page, report = context["form"], self.page, self.report
        # A conflict is settled knowingly: sent once more, what was typed counts.
        context |= {
            "page": page,
            "revision": report.revision,
            "is_conflict": self.is_conflict,
            "returned": self._returned(),
            "saved_at": report.edited_at,
            "columns": [COLUMNS[sex] for sex in SEXES],
            "declaration": DECLARATIONS[page.is_drawdown],
            "allowed": report.project.programme.deviation_percent,
        }
        if page.is_drawdown:
            return context | {
                "asked": page.asked(form),
                "asked_sums": drawdown_sums(page.account.drawdown),
            }
        counts = page.count_lines(form)
        lines = cost_lines(page.account)
        return context | {
            "narrative": page.narrative(form),
            "figures": figure_rows(told_figures(report)),
            "sides": [
                (side, label, page.money(form, side), page.sums(side)) for side, label in SIDES.items()
            ],
            "balance": balance_text(page.account),
            "counts": [row for row in counts if row.is_required],
            "more_counts": [row for row in counts if not row.is_required],
            "opens_more": any(row.is_used for row in counts if not row.is_required),
            "receipts": page.receipt_lines(),
            "receipt_form": self.receipt_form or ReceiptForm(lines=lines),
            "list_form": self.list_form or ReceiptListForm(),
            "list_rows": self.list_rows,
            "list_columns": LIST_COLUMNS.values(),
            "list_wrong": sum(bool(row.faults) for row in self.list_rows or []),
            "line_names": list(lines),
            "removed": report.receipts.filter(removed_at__isnull=False).order_by("-removed_at"),
            "limit": file_size_de(settings.IMPORT_MAX_BYTES),
            "account_links": export_links(self.request, "account"),
            "receipt_links": export_links(self.request, "receipts"),
        }

    def _returned(self) -> Any:
        """Why it came back, if it did since it was handed in last; more time changes nothing about it."""
        kinds = (ReportStepKind.DELIVERED, *RETURNS)
        last = self.report.steps.filter(kind__in=kinds).order_by("-pk").first()
        return last if last is not None and last.kind in RETURNS else None


draft_report = DraftReport.as_view()
