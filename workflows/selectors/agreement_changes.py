"""What changed from one wording of a target agreement to the next."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from project.common.comparison import FieldChange, compare_words
from project.common.formats import date_de, decimal_de
from stakeholders.models import Organisation
from workflows.models import ReviewHolder, TargetAgreement
from workflows.selectors.agreement_versions import AgreementContent, confirmed_round


def agreement_changes(old: TargetAgreement, new: TargetAgreement) -> list[FieldChange]:
    """Every part of two versions, word by word; parts empty in both are left out. Queries: 8."""
    texts: list[tuple[str | Promise, str, str]] = [
        (_("Measure"), old.measure_name, new.measure_name),
        (_("Field of action"), old.field_title, new.field_title),
        (_("Subject"), old.subject, new.subject),
        (_("Preamble"), old.preamble, new.preamble),
        (_("Resources"), old.resources, new.resources),
        (_("Term"), _term(old), _term(new)),
        (_("What happens on deviation"), old.deviation_rule, new.deviation_rule),
        (_("Who holds the reviews"), old.get_review_holder_display(), new.get_review_holder_display()),
        (_("Days of review"), _days(old), _days(new)),
        (_("Targets"), _target_words(old), _target_words(new)),
    ]
    before, after = _said(old), _said(new)
    for party in dict.fromkeys([*before, *after]):
        label = gettext("Commitment of %(party)s") % {"party": party.label}
        texts.append((label, before.get(party, ""), after.get(party, "")))
    parts = [FieldChange(label, compare_words(first, last)) for label, first, last in texts]
    return [part for part in parts if part.segments]


def changes_before(agreement: TargetAgreement) -> list[FieldChange]:
    """What changed since the version that was confirmed last, else the one before; none for the first.

    Queries: at most 12.
    """
    measure = agreement.measure
    number = confirmed_round(measure)
    earlier = measure.agreements.filter(version__lt=agreement.version).order_by("-version")
    old = earlier.filter(version=number).first() or earlier.first()
    if old is None:
        return []
    return [part for part in agreement_changes(old, agreement) if part.is_changed]


def _term(row: TargetAgreement) -> str:
    return _span(row.starts_on, row.ends_on)


def _days(row: TargetAgreement) -> str:
    return ", ".join(date_de(date.due_on) for date in row.review_dates.all())


def _target_words(row: TargetAgreement) -> str:
    return "\n".join(
        f"{target.title}: {decimal_de(target.baseline)} {target.unit} ({date_de(target.baseline_on)}) → "
        f"{decimal_de(target.value)} {target.unit} ({date_de(target.due_on)})"
        + (f" – {target.wording}" if target.wording else "")
        for target in row.targets.all()
    )


def _said(row: TargetAgreement) -> dict[Organisation, str]:
    return {line.organisation: line.text for line in row.commitments.select_related("organisation")}


def content_changes(
    old: AgreementContent, new: AgreementContent, parties: Iterable[Organisation]
) -> list[FieldChange]:
    """Entries of two wordings that differ, word by word. Queries: none."""
    texts: list[tuple[str | Promise, str, str]] = [
        (_("Reason for the change"), old.change_reason, new.change_reason),
        (_("Subject"), old.subject, new.subject),
        (_("Preamble"), old.preamble, new.preamble),
        (_("Resources"), old.resources, new.resources),
        (_("Term"), _span(old.starts_on, old.ends_on), _span(new.starts_on, new.ends_on)),
        (_("What happens on deviation"), old.deviation_rule, new.deviation_rule),
        (
            _("Who holds the reviews"),
            str(ReviewHolder(old.review_holder).label),
            str(ReviewHolder(new.review_holder).label),
        ),
        (
            _("Days of review"),
            ", ".join(date_de(day) for day in sorted(old.review_days)),
            ", ".join(date_de(day) for day in sorted(new.review_days)),
        ),
    ]
    for party in parties:
        label = gettext("Commitment of %(party)s") % {"party": party.label}
        texts.append((label, old.commitments.get(party.pk, ""), new.commitments.get(party.pk, "")))
    parts = [FieldChange(label, compare_words(first, last)) for label, first, last in texts]
    return [part for part in parts if part.is_changed]


def _span(first: datetime.date, last: datetime.date) -> str:
    return f"{date_de(first)} – {date_de(last)}"
