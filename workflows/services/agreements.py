"""Writes on target agreements: worded by planning, frozen when asked, issued when confirmed."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from measures.models import Measure, MeasureStatus
from measures.services.measures import measure_lock
from project.common.errors import DomainError
from project.common.formats import date_de
from project.common.seen import check_seen
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, require
from workflows.models import (
    AgreementCommitment,
    AgreementDraft,
    AgreementReviewDate,
    AgreementTarget,
    IssuedPaper,
    PaperKind,
    PlanningCycle,
    TargetAgreement,
)
from workflows.reports import agreement as report
from workflows.selectors.agreement_versions import (
    AgreementContent,
    content_for,
    content_mark,
    in_force,
    parties_to_agree,
)
from workflows.selectors.agreements import is_under_way
from workflows.services.papers import paper_issue

_TEXTS = ("subject", "preamble", "resources", "deviation_rule", "review_holder", "change_reason")


@transaction.atomic
def draft_save(measure: Measure, *, content: AgreementContent, user: User, seen: str = "") -> AgreementDraft:
    """Word the next version of an agreement; whoever does cannot confirm it for a party.

    Args:
        measure: Whose agreement it is.
        content: What it shall say; ``change_reason`` is needed where a version is in force.
        user: Needs the right to edit the measure.
        seen: ``content_mark`` of what the person had before them; left out nothing is compared.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``changed_meanwhile``, ``measure_ended``, ``no_agreement_needed``,
            ``agreement_under_way`` while parties are being asked,
            ``reason_missing``, ``subject_missing``, ``rule_missing``, ``ends_before_start``,
            ``ends_after_plan``, ``commitment_missing``, ``review_outside_term``.
    """
    require(user, Perm.EDIT_MEASURE, measure)
    measure_lock(measure)
    check_open(measure)
    check_worded(measure, seen)
    content = dataclasses.replace(content, **{name: getattr(content, name).strip() for name in _TEXTS})
    if measure.status == MeasureStatus.PROPOSED or in_force(measure) is None:
        content = dataclasses.replace(content, change_reason="")
    elif not content.change_reason:
        raise DomainError(
            "reason_missing", _("An agreement is in force. Say why it shall change; all parties read it.")
        )
    _check(measure, content)
    draft, _made = AgreementDraft.objects.update_or_create(
        measure=measure,
        defaults={
            **{name: getattr(content, name) for name in _TEXTS},
            "starts_on": content.starts_on,
            "ends_on": content.ends_on,
            "commitments": {str(pk): text.strip() for pk, text in content.commitments.items()},
            "review_days": [day.isoformat() for day in sorted(set(content.review_days))],
            "drafted_by": user,
        },
    )
    log_action("agreement.drafted", user=user, obj=measure, territory=measure.plan.territory)
    return draft


def check_worded(measure: Measure, seen: str) -> None:
    """Whether the next version still says what a person saw; without a mark nothing is asked.

    Raises:
        DomainError: ``changed_meanwhile``.
    """
    check_seen(
        seen,
        content_mark(content_for(measure)),
        _("Somebody else has changed the wording meanwhile. Look at it before you go on."),
    )


def draft_begin(measure: Measure, *, user: User) -> None:
    """Note who puts a measure before its parties as the drafter; nothing if it was worded before.

    For measures that no shaping of a cycle sends to their parties: who sends them confirms for no party.
    """
    if not measure.needs_agreement or AgreementDraft.objects.filter(measure=measure).exists():
        return
    content = content_for(measure)
    AgreementDraft.objects.create(
        measure=measure,
        **{name: getattr(content, name) for name in _TEXTS},
        starts_on=content.starts_on,
        ends_on=content.ends_on,
        commitments={str(pk): text for pk, text in content.commitments.items()},
        review_days=[day.isoformat() for day in content.review_days],
        drafted_by=user,
    )


def check_open(measure: Measure) -> None:
    """Whether the agreement can be worded now.

    Raises:
        DomainError: ``measure_ended``, ``no_agreement_needed``, ``agreement_under_way``.
    """
    if measure.ended_on is not None:
        raise DomainError("measure_ended", _("The measure has ended and is not changed any more."))
    if not measure.needs_agreement:
        raise DomainError("no_agreement_needed", _("This measure needs no target agreement."))
    if is_under_way(measure):
        raise DomainError(
            "agreement_under_way",
            _(
                "The parties are being asked to confirm this very wording. Wait for their answers, or do not "
                "wait for the agreement any more."
            ),
        )


def _check(measure: Measure, content: AgreementContent) -> None:
    if not content.subject:
        raise DomainError("subject_missing", _("Say what the agreement is about."))
    if not content.deviation_rule:
        raise DomainError("rule_missing", _("Say what happens if the targets are not reached."))
    if content.ends_on < content.starts_on:
        raise DomainError("ends_before_start", _("The agreement ends before it begins."))
    if content.ends_on > measure.plan.ends_on:
        raise DomainError(
            "ends_after_plan",
            _("The agreement must end with the action plan at the latest (%(day)s).")
            % {"day": date_de(measure.plan.ends_on)},
        )
    lacking = [
        party.label
        for party in parties_to_agree(measure)
        if not content.commitments.get(party.pk, "").strip()
    ]
    if lacking:
        raise DomainError(
            "commitment_missing",
            _("Say what these parties commit themselves to: %(parties)s.") % {"parties": ", ".join(lacking)},
        )
    outside = [day for day in content.review_days if not content.starts_on <= day <= content.ends_on]
    if outside:
        raise DomainError(
            "review_outside_term",
            _("A review lies outside the term of the agreement: %(days)s.")
            % {"days": ", ".join(date_de(day) for day in outside)},
        )


def amendment_check(measure: Measure) -> None:
    """Whether the parties can be asked about a change now, under the lock of the measure.

    Raises:
        DomainError: ``measure_ended``, ``agreement_under_way``, ``nothing_in_force``, ``no_draft``,
            ``reason_missing``.
    """
    check_open(measure)
    if measure.status == MeasureStatus.PROPOSED or in_force(measure) is None:
        raise DomainError("nothing_in_force", _("No agreement is in force that could be changed."))
    draft = AgreementDraft.objects.filter(measure=measure).first()
    if draft is None:
        raise DomainError("no_draft", _("Word the change first."))
    if not draft.change_reason:
        raise DomainError(
            "reason_missing", _("An agreement is in force. Say why it shall change; all parties read it.")
        )


@transaction.atomic
def draft_drop(measure: Measure, *, user: User) -> None:
    """Throw the draft of the next version away; what is in force stays.

    Raises:
        PermissionDenied: The user may not edit the measure.
    """
    require(user, Perm.EDIT_MEASURE, measure)
    measure_lock(measure)
    if AgreementDraft.objects.filter(measure=measure).delete()[0]:
        log_action("agreement.draft_dropped", user=user, obj=measure, territory=measure.plan.territory)


def agreement_freeze(
    measure: Measure, *, version: int, parties: Sequence[Organisation], is_amendment: bool, user: User | None
) -> TargetAgreement:
    """Make a version of what is worded, or of what follows from the measure; its parties are asked about it.

    Called by those who ask, under the lock of the measure.

    Args:
        measure: Whose agreement it is.
        version: Its number, that of the round.
        parties: Who shall confirm, in the order of the paper.
        is_amendment: Whether an earlier version stays in force meanwhile.
        user: Who asks; the drafter where nobody worded it before.
    """
    draft = AgreementDraft.objects.filter(measure=measure).select_related("drafted_by").first()
    content = content_for(measure)
    agreement: TargetAgreement = TargetAgreement.objects.create(
        measure=measure,
        version=version,
        is_amendment=is_amendment,
        measure_number=measure.number,
        measure_title=measure.title,
        field_title=str(measure.field),
        starts_on=content.starts_on,
        ends_on=content.ends_on,
        drafted_by=draft.drafted_by if draft is not None else user,
        **{name: getattr(content, name) for name in _TEXTS},
    )
    AgreementCommitment.objects.bulk_create(
        AgreementCommitment(
            agreement=agreement,
            organisation=party,
            party_name=party.name,
            position=place,
            text=content.commitments.get(party.pk, ""),
        )
        for place, party in enumerate(parties, start=1)
    )
    AgreementTarget.objects.bulk_create(
        AgreementTarget(agreement=agreement, position=place, **values)
        for place, values in enumerate(_targets_of(measure), start=1)
    )
    AgreementReviewDate.objects.bulk_create(
        AgreementReviewDate(agreement=agreement, due_on=day) for day in content.review_days
    )
    if draft is not None:
        draft.delete()
    log_action(
        "agreement.asked",
        user=user,
        obj=agreement,
        territory=measure.plan.territory,
        data={"version": version, "is_amendment": is_amendment},
    )
    return agreement


def _targets_of(measure: Measure) -> list[Mapping[str, Any]]:
    """Targets as they stand now. Queries: 2."""
    with translation.override(settings.LANGUAGE_CODE):
        return [
            {
                "title": figure.title,
                "unit": str(figure.unit),
                "baseline": figure.baseline,
                "baseline_on": figure.baseline_on,
                "due_on": target.due_on,
                "value": target.value,
                "wording": target.wording,
            }
            for figure in measure.key_figures.select_related("unit").prefetch_related("targets")
            for target in figure.targets.all()
        ]


def agreement_issue(agreement: TargetAgreement, *, user: User) -> IssuedPaper:
    """Keep the paper of an agreement all have confirmed, and send it to its parties.

    Raises:
        DomainError: Those of ``paper_issue``.
    """
    cycle: PlanningCycle = agreement.measure.process.cycle
    data = report.collect(agreement)
    sealed = report.seal_agreement(data, address=settings.SITE_URL + reverse("workflows:paper-verify"))
    with translation.override(settings.LANGUAGE_CODE):
        title = report.title_of(agreement)
    return paper_issue(
        kind=PaperKind.AGREEMENT,
        title=title[:300],
        data=sealed.data,
        content_hash=sealed.content_hash,
        user=user,
        cycle=cycle,
        agreement=agreement,
        reference=agreement.reference,
        recipients=[row.organisation for row in data.commitments],
    )


def review_days_after(agreement: TargetAgreement, day: datetime.date) -> list[datetime.date]:
    """Agreed days of review after a day, the soonest first. Queries: 1."""
    rows = agreement.review_dates.filter(due_on__gt=day).order_by("due_on")
    return list(rows.values_list("due_on", flat=True))
