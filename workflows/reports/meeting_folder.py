"""The whole set of papers of a meeting (Konferenzmappe): agenda, and the papers of each item."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from project.common.formats import date_de, file_size_de, time_de
from project.common.pdf import blocks
from project.common.pdf.paper import render_paper
from workflows.models import (
    AgendaFile,
    AgendaKind,
    AreaProfile,
    CosignRequest,
    Decision,
    Meeting,
    Recommendation,
    RecommendationVersion,
    StageKind,
)
from workflows.reports import profile as profile_report
from workflows.reports.recommendation import cosigned_blocks, recommendation_blocks, return_blocks
from workflows.selectors.agenda import AgendaLine, agenda_minutes, agenda_of
from workflows.selectors.cosigning import answers_before_body
from workflows.selectors.open_tasks import OpenTask, open_tasks_of
from workflows.selectors.recommendations import Evidence, evidence_of
from workflows.selectors.versions import SinceReturn, since_return


@dataclass(frozen=True)
class ItemPapers:
    """What belongs to one item, with all rows loaded."""

    line: AgendaLine
    profile: profile_report.ProfileData | None = None
    version: RecommendationVersion | None = None
    evidence: Evidence | None = None
    earlier: Sequence[Decision] = ()
    tasks: Sequence[OpenTask] = ()
    task_count: int = 0
    decisions: Sequence[Decision] = ()
    files: Sequence[AgendaFile] = ()
    answers: Sequence[CosignRequest] = ()
    since: SinceReturn | None = None


@dataclass(frozen=True)
class FolderData:
    """All that the folder shows.

    Args:
        meeting: With body, cycle, territory and planning unit loaded.
        items: In the order of the agenda; those taken off keep their number.
        is_internal: With the internal part.
        minutes: Length of what is shown.
        organisations: Who is invited.
    """

    meeting: Meeting
    items: Sequence[ItemPapers]
    is_internal: bool
    minutes: int
    organisations: Sequence[str] = field(default_factory=tuple)


def collect(user: Any, meeting: Meeting, *, is_internal: bool) -> FolderData:
    """Read all that the folder of a meeting shows.

    Args:
        user: Who asks; statements that are drafts stay with those who may read them.
        meeting: A meeting the person may see.
        is_internal: The whole agenda, for members and planning; else its public items only, without
            statements that are still drafts and without open tasks.

    Returns:
        The content, figures protected by statistical secrecy. Queries: about 30, and 7 for each
        recommendation, 14 with the internal part.
    """
    lines = [line for line in agenda_of(meeting) if line.item is not None and (is_internal or line.is_public)]
    profiles = _profiles(user, meeting, lines, is_internal=is_internal)
    tasks = open_tasks_of(meeting) if any(_is(line, AgendaKind.TASKS) for line in lines) else []
    return FolderData(
        meeting=meeting,
        items=[_papers(line, profiles, tasks, is_internal=is_internal) for line in lines],
        is_internal=is_internal,
        minutes=agenda_minutes(lines),
        organisations=sorted(
            row.organisation.label for row in meeting.participants.select_related("organisation")
        ),
    )


def _is(line: AgendaLine, kind: AgendaKind) -> bool:
    return line.item is not None and line.item.kind == kind


def _profiles(
    user: Any, meeting: Meeting, lines: Sequence[AgendaLine], *, is_internal: bool
) -> dict[int, profile_report.ProfileData]:
    """Key of an area -> its released profile."""
    wanted = [line.profile.pk for line in lines if line.profile and not line.is_removed]
    rows = (
        AreaProfile.objects.filter(pk__in=wanted, released_at__isnull=False)
        .select_related("area__parent", "cycle__territory", "cycle__planning_unit")
        .defer("area__geometry", "area__parent__geometry")
    )
    found = profile_report.collect(user, meeting.cycle, rows) if wanted else []
    if not is_internal and meeting.cycle.stage <= StageKind.CONFERENCE:
        found = [dataclasses.replace(row, statements=()) for row in found]
    return {row.area.pk: row for row in found}


def _papers(
    line: AgendaLine,
    profiles: dict[int, profile_report.ProfileData],
    tasks: Sequence[OpenTask],
    *,
    is_internal: bool,
) -> ItemPapers:
    item = line.item
    assert item is not None
    if line.is_removed:
        return ItemPapers(line)
    files = line.files
    if line.recommendation is not None:
        return _of_recommendation(line, line.recommendation, is_internal=is_internal)
    if item.kind == AgendaKind.TASKS:
        return ItemPapers(line, tasks=tasks if is_internal else (), task_count=len(tasks), files=files)
    if item.approves is not None:
        decisions = item.approves.decisions.select_related("version").order_by("year", "number")
        return ItemPapers(line, decisions=list(decisions), files=files)
    area_pk = item.area_id
    return ItemPapers(line, profile=profiles.get(area_pk) if area_pk is not None else None, files=files)


def _of_recommendation(line: AgendaLine, recommendation: Recommendation, *, is_internal: bool) -> ItemPapers:
    """A recommendation as it is before the body; what co-signers and the body said of it for members only."""
    version = _version(line)
    earlier = recommendation.decisions.select_related("meeting", "body").order_by("pk")
    papers = ItemPapers(
        line,
        version=version,
        evidence=evidence_of(version) if version is not None else None,
        earlier=[row for row in earlier if row != line.decision],
        files=line.files,
    )
    if version is None or not is_internal:
        return papers
    answers = answers_before_body([version])[version.pk]
    return dataclasses.replace(papers, answers=answers, since=since_return(version))


def _version(line: AgendaLine) -> RecommendationVersion | None:
    """What the body has before it: the version decided on, else the latest submitted one."""
    assert line.recommendation is not None
    versions = line.recommendation.versions.filter(submitted_at__isnull=False).order_by("-number")
    if line.decision is not None:
        versions = versions.filter(pk=line.decision.version_id)
    return versions.select_related("addressee", "recommendation__cycle").prefetch_related("fields").first()


# --- the paper -------------------------------------------------------------------------------------


def render(data: FolderData, *, language: str) -> bytes:
    """Write the folder.

    Args:
        data: From ``collect``; nothing is read from the database here.
        language: "de" or "en".

    Returns:
        A tagged PDF with contents, bookmarks and page numbers, the same bytes for the same data.
    """
    meeting = data.meeting
    with override(language):
        cycle = meeting.cycle
        return render_paper(
            blocks.Paper(
                title=file_name(meeting, is_internal=data.is_internal),
                language=language,
                author=str(cycle.planning_unit),
                subject=f"{cycle.territory}, {cycle.title}",
                blocks=content(data),
                running=f"{cycle.territory} · {meeting.body.name}, {date_de(meeting.held_on)}",
                footer=_("internal: for members of the body only") if data.is_internal else _("public part"),
                draft="" if meeting.papers_sent_at else _("Draft"),
                page_of=_("Page %(page)s of %(pages)s"),
            )
        )


def content(data: FolderData) -> list[blocks.Block]:
    """The folder as blocks, in the language in force."""
    parts = [*_cover(data), blocks.PageBreak(), *_agenda(data)]
    was_long = True
    for papers in data.items:
        if papers.line.is_removed:
            continue
        # Short items share a page; profiles and recommendations begin one.
        is_long = papers.profile is not None or papers.version is not None
        parts += [*([blocks.PageBreak()] if is_long or was_long else []), *_item(papers)]
        was_long = is_long
    return parts


def _cover(data: FolderData) -> list[blocks.Block]:
    meeting = data.meeting
    begins = f", {time_de(meeting.starts_at)}" if meeting.starts_at else ""
    rows = [(_("Date"), f"{date_de(meeting.held_on)}{begins}")]
    if meeting.place:
        rows.append((_("Place"), meeting.place))
    rows.append((_("Planning cycle"), meeting.cycle.title))
    if data.organisations:
        rows.append((_("Invited"), ", ".join(data.organisations)))
    badges = [_("internal part included") if data.is_internal else _("public part")]
    if meeting.papers_sent_at is not None:
        badges.append(_("sent on %(day)s") % {"day": date_de(meeting.papers_sent_at)})
    return [
        blocks.Heading(
            _("Conference folder: %(body)s") % {"body": meeting.body.name},
            1,
            is_listed=False,
            preline=str(meeting.cycle.territory),
            badges=tuple(badges),
        ),
        blocks.KeyValues(rows),
        blocks.Contents(_("Contents"), depth=1),
    ]


def _agenda(data: FolderData) -> list[blocks.Block]:
    rows: list[blocks.Row] = []
    for papers in data.items:
        line = papers.line
        assert line.item is not None
        title = line.heading
        if line.is_removed:
            title = _("%(title)s (taken off: %(reason)s)") % {
                "title": title,
                "reason": line.item.remove_reason,
            }
        elif line.item.is_internal:
            title = _("%(title)s (internal)") % {"title": title}
        minutes = str(line.item.duration_minutes) if line.item.duration_minutes else "–"
        hour = time_de(line.starts_at) if line.starts_at else "–"
        rows.append((str(line.position), hour, title, minutes))
    columns = (
        blocks.Column(_("Item no."), 1),
        blocks.Column(_("Time"), 1.7),
        blocks.Column(_("Title"), 9),
        blocks.Column(_("Length (minutes)"), 2, is_number=True),
    )
    parts: list[blocks.Block] = [
        blocks.Heading(_("Agenda"), 1, running=_("Agenda")),
        blocks.Table("", columns, rows) if rows else blocks.Paragraph(_("No items have been named.")),
    ]
    if data.minutes:
        text = ngettext("%(count)s minute planned", "%(count)s minutes planned", data.minutes)
        parts.append(blocks.Paragraph(text % {"count": data.minutes}, "note"))
    return parts


def _item(papers: ItemPapers) -> list[blocks.Block]:
    line = papers.line
    assert line.item is not None
    number = _("Item %(number)s") % {"number": line.position}
    heading = f"{number}: {line.heading}"
    badges = [_("internal")] if line.item.is_internal else []
    if line.decision is not None:
        badges.append(str(line.decision.get_result_display()))
    parts: list[blocks.Block] = []
    if papers.profile is not None:
        first, *rest = profile_report.content(papers.profile)
        assert isinstance(first, blocks.Heading)
        parts = [
            dataclasses.replace(first, text=heading, running=number, badges=(*badges, *first.badges)),
            *_note(line.item.note),
            *rest,
        ]
    else:
        kind = str(line.item.get_kind_display())
        parts = [
            blocks.Heading(heading, 1, preline=kind, badges=tuple(badges), running=number),
            *_note(line.item.note),
            *_minutes(papers),
            *_tasks(papers),
        ]
        if papers.version is not None and papers.evidence is not None:
            parts += return_blocks(papers.since)
            parts += recommendation_blocks(papers.version, papers.evidence, papers.earlier)
            parts += cosigned_blocks(papers.answers, is_listed=False)
    return parts + _files(papers.files)


def _note(note: str) -> list[blocks.Block]:
    return [blocks.Paragraph(note)] if note else []


def _minutes(papers: ItemPapers) -> list[blocks.Block]:
    """What the meeting decided whose minutes are approved."""
    item = papers.line.item
    if item is None or item.approves is None:
        return []
    if not papers.decisions:
        return [blocks.Paragraph(_("No decisions were recorded in that meeting."))]
    lines = [f"{row.reference} {row.version.title}: {row.get_result_display()}" for row in papers.decisions]
    return [blocks.Heading(_("Decisions of that meeting"), 2, is_listed=False), blocks.Bullets(lines)]


def _tasks(papers: ItemPapers) -> list[blocks.Block]:
    if not _is(papers.line, AgendaKind.TASKS):
        return []
    if not papers.tasks:
        text = ngettext("%(count)s task is open.", "%(count)s tasks are open.", papers.task_count)
        return [blocks.Paragraph(text % {"count": papers.task_count})]
    columns = (blocks.Column(_("Task"), 6), blocks.Column(_("Who"), 4), blocks.Column(_("Due"), 2))
    rows = [(row.title, row.who, date_de(row.due_on)) for row in papers.tasks]
    return [blocks.Table("", columns, rows)]


def _files(files: Sequence[AgendaFile]) -> list[blocks.Block]:
    """Attachments by name and hash: who got one elsewhere can tell whether it is the same."""
    if not files:
        return []
    columns = (
        blocks.Column(_("Attachment"), 5),
        blocks.Column(_("Size"), 1.6, is_number=True),
        blocks.Column(_("Hash (SHA-256)"), 6),
    )
    rows = [(f"{row.title} ({row.file_name})", file_size_de(row.size), row.sha256) for row in files]
    return [
        blocks.Heading(_("Attachments"), 2, is_listed=False),
        blocks.Table("", columns, rows),
    ]


def file_name(meeting: Meeting, *, is_internal: bool) -> str:
    """Name people find among their downloads, without ending."""
    kind = _("Conference folder")
    name = f"{kind} {meeting.body.name} {date_de(meeting.held_on)}"
    return f"{name} ({_('internal')})" if is_internal else name
