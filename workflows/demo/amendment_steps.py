"""Steps of a request for an amendment, taken as its people would: the demo and the tests share them."""

from __future__ import annotations

from measures.models import AmendmentRequest, FundedProject, GrantNotice
from measures.services import amendments
from measures.services.amendment_wishes import Letter, Wish
from stakeholders.models import User
from workflows.amending import amendment_open
from workflows.flows import AmendmentFlow
from workflows.nodes import complete_task, open_task


def ask(project: FundedProject, wish: Wish, *, user: User) -> AmendmentRequest:
    """The provider begins a request and sends it at once."""
    request = amendment_open(project, user=user)
    send(request, wish, user=user)
    return request


def send(request: AmendmentRequest, wish: Wish, *, user: User) -> None:
    """The provider sends a request, or its next version."""
    complete_task(
        open_task(request.process, AmendmentFlow.write_amendment),
        user=user,
        act=lambda process: amendments.amendment_submit(process.request, wish=wish, user=user),
    )
    request.refresh_from_db()


def forward(request: AmendmentRequest, remark: str = "", *, user: User) -> None:
    """Planning forwards it to the funder."""
    complete_task(
        open_task(request.process, AmendmentFlow.review_amendment),
        user=user,
        act=lambda process: amendments.amendment_forward(process.request, remark=remark, user=user),
    )
    request.refresh_from_db()


def give_back(request: AmendmentRequest, reason: str, *, user: User) -> None:
    """Planning returns it."""
    complete_task(
        open_task(request.process, AmendmentFlow.review_amendment),
        user=user,
        act=lambda process: amendments.amendment_return(process.request, reason=reason, user=user),
    )
    request.refresh_from_db()


def consent(request: AmendmentRequest, letter: Letter, *, user: User) -> GrantNotice:
    """The funder consents; the amending notice is recorded."""
    complete_task(
        open_task(request.process, AmendmentFlow.decide_amendment),
        user=user,
        act=lambda process: amendments.amendment_grant(process.request, letter=letter, user=user),
    )
    request.refresh_from_db()
    assert request.notice is not None
    return request.notice


def ask_back(request: AmendmentRequest, question: str, *, user: User) -> None:
    """The funder asks the provider back."""
    complete_task(
        open_task(request.process, AmendmentFlow.decide_amendment),
        user=user,
        act=lambda process: amendments.amendment_ask_back(process.request, question=question, user=user),
    )
    request.refresh_from_db()


def refuse(request: AmendmentRequest, reason: str, *, user: User) -> None:
    """The funder refuses."""
    complete_task(
        open_task(request.process, AmendmentFlow.decide_amendment),
        user=user,
        act=lambda process: amendments.amendment_refuse(process.request, reason=reason, user=user),
    )
    request.refresh_from_db()
