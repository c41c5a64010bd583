"""One organisation co-signs a recommendation, or does not.

Purpose: those whom a recommendation touches see it before the conference adopts it, as offices do with every
paper (Mitzeichnung). Who acts: head or planners of the organisation asked. A comment or a dissent is kept for
good and stands beside the recommendation; it stops nothing. In a sequence the next is asked when the one
before has answered. Whoever lets the day go by is recorded as silent, so that nobody waits for ever. Ends:
co-signed (with or without comment), dissented, unanswered; called off when the recommendation goes no
further. Source: rules of internal procedure of public offices (co-signing); anchors, "Mitzeichnung".
"""

from typing import Any

from django.utils.translation import gettext_lazy as _
from viewflow import this

from stakeholders.permissions import Perm
from workflows.models import CosigningProcess, CosignVerdict, StageKind
from workflows.models.recommendations import REQUEST_STAGES
from workflows.nodes import (
    Begin,
    Fork,
    GuardedView,
    Message,
    Outcome,
    PlanningFlow,
    Question,
    Step,
    WaitFor,
    poke,
)
from workflows.selectors.cosigning import is_overdue
from workflows.services import cosigning
from workflows.views import cosign_tasks as views


def _stage(process: Any) -> int:
    """A request of planning belongs to the stage in which it is written."""
    kind = process.request.cosigning.recommendation.kind
    return int(REQUEST_STAGES.get(kind, StageKind.CONFERENCE))


class CosigningFlow(PlanningFlow):
    """Co-signing of a recommendation."""

    process_class = CosigningProcess
    process_title = _("Co-signing of a recommendation")

    start = Begin(this.on_start).Annotation(title=_("Co-signing asked for")).Next(this.ask)

    ask = (
        Fork()
        .Annotation(title=_("Organisation answers, until the day has gone by"))
        .Always(this.cosign_recommendation)
        .Always(this.wait_for_due_day)
        .Always(this.wait_for_call_off)
    )
    wait_for_due_day = (
        WaitFor(lambda activation: is_overdue(activation.process.request))
        .Annotation(title=_("Day for the answer has gone by"))
        .Next(this.mark_silent)
    )
    wait_for_call_off = (
        Message(this.on_called_off).Annotation(title=_("Answer not needed any more")).Next(this.called_off)
    )

    cosign_recommendation = (
        GuardedView(views.cosign_recommendation)
        .Annotation(title=_("Co-sign a recommendation"))
        .Says(_("Co-sign: %(subject)s"))
        .About(lambda process: str(process.request))
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=lambda process: process.request.organisation)
        .Due(lambda process: process.request.due_on)
        .Stage(_stage)
        .NotWriter(lambda process: [process.request.cosigning.version.created_by_id])
        .Next(this.tell_recommendation)
    )
    tell_recommendation = (
        Step(this.on_over)
        .Annotation(title=_("Ask the next, let the recommendation go on"))
        .Next(this.check_answer)
    )
    check_answer = (
        Question(lambda activation: activation.process.request.answer.verdict == CosignVerdict.DISSENT)
        .Annotation(title=_("Dissent?"))
        .Then(this.dissented)
        .Else(this.cosigned)
    )

    mark_silent = (
        Step(this.on_silent).Annotation(title=_("Record that there is no answer")).Next(this.unanswered)
    )

    cosigned = Outcome().Annotation(title=_("Co-signed"))
    dissented = Outcome().Annotation(title=_("Dissent recorded"))
    unanswered = Outcome().Annotation(title=_("Not answered"))
    called_off = Outcome().Annotation(title=_("Co-signing called off"))

    def on_start(self, activation: Any, request: Any) -> Any:
        """Tie the case to its request."""
        activation.process.request = request
        return activation.process

    def on_called_off(self, activation: Any) -> Any:
        """The recommendation goes no further, or goes on without."""
        cosigning.cosign_call_off(activation.process.request)
        return activation.process

    def on_silent(self, activation: Any) -> None:
        """Nobody answered in time: it goes on without them."""
        cosigning.cosign_silence(activation.process.request)
        self.on_over(activation)

    def on_over(self, activation: Any) -> None:
        """It is the next one's turn; the recommendation may be waiting for this answer."""
        round_ = activation.process.request.cosigning
        following = cosigning.cosign_next(round_)
        if following is not None:
            CosigningFlow.start.run(request=following)
        poke(round_.recommendation.process)
