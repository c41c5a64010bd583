"""Taking a list of measures from elsewhere over: everything or nothing, as drafts that are then shaped."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from measures.importers.lists import (
    MOST_ROWS,
    ROLE_LABELS,
    Draft,
    ListRead,
    Role,
    read_list,
    signature_of,
    suggested,
    words_of,
)
from measures.models import (
    ActionPlan,
    FieldOfAction,
    ImportKind,
    ListMapping,
    Measure,
    MeasureStatus,
    PlanImport,
)
from measures.services.measures import TEXT_LIMIT, MeasureFields, measure_create
from measures.services.plan_imports import import_close, import_keep, import_lock
from measures.workbook.remarks import Remark
from project.common.errors import DomainError
from project.common.importing import read_table
from stakeholders.audit import log_action
from stakeholders.models import Organisation, OrganisationKind, User
from stakeholders.permissions import Perm, require
from stakeholders.services import organisation_create
from workflows.measure_steering import submeasure_create
from workflows.plan_importing import ImportFailed

#: Choice for an organisation that is not there yet.
CREATE: Final = "create"


@dataclasses.dataclass(frozen=True)
class Said:
    """What a person said of a list."""

    columns: Mapping[int, Role]
    #: Words of the status whose rows stay out.
    left_statuses: frozenset[str]
    #: Word of the status -> what it is among our states.
    states: Mapping[str, str]
    #: Organisation in the list -> key of one of ours, ``create``, or empty for the one below.
    organisations: Mapping[str, str]
    #: Key of the organisation responsible for measures without one; empty if nobody has said yet.
    fallback: str
    #: Key of the field of action for measures without a section; empty makes a new one.
    field: str = ""


def list_read(plan: ActionPlan, *, content: bytes, name: str, user: User) -> PlanImport:
    """Read a list and keep it, with what is known of lists with these headings.

    Raises:
        PermissionDenied: The user may not plan the territory.
        ImportRefused: The file as a whole cannot be read.
        DomainError: ``list_empty``, ``list_too_long``.
    """
    require(user, Perm.PLAN_TERRITORY, plan.territory)
    table = read_table(content, name, max_bytes=settings.IMPORT_MAX_BYTES, longest_text=TEXT_LIMIT + 1)
    width = max(len(row) for row in table.rows)
    rows = [[cell.text for cell in row] + [""] * (width - len(row)) for row in table.rows]
    if len(rows) < 2:
        raise DomainError("list_empty", _("The list needs a row of headings and at least one measure below."))
    if len(rows) > MOST_ROWS:
        raise DomainError("list_too_long", _("The list is too long. Please split it."))
    known = ListMapping.objects.filter(plan=plan, signature=signature_of(rows[0])).first()
    columns = (
        known.columns
        if known is not None
        else {str(place): role.value for place, role in suggested(rows[0]).items()}
    )
    said = {
        "columns": columns,
        "statuses": known.statuses if known else {},
        "organisations": known.organisations if known else {},
    }
    return import_keep(
        plan,
        kind=ImportKind.LIST,
        name=name,
        content={"rows": rows, "said": said},
        remarks=[],
        user=user,
    )


def mapping_of(kept: PlanImport) -> Said:
    """What was said of a list so far."""
    said = kept.content["said"]
    return Said(
        {int(place): Role(role) for place, role in said["columns"].items()},
        frozenset(word for word, choice in said["statuses"].items() if choice == "out"),
        {word: choice for word, choice in said["statuses"].items() if choice in MeasureStatus.values},
        said["organisations"],
        said.get("fallback", ""),
        said.get("field", ""),
    )


@transaction.atomic
def mapping_say(kept: PlanImport, *, user: User, **said: Any) -> None:
    """Keep what a person says of a list, for this one and for others with the same headings.

    Args:
        kept: The upload.
        user: Needs the right to plan the territory.
        **said: ``columns``, ``statuses``, ``organisations``, ``fallback``, ``field``; those left out stay.
    """
    row = import_lock(kept, user=user)
    row.content["said"] = {**row.content["said"], **said}
    row.save(update_fields=["content"])
    now = row.content["said"]
    known = ListMapping.objects.filter(plan=row.plan, signature=signature_of(row.content["rows"][0])).first()
    ListMapping.objects.update_or_create(
        plan=row.plan,
        signature=signature_of(row.content["rows"][0]),
        defaults={
            "columns": now["columns"],
            "statuses": {**(known.statuses if known else {}), **now["statuses"]},
            "organisations": {
                **(known.organisations if known else {}),
                # A new one is made once; the next list finds it by its name.
                **{name: key for name, key in now["organisations"].items() if key != CREATE},
            },
        },
    )
    kept.content = row.content


def drafts_of(kept: PlanImport) -> ListRead:
    """The measures a list would become."""
    said = mapping_of(kept)
    return read_list(
        kept.content["rows"],
        said.columns,
        left_statuses=said.left_statuses,
        starts_on=min(timezone.localdate(), kept.plan.ends_on),
        ends_on=kept.plan.ends_on,
    )


def words_in(kept: PlanImport, role: Role) -> list[str]:
    """Different texts of the column with a role."""
    places = {role: place for place, role in mapping_of(kept).columns.items()}
    return words_of(kept.content["rows"], places.get(role))


def organisations_for(plan: ActionPlan) -> list[Organisation]:
    """Who can be responsible for a measure of a plan."""
    return list(Organisation.objects.filter(territory=plan.territory_id, is_active=True).order_by("name"))


@transaction.atomic
def list_apply(kept: PlanImport, *, user: User) -> PlanImport:
    """Make the drafts; sent twice, they are made once.

    Raises:
        PermissionDenied: The user may not plan the territory, or not add organisations.
        DomainError: ``fallback_missing`` and those of ``import_lock``.
        ImportFailed: With all rows that cannot be taken over.
    """
    row = import_lock(kept, user=user)
    if row.applied_at is not None:
        return row
    said = mapping_of(row)
    if not said.fallback:
        raise DomainError(
            "fallback_missing", _("Please say first who is responsible where the list names nobody.")
        )
    read = drafts_of(row)
    remarks = [
        Remark("", draft.row, str(ROLE_LABELS[role]), value, "rule", {"text": str(text)})
        for draft in read.drafts
        for role, value, text in draft.faults
    ]
    if not remarks:
        maker = _Maker(row.plan, said, user)
        for draft in sorted(read.drafts, key=lambda draft: bool(draft.parent)):
            try:
                with transaction.atomic():
                    maker.make(draft)
            except DomainError as error:
                maker.forget()
                remarks.append(
                    Remark("", draft.row, "", draft.title[:80], "rule", {"text": str(error.message)})
                )
    if remarks:
        raise ImportFailed(remarks)
    import_close(row, result={"changed": 0, "created": len(read.drafts)}, reason="", user=user)
    return row


class _Maker:
    def __init__(self, plan: ActionPlan, said: Said, user: User) -> None:
        self.plan, self.said, self.user = plan, said, user
        self.made: dict[str, Measure] = {}
        self.forget()

    def forget(self) -> None:
        """Read the lists anew: what was added to them went with the row that failed."""
        self.organisations = {str(row.pk): row for row in organisations_for(self.plan)}
        self.by_name = {row.name.casefold(): row for row in self.organisations.values()}
        self.fields = {row.title.casefold(): row for row in self.plan.fields.all()}

    def make(self, draft: Draft) -> None:
        fields = MeasureFields(
            title=draft.title,
            short_description=draft.short_description,
            description=_description(draft, self.said.states.get(draft.status, "")),
            effect_hypothesis=draft.effect_hypothesis,
            target_group=draft.target_group,
            starts_on=draft.starts_on,
            ends_on=draft.ends_on,
            responsible=self._organisation(draft.responsible),
            key_figures=[],
        )
        parent = self.made.get(draft.parent)
        if parent is not None:
            self.made[draft.key] = submeasure_create(parent, user=self.user, **fields)
        else:
            fields["field"] = self._field(draft.section)
            self.made[draft.key] = measure_create(plan=self.plan, user=self.user, is_draft=True, **fields)

    def _organisation(self, name: str) -> Organisation:
        key = self.said.organisations.get(name, "")
        if name.casefold() in self.by_name:
            return self.by_name[name.casefold()]
        if key == CREATE:
            made = organisation_create(
                name=name,
                kind=OrganisationKind.PROVIDER,
                territory=self.plan.territory,
                user=self.user,
            )
            self.by_name[name.casefold()] = made
            return made
        found = self.organisations.get(key) or self.organisations.get(self.said.fallback)
        if found is None:
            raise DomainError(
                "fallback_missing",
                _("The organisation responsible where the list names nobody is not active any more."),
            )
        return found

    def _field(self, section: str) -> FieldOfAction:
        chosen = self.plan.fields.filter(pk=self.said.field).first() if self.said.field else None
        if not section and chosen is not None:
            return chosen
        title = (section or _("Without field of action"))[:200]
        found = self.fields.get(title.casefold())
        if found is None:
            # Two lists at once must not draw the same number.
            ActionPlan.objects.select_for_update().get(pk=self.plan.pk)
            last: int | None = self.plan.fields.aggregate(last=Max("number"))["last"]
            found = FieldOfAction.objects.create(plan=self.plan, number=(last or 0) + 1, title=title)
            self.fields[title.casefold()] = found
            log_action(
                "plan.field_added",
                user=self.user,
                obj=self.plan,
                territory=self.plan.territory,
                data={"field": title},
            )
        return found


def _description(draft: Draft, state: str) -> str:
    """What is done, and below it what the list said that has no place of its own."""
    lines = [draft.description] if draft.description else []
    notes = [str(mark) for mark in draft.marks]
    if draft.status and state:
        names = {"status": draft.status, "state": MeasureStatus(state).label}
        notes.append(_("Status in the list: %(status)s (here: %(state)s)") % names)
    elif draft.status:
        notes.append(_("Status in the list: %(status)s") % {"status": draft.status})
    if draft.responsible:
        notes.append(_("Responsible in the list: %(name)s") % {"name": draft.responsible})
    if notes:
        lines.append("\n".join(notes))
    return "\n\n".join(lines)
