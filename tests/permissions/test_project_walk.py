"""Five views of one project: every address, file, search and form, as each side and as those of no side.

The scene puts a word of its own into every text that somebody may not read. Nobody meets a word that is not
theirs, wherever they look and whatever they send; and whoever may read a word does find it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.test import Client
from django.views import defaults

from stakeholders.models import OutgoingMail
from tests.factories import World
from tests.permissions.project_scene import INSIDERS, WALKERS, ProjectScene, word
from tests.permissions.project_walk import Walk, every_address, forms_of, near

pytestmark = pytest.mark.walk

#: Also works in the social space: sees the cycle, and none of its drafts and votes.
NEIGHBOURLY = "provider_b"
#: Who walks everything; the others, whom the same refuses, walk what may have to do with projects.
FARTHEST = frozenset({"funder", "provider", "anonymous"})
#: Who has forms of their own to send, about what is theirs.
ACTING = frozenset({"funder", "funder_b", "provider", "provider_b", "neighbour", "planner", "staff"})
#: What everybody may send: about themselves, about nobody, or where everybody is asked.
OWN = frozenset(
    {
        "set_language",
        "stakeholders:absence-create",
        "stakeholders:demo-sign-in",
        "stakeholders:login",
        "stakeholders:logout",
        "stakeholders:password-change",
        "stakeholders:password-reset",
        "stakeholders:profile",
        "workflows:take-part",
    }
)
#: What has no page to look at before, and is theirs: of the neighbour's own measure.
OWN_ACTS = frozenset({("neighbour", "workflows:agreement-drop")})
#: Words that are looked for by those who must not find them: a kind of thing each.
SOUGHT = (
    "pbtitle",
    "pbreference",
    "pbprogramme",
    "pbfunder",
    "patitle",
    "pareference",
    "paprovider",
    "pacprogramme",
    "pctitle",
    "pcprovider",
    "plannext",
    "measuredescriptionb",
    "recommendationversiontitlec",
    "decisionreasonb",
    "taskcardsubjectb",
    "planningcycletitleb",
    "parbnewnarrative",
    "parbreceiptpayee",
    "parbquestion",
    "parcdraft",
    "personchair",
)
#: Lists that look for a text besides the search over everything.
LISTS = ("/projects/", "/programmes/", "/tasks/", "/measures/", "/measures/mine/")
#: So long as no other, and in no text.
NOTHING = "zqnothingatall"
_CHANCE = re.compile(
    r'name="(?:csrfmiddlewaretoken|(?:\w+-)?entry_key)" value="[^"]*"|"x-csrftoken": ?"[^"]*"|nonce="[^"]*"'
    r"|set-cookie: .*|content-length: .*"
)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Refusals by the thousand are what is looked for."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class _Plain:
    """What an error page says beside the frame of every page, which takes long thousands of times."""

    def render(self, context: Any = None, request: Any = None) -> str:
        return f"{(context or {}).get('exception', '')}"


@pytest.fixture
def plain_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals without their frame."""
    monkeypatch.setattr(defaults, "loader", SimpleNamespace(get_template=lambda _name: _Plain()))


@pytest.fixture
def scene(world: World) -> ProjectScene:
    return ProjectScene(world)


def addresses_of(scene: ProjectScene, role: str) -> dict[str, str]:
    """What a person walks."""
    found = every_address(scene)
    return found if role in FARTHEST else near(found)


# --- Reading -----------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.usefixtures("plain_errors")
@pytest.mark.parametrize("role", WALKERS)
def test_everybody_reads_what_is_theirs_and_nothing_else(role: str, scene: ProjectScene) -> None:
    walk = Walk(scene, role)
    walk.everything(addresses_of(scene, role))
    met, forbidden = walk.met, scene.forbidden(role)
    assert {text: address for text, address in met.items() if text in forbidden} == {}
    assert [address for address, status in walk.status.items() if status >= 500] == []
    if role not in INSIDERS | {NEIGHBOURLY}:
        assert walk.figures == [], "a figure of an area"
    wanted = {text for text in scene.wanted if role in scene.readers[text]}
    assert wanted - met.keys() == set(), "a walk that does not find what is to be read proves nothing"


