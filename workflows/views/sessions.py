"""The page on which a meeting is run: items called and finished, and what comes out of each."""

from __future__ import annotations

import contextlib
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views import View

from project.common.errors import DomainError
from project.common.keys import key_or_none
from stakeholders.models import User
from stakeholders.procedure import Tie
from stakeholders.selectors.rules import rules_on
from stakeholders.sessions import signed_in
from workflows.forms.sessions import (
    ApprovalForm,
    ItemDecisionForm,
    ItemFieldForm,
    ItemRecommendationForm,
    ItemStatementForm,
    NoteForm,
    PostponeForm,
    TaskForm,
)
from workflows.minuting import item_assign, item_recommend, minutes_approve
from workflows.models import (
    AgendaItem,
    AgendaKind,
    ItemOutcome,
    Meeting,
    Minutes,
    OutcomeKind,
    StageKind,
)
from workflows.selectors.attendance import Quorum, is_day_of, room_of
from workflows.selectors.conference import cycle_indicators, invitable
from workflows.selectors.open_tasks import OpenTask, open_tasks_of
from workflows.selectors.outcomes import ItemLine, item_lines, may_record
from workflows.selectors.sessions import Evidence, evidence_for
from workflows.services.item_decisions import DECIDED_OTHERWISE, outcome_decision
from workflows.services.outcomes import (
    item_call,
    item_finish,
    item_postpone,
    outcome_change,
    outcome_field,
    outcome_note,
    outcome_remove,
    outcome_statement,
)
from workflows.services.recommendations import Wording
from workflows.views.access import meeting_context
from workflows.views.agenda import led_meeting
from workflows.views.read_back import is_sure, outcome_context, read_back, try_out, wants_form


