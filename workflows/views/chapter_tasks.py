"""Task pages of a chapter of the social report: writing it beside its figures, releasing it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from stakeholders.models import User
from stakeholders.sessions import signed_in
from workflows.chapter_page import ChapterPage, page_of_draft
from workflows.chapters import Frozen
from workflows.forms.social_report import ReleaseChapterForm, WriteChapterForm
from workflows.models import ChapterKind, ChapterRenewal
from workflows.selectors.chapter_figures import draft_figures
from workflows.selectors.conference import statements_seen_by
from workflows.services.renewals import latest_edition, renewal_review, renewal_save, renewal_submit
from workflows.views.base import TaskView


class ChapterTaskView(TaskView):
    """A task on the renewal of a chapter."""

    @property
    def user(self) -> User:
        """Who acts."""
        return signed_in(self.request)

    @property
    def renewal(self) -> ChapterRenewal:
        """What the case is about."""
        renewal: ChapterRenewal = self.process.renewal
        return renewal

    @property
    def figures(self) -> Frozen:
        """Figures beside the text."""
        raise NotImplementedError

    def page(self) -> ChapterPage:
        """The chapter as the public would see it."""
        return page_of_draft(self.renewal, self.figures)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        before = latest_edition(self.renewal.chapter)
        return super().get_context_data(
            renewal=self.renewal, chapter=self.renewal.chapter, page=self.page(), before=before, **kwargs
        )


class WriteChapter(ChapterTaskView):
    """The text beside the figures as they are now, and what experts said."""

    form_class = WriteChapterForm
    template_name = "workflows/write_chapter_task.html"
    success_message = _("Handed in. The head of the planning unit releases the chapter or returns it.")

    @cached_property
    def figures(self) -> Frozen:
        """Figures in force; none if they have gone meanwhile."""
        return draft_figures(self.renewal)

    def get_initial(self) -> dict[str, Any]:
        return {"text": self.renewal.text}

    def save_draft(self, form: forms.Form) -> None:
        renewal_save(self.renewal, text=form.cleaned_data["text"], user=self.user)

    def perform(self, form: forms.Form) -> None:
        renewal_submit(self.renewal, text=form.cleaned_data["text"], user=self.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(statements=self._statements(), **kwargs)

    def _statements(self) -> Any:
        """What experts said: of the topic, or of all areas; nothing beside a chapter of text only."""
        chapter = self.renewal.chapter
        rows = statements_seen_by(self.user, self.renewal.cycle)
        if chapter.kind == ChapterKind.DOMAIN:
            return rows.filter(Q(domain=chapter.domain_id) | Q(indicator__domain=chapter.domain_id))
        return rows.none() if chapter.kind == ChapterKind.TEXT else rows


class ReleaseChapter(ChapterTaskView):
    """The head reads what will be public."""

    form_class = ReleaseChapterForm
    template_name = "workflows/release_chapter_task.html"

    @property
    def figures(self) -> Frozen:
        """Figures as they were handed in: they are what is released."""
        figures: Frozen = self.renewal.figures
        return figures

    @property
    def success_message(self) -> Any:  # type: ignore[override]
        """What happened."""
        if self.request.POST.get("answer") == ReleaseChapterForm.YES:
            return _("Published: from now on everybody can read the chapter.")
        return _("Returned with your reason; the author has been asked to correct it.")

    def perform(self, form: forms.Form) -> None:
        assert isinstance(form, ReleaseChapterForm)
        renewal_review(
            self.renewal, is_released=form.is_yes, reason=form.cleaned_data["reason"], user=self.user
        )


write_chapter = WriteChapter.as_view()
release_chapter = ReleaseChapter.as_view()
