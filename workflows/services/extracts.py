"""Issuing the extract of a decision: to its origin and to all who must act."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from stakeholders.mail import mail_from_template
from stakeholders.models import Membership, Organisation, Seat, User
from stakeholders.permissions import Perm, holders
from workflows.models import Decision, DecisionResult, IssuedPaper, PaperKind
from workflows.models.meetings import APPROVED_RESULTS
from workflows.reports import extract
from workflows.services.papers import paper_issue


def needs_extract(decision: Decision | None) -> bool:
    """Whether a decision goes out as an extract; one that only postpones goes on by itself."""
    return decision is not None and decision.result != DecisionResult.POSTPONED


def recipients_of(decision: Decision) -> list[Organisation]:
    """Who receives the extract, each once.

    The planning unit and the organisations for which somebody wrote the wording, on the day it was written,
    its origin; whoever is to act on what was approved; and whoever has to meet a condition. Queries: 3.
    """
    cycle, version = decision.cycle, decision.version
    written = Membership.objects.on(timezone.localdate(version.created_at)).filter(user=version.created_by_id)
    origin = Organisation.objects.filter(
        memberships__in=written, territory=cycle.territory_id, is_active=True
    )
    found = [cycle.planning_unit, *origin.distinct().order_by("name")]
    if decision.result in APPROVED_RESULTS:
        found.append(decision.version.addressee)
    rows = decision.condition_rows.select_related("organisation").order_by("number")
    return list(dict.fromkeys([*found, *(row.organisation for row in rows)]))


def extract_data(decision: Decision, *, user: User) -> tuple[extract.ExtractData, list[Organisation]]:
    """What the extract would say if the user issued it today, and who receives it; also for the preview."""
    recipients = recipients_of(decision)
    names = [row.name for row in recipients]
    with translation.override(extract.LANGUAGE):
        office = issuer_of(decision, user)
    data = extract.collect(decision, recipients=names, issued_on=timezone.localdate(), office=office)
    return data, recipients


def issuer_of(decision: Decision, user: User) -> str:
    """In which function somebody issues, and of which office. Queries: 1 to 3.

    No person is named; the extract is the body's.
    """
    today = timezone.localdate()
    seats = decision.body.memberships.on(today).filter(Q(user=user) | Q(deputy=user), seat=Seat.CHAIR)
    seat = seats.select_related("organisation").first()
    if seat is not None:
        function = _("Chair") if seat.user_id == user.pk else _("Deputy chair")
        return f"{function} ({seat.organisation.name})"
    unit = decision.cycle.planning_unit
    own = Membership.objects.on(today).filter(user=user).select_related("organisation").order_by("pk")
    found = own.filter(organisation=unit).first() or own.first()
    return str(found.organisation if found is not None else unit)


@transaction.atomic
def extract_issue(decision: Decision, *, user: User) -> IssuedPaper:
    """Write the extract, keep it, and mail its address; called when the issuing task is completed.

    Args:
        decision: Recorded; not one that only postpones.
        user: Who issues.

    Returns:
        The paper with its recipients; what was issued already is the same paper, and nobody is written to
        again.

    Raises:
        DomainError: ``extract_issued``.
    """
    is_first = not IssuedPaper.objects.filter(decision=decision, kind=PaperKind.EXTRACT).exists()
    data, recipients = extract_data(decision, user=user)
    sealed = extract.render(data, address=settings.SITE_URL + reverse("workflows:paper-verify"))
    with translation.override(extract.LANGUAGE):
        title = extract.title_of(decision)
    paper = paper_issue(
        kind=PaperKind.EXTRACT,
        title=title,
        data=sealed.data,
        content_hash=sealed.content_hash,
        user=user,
        cycle=decision.cycle,
        meeting=decision.meeting,
        decision=decision,
        recommendation=decision.recommendation,
        recipients=recipients,
    )
    if is_first:
        _mail(paper, decision, recipients)
    return paper


def _mail(paper: IssuedPaper, decision: Decision, recipients: Sequence[Organisation]) -> None:
    """Tell all who act for a recipient; the paper stays where its rights are checked."""
    addresses = [
        person.email
        for organisation in recipients
        for person in holders(Perm.ACT_FOR_ORGANISATION, organisation)
    ]
    context = {
        "decision": decision,
        "url": settings.SITE_URL + reverse("workflows:paper-detail", args=[paper.pk]),
    }
    mail_from_template(addresses, "workflows/mails/extract", context)
