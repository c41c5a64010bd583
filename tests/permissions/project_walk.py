"""Walks every address as one person, and tells which of the scene's words it met where."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import pypdf
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from viewflow.workflow.models import Task

from measures.models import (
    AmendmentRequest,
    FundedProject,
    GrantNotice,
    Operation,
    OperationImport,
    Programme,
    ProgrammeAdviser,
    ProgrammeCall,
    ProjectReport,
    ProjectReportDelivery,
    ProjectReportStep,
    Receipt,
    ReportExtension,
    ReportStepFile,
)
from tests.permissions.project_scene import FIGURE_PATTERN, ProjectScene
from tests.permissions.scene import url_names

#: Links to files, to other looks at the same, and to pages that no table of addresses names.
_LINKS = re.compile(r'(?:href|src|data-url)="([^"#]+)')
_FILE_LINK = re.compile(r"[?&](?:export|cells|why|form|version)=")
#: Beginnings of addresses that have nothing to do with projects. Whoever works in the district walks only the
#: others: what they read there, they may.
_FAR = tuple(
    f"/{start}/"
    for start in """absences agenda-files agenda-items areas assignments atlas bodies cases chapter-editions
    chapter-renewals cycles decisions delivered-files deliveries demo figure-files goals handlungskonzept
    healthz help i18n index-methods index-runs indicators list-imports login logout meeting-templates meetings
    milestones minutes papers password plan-imports plan-versions plans polls profile profiles recommendations
    report-chapters reports rounds social-reports sozialbericht space-conferences space-corrections
    space-ideas statement-files statements take-part views what-works why""".split()  # noqa: SIM905
)
_OTHER_FLOWS = """planningcycle delivery contribution recommendation confirmation cosigning measure report
    chapter circulation assignment minutes spaceconference agreementreview""".split()  # noqa: SIM905
#: The pages for everybody, signed in or not: walked by those who are not.
PUBLIC = ("/handlungskonzept/", "/help/", "/papers/verify/", "/sozialbericht/", "/take-part/")
#: So many rows of a table are asked for by key; of tables that belong to projects, all.
_MOST = 6
#: Tables of projects: an address nobody told this walk of is asked for the keys of all of them.
OF_PROJECTS = (
    AmendmentRequest,
    FundedProject,
    GrantNotice,
    Operation,
    OperationImport,
    Programme,
    ProgrammeAdviser,
    ProgrammeCall,
    ProjectReport,
    ProjectReportDelivery,
    ProjectReportStep,
    Receipt,
    ReportExtension,
    ReportStepFile,
)
_WORD = re.compile(r"zq[a-z]+?qz")
_FIGURE = re.compile(FIGURE_PATTERN)
#: Stands in the uploaded files of the scene only.
_INSIDE = re.compile(r"zq[a-z]+insideqz")
_SPACE = re.compile(r"\s+")
_WRITES = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM) \"?(\w+)", re.IGNORECASE)
#: Of no consequence: who is signed in.
_SESSIONS = frozenset({"django_session"})


# --- Reading -----------------------------------------------------------------------------------------


def words_of(response: HttpResponse) -> str:
    """All that can be read in an answer, headings and names of files among it."""
    body = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
    head = " ".join(f"{name}: {value}" for name, value in response.headers.items())
    return f"{head}\n{text_of(body)}".lower()


def text_of(body: bytes) -> str:
    """The text of a page, a table, a PDF, a workbook or an archive of any of them."""
    if body.startswith(b"%PDF"):
        try:
            pages = pypdf.PdfReader(io.BytesIO(body)).pages
            return _SPACE.sub("", "".join(page.extract_text() for page in pages))
        except pypdf.errors.PyPdfError:  # a file of the scene that only begins like one
            return body.decode("latin-1")
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            parts = [name + text_of(archive.read(name)) for name in archive.namelist()]
        return "\n".join(parts)
    if body.startswith(b"BEGIN:VCALENDAR"):  # folded lines
        return body.decode().replace("\r\n ", "")
    return body.decode("utf-8-sig", "replace")


# --- Addresses ---------------------------------------------------------------------------------------


def keys_of(model: Any) -> list[Any]:
    """Keys of a table: all of a table of projects, else the first and the last."""
    found = list(model._default_manager.order_by("pk").values_list("pk", flat=True))
    if model in OF_PROJECTS or len(found) <= _MOST:
        return found
    return [*found[: _MOST - 2], *found[-2:]]


def every_address(scene: ProjectScene) -> dict[str, str]:
    """Address -> its name, for every name of the resolver and all keys that fit."""
    found: dict[str, str] = {}
    objects = scene.objects()
    tasks = [(task.flow_task.name, task.flow_task, task) for task in Task.objects.order_by("pk")]
    for name, route in url_names().items():
        if route.startswith("flows/"):
            arguments = list(_of_tasks(route, tasks))
        else:
            arguments = list(_of_objects(scene, objects, route))
        for kwargs in arguments:
            found[reverse(name, kwargs=kwargs)] = name
    return found


def _of_objects(scene: ProjectScene, objects: dict[str, Any], route: str) -> Iterator[dict[str, Any]]:
    if "<int:pk>" in route and "<str:kind>" not in route:
        known = objects.get(route.partition("<int:pk>")[0])
        models = OF_PROJECTS if known is None else (type(known),)
        keys = {known.pk} if known is not None else set()
        keys.update(key for model in models for key in keys_of(model))
        # What stands beside the key, if anything does.
        beside = scene.kwargs(route) or {}
        for key in sorted(keys):
            yield beside | {"pk": key}
        return
    others = scene.kwargs(route)
    assert others is not None
    missing = set(re.findall(r"<\w+:(\w+)>", route)) - others.keys()
    yield others | dict.fromkeys(missing, 1)


def _of_tasks(route: str, tasks: list[tuple[str, Any, Task]]) -> Iterator[dict[str, Any]]:
    """Of the engine's pages: each task by the pages of its own node."""
    flow, node = route.split("/")[1], route.split("/")[3] if route.count("/") > 3 else ""
    seen: set[int] = set()
    for name, flow_task, task in tasks:
        if _flow_name(flow_task) != flow:
            continue
        if not node:
            if task.process_id not in seen:
                seen.add(task.process_id)
                yield {"process_pk": task.process_id}
        elif name == node:
            yield {"process_pk": task.process_id, "task_pk": task.pk}


