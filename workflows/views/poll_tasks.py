"""Task page of a vote in circulation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from stakeholders.sessions import signed_in
from workflows.forms.polls import VoteForm
from workflows.selectors.polls import amendment_of, progress_of
from workflows.selectors.recommendations import evidence_of
from workflows.selectors.versions import since_return
from workflows.services.polls import poll_vote
from workflows.views.base import TaskView


class VoteInCirculation(TaskView):
    """The member reads the paper and votes."""

    form_class = VoteForm
    template_name = "workflows/vote_in_circulation_task.html"

    @property
    def success_message(self) -> Any:  # type: ignore[override]
        """Whether the vote can still be changed: the last one closes the poll as soon as it is in."""
        if not progress_of(self.process.poll).is_complete:
            return _("Your vote is in. You can change it on this page until the poll is closed.")
        return _("Your vote is in. It was the last one: the poll is closed, the result is below.")

    def perform(self, form: forms.Form) -> None:
        assert isinstance(form, VoteForm)
        poll_vote(self.process.poll, seat=self.process.seat, choice=form.vote, user=signed_in(self.request))

    def get_success_url(self) -> str:
        """To the poll: own vote and how far it is."""
        return reverse("workflows:poll-detail", args=[self.process.poll.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        poll = self.process.poll
        return super().get_context_data(
            poll=poll,
            seat=self.process.seat,
            version=poll.version,
            evidence=evidence_of(poll.version),
            amendment=amendment_of(poll),
            since=since_return(poll.version),
            progress=progress_of(poll),
            **kwargs,
        )


vote_in_circulation = VoteInCirculation.as_view()
