"""Writing what an uploaded workbook says of single measures, through the services of each thing."""

from __future__ import annotations

import dataclasses
import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, cast

from django.utils.translation import gettext_lazy as _

from measures.models import ActionPlan, FigureCycle, FigureKind, Measure, MeasureDependency, Milestone, Stage
from measures.services.key_figures import KeyFigureInput
from measures.services.measure_fields import fields_of_measure
from measures.services.measures import MeasureFields, measure_create
from measures.services.parts import FinanceInput, MilestoneInput, dependencies_save, milestone_tell
from measures.status import AT_RISK_PERCENT, ON_PATH_PERCENT
from measures.workbook.layout import FIGURES, FINANCE, MEASURES, MILESTONES, TARGETS
from measures.workbook.reading import FileRow
from measures.workbook.remarks import Remark
from measures.workbook.rows import NEW, Values, targets_in
from monitoring.models import Area, Indicator, Unit
from project.common.errors import DomainError
from stakeholders.models import Organisation, User
from workflows.measure_steering import measure_stage_move, submeasure_create
from workflows.services.shaping import measure_change

#: What is told of a milestone, not planned.
_TOLD: Final = frozenset({"reached_on", "note"})
_DAYS: Final = frozenset({"starts_on", "ends_on"})
_TEXTS: Final = (
    "title",
    "short_description",
    "description",
    "effect_hypothesis",
    "target_group",
    "contact_function",
    "contact_email",
    "contact_phone",
)


@dataclass
class Group:
    """Everything that an upload says of one measure; ``pk`` None is a new one not written yet."""

    pk: int | None
    rows: dict[str, list[FileRow]] = field(default_factory=lambda: defaultdict(list))
    is_new: bool = False

    @property
    def first(self) -> FileRow:
        """The row remarks point to."""
        return next(iter(rows[0] for rows in self.rows.values() if rows))

    @property
    def own(self) -> Values:
        """What it says of the measure itself."""
        rows = self.rows.get(MEASURES.key)
        return rows[0].values if rows else {}


