"""Task pages of a delivery: hand figures in, judge them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from monitoring.models import Delivery
from monitoring.selectors.deliveries import Preview, differences
from monitoring.selectors.figures import latest_years
from monitoring.services.deliveries import delivery_comment
from project.common.errors import DomainError
from stakeholders.sessions import signed_in
from workflows.forms.deliveries import ReviewForm, SubmitForm, UploadForm
from workflows.models import DataRequest, DeliveryReview
from workflows.selectors.requests import (
    GRID_LIMIT,
    Asked,
    asked_of,
    draft_of,
    last_return,
    preview_of,
)
from workflows.services.deliveries import accepted_before, delivery_review, delivery_submit
from workflows.views.base import TaskView


class DeliveryTaskView(TaskView):
    """What both pages need: the request, what it asks for, a preview of a delivery."""

    @cached_property
    def data_request(self) -> DataRequest:
        """The request of the case."""
        found: DataRequest = self.process.request
        return found

    @cached_property
    def asked(self) -> Asked:
        """What is asked for."""
        return asked_of(self.data_request)

    def shown_delivery(self) -> Delivery | None:
        """The delivery the page is about."""
        raise NotImplementedError

    def earlier_delivery(self) -> Delivery | None:
        """The delivery it follows on, if there is one."""
        raise NotImplementedError

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        delivery, earlier = self.shown_delivery(), self.earlier_delivery()
        preview: Preview | None = None
        changed = None
        if delivery is not None:
            preview = preview_of(delivery, self.asked)
            if earlier is not None and not preview.errors:
                changed = differences(
                    delivery, earlier, indicators=self.asked.indicators, areas=self.asked.areas
                )
        query = self.request.GET
        return super().get_context_data(
            data_request=self.data_request,
            asked=self.asked,
            preview=preview,
            chosen=preview.chosen(query.get("indicator", ""), query.get("year", "")) if preview else None,
            earlier=earlier,
            differences=changed,
            **kwargs,
        )


class ProvideDataView(DeliveryTaskView):
    """A supplier uploads, looks, and hands in."""

    template_name = "workflows/provide_data.html"
    form_class = SubmitForm
    success_message = _("Handed in. The social planning unit checks your delivery.")

    @cached_property
    def returned(self) -> DeliveryReview | None:
        """The return that brought the task back."""
        return last_return(self.data_request)

    def shown_delivery(self) -> Delivery | None:
        return draft_of(self.data_request)

    def earlier_delivery(self) -> Delivery | None:
        if self.returned is not None:
            return self.returned.delivery
        return accepted_before(self.data_request)

    @property
    def assign_url(self) -> str:
        """Where the supplier says what its file contains; "" for files that tell themselves."""
        draft = self.shown_delivery()
        if draft is None or not draft.file or draft.is_typed:
            return ""
        return reverse("workflows:request-mapping", args=[self.data_request.pk])

    def get_initial(self) -> dict[str, Any]:
        draft = draft_of(self.data_request)
        return {} if draft is None else {"delivery": draft.pk, "comment": draft.comment}

    def perform(self, form: forms.Form) -> None:
        draft = draft_of(self.data_request)
        wanted = form.cleaned_data["delivery"]
        if draft is None:
            raise DomainError("no_delivery", _("Please upload a file first."))
        if draft.pk != wanted:
            raise DomainError(
                "newer_delivery",
                _("A newer file has been uploaded meanwhile. Please look at that one first."),
            )
        delivery_comment(draft, comment=form.cleaned_data["comment"])
        delivery_submit(self.data_request, delivery=draft, user=signed_in(self.request))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        preview = context["preview"]
        last = latest_years(self.data_request.cycle.territory)
        return context | {
            "returned": self.returned,
            "reopening": self.data_request.reopenings.select_related("reopened_by").order_by("-pk").first(),
            "upload_form": UploadForm(),
            "assign_url": self.assign_url,
            "comments_url": reverse("workflows:request-comments", args=[self.data_request.pk]),
            "can_fill": len(self.asked.indicators) * len(self.asked.areas) <= GRID_LIMIT,
            "can_submit": preview is not None and not preview.errors,
            "indicator_rows": [(row, last.get(row.pk)) for row in self.asked.indicators],
        }


class ReviewDeliveryView(DeliveryTaskView):
    """Planning accepts a delivery or returns it with a reason."""

    template_name = "workflows/review_delivery.html"
    form_class = ReviewForm

    @property
    def is_return(self) -> bool:
        """Whether the button "return" was pressed."""
        return "return" in self.request.POST

    def shown_delivery(self) -> Delivery | None:
        return self.data_request.delivery

    @cached_property
    def earlier_reviews(self) -> list[DeliveryReview]:
        """Judgements of earlier deliveries, latest first."""
        rows = self.data_request.reviews.select_related("delivery", "reviewed_by")
        return list(rows.order_by("-reviewed_at", "-pk"))

    def earlier_delivery(self) -> Delivery | None:
        return self.earlier_reviews[0].delivery if self.earlier_reviews else None

    def perform(self, form: forms.Form) -> None:
        if self.is_return and not form.cleaned_data["reason"].strip():
            form.add_error("reason", gettext("Say what has to be changed; the supplier will read it."))
            raise DomainError("reason_missing", _("The delivery has not been returned."))
        delivery_review(
            self.data_request,
            is_accepted=not self.is_return,
            reason=form.cleaned_data["reason"] if self.is_return else "",
            user=signed_in(self.request),
        )
        self.success_message = (
            _("Returned. The supplier gets the task back with your reason.")
            if self.is_return
            else _("Accepted. The figures are in force now.")
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"earlier_reviews": self.earlier_reviews}


provide_data = ProvideDataView.as_view()
review_delivery = ReviewDeliveryView.as_view()
