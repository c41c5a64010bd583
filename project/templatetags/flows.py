"""Template words for the engine's pages: what its states and actions are called among colleagues."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django import template
from django.template import RequestContext
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from viewflow.workflow.status import PROCESS, STATUS

from project.templatetags.passgenau import badge

register = template.Library()

# Sentences that the engine itself shows after an act. They stand here so that they are collected for
# translation; ours in every language leave out its numbers.
ENGINE_MESSAGES = (
    gettext_noop("Task {task} has been assigned."),
    gettext_noop("Task {task} has been unassigned."),
    gettext_noop("Task {task} has been canceled."),
    gettext_noop("Task {task} has been undone."),
    gettext_noop("Task {task} has been revived."),
    gettext_noop("Task {task} has been completed."),
    gettext_noop("Process {process} has been started."),
    gettext_noop("You have no rights to view this task"),
    gettext_noop("Assign selected tasks"),
    gettext_noop("Unassign selected tasks"),
    gettext_noop("Inbox"),
    gettext_noop("Queue"),
    gettext_noop("Archive"),
    gettext_noop("Process"),
)


def _task_state(status: str) -> tuple[str, str]:
    states = {
        STATUS.NEW: ("info", _("open")),
        STATUS.ASSIGNED: ("info", _("taken on")),
        STATUS.STARTED: ("info", _("being worked on")),
        STATUS.SCHEDULED: ("neutral", _("waiting for its date")),
        STATUS.DONE: ("success", _("done")),
        STATUS.CANCELED: ("neutral", _("withdrawn")),
        STATUS.REVIVED: ("neutral", _("put again")),
        STATUS.ERROR: ("danger", _("fault")),
    }
    return states.get(STATUS(status), ("neutral", status)) if status in STATUS.values else ("neutral", status)


@register.simple_tag
def task_badge(task: Any) -> SafeString:
    """{% task_badge task %} shows the state of a task."""
    return badge(*_task_state(task.status))


@register.simple_tag
def case_badge(process: Any) -> SafeString:
    """{% case_badge process %} shows whether a case is under way."""
    states = {
        PROCESS.NEW: ("info", _("under way")),
        PROCESS.DONE: ("success", _("completed")),
        PROCESS.CANCELED: ("neutral", _("stopped")),
    }
    return badge(*states.get(process.status, ("neutral", process.status)))


@register.filter
def case_title(process: Any) -> str:
    """What a case is about, in a sentence; without one the title of its flow."""
    return process.coerced.brief or str(process.flow_class.process_title)


@register.filter
def action_word(label: str) -> str:
    """The engine's name of an action, as people here call it."""
    words = {
        "assign": _("Take on"),
        "unassign": _("Give back"),
        "reassign": _("Hand over"),
        "execute": _("Work on it"),
        "cancel": _("Withdraw task"),
        "undo": _("Take step back"),
        "revive": _("Put task again"),
    }
    return words.get(str(label).lower(), str(label))


@register.simple_tag(takes_context=True)
def may_stop(context: RequestContext, process: Any) -> bool:
    """{% may_stop process as yes %} tells whether the person may stop the case."""
    if process.status != PROCESS.NEW:
        return False
    return bool(process.flow_class.instance.has_manage_permission(context["request"].user, obj=process))


@register.filter
def human_steps(tasks: Any) -> list[Any]:
    """Only the tasks that people do: gates and automatic steps say nothing to a reader."""
    return [task for task in tasks if task.flow_task_type == "HUMAN"]


@register.filter
def column_sort(column: Any, view: Any) -> str:
    """aria-sort of a list column: ascending, descending or empty."""
    order = str(getattr(view, "columns_order", {}).get(column))
    return {"asc": "ascending", "desc": "descending"}.get(order, "")


# Columns of the engine's lists whose content another column shows better.
_ENGINE_COLUMNS = {"task_id", "process_id"}
_REPEATED_COLUMNS = {"flow_task", "task_title"}
_HREF = re.compile(r'href="([^"]*)"')


@register.filter
def reader_columns(columns: Iterable[Any]) -> list[Any]:
    """Columns of a list without those that would say the same twice once numbers have become titles."""
    known = list(columns)
    if any(column.attr_name == "task_id" for column in known):
        return [column for column in known if column.attr_name not in _REPEATED_COLUMNS]
    return known


@register.filter
def reader_header(column: Any) -> str:
    """Head of a column, without the engine's words."""
    words = {
        "task_id": _("Task"),
        "process_id": _("Case"),
        "brief": _("Note"),
        "process_brief": _("What this is about"),
        "process_summary": _("What this is about"),
        "created": _("Came in"),
        "finished": _("Finished"),
        "active_tasks": _("Open tasks"),
    }
    return words.get(column.attr_name, str(column.header()))


@register.filter
def reader_cells(row: Iterable[tuple[Any, Any]], obj: Any) -> Iterator[tuple[Any, Any]]:
    """Cells of a list: where the engine links a number, the title is linked instead."""
    cells = list(row)
    shown = reader_columns([column for column, _value in cells])
    for column, value in cells:
        if column not in shown:
            continue
        link = _HREF.search(str(value)) if column.attr_name in _ENGINE_COLUMNS else None
        if link is None:
            yield column, value
            continue
        title = obj.title if column.attr_name == "task_id" else case_title(obj)
        yield column, format_html('<a href="{}">{}</a>', SafeString(link.group(1)), title)
