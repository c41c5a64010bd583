"""Task pages of a request for an amendment: asking, checking, deciding."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from measures.models import AmendmentRequest, AmendmentVersion, GrantNotice
from measures.selectors.amendments import (
    Eyes,
    RequestView,
    amendment_view,
    difference_of,
    eyes_of,
)
from measures.selectors.grants import latest_notice, lines_of
from measures.services.amendments import (
    amendment_ask_back,
    amendment_draft_save,
    amendment_forward,
    amendment_grant,
    amendment_refuse,
    amendment_return,
    amendment_submit,
)
from measures.services.grants import Duty
from measures.views.amendments import difference_context, view_context
from stakeholders.models import User
from stakeholders.sessions import signed_in
from workflows.cards import process_visible
from workflows.forms.amendments import DecideForm, DecisionEditor, ReviewAmendmentForm, WishEditor
from workflows.views.base import TaskView


class AmendmentTaskView(TaskView):
    """A task on a request for an amendment."""

    @property
    def user(self) -> User:
        """Who acts."""
        return signed_in(self.request)

    @cached_property
    def amendment(self) -> AmendmentRequest:
        """What the case is about: the engine's own object, so that its gates see what was done."""
        amendment: AmendmentRequest = self.process.request
        return amendment

    @cached_property
    def eyes(self) -> Eyes:
        """In which parts the person looks."""
        return eyes_of(self.user, self.amendment.project)

    @cached_property
    def shown(self) -> RequestView:
        """What was sent and answered so far."""
        return amendment_view(self.amendment, self.eyes)

    @cached_property
    def last(self) -> AmendmentVersion | None:
        """What was sent last."""
        rows = self.amendment.versions.select_related("basis__call", "basis__project__programme")
        return rows.order_by("-number").first()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = view_context(self.shown) | {
            "project": self.amendment.project,
            # The case is planning's; the parties follow the request on its own page.
            "sees_case": process_visible(self.user, self.process),
            **kwargs,
        }
        return super().get_context_data(**context)


class WriteAmendment(AmendmentTaskView):
    """The provider says what shall change, and sees the difference."""

    template_name = "workflows/write_amendment_task.html"
    success_message = _("Sent. The social planning unit checks the request and forwards it to the funder.")

    @cached_property
    def notice(self) -> GrantNotice:
        """The notice that holds."""
        notice = latest_notice(self.amendment.project)
        assert notice is not None
        notice.project = self.amendment.project
        return notice

    def get_form(self, form_class: Any = None) -> Any:
        last = self.last
        return WishEditor(
            self.amendment,
            notice=self.notice,
            lines=lines_of(self.notice),
            last=last,
            last_lines=lines_of(last) if last is not None else (),
            data=self.request.POST if self.request.method == "POST" else None,
        )

    def form_invalid(self, form: Any) -> HttpResponse:
        """What only shows other rows, or the difference, is no mistake."""
        response = super().form_invalid(form)
        if form.is_compared or (form.is_sketch and not form.errors):
            response.status_code = 200
        return response

    def save_draft(self, form: Any) -> None:
        amendment_draft_save(self.amendment, typed=form.typed, user=self.user, seen=form.opened)

    def perform(self, form: Any) -> None:
        amendment_submit(self.amendment, wish=form.wish, user=self.user, seen=form.seen, opened=form.opened)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(notice=self.notice, **kwargs)
        editor = context["form"]
        wish = editor.so_far
        difference = difference_of(
            self.notice, lines_of(self.notice), wish.lines, granted=wish.granted, ends_on=wish.ends_on
        )
        return context | {"editor": editor, "now": difference_context(difference)}


class ReviewAmendment(AmendmentTaskView):
    """Planning forwards a request to the funder, or returns it."""

    form_class = ReviewAmendmentForm
    template_name = "workflows/review_amendment_task.html"

    @property
    def success_message(self) -> Any:  # type: ignore[override]
        """What happened."""
        if self.request.POST.get("answer") == ReviewAmendmentForm.YES:
            return _("Forwarded. The funder decides on the request.")
        return _("Returned with your reason; the provider has been asked to correct it.")

    def perform(self, form: Any) -> None:
        if form.is_yes:
            amendment_forward(self.amendment, remark=form.cleaned_data["remark"], user=self.user)
        else:
            amendment_return(self.amendment, reason=form.cleaned_data["reason"], user=self.user)


class DecideAmendment(AmendmentTaskView):
    """The funder consents, asks back or refuses."""

    template_name = "workflows/decide_amendment_task.html"

    @property
    def success_message(self) -> Any:  # type: ignore[override]
        """What happened."""
        return {
            DecideForm.CONSENT: _("Consented to. The amending notice is on record; all parties see it now."),
            DecideForm.ASK: _("Asked back. The provider answers with a new version of its request."),
        }.get(self.request.POST.get("answer", ""), _("Refused. The notice that holds stays as it is."))

    def get_form(self, form_class: Any = None) -> Any:
        assert self.last is not None
        duties = self.last.basis.duties.order_by("due_on", "pk")
        return DecisionEditor(
            self.last,
            duties=[Duty(row.kind, row.covers_from, row.covers_until, row.due_on) for row in duties],
            data=self.request.POST if self.request.method == "POST" else None,
        )

    def form_invalid(self, form: Any) -> HttpResponse:
        """One more row is no mistake."""
        response = super().form_invalid(form)
        if form.is_sketch:
            response.status_code = 200
        return response

    def perform(self, form: Any) -> None:
        if form.answer == DecideForm.CONSENT:
            amendment_grant(self.amendment, letter=form.letter, user=self.user)
        elif form.answer == DecideForm.ASK:
            amendment_ask_back(self.amendment, question=form.text, user=self.user)
        else:
            amendment_refuse(self.amendment, reason=form.text, user=self.user)

    def get_success_url(self) -> str:
        """To the notice that came of it, or back to the inbox."""
        if self.amendment.notice_id is not None:
            return reverse("measures:notice-detail", args=[self.amendment.notice_id])
        return super().get_success_url()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return context | {"editor": context["form"]}


write_amendment = WriteAmendment.as_view()
review_amendment = ReviewAmendment.as_view()
decide_amendment = DecideAmendment.as_view()
