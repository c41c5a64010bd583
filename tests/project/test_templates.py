"""Shared templates and template words."""

import datetime
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import viewflow
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.paginator import Paginator
from django.template import Context, Template
from django.template.loader import get_template, render_to_string
from django.test import RequestFactory
from django.utils import translation

from project.common.formats import Badge
from project.templatetags import flows, passgenau

ROOT = Path(settings.BASE_DIR)
TEMPLATE_DIRS = [ROOT / "project" / "templates", *ROOT.glob("*/templates")]
TEMPLATES = sorted({path for folder in TEMPLATE_DIRS for path in folder.rglob("*.html")})
ENGINE_TEMPLATES = Path(viewflow.__file__).parent / "templates" / "viewflow"


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


def _name(path: Path) -> str:
    return path.relative_to(next(folder for folder in path.parents if folder.name == "templates")).as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_template_compiles_and_has_nothing_inline(path):
    get_template(_name(path))
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=", source), "the policy refuses inline style"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", source), "the policy refuses inline handlers"
    assert not re.search(r"<script(?![^>]*\ssrc=)", source), "the policy refuses inline scripts"
    assert "<style" not in source
    assert not re.search(r"https?://(?!www\.w3\.org)[^\"'\s]*\.(js|css|woff2?)", source), "no other servers"


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_static_files_named_in_templates_exist(path):
    for name in re.findall(r'{% static "([^"]+)" %}', path.read_text(encoding="utf-8")):
        assert finders.find(name), name


def test_no_form_loses_its_token_on_the_way():
    """A part taken in with ``only`` gets no CSRF token, and the browser's form is refused; test clients
    do not check that."""
    included = re.compile(r'{%\s*include\s+"([^"]+)"([^%]*)%}')
    sources = {_name(path): path.read_text(encoding="utf-8") for path in TEMPLATES}
    with_form = {name for name, source in sources.items() if "{% csrf_token %}" in source}
    before = 0
    while before != len(with_form):  # a part with such a part is one itself
        before = len(with_form)
        with_form |= {
            name
            for name, source in sources.items()
            if any(part in with_form for part, _ in included.findall(source))
        }
    lost = [
        f"{name}: {part}"
        for name, source in sources.items()
        for part, more in included.findall(source)
        if part in with_form and re.search(r"\bonly\s*$", more.rstrip("- "))
    ]
    assert not lost


@pytest.mark.parametrize(
    "path", sorted((ROOT / "project" / "static").rglob("*.css")), ids=lambda path: path.name
)
def test_addresses_in_style_sheets_resolve(path):
    for address in re.findall(r"url\([\"']?([^\"')]+)", path.read_text(encoding="utf-8")):
        assert address.startswith("data:") or (path.parent / address).exists(), address


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(ENGINE_TEMPLATES.rglob("*.html")) if "contrib" not in path.parts],
    ids=lambda path: path.relative_to(ENGINE_TEMPLATES).as_posix(),
)
def test_each_page_of_the_engine_is_ours(path):
    # The drawing of a waiting circle belongs to its Material components, which never load.
    if path.parent.name == "material":
        return
    name = f"viewflow/{path.relative_to(ENGINE_TEMPLATES).as_posix()}"
    assert ROOT in Path(get_template(name).origin.name).parents


def test_badge_escapes_and_knows_its_kinds():
    assert "kern-badge--warning" in passgenau.badge("warning", "at risk")
    assert "kern-badge--neutral" in passgenau.badge("purple", "odd")
    assert "&lt;b&gt;" in passgenau.badge("info", "<b>")


def test_url_with_keeps_the_other_filters():
    request = RequestFactory().get("/", {"state": "late", "page": "3"})
    assert passgenau.url_with({"request": request}, page=2) == "?state=late&page=2"
    assert passgenau.url_with({"request": request}, page=None, state="") == "?"


def test_hidden_query_escapes():
    request = RequestFactory().get("/", {"q": '"><b>', "page": "3"})
    html = passgenau.hidden_query({"request": request}, "page")
    assert html == '<input type="hidden" name="q" value="&quot;&gt;&lt;b&gt;">'


def _bar(html: str) -> tuple[float, float]:
    match = re.search(r'pg-bar__value[^>]* x="([\d.]+)"[^>]* width="([\d.]+)"', html)
    assert match
    return float(match[1]), float(match[2])


def test_deviation_bar_geometry():
    assert _bar(passgenau.deviation_bar(1.5, 3)) == (100, 50)
    assert _bar(passgenau.deviation_bar(-1.5, 3)) == (50, 50)
    assert _bar(passgenau.deviation_bar(9, 3)) == (100, 100), "the bar never leaves its ground"
    assert _bar(passgenau.deviation_bar(5, 10, one_sided=True)) == (0, 100)
    assert "pg-bar__value" not in passgenau.deviation_bar(None, 3)


