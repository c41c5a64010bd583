"""The paper of minutes: what it says in each state, public and internal, and that anybody can read it."""

from __future__ import annotations

import dataclasses
import datetime
import io
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import override
from pypdf import PdfReader

from project.common.formats import date_de
from project.common.pdf import blocks
from tests.pdfua.validator import faults_of
from workflows.minutes_content import (
    DEPUTY,
    EXCUSED,
    PRESENT,
    DecisionLine,
    ItemPart,
    MinutesContent,
    Presence,
    QuorumPart,
    Signature,
    Stay,
    read_content,
)
from workflows.minutes_words import quorum_words
from workflows.models import AgendaKind, DecisionResult
from workflows.reports.minutes import Correction, MinutesData, paper_of, render, render_sealed

AT = datetime.datetime(2026, 9, 19, 8, tzinfo=datetime.UTC)
DECISION = DecisionLine(
    reference="3/2026",
    title="Elternarbeit ausbauen",
    result=DecisionResult.APPROVED_WITH_CONDITIONS,
    yes=6,
    no=1,
    abstain=0,
    present=7,
    voting=8,
    is_tie_decided_by_chair=False,
    conditions="Bericht nach einem Jahr.",
    reason="",
    postponed_until=None,
)
CONTENT = MinutesContent(
    body="Steuerungsgruppe",
    territory="Musterkreis",
    cycle="Planungszyklus 2026–2028",
    held_on=datetime.date(2026, 9, 19),
    place="Kreishaus",
    began_at=AT,
    ended_at=AT + datetime.timedelta(hours=2),
    presences=(
        Presence("Sozialdezernat", "chair", PRESENT, (Stay(AT, AT + datetime.timedelta(hours=1)),)),
        Presence("Jugendamt", "voting", DEPUTY, (Stay(AT),)),
        Presence("Jobcenter", "voting", EXCUSED),
    ),
    text="Die Sitzung ist ordnungsgemäß einberufen.",
    internal_text="",
    items=(
        ItemPart(
            number=1,
            title="Elternarbeit",
            kind=AgendaKind.RECOMMENDATION,
            is_internal=False,
            text="Beraten.",
            internal_text="Vertraulich.",
            called_at=AT,
            finished_at=AT,
            is_postponed=False,
            decisions=(DECISION,),
        ),
        ItemPart(2, "Personal", AgendaKind.TOPIC, True, "Nur für das Gremium.", "", AT, AT, False),
        ItemPart(3, "Verschiedenes", AgendaKind.TOPIC, False, "", "", None, None, False),
    ),
    decisions=(),
    secretary=Signature("Sozialplanerin", AT),
    chair=Signature("Vorsitz Steuerungsgruppe", AT),
)
SIGNED = MinutesData(CONTENT.public(), "Sozialplanung", is_internal=False, is_signed=True)
INTERNAL = MinutesData(CONTENT, "Sozialplanung", is_internal=True, is_signed=True)
DRAFT = MinutesData(
    dataclasses.replace(CONTENT, chair=None), "Sozialplanung", is_internal=True, is_signed=False
)
APPROVED = dataclasses.replace(
    SIGNED,
    approved_on=datetime.date(2026, 10, 24),
    corrections=[Correction("Es waren acht Ja-Stimmen.", datetime.date(2026, 10, 24))],
)