@pytest.mark.django_db
def test_error_pages_tell_nothing_of_what_is_not_there(scene: ProjectScene) -> None:
    walk = Walk(scene, "funder")
    other, measure = scene.projects["b"], scene.measure
    for address in (
        f"/projects/{other.pk}/",
        f"/projects/{other.pk}/parties/",
        f"/projects/{scene.projects['a'].pk}/parties/",
        f"/notices/{other.notices.get().pk}/",
        f"/programmes/{other.programme_id}/",
        f"/project-reports/{scene.project_reports['b'][0].pk}/",
        f"/measures/{measure.pk}/",
        f"/recommendations/{scene.draft.pk}/",
        f"/tasks/{scene.card.task_id}/",
    ):
        text = walk.open(address)
        assert walk.status[address] in {403, 404}, address
        assert "<main" in text, "the page itself, not its stand-in"
    assert {word for word in walk.met if word in scene.forbidden("funder")} == set()


@pytest.mark.django_db
def test_the_case_of_an_amendment_is_plannings(scene: ProjectScene) -> None:
    address = f"/cases/{scene.amendment.process.pk}/"
    for role, status in {"planner": 200, "funder": 404, "provider_b": 404}.items():
        walk = Walk(scene, role)
        walk.open(address)
        assert walk.status[address] == status, role


@pytest.mark.django_db
def test_pages_of_tasks_are_walked(scene: ProjectScene) -> None:
    names = set(every_address(scene).values())
    assert {"interimreport:draft_report:execute", "reportextension:decide_extension:execute"} <= names


@pytest.mark.django_db
def test_planning_meets_what_is_hidden_from_the_others(scene: ProjectScene) -> None:
    walk = Walk(scene, "planner")
    measure, cycle, area = scene.measure, scene.cycle, scene.world.areas[0]
    for address in (
        f"/measures/{measure.pk}/",
        f"/areas/{area.pk}/",
        f"/recommendations/{scene.draft.pk}/",
        f"/cycles/{cycle.pk}/statements/",
        f"/reports/{scene.report.pk}/",
        f"/minutes/{scene.minutes.pk}/",
    ):
        walk.open(address)
    assert len(walk.met) > 20
    assert walk.figures


@pytest.mark.django_db
@pytest.mark.usefixtures("plain_errors")
def test_looking_for_what_one_must_not_see_is_like_looking_for_nothing(scene: ProjectScene) -> None:
    """No hit, no number of hits, no other sentence: the answer is the same but for the word itself."""
    sought = [word(name) for name in SOUGHT]
    assert set(sought) <= scene.readers.keys(), "a word that stands nowhere"
    lists = [address for address in near(every_address(scene)) if address in LISTS]
    differing = []
    for role in WALKERS:
        if role in {*INSIDERS, "anonymous"}:
            continue
        walk, forbidden = Walk(scene, role), scene.forbidden(role)
        for page in ["/search/", *lists]:
            nothing = _without(walk, page, NOTHING)
            texts = sought if page == "/search/" else sought[:8]
            differing += [
                (role, page, text)
                for text in texts
                if text in forbidden and _without(walk, page, text) != nothing
            ]
    assert differing == []


@pytest.mark.django_db
def test_the_one_who_may_finds_it(scene: ProjectScene) -> None:
    walk = Walk(scene, "funder")
    assert _without(walk, "/search/", word("patitle")) != _without(walk, "/search/", NOTHING)


def _without(walk: Walk, page: str, text: str) -> str:
    """What a page answers to a text, without the text."""
    answer = walk.open(f"{page}?q={quote(text)}")
    return _CHANCE.sub("", answer).replace(text, "").replace("<mark></mark>", "")


