"""Reads an upload of any form against what was asked for: the file is read row by row, never held whole."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Final

from monitoring.importers.form import DeliveredValue, Request
from monitoring.issues import SOURCE
from monitoring.models import DeliveryIssue, Severity
from monitoring.services.matching import Matcher, Said, signature_of
from monitoring.sources import SourceError
from monitoring.sources.headings import chosen_header, find_header
from monitoring.sources.reading import Problem
from monitoring.sources.recognise import Source, SourceForm, form_of, source_of
from monitoring.sources.rows import RowFile, open_rows, table_rows
from project.common.importing import Table

#: Problems that tell a figure which is right in itself.
_OF_FIGURES: Final = frozenset({"twice_same", "twice_other", "sign_beside"})


@dataclass
class SourceResult:
    """What a file of a known or assigned form says.

    Attributes:
        form: Form that was recognised.
        values: Figures that were asked for.
        issues: What is wrong and what was left out, not saved.
        row_count: Values of the file, empty ones included.
        matcher: Names of the file and what they were taken for; None if it could not be read.
    """

    form: SourceForm
    values: Sequence[DeliveredValue] = ()
    issues: list[DeliveryIssue] = field(default_factory=list)
    row_count: int = 0
    matcher: Matcher | None = None


@contextmanager
def opened(content: bytes, name: str, table: Table | None) -> Iterator[RowFile]:
    """An upload as rows; a CSV is streamed from a file of its own, which is gone afterwards.

    Args:
        content: The bytes of the upload.
        name: Its name; only the ending counts.
        table: Its cells if it is a workbook that has been read.

    Raises:
        SourceError: It cannot be read.
    """
    if table is not None and table.sheet is not None:
        yield table_rows(table)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"upload{PurePath(name).suffix.lower() or '.csv'}"
        path.write_bytes(content)
        yield open_rows(path)


def source_read(file: RowFile, asked: Request, said: Said, wholes: Iterable[str]) -> SourceResult:
    """Read a file of any form.

    Args:
        file: The file as rows.
        asked: Areas, indicators and years.
        said: What somebody has said of the file.
        wholes: Names of what the areas are part of: their rows are totals.

    Returns:
        Figures, or what is wrong; never an exception.
    """
    wholes = list(wholes)
    form = form_of(file)
    try:
        source, matcher = _matched(file, asked, said, wholes, with_attributes=False)
        if form is SourceForm.PLAIN and matcher.differs:
            # Rows differ in an attribute, such as the sex: then it is part of what is counted.
            source, matcher = _matched(file, asked, said, wholes, with_attributes=True)
    except SourceError as error:
        issue = DeliveryIssue(
            severity=Severity.ERROR,
            code=f"{SOURCE}{error.code}",
            sheet=file.sheet[:60],
            params=dict(error.params),
        )
        return SourceResult(form, issues=[issue])
    values, issues = matcher.result()
    problems = source.problems
    issues = [*(_problem(problem, matcher) for problem in problems.found), *issues]
    if problems.count > len(problems.found):
        more = problems.count - len(problems.found)
        issues.append(DeliveryIssue(severity=Severity.ERROR, code="more", params={"count": more}))
    issues += [
        DeliveryIssue(severity=Severity.WARNING, code=f"{SOURCE}{note.code}", params=dict(note.params))
        for note in problems.notes
    ]
    for issue in issues:
        issue.sheet = issue.sheet or file.sheet[:60]
    return SourceResult(form, values, issues, matcher.row_count, matcher)


def _matched(
    file: RowFile, asked: Request, said: Said, wholes: Sequence[str], *, with_attributes: bool
) -> tuple[Source, Matcher]:
    source = source_of(file, said.layout)
    headings = headings_of(file, said)
    matcher = Matcher(asked, said, source.form, wholes, headings, with_attributes=with_attributes)
    for reading in source.readings:
        matcher.take(reading)
    return source, matcher


def headings_of(file: RowFile, said: Said) -> Sequence[str]:
    """Headings of the columns; none for tables whose headings have several levels."""
    form = form_of(file)
    if form is SourceForm.GENESIS_TABLE:
        return ()
    if form is SourceForm.FFCSV:
        return next(row.cells for row in file.head if any(row.cells))
    if said.layout is not None:
        return chosen_header(file, said.layout).cells
    return find_header(file).cells


def _problem(problem: Problem, matcher: Matcher) -> DeliveryIssue:
    # A figure that is right in itself may be secret to some of those who read the list.
    value = "" if problem.code in _OF_FIGURES else problem.value
    issue = matcher.issue(f"{SOURCE}{problem.code}", problem.row, problem.column, value, problem.params)
    issue.sheet = problem.sheet[:60]
    return issue


def said_signature(file: RowFile) -> str:
    """Mark of the layout of a file; see ``signature_of``."""
    return signature_of(form_of(file), file)
