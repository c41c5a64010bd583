"""Reads of issued papers: who may read which, and whether a copy is what was issued."""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import re
from typing import Any

from django.db.models import Q, QuerySet

from measures.models import Measure, ProjectReportDelivery
from stakeholders.models import Body, Organisation
from stakeholders.permissions import Perm, visible
from workflows.models import IssuedPaper, PlanningCycle
from workflows.selectors.decisions import decisions_seen_by, meetings_seen_by
from workflows.selectors.recommendations import recommendations_seen_by

#: Of a check sum that somebody types: four groups of four signs tell papers apart.
LEAST_SIGNS = 16
_MOST_SIGNS = 64
_NOISE = re.compile(r"[\s:.\-–]+")
_HASH_IN_FILE = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
#: Different check sums looked up for one file.
_MOST_NAMED = 20


class Finding(enum.StrEnum):
    """What a comparison found."""

    UNCHANGED = "unchanged"
    #: The check sum is that of an issued paper; a copy still has to be compared with it.
    KNOWN = "known"
    #: The file names an issued paper and is not what was issued.
    CHANGED = "changed"
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True)
class Verification:
    """Answer to "is this what was issued?".

    Attributes:
        finding: What was found.
        paper: The issued paper; of it only kind, number and days are for everybody.
        is_project_report: Whether it is a report or drawdown of a funded project; of that nobody learns more
            here than that it was handed in.
    """

    finding: Finding
    paper: IssuedPaper | None = None
    is_project_report: bool = False


def papers_seen_by(user: Any) -> QuerySet[IssuedPaper]:
    """Papers a person may read: those of what they see, and those sent to an organisation they act for.

    A paper of a decision is read like the decision, one of a recommendation like it, one of a meeting like
    its page, one of a target agreement like its measure; internal ones by members of the body and planning
    only. Queries: 1 for any number of rows.
    """
    managed = visible(user, Perm.MANAGE_CYCLE, PlanningCycle.objects.all()).values("pk")
    sat_in = visible(user, Perm.ADVISE_BODY, Body.objects.all()).values("pk")
    cycles = visible(user, Perm.VIEW_CYCLE, PlanningCycle.objects.all()).values("pk")
    own = visible(user, Perm.ACT_FOR_ORGANISATION, Organisation.objects.all()).values("pk")
    sent = IssuedPaper.objects.filter(recipients__organisation__in=own).values("pk")
    of_decision = Q(decision__in=decisions_seen_by(user).values("pk"))
    of_recommendation = Q(
        decision__isnull=True, recommendation__in=recommendations_seen_by(user).values("pk")
    )
    of_meeting = Q(
        decision__isnull=True,
        recommendation__isnull=True,
        meeting__in=meetings_seen_by(user).values("pk"),
    )
    of_agreement = Q(
        agreement__measure__in=visible(user, Perm.VIEW_MEASURE, Measure.objects.all()).values("pk")
    )
    of_cycle = Q(
        decision__isnull=True,
        recommendation__isnull=True,
        meeting__isnull=True,
        agreement__isnull=True,
        cycle__in=cycles,
    )
    inside = Q(cycle__in=managed) | Q(meeting__body__in=sat_in)
    open_to_all = Q(is_internal=False) & (
        of_decision | of_recommendation | of_meeting | of_agreement | of_cycle
    )
    rows: QuerySet[IssuedPaper] = IssuedPaper.objects.filter(
        open_to_all | (Q(is_internal=True) & inside) | Q(pk__in=sent)
    )
    return rows.select_related("cycle", "cycle__territory", "meeting", "meeting__body", "decision")


def is_unchanged(data: bytes, checksum: str) -> bool:
    """Whether a stored file is what was issued, byte for byte."""
    return hashlib.sha256(data).hexdigest() == checksum


def signs_of(text: str) -> str:
    """The signs of a check sum as somebody typed it, without blanks and strokes, in small letters.

    >>> signs_of("A1B2 c3d4-e5f6")
    'a1b2c3d4e5f6'
    """
    return _NOISE.sub("", text).lower()


def is_checksum(signs: str) -> bool:
    """Whether these signs are long enough to name a paper, and nothing but a check sum."""
    return LEAST_SIGNS <= len(signs) <= _MOST_SIGNS and re.fullmatch(r"[0-9a-f]+", signs) is not None


def verify_checksum(signs: str) -> Verification:
    """Look up a printed check sum, or its beginning.

    Args:
        signs: At least ``LEAST_SIGNS`` (``is_checksum``).

    Returns:
        ``KNOWN`` with the paper, or ``UNKNOWN``. Queries: 1 or 2.
    """
    rows = IssuedPaper.objects.filter(Q(sha256__startswith=signs) | Q(content_hash__startswith=signs))
    paper = _with_successors(rows).order_by("-pk").first()
    if paper is not None:
        return Verification(Finding.KNOWN, paper)
    reports = ProjectReportDelivery.objects.filter(
        Q(sha256__startswith=signs) | Q(paper_sha256__startswith=signs)
    )
    is_report = reports.exists()
    return Verification(Finding.KNOWN if is_report else Finding.UNKNOWN, is_project_report=is_report)


def verify_file(data: bytes) -> Verification:
    """Compare a file with all that was issued.

    Args:
        data: The file; it is not opened, only its bytes are compared.

    Returns:
        ``UNCHANGED`` with the paper; ``CHANGED`` with the paper whose check sum stands in it; or
        ``UNKNOWN``. Queries: at most 4.
    """
    checksum = hashlib.sha256(data).hexdigest()
    paper = _with_successors(IssuedPaper.objects.filter(sha256=checksum)).first()
    if paper is not None:
        return Verification(Finding.UNCHANGED, paper)
    if ProjectReportDelivery.objects.filter(paper_sha256=checksum).exists():
        return Verification(Finding.UNCHANGED, is_project_report=True)
    named = list(dict.fromkeys(found.decode() for found in _HASH_IN_FILE.findall(data)))[:_MOST_NAMED]
    if not named:
        return Verification(Finding.UNKNOWN)
    rows = IssuedPaper.objects.filter(content_hash__in=named)
    paper = _with_successors(rows).order_by("-pk").first()
    if paper is not None:
        return Verification(Finding.CHANGED, paper)
    is_report = ProjectReportDelivery.objects.filter(sha256__in=named).exists()
    return Verification(Finding.CHANGED if is_report else Finding.UNKNOWN, is_project_report=is_report)


def _with_successors(rows: QuerySet[IssuedPaper]) -> QuerySet[IssuedPaper]:
    return rows.select_related("replaced_by", "decision", "decision__replaced_by")