def test_deviation_bar_is_not_localised():
    with translation.override("de"):
        assert _bar(passgenau.deviation_bar(0.25, 3)) == (100, 8.33)


def test_statistic_says_what_a_sign_means():
    html = passgenau.statistic(None, "/")
    assert 'aria-hidden="true"' in html
    assert "not reliable enough to be shown" in html
    assert passgenau.statistic(12.34, "", 1) == "12.3"


def test_only_our_own_reasons_are_shown():
    assert passgenau.own_reason(PermissionError("Only members vote.")) == "Only members vote."
    assert passgenau.own_reason(PermissionError("finish :: no transition from DONE")) == ""


def test_stage_strip_marks_the_present_stage_in_words():
    stages = [
        {"number": 1, "title": "Data", "state": "done", "url": "/s/1/", "detail_lines": ["6 of 6"]},
        {"number": 2, "title": "Analysis", "state": "current", "url": "", "detail_lines": []},
        {"number": 3, "title": "Conference", "state": "upcoming", "url": "", "detail_lines": []},
    ]
    html = render_to_string("components/_stage_strip.html", {"stages": stages})
    assert html.count('aria-current="step"') == 1
    assert all(word in html for word in ["(done)", "(now)", "(still to come)", "6 of 6"])


def test_task_table_and_its_empty_state():
    rows = [
        {"title": "Comment", "url": "/t/", "addressee": "Youth office", "due_on": datetime.date(2027, 1, 5)},
        {"title": "Revise", "url": "", "addressee": "", "due_on": None, "badge": Badge("danger", "late")},
    ]
    html = render_to_string("components/_task_table.html", {"rows": rows, "caption": "Now"})
    assert '<a href="/t/">Comment</a>' in html
    assert "5 Jan 2027" in html
    assert "kern-badge--danger" in html
    assert "pg-empty" in render_to_string("components/_task_table.html", {"rows": []})


def test_pagination_keeps_the_filter():
    request = RequestFactory().get("/", {"state": "late", "page": "2"})
    page = Paginator(range(30), 10).get_page(2)
    html = render_to_string("components/_pagination.html", {"request": request, "page_obj": page})
    assert 'href="?state=late&amp;page=1"' in html
    assert 'href="?state=late&amp;page=3"' in html
    one = Paginator(range(3), 10).get_page(1)
    assert (
        render_to_string("components/_pagination.html", {"request": request, "page_obj": one}).strip() == ""
    )


@pytest.mark.parametrize(("kind", "role"), [("success", "status"), ("info", "status"), ("danger", "alert")])
def test_alert_role(kind, role):
    assert f'role="{role}"' in render_to_string("components/_alert.html", {"kind": kind, "text": "x"})


def test_error_pages_need_neither_request_nor_database():
    for name in ["400.html", "500.html", "403_csrf.html"]:
        assert "<h1>" in get_template(name).render()


@pytest.mark.parametrize(
    ("status", "word"),
    [("NEW", "open"), ("ASSIGNED", "taken on"), ("DONE", "done"), ("CANCELED", "withdrawn"), ("ODD", "ODD")],
)
def test_task_states_are_called_as_colleagues_do(status, word):
    assert word in flows.task_badge(SimpleNamespace(status=status))


def test_engine_lists_link_titles_instead_of_numbers():
    column = SimpleNamespace(attr_name="task_id", header=lambda: "#")
    repeated = SimpleNamespace(attr_name="flow_task", header=lambda: "Task")
    note = SimpleNamespace(attr_name="brief", header=lambda: "Brief")
    task = SimpleNamespace(title="Deliver <figures>")
    row = [(column, '<a href="/t/7/">#3/7</a>'), (repeated, "Deliver"), (note, "soon")]
    cells = list(flows.reader_cells(row, task))
    assert [cell for _column, cell in cells] == ['<a href="/t/7/">Deliver &lt;figures&gt;</a>', "soon"]
    assert [flows.reader_header(column) for column, _cell in cells] == ["Task", "Note"]


def test_unknown_actions_keep_their_name():
    assert flows.action_word("Assign") == "Take on"
    assert flows.action_word("Archive twice") == "Archive twice"


def test_filters_in_a_template():
    source = "{% load passgenau %}{{ n|decimal_de:1 }} {{ d|date_de }} {% icon 'add' %} {{ m|get_item:'a' }}"
    html = Template(source).render(Context({"n": 2.55, "d": datetime.date(2027, 1, 5), "m": {"a": 1}}))
    assert html.startswith("2.6 5 Jan 2027 <span")
    assert html.endswith("1")