@pytest.mark.django_db
def test_mails_tell_nobody_what_is_not_theirs(scene: ProjectScene) -> None:
    address_of = {user.email: role for role, user in scene.walkers.items()}
    told = [
        (address_of[mail.address], text)
        for mail in OutgoingMail.objects.filter(address__in=address_of)
        for text in scene.forbidden(address_of[mail.address])
        if text in f"{mail.subject} {mail.body} {mail.calendar}".lower()
    ]
    assert told == []


# --- Writing -----------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.usefixtures("plain_errors")
def test_nobody_changes_what_is_not_theirs(scene: ProjectScene) -> None:
    """Every address, with what those would send whose form it is; whatever has an effect is undone."""
    addresses = every_address(scene)
    forms = _forms(scene, near(addresses))
    assert len(forms) > 8, "too few forms to prove anything"
    walked = _some(near(addresses))
    effective = dict.fromkeys(("planner", "funder"), 0)
    for role in effective:
        walk = Walk(scene, role)
        effective[role] = sum(bool(walk.send(address, data)[1]) for address, data in forms.items())
    assert min(effective.values()) > 2, "the forms have no effect for anybody"
    wrong = []
    for role in WALKERS:
        if role in INSIDERS:
            continue
        walk = Walk(scene, role)
        for address in dict.fromkeys([*walked, *forms]):
            name = addresses.get(address, "")
            if name in OWN or (role, name) in OWN_ACTS:
                continue
            if found := _sent(walk, address, forms):
                wrong.append(f"{role} {address}: {found}")
        forbidden = scene.forbidden(role)
        wrong += [f"{role} {address}: {text}" for text, address in walk.met.items() if text in forbidden]
    assert wrong == []


def _some(addresses: dict[str, str]) -> list[str]:
    """Of each name the first, the last and two between: every other is refused like these."""
    by_name: dict[str, list[str]] = {}
    for address, name in addresses.items():
        by_name.setdefault(name, []).append(address)
    return [row for rows in by_name.values() for row in dict.fromkeys([*rows[:2], *rows[2:][-2:]])]


def _sent(walk: Walk, address: str, forms: dict[str, dict[str, list[str]]]) -> str:
    """What was wrong with what came of it; "" for nothing."""
    status, written = walk.send(address, forms.get(address, {"reason": ["Beispiel"]}))
    if not written and status in {302, 400, 403, 404, 405, 409}:
        return ""
    walk.open(address)
    is_shown = walk.status[address] == 200
    if is_shown and (walk.role in ACTING or not written):
        return ""
    return f"wrote to {sorted(written)}" if written else str(status)


def _forms(scene: ProjectScene, addresses: dict[str, str]) -> dict[str, dict[str, list[str]]]:
    """Address -> what the first who gets to see its form would send."""
    found: dict[str, dict[str, list[str]]] = {}
    for role in ("planner", "funder", "provider", "funder_b"):
        walk = Walk(scene, role)
        for address in addresses:
            walk.open(address)
        for page, text in walk.pages.items():
            for target, data in forms_of(page, text):
                if data and not target.startswith("/i18n/"):
                    found.setdefault(target, data)
    return found


# --- Files -------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_uploads_are_handed_out_to_be_saved_only(scene: ProjectScene) -> None:
    for role in ("provider", "funder", "planner"):
        walk = Walk(scene, role)
        walk.everything(near(every_address(scene)))
        for address, response in walk.handed_out.items():
            assert response.headers["Content-Disposition"].startswith("attachment"), address
            assert response.headers["X-Content-Type-Options"] == "nosniff", address
            assert response.headers["Content-Type"] == "application/octet-stream", address


def test_uploads_lie_where_no_web_server_looks() -> None:
    stored = Path(settings.MEDIA_ROOT).resolve()
    for served in (settings.STATIC_ROOT, *settings.STATICFILES_DIRS):
        shown = Path(served).resolve()
        assert not stored.is_relative_to(shown)
        assert not shown.is_relative_to(stored)
    assert not settings.MEDIA_URL or Client().get("/media/receipts/2026/01/file.pdf").status_code in {
        302,
        404,
    }
