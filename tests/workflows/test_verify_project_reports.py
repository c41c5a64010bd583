"""Whether a copy of a report of a project is what was handed in: told to everybody, and nothing else."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from measures.models import ProjectReport, ProjectReportDelivery
from measures.reports.project_report import report_paper
from measures.services.snapshots import content_sha256
from tests.factories import World
from tests.grants import funded
from tests.project_papers import AT, content


@pytest.fixture
def delivery(world: World, settings: Any, tmp_path: Any) -> ProjectReportDelivery:
    settings.MEDIA_ROOT = tmp_path
    project = funded(world)
    report = ProjectReport.objects.create(
        project=project,
        kind="interim",
        covers_from=project.starts_on,
        covers_until=project.ends_on,
        due_on=project.ends_on,
        state="checking",
    )
    said = content("interim")
    sha256 = content_sha256(said)
    data = report_paper(said, sha256=sha256, at=AT)
    made: ProjectReportDelivery = ProjectReportDelivery.objects.create(
        report=report,
        number=1,
        content=said,
        sha256=sha256,
        paper=ContentFile(data, name="report.pdf"),
        paper_sha256=hashlib.sha256(data).hexdigest(),
        due_on=report.due_on,
        delivered_by=world.people["provider_head"],
    )
    return made


def asked(client: Client, **fields: Any) -> Any:
    return client.post(reverse("workflows:paper-verify"), {"checksum": "", **fields})


def test_a_stranger_learns_that_such_a_paper_was_handed_in_and_nothing_more(
    delivery: ProjectReportDelivery, client: Client
) -> None:
    data = delivery.paper.read()
    answers = {
        "unchanged": asked(client, file=SimpleUploadedFile("a.pdf", data)),
        "changed": asked(client, file=SimpleUploadedFile("a.pdf", data + b"\n")),
        "known": asked(client, checksum=delivery.sha256),
    }
    for finding, answer in answers.items():
        assert answer.context["found"].finding == finding
        html = answer.content.decode()
        assert "eines geförderten Projekts" in html
        for word in (
            "Elterncafé",
            "Zwischennachweis",
            "Beispielstadt",
            "0815",
            "Träger (Beispiel)",
            "26.02.2027",
        ):
            assert word not in html
        assert answer.context["sees_paper"] is False


def test_the_check_sum_of_the_file_and_the_printed_beginning_are_found(
    delivery: ProjectReportDelivery, client: Client
) -> None:
    assert asked(client, checksum=delivery.paper_sha256).context["found"].finding == "known"
    assert asked(client, checksum=delivery.sha256[:16].upper()).context["found"].finding == "known"
    assert asked(client, checksum="0" * 16).context["found"].finding == "unknown"


def test_a_draft_is_unknown(delivery: ProjectReportDelivery, client: Client) -> None:
    draft = report_paper(delivery.content, sha256=delivery.sha256, at=AT, is_draft=True)
    assert asked(client, file=SimpleUploadedFile("a.pdf", draft)).context["found"].finding == "unknown"
