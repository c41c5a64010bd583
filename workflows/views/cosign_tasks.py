"""Task page of co-signing: the wording with its evidence, and the answer of the organisation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from stakeholders.sessions import signed_in
from workflows.forms.cosigning import CosignForm
from workflows.models import CosignRequest, CosignVerdict
from workflows.selectors.cosigning import rounds_seen_by
from workflows.selectors.recommendations import evidence_of
from workflows.services.cosigning import cosign_answer
from workflows.views.base import TaskView


class CosignRecommendation(TaskView):
    """Somebody of the organisation reads the version and answers for it."""

    form_class = CosignForm
    template_name = "workflows/cosign_recommendation_task.html"
    success_message = _("The answer of your organisation stands beside the recommendation now.")

    @property
    def request_to_cosign(self) -> CosignRequest:
        """What the organisation was asked."""
        found: CosignRequest = self.process.request
        return found

    def perform(self, form: forms.Form) -> None:
        cosign_answer(
            self.request_to_cosign,
            verdict=CosignVerdict(form.cleaned_data["verdict"]),
            comment=form.cleaned_data["comment"],
            user=signed_in(self.request),
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        cosigning = self.request_to_cosign.cosigning
        assert cosigning.version is not None
        seen = rounds_seen_by(self.request.user, cosigning.recommendation, shows_drafts=False)
        return super().get_context_data(
            cosign_request=self.request_to_cosign,
            cosigning=cosigning,
            recommendation=cosigning.recommendation,
            version=cosigning.version,
            evidence=evidence_of(cosigning.version),
            rounds=[row for row in seen if row.cosigning.pk == cosigning.pk and len(row.requests) > 1],
            **kwargs,
        )


cosign_recommendation = CosignRecommendation.as_view()