def words(pdf: bytes) -> str:
    return " ".join("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def test_the_public_paper_leaves_the_internal_part_out() -> None:
    public, internal = words(render(SIGNED, language="en")), words(render(INTERNAL, language="en"))
    for secret in ("Vertraulich.", "Nur für das Gremium.", "Personal"):
        assert secret not in public
        assert secret in internal
    for both in ("3/2026", "6 yes, 1 no", "7 of 8", "Bericht nach einem Jahr.", "3. Verschiedenes"):
        assert both in public
        assert both in internal
    assert "Sozialplanerin" in public
    assert "Vorsitz Steuerungsgruppe" in public


def test_each_state_is_said_on_the_paper() -> None:
    with override("en"):
        states = [paper_of(data, language="en") for data in (DRAFT, SIGNED, APPROVED)]
    assert [bool(paper.draft) for paper in states] == [True, False, False]
    with override("en"):
        day = date_de(datetime.date(2026, 10, 24))
    badges = [
        next(block.badges for block in paper.blocks if isinstance(block, blocks.Heading)) for paper in states
    ]
    assert badges == [
        ("draft, not signed", "with the internal part"),
        ("signed, not yet approved",),
        (f"approved on {day}",),
    ]
    assert "Es waren acht Ja-Stimmen." in words(render(APPROVED, language="en"))


def test_the_same_data_gives_the_same_bytes_and_another_hash_where_it_differs() -> None:
    assert render(SIGNED, language="de") == render(SIGNED, language="de")
    sealed = [render_sealed(data, language="de", address="https://x/") for data in (SIGNED, APPROVED)]
    assert sealed[0].content_hash != sealed[1].content_hash


def test_the_items_are_bookmarks_and_the_pages_are_counted() -> None:
    reader = PdfReader(io.BytesIO(render(INTERNAL, language="en")))
    titles: list[str] = []

    def collect(rows: list[object]) -> None:
        for row in rows:
            if isinstance(row, list):
                collect(row)
            else:
                titles.append(row.title)  # type: ignore[attr-defined]

    collect(reader.outline)
    assert any(title.startswith("1. Elternarbeit") for title in titles)
    assert "Attendance" in titles
    assert f"Page 1 of {len(reader.pages)}" in words(render(INTERNAL, language="en"))


def test_the_paper_passes_pdf_ua(tmp_path: Path) -> None:
    papers = {"draft": DRAFT, "signed": SIGNED, "internal": INTERNAL, "approved": APPROVED}
    address = "https://beispiel.de/"
    files = {
        f"{name}.pdf": render_sealed(data, language="de", address=address).data
        for name, data in papers.items()
    }
    assert faults_of(files, tmp_path) == []


def test_content_comes_back_from_the_store_as_it_went_in() -> None:
    stored = read_content(CONTENT.as_data())
    assert stored.as_data() == CONTENT.as_data()
    assert stored.fingerprint == CONTENT.fingerprint
    assert stored.public().fingerprint != stored.fingerprint


QUORUM = QuorumPart(3, 5, 3, is_timed=True, is_there=True, lacking=(2,), rules=("Mindestens die Hälfte.",))


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({}, "could decide, but not on item 2."),
        ({"lacking": (2, 4)}, "could decide, but not on items 2, 4."),
        ({"lacking": (), "holds_throughout": True}, "could decide throughout."),
        ({"lacking": (), "holds_throughout": False}, "could decide."),
        ({"is_there": False}, "could not decide."),
        ({"is_timed": False, "lacking": ()}, "could decide."),
    ],
)
def test_the_quorum_is_told_in_words(changed: dict[str, Any], wanted: str) -> None:
    content = dataclasses.replace(CONTENT, quorum=dataclasses.replace(QUORUM, **changed))
    with override("en"):
        said = " ".join(quorum_words(content))
    assert "3 of 5" in said
    assert "Mindestens die Hälfte." in said
    assert said.endswith(wanted)
    assert said in words(render(dataclasses.replace(SIGNED, content=content), language="en"))


def test_minutes_signed_before_the_quorum_was_told_keep_their_fingerprint() -> None:
    assert "quorum" not in CONTENT.as_data()
    assert quorum_words(CONTENT) == []
    with_quorum = dataclasses.replace(CONTENT, quorum=QUORUM)
    stored = read_content(with_quorum.as_data())
    assert stored.quorum == QUORUM
    assert stored.fingerprint == with_quorum.fingerprint != CONTENT.fingerprint
