"""Task pages of minutes: the secretary writes them, the chair signs them."""

from __future__ import annotations

import dataclasses
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from project.common.comparison import Segment, compare_words
from project.common.errors import DomainError
from project.common.formats import date_de
from project.common.keys import key_or_none
from stakeholders.models import User
from stakeholders.sessions import signed_in
from workflows.forms.minutes import SignMinutesForm, WriteMinutesForm
from workflows.minutes_content import ItemPart, MinutesContent
from workflows.minutes_draft import Draft, draft_of
from workflows.models import Minutes, MinutesItem
from workflows.selectors.minutes import current_content
from workflows.selectors.outcomes import item_lines
from workflows.services.minutes import (
    minutes_hand_in,
    minutes_redraft,
    minutes_return,
    minutes_save,
    minutes_sign,
)
from workflows.views.base import TaskView
from workflows.views.read_back import Line


@dataclasses.dataclass(frozen=True)
class WritingRow:
    """An item on the page on which minutes are written.

    Attributes:
        row: What is stored.
        part: Number, title and decisions of the item.
        text: Bound field of the text.
        internal_text: Bound field of the internal text; None for an internal item.
        changes: From the text to a draft of the outcomes as they are now; empty if they are the same.
        internal_changes: The same of the internal part.
        is_newer: Whether outcomes have been added or changed since it was drafted.
    """

    row: MinutesItem
    part: ItemPart
    text: Any
    internal_text: Any
    changes: list[Segment]
    internal_changes: list[Segment]
    is_newer: bool


class MinutesTaskView(TaskView):
    """A task on minutes."""

    @property
    def user(self) -> User:
        """Who acts."""
        return signed_in(self.request)

    @property
    def minutes(self) -> Minutes:
        """What the case is about."""
        minutes: Minutes = self.process.minutes
        return minutes

    @cached_property
    def content(self) -> MinutesContent:
        """The minutes as they stand, internal part included: both who act here may read it."""
        return current_content(self.minutes)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            minutes=self.minutes, meeting=self.minutes.meeting, content=self.content, **kwargs
        )


class WriteMinutes(MinutesTaskView):
    """The secretary edits the draft; a new one of an item is taken on request, compared before."""

    form_class = WriteMinutesForm
    template_name = "workflows/write_minutes_task.html"
    success_message = _("Signed and handed in. The chair signs the minutes or returns them.")

    @cached_property
    def rows(self) -> list[MinutesItem]:
        """Items in the order of the agenda."""
        return list(self.minutes.items.select_related("item", "minutes").order_by("item__position", "item"))

    @cached_property
    def drafts(self) -> dict[int, Draft]:
        """Key of an agenda item -> what would be drafted now."""
        lines = item_lines(self.minutes.meeting, has_internal=True)
        return {line.item.pk: draft_of(line) for line in lines}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "minutes": self.minutes, "rows": self.rows}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A new draft of one item stays on the page; everything else saves or hands in."""
        if "take" in request.POST:
            return self.do_take()
        return super().post(request, *args, **kwargs)

    def do_take(self) -> HttpResponse:
        """Save what was written, then take the new draft of an item; never over words nobody compared."""
        form = self.get_form()
        wanted = key_or_none(self.request.POST["take"])
        row = next((row for row in self.rows if row.pk == wanted), None)
        if row is None or not form.is_valid():
            return self.form_invalid(form)
        assert isinstance(form, WriteMinutesForm)
        was_compared = _plain(form.texts_of(row)) == _plain((row.text, row.internal_text))
        try:
            with transaction.atomic():
                minutes_save(self.minutes, text=form.values, user=self.user)
                if was_compared:
                    row.refresh_from_db()
                    minutes_redraft(row, version=self.minutes.version, user=self.user)
        except DomainError as error:
            form.add_error(None, str(error.message))
            return self.form_invalid(form)
        if was_compared:
            messages.success(self.request, str(_("The new draft has been taken.")))
        else:
            messages.warning(
                self.request,
                str(
                    _("You had changed this text. It is saved; look at the difference, then take the draft.")
                ),
            )
        return redirect(f"{self.request.path}#item-{row.pk}")

    def save_draft(self, form: forms.Form) -> None:
        assert isinstance(form, WriteMinutesForm)
        minutes_save(self.minutes, text=form.values, user=self.user)

    def perform(self, form: forms.Form) -> None:
        assert isinstance(form, WriteMinutesForm)
        minutes_hand_in(self.minutes, text=form.values, user=self.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        # Both in the order of the agenda: what is drafted and what the minutes say.
        by_item = dict(zip(self.drafts, self.content.items, strict=True))
        context["rows"] = [
            self._row(context["form"], row, by_item[row.item_id])
            for row in self.rows
            if row.item_id in by_item
        ]
        return context

    def _row(self, form: Any, row: MinutesItem, part: ItemPart) -> WritingRow:
        draft = self.drafts[row.item_id]
        return WritingRow(
            row=row,
            part=part,
            text=form[form.name(row)],
            internal_text=None if row.item.is_internal else form[form.internal_name(row)],
            changes=_changes(row.text, draft.text),
            internal_changes=_changes(row.internal_text, draft.internal_text),
            is_newer=(draft.text, draft.internal_text) != (row.drafted, row.drafted_internal),
        )


def _changes(text: str, draft: str) -> list[Segment]:
    """From what stands there to the draft; browsers send other line ends than are drafted."""
    before, after = _plain((text, draft))
    return [] if before == after else compare_words(before, after)


def _plain(texts: tuple[str, str]) -> tuple[str, str]:
    first, second = (text.replace("\r\n", "\n").strip() for text in texts)
    return first, second


class SignMinutes(MinutesTaskView):
    """The chair reads what the secretary signed, and signs exactly that."""

    form_class = SignMinutesForm
    template_name = "workflows/sign_minutes_task.html"
    last_warning = _("Sign the minutes? Their wording is fixed from then on.")
    last_label = _("Sign the minutes")

    @property
    def is_alone(self) -> bool:
        """Whether the person handed the minutes in as well: nobody else could (the node has checked it)."""
        return self.minutes.handed_in_by_id == self.user.pk

    @property
    def success_message(self) -> Any:  # type: ignore[override]
        """What happened."""
        if self.request.POST.get("answer") == SignMinutesForm.YES:
            return _("Signed. The paper is issued, and all who were invited are told.")
        return _("Returned with your reason; the secretary has been asked to correct them.")

    def last_question(self) -> Any:
        """Returning can be followed by signing, signing by nothing."""
        return self.last_warning if self.request.POST.get("answer") == SignMinutesForm.YES else ""

    def last_lines(self, form: forms.Form, made: Any) -> list[Line]:
        meeting = self.minutes.meeting
        return [(_("Meeting"), f"{meeting.body.name}, {date_de(meeting.held_on)}")]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "is_alone": self.is_alone}

    def perform(self, form: forms.Form) -> None:
        assert isinstance(form, SignMinutesForm)
        if form.is_yes:
            minutes_sign(
                self.minutes,
                seen=self.request.POST.get("seen", ""),
                alone_reason=form.cleaned_data.get("alone_reason", ""),
                user=self.user,
            )
        else:
            minutes_return(self.minutes, reason=form.cleaned_data["reason"], user=self.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(seen=self.content.fingerprint, **kwargs)


write_minutes = WriteMinutes.as_view()
sign_minutes = SignMinutes.as_view()