class MeetingSession(View):
    """The agenda beside the item before the meeting.

    The address says which item is shown (``item``) and which note is corrected (``edit``). Each act is a form
    of its own, named by its button; all of them come back to this page.
    """

    http_method_names = ("get", "head", "post")
    #: Names of the buttons.
    ACTS = (
        *("call", "finish", "postpone", "note", "change", "remove"),
        *("statement", "field", "recommendation", "task", "approve", "decide"),
    )

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Only for who keeps the record of the meeting."""
        self.meeting: Meeting = led_meeting(request, kwargs["pk"])
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show the item chosen, else the one the meeting is at."""
        return self.show()

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Do what the button says, for the item of the form."""
        name = next((name for name in self.ACTS if name in request.POST), None)
        if name is None or self.line is None:
            return redirect(self.here())
        act = getattr(self, f"do_{name}")
        response: HttpResponse = act(self.line.item)
        return response

    # --- what is before the person ------------------------------------------------------------

    @property
    def user(self) -> User:
        """Who acts."""
        return signed_in(self.request)

    @cached_property
    def lines(self) -> list[ItemLine]:
        """The agenda, internal part included: who keeps the record reads it."""
        return item_lines(self.meeting, has_internal=True)

    @cached_property
    def line(self) -> ItemLine | None:
        """The item shown: the chosen one, the one the meeting is at, the first open one, the last."""
        wanted = key_or_none(self.request.POST.get("item") or self.request.GET.get("item"))
        chosen = [line for line in self.lines if line.item.pk == wanted]
        current = [line for line in self.lines if line.is_current]
        still_open = [line for line in self.lines if line.is_open]
        return next(iter([*chosen, *current, *still_open, *self.lines[-1:]]), None)

    @cached_property
    def edited(self) -> ItemOutcome | None:
        """The note that is corrected."""
        wanted = key_or_none(self.request.POST.get("edit") or self.request.GET.get("edit"))
        if wanted is None or self.line is None:
            return None
        return next(
            (row for row in self.line.outcomes if row.pk == wanted and row.kind == OutcomeKind.NOTE), None
        )

    @cached_property
    def approved_minutes(self) -> Minutes | None:
        """Minutes the item shown is about."""
        if self.line is None or self.line.item.approves_id is None:
            return None
        return Minutes.objects.filter(meeting=self.line.item.approves_id).select_related("meeting").first()

    def make_form(self, name: str, data: Any = None) -> forms.Form:
        """The form of an act."""
        cycle = self.meeting.cycle
        prefix = name
        match name:
            case "note":
                return NoteForm(data, prefix=prefix)
            case "change":
                row = self.edited
                initial = {"text": row.text, "is_internal": row.is_internal} if row else None
                return NoteForm(data, prefix=prefix, initial=initial)
            case "statement":
                return ItemStatementForm(
                    data,
                    files=self.request.FILES if data is not None else None,
                    prefix=prefix,
                    indicators=cycle_indicators(cycle),
                    organisations=invitable(cycle),
                )
            case "field":
                return ItemFieldForm(data, prefix=prefix)
            case "recommendation":
                return ItemRecommendationForm(data, prefix=prefix, organisations=invitable(cycle))
            case "task":
                return TaskForm(data, prefix=prefix, organisations=invitable(cycle))
            case "decide":
                rules = rules_on(self.meeting.body, self.meeting.held_on)
                return ItemDecisionForm(data, prefix=prefix, decides_tie=rules.tie == Tie.CHAIR)
            case "postpone":
                return PostponeForm(data, prefix=prefix)
        return ApprovalForm(data, prefix=prefix)

    def forms_offered(self) -> list[str]:
        """Acts with a form that fit the item shown."""
        if self.line is None:
            return []
        item, cycle = self.line.item, self.meeting.cycle
        is_at_conference = cycle.stage == StageKind.CONFERENCE and not cycle.is_closed
        names = ["note"] if cycle.is_closed else ["note", "task"]
        if item.kind not in DECIDED_OTHERWISE and item.called_at is not None and self.quorum() is not None:
            names.append("decide")
        if item.kind == AgendaKind.AREA and is_at_conference:
            names.append("statement")
        if item.kind in (AgendaKind.AREA, AgendaKind.TOPIC) and not cycle.is_closed:
            names.append("field")
            if is_at_conference:
                names.append("recommendation")
        return names

    def open_tasks(self) -> list[OpenTask]:
        """What the meeting asks after, under its item."""
        if self.line is None or self.line.item.kind != AgendaKind.TASKS:
            return []
        return open_tasks_of(self.meeting)

    def quorum(self) -> Quorum | None:
        """Whether the body could decide now; None where nobody votes or the day is over."""
        if not is_day_of(self.meeting):
            return None
        quorum = room_of(self.meeting).quorum(timezone.now())
        return quorum if quorum.voting else None

    # --- acts ---------------------------------------------------------------------------------

    def do_call(self, item: AgendaItem) -> HttpResponse:
        """Call the item."""
        return self.act(lambda: item_call(item, user=self.user), _("The item has been called."), item)

    def do_finish(self, item: AgendaItem) -> HttpResponse:
        """Finish the item; the next open one is shown."""
        return self.act(lambda: item_finish(item, user=self.user), _("The item is finished."), None)

    def do_postpone(self, item: AgendaItem) -> HttpResponse:
        """Postpone the item."""
        done = _("The item is postponed; it comes up in the next meeting by itself.")
        return self.submit(
            "postpone", lambda values: item_postpone(item, user=self.user, **values), done, None
        )

    def do_note(self, item: AgendaItem) -> HttpResponse:
        """Add a note."""
        return self.submit(
            "note", lambda values: outcome_note(item, user=self.user, **values), _("Noted."), item
        )

    def do_change(self, item: AgendaItem) -> HttpResponse:
        """Correct a note."""
        row = self.edited
        if row is None:
            return redirect(self.here(item))
        return self.submit(
            "change",
            lambda values: outcome_change(row, user=self.user, **values),
            _("The note has been corrected."),
            item,
        )

    def do_remove(self, item: AgendaItem) -> HttpResponse:
        """Take a note back."""
        wanted = key_or_none(self.request.POST["remove"])
        row = get_object_or_404(
            ItemOutcome.objects.select_related("item__meeting"), pk=wanted or 0, item=item
        )
        return self.act(lambda: outcome_remove(row, user=self.user), _("The note has been removed."), item)

    def do_statement(self, item: AgendaItem) -> HttpResponse:
        """Add a statement on the area."""
        form = self.make_form("statement", self.request.POST)
        assert isinstance(form, ItemStatementForm)
        return self.submit(
            "statement",
            lambda _values: outcome_statement(item, user=self.user, **form.values),
            _("The statement has been added."),
            item,
            form=form,
        )

    def do_field(self, item: AgendaItem) -> HttpResponse:
        """Name a field of action."""
        return self.submit(
            "field",
            lambda values: outcome_field(item, user=self.user, **values),
            _("The field of action has been added."),
            item,
        )

    def do_recommendation(self, item: AgendaItem) -> HttpResponse:
        """Begin a recommendation; its author writes the rest."""

        def begin(values: dict[str, Any]) -> None:
            wording = Wording(
                title=values["title"],
                finding="",
                aim="",
                proposal="",
                addressee=values["addressee"],
                areas=[item.area] if item.area is not None else [],
            )
            item_recommend(item, wording=wording, user=self.user, is_internal=values["is_internal"])

        done = _("The recommendation has been begun. Its draft is among your tasks.")
        return self.submit("recommendation", begin, done, item)

    def do_task(self, item: AgendaItem) -> HttpResponse:
        """Give a task."""
        return self.submit(
            "task",
            lambda values: item_assign(item, user=self.user, **values),
            _("The task has been given; the organisation has it among its tasks."),
            item,
        )

    def do_decide(self, item: AgendaItem) -> HttpResponse:
        """Read back what the body decided on the item itself; record it once the person is sure."""
        form = self.make_form("decide", self.request.POST)

        def decide(values: dict[str, Any]) -> ItemOutcome:
            return outcome_decision(item, user=self.user, **values)

        if wants_form(self.request):
            return self.show(wrong=("decide", form))
        if form.is_valid() and not is_sure(self.request):
            with contextlib.suppress(DomainError):  # said on the form below, where it is refused again
                outcome = try_out(lambda: decide(form.cleaned_data))
                return read_back(self.request, outcome_context(outcome, self.here(item)))
        done = _("The decision has been recorded; it stands in the minutes.")
        return self.submit("decide", decide, done, item, form=form)

    def do_approve(self, item: AgendaItem) -> HttpResponse:
        """Record that the meeting approved earlier minutes."""
        minutes = self.approved_minutes
        if minutes is None:
            return redirect(self.here(item))

        def approve(values: dict[str, Any]) -> None:
            minutes_approve(
                minutes,
                item=item,
                user=self.user,
                correction=values["correction"],
                is_internal=values["is_internal"],
            )

        return self.submit("approve", approve, _("The approval has been recorded."), None)

    def act(self, do: Any, done: str, item: AgendaItem | None) -> HttpResponse:
        """Do something that has no fields; say why not where it is refused."""
        try:
            do()
        except DomainError as error:
            messages.error(self.request, str(error.message))
        else:
            messages.success(self.request, done)
        return redirect(self.here(item))

    def submit(
        self, name: str, do: Any, done: str, item: AgendaItem | None, *, form: forms.Form | None = None
    ) -> HttpResponse:
        """Do something with the values of a form, or show its errors."""
        form = form or self.make_form(name, self.request.POST)
        if form.is_valid():
            try:
                do(form.cleaned_data)
            except DomainError as error:
                form.add_error(None, str(error.message))
            else:
                messages.success(self.request, done)
                return redirect(self.here(item))
        return self.show(wrong=(name, form))

    # --- the page -----------------------------------------------------------------------------

    def here(self, item: AgendaItem | None = None) -> str:
        """Address of this page with an item shown; without one the item the meeting is at, or the next."""
        return (
            self.request.path if item is None else f"{self.request.path}?{urlencode({'item': item.pk})}#item"
        )

    def show(self, wrong: tuple[str, forms.Form] | None = None) -> HttpResponse:
        """The page; with the errors of one form if something was refused."""
        names = [*self.forms_offered(), "postpone", "approve", *(["change"] if self.edited else [])]
        made = {name: self.make_form(name) for name in names}
        if wrong is not None:
            made[wrong[0]] = wrong[1]
        evidence = evidence_for(self.user, self.line.item) if self.line is not None else Evidence()
        is_running = self.meeting.closed_at is None and self.meeting.held_on <= timezone.localdate()
        return render(
            self.request,
            "workflows/meeting_session.html",
            {
                **meeting_context(self.request, self.meeting),
                "lines": self.lines,
                "line": self.line,
                "item": self.line.item if self.line is not None else None,
                "current": next((line for line in self.lines if line.is_current), None),
                "done_count": sum(not line.is_open for line in self.lines),
                "is_running": is_running,
                "quorum": self.quorum() if is_running else None,
                "may_record": may_record(self.meeting),
                "forms": made,
                "wrong": wrong[0] if wrong is not None else "",
                "edited": self.edited,
                "evidence": evidence,
                "approved_minutes": self.approved_minutes,
                "tasks": self.open_tasks(),
                "objections": (
                    self.approved_minutes.objections.select_related("filed_by")
                    if self.approved_minutes is not None
                    else []
                ),
            },
            status=422 if wrong is not None else 200,
        )


meeting_session = MeetingSession.as_view()