def _flow_name(flow_task: Any) -> str:
    return str(flow_task.flow_class.__name__.removesuffix("Flow").lower())


def near(addresses: dict[str, str]) -> dict[str, str]:
    """Addresses that may have to do with projects; a new one does until it is said not to."""
    flows = tuple(f"/flows/{flow}/" for flow in _OTHER_FLOWS)
    return {
        address: name
        for address, name in addresses.items()
        if not address.startswith(flows if address.startswith("/flows/") else _FAR)
    }


# --- Forms -------------------------------------------------------------------------------------------


class _Forms(HTMLParser):
    """Forms of a page with what they would send as they stand."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, list[str]]]] = []
        self._fields: dict[str, list[str]] | None = None
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._fields = {} if said.get("method", "").lower() == "post" else None
            if self._fields is not None:
                self.forms.append((said.get("action", ""), self._fields))
        elif self._fields is None:
            return
        elif tag in {"input", "button"} and said.get("name"):
            self._input(said, is_button=tag == "button")
        elif tag == "select":
            self._select = said.get("name", "")
        elif tag == "option" and self._select and ("selected" in said or self._select not in self._fields):
            if said.get("value"):
                self._fields[self._select] = [said["value"]]
        elif tag == "textarea":
            self._area = said.get("name", "")
            self._fields[self._area] = [""]

    def _input(self, said: dict[str, str], *, is_button: bool) -> None:
        assert self._fields is not None
        name, kind = said["name"], said.get("type", "text")
        if kind == "file" or name == "csrfmiddlewaretoken":
            return
        if kind in {"checkbox", "radio"} and "checked" not in said and name in self._fields:
            return
        if is_button and name in self._fields:
            return
        self._fields.setdefault(name, []).append(said.get("value") or _SAMPLES.get(kind, "Beispiel"))

    def handle_data(self, data: str) -> None:
        if self._area and self._fields is not None:
            self._fields[self._area][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._fields = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._fields is not None:
            self._fields[self._area][0] = self._fields[self._area][0].strip() or "Beispiel"
            self._area = ""


#: What is sent where a form has nothing in a field.
_SAMPLES = {"number": "1", "date": "2027-06-30", "checkbox": "on", "email": "a@example.org"}


def forms_of(page: str, text: str) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Where the forms of a page go, and what they send."""
    parser = _Forms()
    parser.feed(text)
    for action, fields in parser.forms:
        yield urlsplit(urljoin(page, action)).path, fields


