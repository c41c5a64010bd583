"""Issuing a paper: the file is kept as it is, with its check sums and who received it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User
from workflows.models import (
    Decision,
    IssuedPaper,
    Meeting,
    PaperKind,
    PaperRecipient,
    PlanningCycle,
    Recommendation,
    TargetAgreement,
)
from workflows.selectors.papers import is_unchanged

#: How every PDF begins.
PDF_MAGIC = b"%PDF-"
#: Pages of a file written by the product; each is an object of its own outside of any compressed stream.
_PAGE = re.compile(rb"/Type\s*/Page\b")


@transaction.atomic
def paper_issue(
    *,
    kind: PaperKind,
    title: str,
    data: bytes,
    user: User,
    cycle: PlanningCycle,
    meeting: Meeting | None = None,
    decision: Decision | None = None,
    recommendation: Recommendation | None = None,
    agreement: TargetAgreement | None = None,
    reference: str = "",
    content_hash: str = "",
    is_internal: bool = False,
    replaces: IssuedPaper | None = None,
    recipients: Iterable[Organisation] = (),
) -> IssuedPaper:
    """Keep a paper as it left the house. Rights are the caller's.

    Args:
        kind: What it is.
        title: As in the file.
        data: The PDF, from ``project.common.pdf``.
        user: Who issues it.
        cycle: The cycle it belongs to.
        meeting: The meeting it belongs to, if any; who sees the meeting may read it.
        decision: The decision it belongs to, if any; who sees the decision may read it.
        recommendation: The recommendation it belongs to, if any; who sees it may read the paper.
        agreement: The target agreement it is of, if any; who sees the measure may read it.
        reference: Number, or day; that of the decision where it is left out.
        content_hash: Check sum printed in it (``workflows.reports.seal``); "" where none is.
        is_internal: Only for members of the meeting's body and planning.
        replaces: The paper that this one corrects.
        recipients: Organisations it is sent to; their people may read it. The mail is the caller's.

    Returns:
        The paper; the same bytes issued twice give the same row, to which nothing is added.

    Raises:
        DomainError: ``not_a_pdf``, ``replaced_already`` if another one corrects that paper,
            ``extract_issued`` if the decision has an extract and this one does not correct it.
    """
    if not data.startswith(PDF_MAGIC):
        raise DomainError("not_a_pdf", _("Only PDF files are issued."))
    # Locked: two who issue at once find each other's paper.
    PlanningCycle.objects.select_for_update(no_key=True).get(pk=cycle.pk)
    checksum = hashlib.sha256(data).hexdigest()
    issued: IssuedPaper | None = IssuedPaper.objects.filter(sha256=checksum).first()
    if issued is not None:
        return issued
    _check_first(kind, decision, replaces)
    paper: IssuedPaper = IssuedPaper.objects.create(
        kind=kind,
        title=title,
        reference=reference or (decision.reference if decision is not None else ""),
        cycle=cycle,
        meeting=meeting,
        decision=decision,
        recommendation=recommendation,
        agreement=agreement,
        is_internal=is_internal,
        file=_store(data, checksum),
        sha256=checksum,
        content_hash=content_hash,
        page_count=len(_PAGE.findall(data)) or 1,
        replaces=replaces,
        issued_by=user,
    )
    PaperRecipient.objects.bulk_create(
        PaperRecipient(paper=paper, organisation=row) for row in dict.fromkeys(recipients)
    )
    log_action(
        "paper.issued",
        user=user,
        obj=paper,
        territory=cycle.territory,
        data={"kind": kind.value, "sha256": checksum},
    )
    return paper


def _check_first(kind: PaperKind, decision: Decision | None, replaces: IssuedPaper | None) -> None:
    """A paper is corrected once; a further correction names the latest."""
    if replaces is not None:
        if IssuedPaper.objects.filter(replaces=replaces).exists():
            raise DomainError(
                "replaced_already", _("Another paper corrects this one already. Correct that one.")
            )
    elif kind == PaperKind.EXTRACT and IssuedPaper.objects.filter(kind=kind, decision=decision).exists():
        raise DomainError("extract_issued", _("The extract of this decision has been issued already."))


def _store(data: bytes, checksum: str) -> str:
    """Name of the stored file: made of its check sum, so that a transaction undone leaves no second one.

    What a process that was killed has left half written is written anew.
    """
    name = f"papers/{timezone.localdate().year}/{checksum}.pdf"
    if default_storage.exists(name):
        with default_storage.open(name) as stored:
            if is_unchanged(stored.read(), checksum):
                return name
        default_storage.delete(name)
    return default_storage.save(name, ContentFile(data))