class PlanWrites:
    """Writes the measures of one upload; what cannot be is gathered in ``remarks``."""

    def __init__(self, plan: ActionPlan, *, reason: str, user: User) -> None:
        self.plan, self.reason, self.user = plan, reason, user
        self.remarks: list[Remark] = []
        self.result = {"changed": 0, "created": 0}
        self.organisation = _Rows(Organisation.objects.in_bulk)
        self.units = _Rows(Unit.objects.in_bulk)
        self.indicators = _Rows(Indicator.objects.in_bulk)
        self.areas = _Rows(Area.objects.in_bulk)
        self.goals = _Rows(self.plan.goals.in_bulk)
        self.fields = _Rows(self.plan.fields.in_bulk)
        #: Word of a new measure in the file -> its key.
        self.created: dict[str, int] = {}

    # --- which rows belong together -----------------------------------------------------------------

    def groups(self, rows: Sequence[FileRow]) -> list[Group]:
        """Rows by measure: those of existing ones first, then new measures, parts last."""
        numbers = {row.number: row.pk for row in self.plan.measures.select_related("field", "parent__field")}
        self.numbers, present = numbers, set(numbers.values())
        owners = self._owners(rows)
        new = self._new_measures(rows)
        known: dict[int, Group] = {}
        for row in rows:
            if row.sheet == MEASURES.key:
                if row.key is not None and row.key not in present:
                    self._remark(row, "number", "row_gone")
                elif row.key is not None:
                    known.setdefault(row.key, Group(row.key)).rows[row.sheet].append(row)
                continue
            if row.key is not None and (row.sheet, row.key) not in owners:
                self._remark(row, "measure", "row_gone")
                continue
            pk = owners[row.sheet, row.key] if row.key is not None else numbers.get(row.measure)
            if pk is not None:
                known.setdefault(pk, Group(pk)).rows[row.sheet].append(row)
            elif row.measure in new:
                new[row.measure].rows[row.sheet].append(row)
            else:
                self._remark(row, "measure", "measure_unknown")
        parts = sorted(new.values(), key=lambda group: bool(group.own.get("parent")))
        return [*known.values(), *parts]

    def _new_measures(self, rows: Sequence[FileRow]) -> dict[str, Group]:
        """Word in the file -> new measure with its own row."""
        new: dict[str, Group] = {}
        for row in rows:
            if row.sheet != MEASURES.key or row.key is not None:
                continue
            if row.measure in new or (row.measure and row.measure in self.numbers):
                self._remark(row, "number", "number_twice")
            made = new[row.measure or f"row {row.row}"] = Group(None, is_new=True)
            made.rows[row.sheet].append(row)
        return new

    def _owners(self, rows: Sequence[FileRow]) -> dict[tuple[str, int | None], int]:
        owners: dict[tuple[str, int | None], int] = {}
        for sheet, related in (
            (FIGURES, "key_figures"),
            (MILESTONES, "milestones"),
            (FINANCE, "finance_lines"),
        ):
            keys = [row.key for row in rows if row.sheet == sheet.key and row.key is not None]
            found = self.plan.measures.filter(**{f"{related}__in": keys}).values_list(related, "pk")
            owners |= {(sheet.key, key): pk for key, pk in found if key in keys}
        return owners

    def _remark(self, row: FileRow, column: str, code: str) -> None:
        sheet = next(sheet for sheet in (MEASURES, FIGURES, MILESTONES, FINANCE) if sheet.key == row.sheet)
        title = str(sheet.field(column).title)
        self.remarks.append(Remark(str(sheet.title), row.row, title, row.measure, code))

    # --- writing -------------------------------------------------------------------------------------

    def write(self, group: Group) -> None:
        """Write one measure and what belongs to it."""
        if group.pk is None:
            self._create(group)
        else:
            self._change(Measure.objects.select_related("plan__territory", "field").get(pk=group.pk), group)

    def _create(self, group: Group) -> None:
        own = group.own
        fields = self._fields({"key_figures": []}, own, group)
        fields["stage"] = int(own["stage"])
        parent = self.numbers.get(own["parent"]) if own["parent"] else None
        if own["parent"] and parent is None:
            self._remark(group.first, "parent", "measure_unknown")
            return
        if parent is not None:
            above = Measure.objects.select_related("plan__territory", "field").get(pk=parent)
            made = submeasure_create(above, user=self.user, **fields)
        else:
            made = measure_create(plan=self.plan, user=self.user, is_draft=True, **fields)
        if group.first.measure:
            self.numbers[group.first.measure] = self.created[group.first.measure.casefold()] = made.pk
        group.pk = made.pk
        self._tell_milestones(made, group)
        self.result["created"] += 1

    def _change(self, measure: Measure, group: Group) -> None:
        own = dict(group.own)
        stage, needs = own.pop("stage", None), own.pop("needs", None)
        kept = None if needs is None else self._needs_kept(measure, needs)
        if (
            own
            or kept is not None
            or any(
                _is_wording(row) for key, rows in group.rows.items() if key != MEASURES.key for row in rows
            )
        ):
            fields = self._fields(dict(fields_of_measure(measure)), own, group)
            if kept is not None:
                fields["needs"] = kept
            measure_change(measure, user=self.user, reason=self.reason, **fields)
        if stage is not None:
            measure_stage_move(measure, Stage(int(stage)), reason=self.reason, user=self.user)
        self._tell_milestones(measure, group)
        self.result["changed"] += 1

    def write_needs(self, group: Group) -> None:
        """Write what a measure needs first; when all are there, and what goes has gone.

        Only then rings are looked for: a dependency may be turned round in one upload.
        """
        value = group.own.get("needs")
        if value is None:
            return
        assert group.pk is not None  # written by now
        measure = Measure.objects.select_related("plan__territory", "field").get(pk=group.pk)
        wanted = sorted((self._measure_key(key), note) for key, note in _pairs(value))
        if wanted == sorted(measure.needs.values_list("needed", "note")):
            return
        rows = self.plan.measures.in_bulk([key for key, _note in wanted])
        if any(key not in rows for key, _note in wanted):
            raise _entry_gone()
        needs = [(rows[key], note) for key, note in wanted]
        if group.is_new:
            dependencies_save(measure, needs)
            return
        fields = {**fields_of_measure(measure), "needs": needs}
        measure_change(measure, user=self.user, reason=self.reason, **cast(MeasureFields, fields))

    def _measure_key(self, key: str) -> int:
        if not key.startswith(NEW):
            return int(key)
        made = self.created.get(key.removeprefix(NEW).casefold())
        if made is None:  # left out by the person, or written by nobody
            raise _entry_gone()
        return made

    @staticmethod
    def _needs_kept(measure: Measure, value: str) -> list[tuple[Measure, str]] | None:
        """What stays of the needs of a measure; None if nothing goes."""
        wanted = {key for key, _note in _pairs(value)}
        rows: list[MeasureDependency] = list(measure.needs.select_related("needed"))
        kept = [(row.needed, row.note) for row in rows if str(row.needed_id) in wanted]
        return kept if len(kept) < len(rows) else None

    def _fields(self, fields: Mapping[str, Any], own: Values, group: Group) -> MeasureFields:
        """What the measure says, with what the upload changes."""
        wanted: dict[str, Any] = {**fields}
        for key, value in own.items():
            if key in _TEXTS:
                wanted[key] = value
            elif key in _DAYS:
                wanted[key] = datetime.date.fromisoformat(value)
            elif key == "field":
                wanted |= {"field": self.fields[value], "position": None}
            elif key == "responsible":
                wanted[key] = self.organisation[value]
            elif key == "partners":
                wanted[key] = [(self.organisation[pk], role) for pk, role in _pairs(value)]
            elif key == "areas":
                wanted[key] = [self.areas[pk] for pk in value.splitlines()]
            elif key == "goals":
                wanted[key] = [self.goals[pk] for pk in value.splitlines()]
            elif key == "needs_agreement":
                wanted[key] = bool(value)
        wanted["key_figures"] = self._merged(
            wanted["key_figures"], group.rows[FIGURES.key], self._figure, KeyFigureInput
        )
        wanted["milestones"] = self._merged(
            wanted.get("milestones", []), group.rows[MILESTONES.key], self._milestone, MilestoneInput
        )
        wanted["finance"] = self._merged(
            wanted.get("finance", []), group.rows[FINANCE.key], self._finance, FinanceInput
        )
        return cast(MeasureFields, wanted)

    def _merged(self, present: Sequence[Any], rows: Sequence[FileRow], read: Any, kind: Any) -> list[Any]:
        """Rows that are there, with those that change and those that are new."""
        changed = {row.key: read(row.values) for row in rows if row.key is not None}
        kept = [dataclasses.replace(row, **changed.get(row.pk, {})) for row in present]
        return kept + [kind(**read(row.values)) for row in rows if row.key is None]

    def _figure(self, values: Values) -> dict[str, Any]:
        readers: dict[str, Any] = {
            "kind": lambda value: value or FigureKind.QUANTITY,
            "unit": lambda value: self.units[value] if value else None,
            "cycle": lambda value: value or FigureCycle.EVERY_ROUND,
            "reporter": lambda value: self.organisation[value] if value else None,
            "indicator": lambda value: self.indicators[value] if value else None,
            "area": lambda value: self.areas[value] if value else None,
            "on_path_percent": lambda value: int(value) if value else ON_PATH_PERCENT,
            "at_risk_percent": lambda value: int(value) if value else AT_RISK_PERCENT,
            "baseline": Decimal,
            "baseline_on": datetime.date.fromisoformat,
        }
        found = {
            key: readers.get(key, str)(value)
            for key, value in values.items()
            if key not in {TARGETS, "measure"}
        }
        if TARGETS in values:
            targets = [
                (datetime.date.fromisoformat(day), Decimal(number), words)
                for day, number, words in targets_in(values[TARGETS])
            ]
            found["targets"] = [(day, number) for day, number, _words in targets]
            found["wordings"] = {day: words for day, _number, words in targets if words}
        return found

    def _milestone(self, values: Values) -> dict[str, Any]:
        found: dict[str, Any] = {"title": values["title"]} if "title" in values else {}
        # The day of one that is told about is moved by the telling.
        if "due_on" in values and ("measure" in values or not _TOLD & values.keys()):
            found["due_on"] = datetime.date.fromisoformat(values["due_on"])
        return found

    def _finance(self, values: Values) -> dict[str, Any]:
        readers: dict[str, Any] = {
            "payer": lambda value: self.organisation[value] if value else None,
            "year": lambda value: int(value) if value else None,
            "amount": Decimal,
            "is_secured": bool,
        }
        return {key: readers.get(key, str)(value) for key, value in values.items() if key != "measure"}

    def _tell_milestones(self, measure: Measure, group: Group) -> None:
        """Say of milestones that they were reached, or what to know about them."""
        for row in group.rows[MILESTONES.key]:
            told = {key: row.values[key] for key in _TOLD & row.values.keys()}
            if not told or (row.key is None and not any(told.values())):
                continue
            rows = Milestone.objects.select_related("measure__plan__territory", "measure__responsible")
            stored = (
                rows.get(pk=row.key)
                if row.key is not None
                else rows.get(measure=measure, title=row.values["title"])
            )
            reached = told.get("reached_on", _day_text(stored.reached_on))
            due = row.values.get("due_on", _day_text(stored.due_on))
            milestone_tell(
                stored,
                reached_on=datetime.date.fromisoformat(reached) if reached else None,
                due_on=datetime.date.fromisoformat(due),
                note=told.get("note", stored.note),
                user=self.user,
            )


def _pairs(value: str) -> list[tuple[str, str]]:
    """Key and words of each line of a value."""
    return [line.partition("|")[::2] for line in value.splitlines()]


def _entry_gone() -> DomainError:
    return DomainError(
        "entry_gone",
        _("The row names something that is not there any more. Please download the plan anew."),
    )


def _is_wording(row: FileRow) -> bool:
    """Whether a row changes what the measure says, and not only how far a milestone is."""
    is_told = row.sheet == MILESTONES.key and bool(_TOLD & row.values.keys())
    return row.key is None or not is_told or "title" in row.values


def _day_text(day: datetime.date | None) -> str:
    return day.isoformat() if day else ""


class _Rows:
    """Rows by the text of their key, each read once."""

    def __init__(self, in_bulk: Any) -> None:
        self._in_bulk = in_bulk
        self._rows: dict[int, Any] = {}

    def __getitem__(self, key: str) -> Any:
        number = int(key)
        if number not in self._rows:
            self._rows |= self._in_bulk([number])
        if number not in self._rows:  # deleted since the upload
            raise _entry_gone()
        return self._rows[number]
