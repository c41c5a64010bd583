"""The form of a measure: the measure itself, its partners, its key figures with targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from measures.forms.base import (
    RowFormSet,
    SketchForm,
    organisations_of,
    others_of,
    rows_formset,
    with_more_rows,
)
from measures.forms.concurrency import (
    ROW_GROUPS,
    Concurrency,
    Conflict,
    with_stored,
    without_gone_rows,
)
from measures.forms.details import MeasureForm, PartnerForm
from measures.forms.key_figures import (
    TARGET_SLOTS,
    FigureOffers,
    KeyFigureForm,
    KeyFigureFormSet,
    initial_figures,
)
from measures.forms.parts import (
    FinanceForm,
    MilestoneForm,
    NeedForm,
    finance_of,
    initial_finance,
    initial_milestones,
    initial_needs,
    milestones_of,
    needs_of,
)
from measures.models import ActionPlan, FigureKind, Measure
from measures.services.measures import MeasureFields
from project.common.errors import DomainError
from project.common.keys import key_or_none

#: Places for new partners.
PARTNER_SLOTS = 3
#: Button -> prefix of the rows it adds an empty one to.
ROW_BUTTONS = {
    "add_figure": "figures",
    "add_judgement": "figures",
    "add_partner": "partners",
    "add_milestone": "milestones",
    "add_finance": "finance",
    "add_need": "needs",
}


class MeasureEditor:
    """The parts of the form as one.

    Args:
        plan: Action plan of the measure.
        data: What was sent; None shows the form for the first time. The buttons of ``ROW_BUTTONS`` only add
            an empty row (see ``is_sketch``).
        measure: Measure to change; None for a new one.
        parent: Measure of which a new one becomes a part.
        initial: First values of a new measure.
        needs_reason: Whether a reason for the change is asked for.
    """

    def __init__(
        self,
        plan: ActionPlan,
        *,
        data: QueryDict | None = None,
        measure: Measure | None = None,
        parent: Measure | None = None,
        initial: Mapping[str, Any] | None = None,
        needs_reason: bool = False,
    ) -> None:
        self.is_sketch = data is not None and any(name in data for name in ROW_BUTTONS)
        self.is_part = parent is not None or (measure is not None and measure.parent_id is not None)
        self._what = (plan, measure, {**_initial_of(measure), **(initial or {})}, needs_reason)
        self.conflicts: list[Conflict] = []
        self.state: Concurrency | None = None
        parts = stored = self._parts(None)
        if measure is not None:
            self.state = Concurrency.start(stored, measure)
        if data is not None:
            shown = _with_more_rows(data) if self.is_sketch else data
            parts = self._parts(self._with_choices(shown, stored))
        self.form: Any = parts["form"]
        self.partners, self.figures = parts["partners"], parts["figures"]
        self.milestones, self.finance, self.needs = parts["milestones"], parts["finance"], parts["needs"]

    def _with_choices(self, data: QueryDict, stored: dict[str, Any]) -> QueryDict:
        """Find what somebody else changed meanwhile, and take over what the person chose to."""
        if self.state is None:
            return data
        self.state = self.state.reopened(data)
        self.conflicts = self.state.conflicts(mine=self._parts(data), theirs=stored)
        for conflict in self.conflicts:
            if conflict.takes_theirs:
                data = with_stored(data, conflict.group, stored)
            elif conflict.group in ROW_GROUPS:
                data = without_gone_rows(data, conflict.group, stored)
        return data

    def _parts(self, data: QueryDict | None) -> dict[str, Any]:
        """All forms, bound to what was sent or showing what is stored."""
        plan, measure, first, needs_reason = self._what
        form = MeasureForm(
            data,
            plan=plan,
            initial=first,
            needs_reason=needs_reason,
            measure=measure,
            is_part=self.is_part,
            is_sketch=self.is_sketch,
        )
        organisations = list(organisations_of(plan, measure))
        figures = initial_figures(measure)
        slots = max([TARGET_SLOTS, *(row["slots"] for row in figures)])
        first_figures = 0 if figures or self.is_part else 1
        can_remove = measure is not None
        return {
            "form": form,
            "partners": self._rows(
                PartnerForm,
                data,
                "partners",
                _initial_partners(measure),
                PARTNER_SLOTS,
                None,
                organisations=organisations,
            ),
            "milestones": self._rows(
                MilestoneForm, data, "milestones", initial_milestones(measure), 1, can_remove
            ),
            "finance": self._rows(
                FinanceForm,
                data,
                "finance",
                initial_finance(measure),
                1,
                can_remove,
                organisations=organisations,
            ),
            "needs": self._rows(
                NeedForm,
                data,
                "needs",
                initial_needs(measure),
                1,
                can_remove,
                others=others_of(plan, measure),
            ),
            "figures": self._rows(
                KeyFigureForm,
                data,
                "figures",
                figures,
                first_figures,
                can_remove,
                slots=slots,
                offers=FigureOffers(plan, measure),
            ),
        }

    def _rows(
        self,
        row_class: type[SketchForm],
        data: QueryDict | None,
        prefix: str,
        initial: list[dict[str, Any]],
        extra: int,
        can_remove: bool | None,
        **form_kwargs: Any,
    ) -> Any:
        return rows_formset(
            row_class,
            data,
            prefix,
            initial,
            extra=extra,
            can_remove=bool(can_remove),
            is_sketch=self.is_sketch,
            formset=KeyFigureFormSet if row_class is KeyFigureForm else RowFormSet,
            **form_kwargs,
        )

    def is_valid(self) -> bool:
        """Whether all parts can be saved; a sketch never, nor what somebody else changed meanwhile."""
        if self.is_sketch:
            return False
        rows = (self.partners, self.milestones, self.finance, self.needs, self.figures)
        # All are asked, so that the person sees every remark at once.
        are_valid = [self.form.is_valid(), *(row.is_valid() for row in rows)]
        if any(not conflict.is_settled for conflict in self.conflicts):
            self.form.add_error(
                None,
                _(
                    "Somebody else has changed the measure meanwhile. Nothing of yours is lost: say below "
                    "for each entry which version shall stand."
                ),
            )
            return False
        return all(are_valid)

    def refuse(self, error: DomainError) -> None:
        """Show on the form which rule forbids it."""
        self.form.add_error(None, str(error.message))

    @property
    def reason(self) -> str:
        """Reason for the change; empty where none is asked for."""
        return str(self.form.cleaned_data.get("reason", ""))

    @property
    def fields(self) -> MeasureFields:
        """Arguments of ``measure_create`` and ``measure_update``."""
        cleaned: dict[str, Any] = dict(self.form.cleaned_data)
        cleaned.pop("reason", None)
        if "without_agreement" in cleaned:
            cleaned["needs_agreement"] = not cleaned.pop("without_agreement")
        for name in ("areas", "goals"):
            if name in cleaned:
                cleaned[name] = list(cleaned[name])
        rows = (form.cleaned_data for form in self.partners.forms)
        figures = [form.as_input() for form in self.figures.kept_forms]
        cleaned |= {
            "partners": [
                (row["organisation"], row.get("role", "")) for row in rows if row.get("organisation")
            ],
            "milestones": milestones_of(self.milestones),
            "finance": finance_of(self.finance),
            "needs": needs_of(self.needs),
            "key_figures": figures,
        }
        return cast(MeasureFields, cleaned)


def _with_more_rows(data: QueryDict) -> QueryDict:
    """What was sent, with room for one more row."""
    changed = with_more_rows(data, ROW_BUTTONS)
    count = key_or_none(data.get("figures-TOTAL_FORMS"))
    if "add_judgement" in data and count is not None:
        changed[f"figures-{count}-kind"] = FigureKind.QUALITY.value
    return changed


def _initial_of(measure: Measure | None) -> dict[str, Any]:
    if measure is None:
        return {}
    return {
        "field": measure.field_id,
        "position": measure.position,
        "title": measure.title,
        "short_description": measure.short_description,
        "description": measure.description,
        "effect_hypothesis": measure.effect_hypothesis,
        "goals": [goal.pk for goal in measure.goals.all()],
        "target_group": measure.target_group,
        "contact_function": measure.contact_function,
        "contact_email": measure.contact_email,
        "contact_phone": measure.contact_phone,
        "without_agreement": not measure.needs_agreement,
        "starts_on": measure.starts_on,
        "ends_on": measure.ends_on,
        "responsible": measure.responsible_id,
        "areas": [area.pk for area in measure.areas.all()],
    }


def _initial_partners(measure: Measure | None) -> list[dict[str, Any]]:
    if measure is None:
        return []
    return [{"organisation": row.organisation_id, "role": row.role} for row in measure.partners.all()]
