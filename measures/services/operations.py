"""Lists of operations: read and kept, then taken over as a whole or discarded; changes of one operation."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from measures.importers.operation_rows import LONGEST, Row, rows_from
from measures.importers.operations import Reading, read_operations
from measures.models import FundedProject, Operation, OperationImport, OperationImportState
from measures.money import ZERO
from measures.selectors.operations import Comparison, comparison_of, same_file
from project.common.errors import DomainError, as_domain_error
from project.common.formats import date_de
from project.common.importing import read_table
from project.common.seen import check_seen, mark_of
from stakeholders.audit import log_action
from stakeholders.models import Organisation, OrganisationKind, User
from stakeholders.permissions import Perm, require

#: What becomes of rows that say the same as another one.
KEEP, DROP = "keep", "drop"
#: What becomes of operations that the newer list does not have (any more).
STAY, RETIRE = "stay", "retire"
_BATCH: Final = 2_000


@dataclasses.dataclass(frozen=True)
class OperationFields:
    """What people add to an operation; see the model for each."""

    project: FundedProject | None = None
    is_natural_person: bool = False
    contractor: str = ""
    fund: str = ""
    specific_objective: str = ""
    intervention: str = ""


def operations_read(
    funder: Organisation, *, content: bytes, name: str, programme_name: str, fund: str = "", user: User
) -> OperationImport:
    """Read a list of operations and keep what it holds, with everything that is wrong with it.

    Args:
        funder: Whose list it is.
        content: The file, at most one byte more than may be uploaded.
        name: Its name.
        programme_name: What a newer list is held against; the same for all lists of a programme.
        fund: Fund of rows without one of their own.
        user: Who uploads; acts for the funder.

    Returns:
        The list: it waits to be taken over, or has errors.

    Raises:
        PermissionDenied: The user does not act for the funder.
        DomainError: ``not_a_funder``, ``same_file``, ``invalid``.
        ImportRefused: The file as a whole cannot be read.
    """
    require(user, Perm.ACT_FOR_ORGANISATION, funder)
    if funder.kind != OrganisationKind.FUNDER:
        raise DomainError("not_a_funder", _("%(name)s is no funder.") % {"name": funder.label})
    sha256 = hashlib.sha256(content).hexdigest()
    _refuse_same(funder, sha256)
    table = read_table(content, name, max_bytes=settings.IMPORT_MAX_BYTES, longest_text=LONGEST)
    programme = _name_as_before(funder, programme_name)
    return _keep(funder, read_operations(table), [name, sha256, programme, fund.strip()], user)


def _name_as_before(funder: Organisation, name: str) -> str:
    """The name under which lists of the programme came before: no keyboard has the dash of 2014–2020."""
    kept = OperationImport.objects.filter(funder=funder).order_by("programme_name")
    known = kept.values_list("programme_name", flat=True).distinct()
    return next((before for before in known if _plain(before) == _plain(name)), name.strip())


def _plain(name: str) -> str:
    """A name without what people type differently: capitals, kinds of dashes, spaces around them."""
    return re.sub(r"\s*[-\u2010-\u2015\u2212]\s*", "-", " ".join(name.split())).casefold()


def _refuse_same(funder: Organisation, sha256: str) -> None:
    before = same_file(funder, sha256)
    if before is None:
        return
    said = {"day": date_de(timezone.localdate(before.uploaded_at)), "person": str(before.uploaded_by)}
    if before.is_open:
        text = _("%(person)s uploaded this very file on %(day)s; it waits to be taken over.") % said
    else:
        text = (
            _("%(person)s uploaded this very file on %(day)s, and it was taken over. Nothing is new in it.")
            % said
        )
    raise DomainError("same_file", text)


@transaction.atomic
def _keep(funder: Organisation, found: Reading, words: Iterable[str], user: User) -> OperationImport:
    name, sha256, programme_name, fund = words
    is_faulty = found.errors.count > 0
    kept = OperationImport(
        funder=funder,
        programme_name=programme_name,
        fund=fund,
        file_name=name[:200],
        sha256=sha256,
        state=OperationImportState.FAULTY if is_faulty else OperationImportState.WAITING,
        row_count=len(found.rows),
        duplicate_count=found.duplicate_count,
        eligible=sum((row.eligible for row in found.rows), ZERO),
        content=[] if is_faulty else [row.as_json() for row in found.rows],
        errors=[row.as_json() for row in found.errors.kept],
        error_count=found.errors.count,
        warnings=[row.as_json() for row in found.warnings.kept],
        warning_count=found.warnings.count,
        uploaded_by=user,
    )
    try:
        kept.full_clean(exclude=["content", "errors", "warnings"], validate_constraints=False)
        with transaction.atomic():
            kept.save()
    except ValidationError as error:
        raise as_domain_error(error) from error
    except IntegrityError:  # two at once
        _refuse_same(funder, sha256)
        raise
    log_action(
        "operation_import.uploaded",
        user=user,
        obj=kept,
        territory=funder.scope,
        data={"file": kept.file_name, "rows": kept.row_count, "errors": kept.error_count},
    )
    return kept


def operations_preview(kept: OperationImport) -> Comparison:
    """What a list would change now. Queries: 1."""
    return comparison_of(kept, rows_from(kept.content))


@transaction.atomic
def operations_take(
    kept: OperationImport, *, duplicates: str = KEEP, gone: str = "", seen: str = "", user: User
) -> OperationImport:
    """Take a list over: all of its new rows or none. What is there already is never overwritten.

    What people added to an operation holds for the row that follows it (``Comparison.carried``).

    Args:
        kept: The list.
        duplicates: ``keep`` rows that say the same as another one, or ``drop`` them.
        gone: Operations that are not in the list ``stay``, or ``retire``; needed as soon as there are any.
        seen: ``Comparison.mark`` of the page the person decided on; left out nothing is compared.
        user: Who takes it over; acts for the funder.

    Returns:
        The list with its result.

    Raises:
        PermissionDenied: The user does not act for the funder.
        DomainError: ``import_closed``, ``import_has_errors``, ``changed_meanwhile``, ``choice_missing``.
    """
    row = _held(kept, user)
    found = operations_preview(row)
    check_seen(
        seen,
        found.mark,
        _("Another list has been taken over since you opened this page. Please look at the changes again."),
    )
    if duplicates not in {KEEP, DROP} or (found.gone and gone not in {STAY, RETIRE}):
        raise DomainError(
            "choice_missing", _("Please say what becomes of operations that are not in the list.")
        )
    dropped = {line.row for line in found.repeats} if duplicates == DROP else set()
    lines = [line for line in found.new if line.row not in dropped]
    retired = 0
    if found.gone and gone == RETIRE:
        keys = [known.pk for known in found.gone]
        for begin in range(0, len(keys), _BATCH):
            part = Operation.objects.filter(pk__in=keys[begin : begin + _BATCH])
            retired += part.update(retired_by=row)
    Operation.objects.bulk_create(
        (_operation(row, line, found.carried.get(line.row, {})) for line in lines), batch_size=_BATCH
    )
    row.result = {
        "new": len(lines),
        "unchanged": found.unchanged_count,
        "gone": len(found.gone),
        "retired": retired,
        "dropped": len(dropped),
    }
    _close(row, OperationImportState.TAKEN, user)
    log_action(
        "operation_import.taken",
        user=user,
        obj=row,
        territory=row.funder.scope,
        data={"file": row.file_name, **row.result},
    )
    return row


def _operation(kept: OperationImport, line: Row, carried: Mapping[str, Any]) -> Operation:
    values = {**line._asdict(), **carried}
    values["fund"] = values["fund"] or kept.fund
    return Operation(
        funder_id=kept.funder_id,
        source=kept,
        programme_name=kept.programme_name,
        fingerprint=line.fingerprint,
        **values,
    )


@transaction.atomic
def operations_discard(kept: OperationImport, *, user: User) -> OperationImport:
    """Leave a list: nothing of it is taken over; the same file may come again.

    Raises:
        PermissionDenied: The user does not act for the funder.
        DomainError: ``import_closed``, ``import_has_errors``.
    """
    row = _held(kept, user)
    _close(row, OperationImportState.DISCARDED, user)
    log_action(
        "operation_import.discarded",
        user=user,
        obj=row,
        territory=row.funder.scope,
        data={"file": row.file_name},
    )
    return row


def funder_hold(funder_id: int) -> None:
    """Hold a funder until the transaction ends: two lists of its are taken over one after the other."""
    list(Organisation.objects.filter(pk=funder_id).select_for_update(no_key=True).values_list("pk"))


def _held(kept: OperationImport, user: User) -> OperationImport:
    """The list as it is now, held with its funder; only if it still waits."""
    require(user, Perm.ACT_FOR_ORGANISATION, kept.funder)
    funder_hold(kept.funder_id)
    rows = OperationImport.objects.select_for_update(of=("self",)).select_related("funder", "closed_by")
    row = rows.get(pk=kept.pk)
    if row.state == OperationImportState.FAULTY:
        raise DomainError(
            "import_has_errors",
            _("Please correct the file first and upload it again; nothing was taken over."),
        )
    if not row.is_open:
        said = {"person": str(row.closed_by), "state": row.get_state_display()}
        raise DomainError("import_closed", _("This list is closed: %(state)s, by %(person)s.") % said)
    return row


def _close(row: OperationImport, state: OperationImportState, user: User) -> None:
    """What a list held is in the operations now, and is not kept twice."""
    row.state, row.closed_by, row.closed_at, row.content = state, user, timezone.now(), []
    row.save(update_fields=["state", "closed_by", "closed_at", "content", "result"])


@transaction.atomic
def operation_change(
    operation: Operation, *, fields: OperationFields, user: User, seen: str = ""
) -> Operation:
    """Say to which project an operation belongs, and what its list did not say; its row stays as it came.

    Args:
        operation: The operation.
        fields: What holds from now on.
        user: Who says it; acts for the funder.
        seen: ``operation_mark`` of what the person saw; left out nothing is compared.

    Raises:
        PermissionDenied: The user does not act for the funder.
        DomainError: ``changed_meanwhile``, ``wrong_project``, ``invalid``.
    """
    require(user, Perm.ACT_FOR_ORGANISATION, operation.funder)
    row = Operation.objects.select_for_update(of=("self",)).select_related("funder").get(pk=operation.pk)
    check_seen(
        seen,
        operation_mark(row),
        _(
            "Somebody has changed “%(name)s” meanwhile. Look at it first; "
            "sending this form once more replaces it."
        )
        % {"name": row.name},
    )
    if fields.project is not None and fields.project.funder_id != row.funder_id:
        raise DomainError("wrong_project", _("This project belongs to another funder."))
    for name, value in vars(fields).items():
        setattr(row, name, value.strip() if isinstance(value, str) else value)
    try:
        row.full_clean()
    except ValidationError as error:
        raise as_domain_error(error) from error
    row.save()
    log_action(
        "operation.changed",
        user=user,
        obj=row,
        territory=row.funder.scope,
        data={"project": str(fields.project or ""), "is_natural_person": fields.is_natural_person},
    )
    return row


@transaction.atomic
def operations_tell_persons(
    funder: Organisation, *, people: Collection[int], others: Collection[int], user: User
) -> int:
    """Say of several operations whether their beneficiary is a natural person, whose name is not published.

    One name is one beneficiary: its other operations go with it, so that none of them gives the name away.

    Args:
        funder: Whose operations they are; keys of others' are passed over.
        people: Keys of operations of natural persons.
        others: Keys of operations of others; a name that is among both stays out of what is published.
        user: Who says it; acts for the funder.

    Returns:
        How many operations were changed.

    Raises:
        PermissionDenied: The user does not act for the funder.
    """
    require(user, Perm.ACT_FOR_ORGANISATION, funder)
    # A list that is taken over meanwhile carries on what is known of its beneficiaries.
    funder_hold(funder.pk)
    names = dict(
        funder.operations.order_by().filter(pk__in=[*people, *others]).values_list("pk", "beneficiary")
    )
    persons = {names[pk] for pk in people if pk in names}
    counts = {}
    for is_person, told in ((True, persons), (False, {names[pk] for pk in others if pk in names} - persons)):
        rows = funder.operations.filter(beneficiary__in=told).exclude(is_natural_person=is_person)
        counts[is_person] = rows.update(is_natural_person=is_person)
    changed = sum(counts.values())
    if changed:
        log_action(
            "operation.persons_told",
            user=user,
            obj=funder,
            territory=funder.scope,
            data={"natural": counts[True], "others": counts[False]},
        )
    return changed


def operation_mark(row: Operation) -> str:
    """Stands for what people added to an operation (``project.common.seen``)."""
    names = [field.name for field in dataclasses.fields(OperationFields) if field.name != "project"]
    return mark_of(row.project_id, *(getattr(row, name) for name in names))
