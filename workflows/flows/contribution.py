"""An organisation's statements before the planning conference.

Purpose: "thirty indicators do not show the whole reality": each invited organisation comments the released
profiles. Who acts: the organisation's people. Ends: contributed; or called off when the conference closes.
Source: domain, stage 3 (Planning conference).
"""

from typing import Any

from django.utils.translation import gettext_lazy as _
from viewflow import this

from stakeholders.permissions import Perm
from workflows.models import ContributionProcess, StageKind
from workflows.nodes import Begin, Fork, GuardedView, Message, Outcome, PlanningFlow
from workflows.views import conference_tasks as views


class ContributionFlow(PlanningFlow):
    """Statements on the area profiles."""

    process_class = ContributionProcess
    process_title = _("Statements on the area profiles")

    start = Begin(this.on_start).Annotation(title=_("Statements asked for")).Next(this.ask)

    ask = (
        Fork()
        .Annotation(title=_("Organisation comments, until the conference closes"))
        .Always(this.give_statements)
        .Always(this.wait_for_close)
    )
    wait_for_close = Message().Annotation(title=_("Conference closed")).Next(this.called_off)

    give_statements = (
        GuardedView(views.give_statements)
        .Annotation(title=_("Comment on the area profiles"))
        .Says(_("Comment on the area profiles: %(subject)s"))
        .About(lambda process: str(process.contribution))
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.contribution.organisation)
        .Due(lambda process: process.contribution.due_on)
        .Stage(StageKind.CONFERENCE)
        .Next(this.contributed)
    )

    contributed = Outcome().Annotation(title=_("Contributed"))
    called_off = Outcome().Annotation(title=_("Called off when the conference closed"))

    def on_start(self, activation: Any, contribution: Any) -> Any:
        """Tie the case to its contribution."""
        activation.process.contribution = contribution
        return activation.process