# --- Walking -----------------------------------------------------------------------------------------


class Walk:
    """One person on the way: what they met, and what they were answered."""

    def __init__(self, scene: ProjectScene, role: str) -> None:
        self.scene, self.role = scene, role
        self.client = Client(raise_request_exception=False)
        person = scene.person(role)
        if person is not None:
            self.client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        #: Address -> status.
        self.status: dict[str, int] = {}
        #: Word -> first address where it stood.
        self.met: dict[str, str] = {}
        #: Pages that were shown.
        self.pages: dict[str, str] = {}
        #: Files that somebody uploaded, as they were handed out.
        self.handed_out: dict[str, HttpResponse] = {}
        #: Addresses where the figure of the area stood.
        self.figures: list[str] = []

    def everything(self, addresses: Iterable[str], *, follows: bool = True) -> None:
        """All addresses; the files of what was shown, offered there or not; and what it links to."""
        for address in addresses:
            if self.role == "anonymous" or not address.startswith(PUBLIC):
                self.open(address)
        shown = list(self.pages.items()) if follows else []
        for page, text in shown:
            self.open(f"{page}?export=csv")
            for link in dict.fromkeys(_LINKS.findall(text)):
                target = urljoin(page, unescape(link))
                path = target.partition("?")[0]
                is_new = path not in self.status and not path.startswith(("/static/", *PUBLIC))
                if path.startswith("/") and (is_new or _FILE_LINK.search(target)):
                    self.open(target)

    def open(self, address: str) -> str:
        """One address; what it said."""
        if address in self.status:
            return ""
        response = self.client.get(address)
        self.status[address] = response.status_code
        text = words_of(response)
        self.look(address, text)
        if "inside" in text and _INSIDE.search(text):
            self.handed_out[address] = response
        if response.status_code == 200 and response.headers.get("Content-Type", "").startswith("text/html"):
            self.pages[address] = text
        return text

    def look(self, address: str, text: str) -> None:
        """Note which words stand in a text. Whoever asks for a word by its address is told it again."""
        for found in set(_WORD.findall(text)) - set(_WORD.findall(address)):
            self.met.setdefault(found, address)
        if _FIGURE.search(text):
            self.figures.append(address)

    def send(self, address: str, data: dict[str, list[str]]) -> tuple[int, set[str]]:
        """Post a form, and undo what it did: status, and the tables it wrote to."""
        written: set[str] = set()

        def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if found := _WRITES.match(sql):
                written.add(found[1])
            return execute(sql, params, many, context)

        with transaction.atomic():
            with connection.execute_wrapper(watch):
                response = self.client.post(address, data)
            self.look(f"POST {address}", words_of(response))
            transaction.set_rollback(True)
        return response.status_code, written - _SESSIONS
