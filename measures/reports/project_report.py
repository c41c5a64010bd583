"""Reports and drawdowns of funded projects as paper, drawn from what was handed in and nothing else."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from measures.models import DutyKind
from measures.report_content import DECLARATIONS
from measures.reports.project_account import account_blocks, drawdown_blocks, receipt_blocks
from project.common.formats import (
    NO_VALUE,
    SIGN_UNKNOWN,
    date_de,
    datetime_de,
    decimal_de,
    money_de,
    period_de,
    sign_meaning,
)
from project.common.pdf import blocks
from project.common.pdf.paper import render_paper

#: A paper for a German authority, whatever language the person at the screen reads.
LANGUAGE: Final = "de"
_PARAGRAPHS: Final = re.compile(r"\n\s*\n")


def report_paper(
    content: Mapping[str, Any],
    *,
    sha256: str,
    at: datetime.datetime,
    is_draft: bool = False,
    with_receipts: bool = True,
) -> bytes:
    """Write a report or drawdown as paper.

    Args:
        content: As ``measures.report_content`` says.
        sha256: Check sum of the content, printed on each page; a draft and a copy without receipts have none.
        at: When it was handed in, or when the draft was looked at.
        is_draft: Marks each page, and says that nothing was handed in.
        with_receipts: Whether the list of receipts is in it; those who may not see it get a paper without.

    Returns:
        A tagged PDF, the same bytes for the same arguments.
    """
    with override(LANGUAGE):
        return render_paper(
            paper_of(content, sha256=sha256, at=at, is_draft=is_draft, with_receipts=with_receipts)
        )


def file_name(content: Mapping[str, Any]) -> str:
    """Name people find among their downloads, without ending."""
    with override(LANGUAGE):
        return _("%(kind)s %(reference)s of %(day)s, no. %(number)s") % {
            "kind": DutyKind(content["kind"]).label,
            "reference": _reference(content).replace("/", "-"),
            "day": date_de(_day(content["covers_until"])),
            "number": content["number"],
        }


def paper_of(
    content: Mapping[str, Any],
    *,
    sha256: str,
    at: datetime.datetime,
    is_draft: bool = False,
    with_receipts: bool = True,
) -> blocks.Paper:
    """The paper as blocks, in the language in force."""
    if is_draft:
        # Who looks at a draft has confirmed nothing.
        content = {**content, "confirmation": None}
    project, kind = content["project"], DutyKind(content["kind"])
    is_whole = with_receipts or not content["receipts"]
    # The check sum stands for the whole: what is only a part of it does not claim it.
    is_sealed = bool(sha256) and not is_draft and is_whole
    return blocks.Paper(
        title=f"{kind.label}: {project['title']}",
        language=LANGUAGE,
        author=project["provider"],
        # In plain signs: a copy that was changed still tells which paper it was.
        subject=" · ".join(part for part in (_reference(content), sha256 if is_sealed else "") if part),
        blocks=_content(content, sha256=sha256 if is_sealed else "", at=at, with_receipts=with_receipts),
        running=f"{_reference(content)} · {project['provider']}",
        footer=f"SHA-256 {sha256}" if is_sealed else _unsealed(at, is_draft=is_draft),
        draft=_("DRAFT") if is_draft else "",
        page_of=_("Page %(page)s of %(pages)s"),
    )


def _unsealed(at: datetime.datetime, *, is_draft: bool) -> str:
    """Foot of what was not handed in, or not so."""
    if is_draft:
        return _("Draft of %(day)s, not handed in") % {"day": date_de(at)}
    return _("Handed in on %(day)s; copy without the list of receipts") % {"day": date_de(at)}


def _content(
    content: Mapping[str, Any], *, sha256: str, at: datetime.datetime, with_receipts: bool
) -> list[blocks.Block]:
    kind = DutyKind(content["kind"])
    label = str(kind.label)
    chapters: list[tuple[str, list[blocks.Block]]] = []
    if kind == DutyKind.DRAWDOWN:
        chapters += _drawdown(content["drawdown"])
    else:
        chapters.append((_("Narrative report"), _narrative(content)))
        is_final = kind == DutyKind.FINAL
        title = _("Account in figures") if is_final else _("Interim account in figures")
        percent = content["project"]["deviation_percent"]
        period = period_de(_day(content["covers_from"]), _day(content["covers_until"]))
        account = account_blocks(content["account"], period=period, allowed_percent=percent, level=3)
        chapters.append((title, account))
        if is_final or content["receipts"]:
            chapters.append((_("List of receipts"), _receipts(content, with_receipts=with_receipts)))
    parts: list[blocks.Block] = [
        blocks.Heading(
            label,
            1,
            preline=f"{content['project']['programme']} · {_reference(content)}",
            running=label,
        ),
        blocks.Paragraph(content["project"]["title"], "lead"),
        blocks.KeyValues(_head(content, at)),
    ]
    for number, (title, inner) in enumerate(chapters, start=1):
        parts += [blocks.Heading(f"{number}. {title}", 2), *inner]
    return [*parts, *_confirmation(content, number=len(chapters) + 1, sha256=sha256)]


# --- head --------------------------------------------------------------------------------------------


def _head(content: Mapping[str, Any], at: datetime.datetime) -> list[tuple[str, str]]:
    """Parties, grant, and what this paper is."""
    project = content["project"]
    notice, measure = project["notice"], project["measure"]
    handed_in = content.get("confirmation")
    rows = [
        (_("Recipient of the grant"), project["provider"]),
        (_("Grantor"), project["funder"]),
        (_("File reference"), _reference(content)),
        (_("Grant notice of"), _notice(notice)),
        (_("Sum granted"), money_de(project["granted"])),
        (_("Time of the grant"), period_de(_day(project["starts_on"]), _day(project["ends_on"]))),
        (_("Time reported"), period_de(_day(content["covers_from"]), _day(content["covers_until"]))),
        (_("To be handed in by"), date_de(_day(content["due_on"]))),
        (_("Handed in"), datetime_de(at) if handed_in else _("not yet")),
        (_("Version no."), str(content["number"])),
    ]
    if content["kind"] == DutyKind.DRAWDOWN:
        # A form of one page.
        return rows
    return [
        *rows,
        (_("Measure"), f"{measure['number']} {measure['title']}".strip() if measure else _none()),
        (_("Partners"), "; ".join(project["partners"]) or _none()),
        (_("Areas"), ", ".join(project["areas"]) or _none()),
    ]


def _notice(notice: Mapping[str, Any] | None) -> str:
    if not notice:
        return _none()
    day = date_de(_day(notice["issued_on"]))
    if notice["number"] > 1:
        return _("%(day)s (amending notice, no. %(number)s)") % {"day": day, "number": notice["number"]}
    return day


def _reference(content: Mapping[str, Any]) -> str:
    project = content["project"]
    return project["reference"] or (project["notice"] or {}).get("reference") or _none()


# --- narrative, figures, milestones, participants -------------------------------------------------------


def _narrative(content: Mapping[str, Any]) -> list[blocks.Block]:
    parts: list[blocks.Block] = []
    for section in content["narrative"]:
        parts += [blocks.Heading(str(section["title"]), 3), *_paragraphs(section["text"])]
    if not parts:
        parts += [blocks.Paragraph(_none())]
    parts += [blocks.Heading(_("Key figures"), 3), *_figures(content["figures"])]
    parts += [blocks.Heading(_("Milestones"), 3), *_milestones(content["milestones"])]
    parts += [blocks.Heading(_("Participants by sex"), 3), *_participants(content["participants"])]
    return parts


def _paragraphs(text: str) -> list[blocks.Block]:
    found = [part.strip() for part in _PARAGRAPHS.split((text or "").replace("\r\n", "\n")) if part.strip()]
    return [blocks.Paragraph(part) for part in found] or [blocks.Paragraph(_none())]


def _figures(rows: Sequence[Mapping[str, Any]]) -> list[blocks.Block]:
    if not rows:
        return [blocks.Paragraph(_none())]
    columns = (
        blocks.Column(_("Key figure"), 3.2),
        blocks.Column(_("Unit"), 1.4),
        blocks.Column(_("Baseline"), 1.7, is_number=True),
        blocks.Column(_("Target"), 1.7, is_number=True),
        blocks.Column(_("Actual"), 1.7, is_number=True),
        blocks.Column(_("Comment"), 2.8, is_apart=True),
    )
    lines = [
        (
            row["title"],
            row["unit"],
            _value(row["baseline"], row["baseline_on"], is_secret=bool(row.get("is_baseline_secret"))),
            _value(row["target"], row["target_on"]),
            _value(row["value"], row["value_on"], is_secret=bool(row.get("is_secret"))),
            row["comment"] or NO_VALUE,
        )
        for row in rows
    ]
    parts: list[blocks.Block] = [blocks.Table("", columns, lines)]
    if any(row.get("is_secret") or row.get("is_baseline_secret") for row in rows):
        words = f"{SIGN_UNKNOWN} {sign_meaning(SIGN_UNKNOWN)}"
        parts.append(blocks.Paragraph(_("Signs: %(meanings)s") % {"meanings": words}, "note"))
    return parts


def _value(value: Any, day: str | None, *, is_secret: bool = False) -> str:
    """A figure with its day below it."""
    text = SIGN_UNKNOWN if is_secret else decimal_de(value)
    return f"{text}\n({date_de(_day(day))})" if day else text


def _milestones(rows: Sequence[Mapping[str, Any]]) -> list[blocks.Block]:
    if not rows:
        return [blocks.Paragraph(_none())]
    columns = (
        blocks.Column(_("Milestone"), 5),
        blocks.Column(_("Due"), 1.6, is_number=True),
        blocks.Column(_("Reached"), 1.6, is_number=True),
    )
    lines = [
        (
            row["title"],
            date_de(_day(row["due_on"])),
            date_de(_day(row["reached_on"])) if row["reached_on"] else _("not reached"),
        )
        for row in rows
    ]
    return [blocks.Table("", columns, lines)]


def _participants(rows: Sequence[Mapping[str, Any]]) -> list[blocks.Block]:
    """Indicators are no parts of a whole: each is added up across, none downwards."""
    if not rows:
        return [blocks.Paragraph(_none())]
    columns = (
        blocks.Column(_("Code"), 1.2),
        blocks.Column(_("Indicator"), 5),
        blocks.Column(_("Women"), 1.2, is_number=True),
        blocks.Column(_("Men"), 1.2, is_number=True),
        blocks.Column(_("Non-binary"), 1.2, is_number=True),
        blocks.Column(_("Altogether"), 1.3, is_number=True),
    )
    lines = [
        (row["code"], str(row["title"]), *(decimal_de(row[name], None) for name in ("f", "m", "n", "total")))
        for row in rows
    ]
    return [blocks.Table("", columns, lines)]


def _receipts(content: Mapping[str, Any], *, with_receipts: bool) -> list[blocks.Block]:
    if with_receipts:
        return receipt_blocks(content["receipts"], content["account"], level=3)
    return [blocks.Paragraph(_("This copy of the report does not contain the list of receipts."))]


# --- drawdown --------------------------------------------------------------------------------------------


def _drawdown(drawdown: Mapping[str, Any]) -> list[tuple[str, list[blocks.Block]]]:
    asked = _("Asked for: %(sum)s") % {"sum": money_de(drawdown["sums"]["amount"])}
    account = _("Please pay the sum to the account named in the application or in the grant notice.")
    amount = [*drawdown_blocks(drawdown), blocks.Paragraph(asked, "strong"), blocks.Paragraph(account)]
    return [
        (_("Sum asked for"), amount),
        (_("What the money is needed for"), _paragraphs(drawdown["purpose"])),
    ]


# --- confirmation ----------------------------------------------------------------------------------------


def _confirmation(content: Mapping[str, Any], *, number: int, sha256: str) -> list[blocks.Block]:
    """Declaration, who confirmed it, places to sign on paper, check sum; on one page."""
    given = content.get("confirmation") or {}
    is_drawdown = content["kind"] == DutyKind.DRAWDOWN
    title = _("Declaration and confirmation")
    parts: list[blocks.Block] = [
        blocks.Heading(f"{number}. {title}", 2),
        blocks.Paragraph(_("The recipient of the grant declares:")),
        blocks.Bullets([str(text) for text in DECLARATIONS[is_drawdown]], is_numbered=True),
    ]
    if given:
        moment = datetime.datetime.fromisoformat(given["at"])
        who = ", ".join(part for part in (given["name"], given["function"]) if part) or _none()
        parts.append(
            blocks.KeyValues(
                [
                    (_("Confirmed electronically by"), who),
                    (_("For"), given["organisation"]),
                    (_("On"), datetime_de(moment)),
                ]
            )
        )
    else:
        parts.append(blocks.Paragraph(_("Not confirmed yet."), "strong"))
    parts += [
        blocks.Paragraph(_("To be signed by hand where the grant notice asks for a paper:"), "note"),
        blocks.Signatures(
            (_("Place, date"), _("Signature binding in law, name"), _("Stamp of the recipient"))
        ),
    ]
    if sha256:
        address = settings.SITE_URL + reverse("workflows:paper-verify")
        note = _("Check sum of the content at the foot of each page; a copy can be checked at %(address)s.")
        parts.append(blocks.Paragraph(note % {"address": address}, "note"))
    # For the authority that grants: it files the paper with its own note.
    parts += [
        blocks.Heading(_("Note of the grantor: checked for content and arithmetic"), 3, is_listed=False),
        blocks.Signatures((_("Place, date"), _("Signature, name and function"), _("Stamp of the grantor"))),
    ]
    return [blocks.Whole(parts)]


def _none() -> str:
    return _("no details given")


def _day(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None
