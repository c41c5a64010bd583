"""One change to many measures, past none of their steps: what is being agreed stays, cases move stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from measures.models import Measure
from measures.services.bulk import Act, BulkChange, bulk_apply
from stakeholders.models import User
from workflows.measure_steering import measure_stage_move
from workflows.models import AgreementConfirmation, ConfirmationState, MeasureProcess


def held_back(measures: Sequence[Measure], change: BulkChange) -> Mapping[int, str]:
    """Measures whose parties are being asked about what would change, by key. Queries: 1.

    The stage is no part of an agreement; a measure may change it meanwhile, as on its own page.
    """
    if change.act == Act.MOVE_STAGE:
        return {}
    asked = AgreementConfirmation.objects.filter(measure__in=measures, state=ConfirmationState.OPEN)
    reason = _("Its parties are being asked to confirm this very wording.")
    return dict.fromkeys(asked.order_by().values_list("measure", flat=True), reason)


@transaction.atomic
def measures_change(measures: Sequence[Measure], change: BulkChange, *, seen: str, user: User) -> int:
    """Do a change to all measures, or to none.

    Args:
        measures: Those of the preview.
        change: What is to be done.
        seen: ``Preview.digest`` of what the person agreed to.
        user: Who does it; needs the right to edit each of them.

    Returns:
        Number of measures changed.

    Raises:
        DomainError: Those of ``bulk_apply``.
    """
    if change.act == Act.MOVE_STAGE:
        # Cases before measures, as their own steps hold them; always in one order.
        cases = MeasureProcess.objects.filter(measure__in=measures).order_by("pk")
        list(cases.select_for_update().values_list("pk", flat=True))
    return bulk_apply(
        measures,
        change,
        seen=seen,
        held_now=lambda: held_back(measures, change),
        move_stage=measure_stage_move,
        user=user,
    )
