"""Statistical secrecy everywhere: every address, as every role, every file; not one protected number.

Like the table of the rights, the lists below are written by hand, and an address that is in none fails.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Hashable, Iterable, Iterator
from html import unescape
from urllib.parse import urljoin

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from monitoring.models import Delivery, Direction, Value
from stakeholders.models import LogEntry, User
from tests import factories
from tests.factories import World
from tests.monitoring.attacker import Sum, worked_out
from tests.permissions.scene import ROLES, Scene
from tests.permissions.secret_scene import (
    SUMS,
    YEARS,
    frozen_run,
    number_pattern,
    secret_figures,
    secret_numbers,
    secret_world,
)
from tests.permissions.test_urls import addresses
from tests.permissions.walk_lists import PLAIN, SHOWS
from tests.stages import Stages
from workflows.demo import driver
from workflows.fragments import Fragments
from workflows.models import Room, TaskCard
from workflows.views import rooms

pytestmark = pytest.mark.walk

#: Roles of whom all pages are compared in two worlds; of the others the pages and papers with figures.
COMPARED = frozenset({"planner", "head"})
#: Roles that read English; the others read German.
ENGLISH = frozenset({"head", "chair", "provider_head", "admin"})
#: Figures of which pictures are compared, byte for byte: a rate, a count, an amount.
PICTURES = ("sgb2_rate", "cases", "grants")

#: Addresses that give figures as they were delivered: to those with the right to raw figures, which is
#: logged, and to the house whose figures they are.
RAW = {
    "monitoring:delivery-file": "the file itself",
    "workflows:request-fill": "the house's own figures, as it typed them",
}

#: Links on a page that are files or other looks at the same figures.
_FILES = re.compile(r'href="([^"]*[?&;](?:export|cells|form|compare|version|page|sort)=[^"]*)"')
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
#: Chance: made anew with each look at a page (tokens, keys of entries and devices, tickets of a room).
_CHANCE = re.compile(
    r'name="(?:csrfmiddlewaretoken|(?:\w+-)?entry_key|me)" value="[^"]*"|"X-CSRFToken": ?"[^"]*"'
    r'|data-key="[^"]*"|[?;&]me=[^"&#]*|&amp;t=[0-9a-f]{24}'
)


def test_every_address_is_walked() -> None:
    listed = [*SHOWS, *PLAIN, *RAW]
    assert len(listed) == len(set(listed)), "in two lists"
    assert set(addresses()) == set(listed)


# --- What a person gets to read ----------------------------------------------------------------------


def text_of(response: HttpResponse) -> str:
    """All that stands in an answer: a page as it is, of a workbook its sheets, of a PDF its text."""
    content = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            return "\n".join(
                book.read(name).decode()
                for name in sorted(book.namelist())
                if name.startswith("xl/w") or name == "xl/sharedStrings.xml"
            )
    if content.startswith(b"\x89PNG"):
        # Pictures hold no text: the same bytes or others, in letters only, among which no number is found.
        return hashlib.sha256(content).hexdigest().translate(_LETTERS)
    if content.startswith(b"%PDF"):
        pypdf = pytest.importorskip("pypdf")
        try:
            return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
        except pypdf.errors.PyPdfError:  # a file of the scene that only begins like one
            return content.decode("latin-1")
    return _CHANCE.sub("", content.decode("utf-8-sig", "replace"))


class SecretScene(Scene):
    """The scene with secret figures."""

    def __init__(self, world: World) -> None:
        self.made = secret_world(world)
        with secret_figures(world):  # what flows deliver meanwhile
            super().__init__(world)
        self.other_run = frozen_run(world, year=2023)
        Room.objects.create(meeting=self.meeting, area=world.areas[0], opened_by=world.people["planner"])


class Walk:
    """Everything a role can open, each address once."""

    def __init__(self, scene: SecretScene, role: str, *, language: str = "de") -> None:
        self.scene = scene
        self._sign_in(scene.world, role)
        self.client.cookies[settings.LANGUAGE_COOKIE_NAME] = language

    @classmethod
    def of(cls, world: World, role: str) -> Walk:
        """A walk where there is no scene: single addresses, and tasks."""
        walk = cls.__new__(cls)
        walk._sign_in(world, role)
        return walk

    def _sign_in(self, world: World, role: str) -> None:
        # Each walk sees its own world, and no drawing kept from another.
        rooms._FRAGMENTS = Fragments()
        self.client = Client()
        if role != "anonymous":
            person = world.fresh(role)
            self.client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        self.seen: set[str] = set()

    def everything(self) -> Iterator[tuple[str, str]]:
        """Address and text of all that answers with something to read."""
        routes = addresses()
        for name in [*PLAIN, *SHOWS]:
            address = reverse(name, kwargs=self.scene.kwargs(routes[name]))
            for query in SHOWS.get(name, [""]):
                yield from self.opened(address + self._filled(query), follows=not query)
        for area in self.scene.world.areas:
            yield from self.opened(reverse("monitoring:area-detail", args=[area.pk]))
        for number in self.scene.made.values():
            yield from self.opened(
                reverse("monitoring:indicator-detail", args=[number.pk]) + self._filled("?area={area}")
            )
        for pk in Delivery.objects.values_list("pk", flat=True):
            for query in SHOWS["monitoring:delivery-detail"]:
                yield from self.opened(reverse("monitoring:delivery-detail", args=[pk]) + self._filled(query))
        yield from self.tasks()

    def essentials(self) -> Iterator[tuple[str, str]]:
        """The pages and papers with figures, each once, and pictures: what is compared for every role."""
        routes = addresses()
        for name in SHOWS:
            yield from self.opened(reverse(name, kwargs=self.scene.kwargs(routes[name])))
        atlas = reverse("monitoring:atlas")
        for key in PICTURES:
            for ending in ("png", "csv"):
                yield from self.opened(atlas + self._filled(f"?show={key}&area={{area}}&export={ending}"))
        yield from self.tasks()

    def refusals(self) -> Iterator[tuple[str, str]]:
        """What forms say to an empty answer; whatever they did is undone."""
        routes = addresses()
        pages = [reverse(name, kwargs=self.scene.kwargs(routes[name])) for name in SHOWS]
        for card in TaskCard.objects.filter(is_open=True).order_by("pk"):
            pages.append(reverse("workflows:task", args=[card.task_id]))
        for page in pages:
            seen = self.client.get(page, follow=True)
            if seen.status_code != 200 or b'method="post"' not in getattr(seen, "content", b""):
                continue
            with transaction.atomic():
                response = self.client.post(seen.request["PATH_INFO"], {})
                transaction.set_rollback(True)
            if response.status_code in {200, 422}:
                yield f"POST {page}", text_of(response)

    def tasks(self) -> Iterator[tuple[str, str]]:
        """Pages of all open tasks."""
        for card in TaskCard.objects.filter(is_open=True).order_by("pk"):
            yield from self.opened(reverse("workflows:task", args=[card.task_id]))

    def opened(self, address: str, *, follows: bool = False) -> Iterator[tuple[str, str]]:
        """One address, and the files it links to."""
        if address in self.seen:
            return
        self.seen.add(address)
        response = self.client.get(address, follow=True)
        if response.status_code != 200:
            return
        text = text_of(response)
        yield address, text
        if follows and response.headers.get("Content-Type", "").startswith("text/html"):
            here = response.request["PATH_INFO"]
            for link in sorted(set(_FILES.findall(text))):
                target = urljoin(here, unescape(link))
                if target.startswith("/"):
                    yield from self.opened(target)

    def _filled(self, query: str) -> str:
        keys = {key: row.pk for key, row in self.scene.made.items()}
        return query.format(area=self.scene.world.areas[0].pk, other_run=self.scene.other_run.pk, **keys)


def leaks(found: Iterable[tuple[str, str]], role: str) -> list[str]:
    """Secret numbers in what was read; the same text is searched once."""
    patterns = secret_numbers()
    distinct = {text: address for address, text in found if "q=7919" not in address}
    return [
        f"{role} {address}: {name}: …{text[max(at.start() - 60, 0) : at.end() + 30]}…"
        for text, address in distinct.items()
        for name, pattern in patterns.items()
        if (at := pattern.search(text)) is not None
    ]


@pytest.fixture
def still() -> Iterator[None]:
    with time_machine.travel(timezone.now(), tick=False):
        yield


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_not_one_protected_number_and_two_worlds_look_the_same(role: str, still: None, world: World) -> None:
    """No number; and no order, class, bar, colour, rounding or hash that depends on one.

    The first walk looks for numbers. Then the secret figures are changed, and what is read again is equal
    to the last character: everything for ``COMPARED``, the pages and papers with figures for all others.
    """
    scene = SecretScene(world)
    language = "en" if role in ENGLISH else "de"
    found = list(Walk(scene, role, language=language).everything())
    refused = list(Walk(scene, role, language=language).refusals())
    assert leaks([*found, *refused], role) == []
    if role == "planner":
        assert len(found) > 150
        assert len(refused) > 3
        shown = [address for address, text in found if re.search(number_pattern(9601), text)]
        assert len(shown) > 5, "a walk that finds no figure at all proves nothing"
    before = dict(found) | dict(Walk(scene, role, language=language).essentials())
    otherwise(scene)
    after = dict(Walk(scene, role, language=language).essentials())
    if role in COMPARED:  # a walk of its own: what one has opened already, it does not open again
        after |= dict(Walk(scene, role, language=language).everything())
        after |= dict(Walk(scene, role, language=language).refusals())
        before |= dict(refused)
        assert before.keys() == after.keys()
    differing = {address: first_difference(before[address], text) for address, text in after.items()}
    assert {address: difference for address, difference in differing.items() if difference} == {}


@pytest.mark.django_db
def test_not_one_protected_number_while_data_come_in(still: None, world: World) -> None:
    """A delivery before planning, and sent back to its house: preview, form, template, comments, tasks."""
    made = secret_world(world)
    with secret_figures(world):
        cycle = Stages(world).at_data()
        request = cycle.requests.get(organisation=world.youth_office)
        delivery = factories.delivery(
            world.youth_office, factories.full_values(request, world.areas), world.fresh("specialist")
        )
    driver.deliver(request, delivery, user=world.fresh("specialist"))
    pages = ["request-detail", "request-upload", "request-comments", "request-mapping", "request-template"]
    wanted = [reverse(f"workflows:{page}", args=[request.pk]) for page in pages]
    wanted += [reverse("workflows:request-list", args=[cycle.pk]), wanted[-1] + "?form=csv"]
    for route in ("monitoring:delivery-detail", "monitoring:delivery-issues"):
        wanted.append(reverse(route, args=[delivery.pk]))
    wanted += [f"{wanted[0]}?indicator={row.pk}&year=2024" for row in made.values()]
    for is_sent_back in (False, True):
        if is_sent_back:
            driver.review(request, is_accepted=False, user=world.fresh("planner"), reason="Bitte prüfen")
        for role in ("planner", "specialist", "head", "member", "jobcenter_head"):
            walk = Walk.of(world, role)
            found = [page for address in wanted for page in walk.opened(address, follows=True)]
            assert leaks([*found, *walk.tasks()], role) == [], is_sent_back
    fill = Walk.of(world, "specialist").client.get(reverse("workflows:request-fill", args=[request.pk]))
    assert "7919" in text_of(fill), "what a house typed itself comes back to it"
    for role in ("planner", "member", "jobcenter_head"):
        answer = Walk.of(world, role).client.get(reverse("workflows:request-fill", args=[request.pk]))
        assert answer.status_code in {403, 404}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "stage", ["at_analysis", "at_conference", "in_steering_group", "at_agreement", "at_evaluation"]
)
def test_not_one_protected_number_in_the_tasks_of_a_stage(stage: str, still: None, world: World) -> None:
    secret_world(world)
    with secret_figures(world):
        getattr(Stages(world), stage)()
        frozen_run(world)
    for role in ("planner", "specialist"):
        found = list(Walk.of(world, role).tasks())
        assert leaks(found, role) == []


# --- Two worlds that differ in nothing but what is secret --------------------------------------------

#: What is put in place of secret figures, by place: sums stay, and so does who is the smallest.
OTHERWISE: dict[str, dict[int, float]] = {
    "sgb2_rate": {0: 0.0423},
    "childcare_rate": {2: 99.9123},
    "cases": {0: 7999, 1: 8007},
    "cases_women": {0: 4043, 1: 4059},
    "cases_men": {0: 3956, 1: 3948},
    "cases_share": {0: 39.9951, 1: 40.0351},
    "few": {0: 2, 1: 3},
    "grants": {0: 62001.53},
    "grants_largest": {0: 61007.57, 1: 20009.0, 2: 10011.0, 3: 10013.0},
}


def otherwise(scene: SecretScene) -> None:
    """Change the secret figures, and nothing else."""
    for key, places in OTHERWISE.items():
        for place, value in places.items():
            rows = Value.objects.filter(
                indicator=scene.made[key], area=scene.world.areas[place], year=2024, is_current=True
            )
            assert rows.update(value=value) == 1
    cache.clear()


def first_difference(one: str, other: str) -> str:
    """Where two texts part; "" if they are equal."""
    if one == other:
        return ""
    place = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0)
    return f"{one[max(place - 80, 0) : place + 40]!r} / {other[place : place + 40]!r}"


@pytest.mark.django_db
def test_an_index_of_secret_rates_is_the_same_in_both_worlds(still: None, world: World) -> None:
    scene = SecretScene(world)
    runs = [frozen_run(world)]
    otherwise(scene)
    runs.append(frozen_run(world))
    totals = [list(run.results.order_by("area").values_list("total", "rank")) for run in runs]
    assert totals[0] == totals[1]
    assert runs[0].inputs_sha256 == runs[1].inputs_sha256


# --- Solving for what is hidden ----------------------------------------------------------------------


class Knowledge:
    """All figures of the counts that pages tell, and all sums that are known of them, over the years."""

    def __init__(self, world: World, client: Client) -> None:
        self.world, self.client = world, client
        self.towns = sorted({area.parent for area in world.areas if area.parent}, key=lambda town: town.pk)
        self.shown: dict[Hashable, float | None] = {}
        self.sums: list[Sum] = []

    def tell(self, cell: Hashable, value: float | None) -> None:
        """A figure that some page tells is known, whatever others hide."""
        if value is not None or cell not in self.shown:
            self.shown[cell] = value

    def add(self, cells: Iterable[Hashable], total: float, *, less: Hashable = None) -> None:
        """Cells add up to a number, or to another cell."""
        weights = dict.fromkeys(cells, 1.0)
        self.sums.append((weights | {less: -1.0} if less is not None else weights, total))

    def atlas(self, key: str, level: str, year: int) -> None:
        """Figures and mean of a year, and what the course over the years tells besides."""
        address = {"show": key, "level": level, "year": year}
        view = self.client.get(reverse("monitoring:atlas"), address).context["view"]
        places = [row.area.pk for row in view.rows]
        for row in view.rows:
            self.tell((key, row.area.pk, year), row.value)
        for at, mean in view.means:
            if at in YEARS:
                self.add([(key, pk, at) for pk in places], mean * len(places))
        if view.mean is not None:
            self.add([(key, pk, year) for pk in places], view.mean * len(places))
        for pk, course in view.courses.items():
            for at, value in course:
                if at in YEARS:
                    self.tell((key, pk, at), value)

    def relations(self, year: int) -> None:
        """Towns are their areas, cases are women and men, a share tells its count by the inhabitants."""
        for town in self.towns:
            below = [area.pk for area in self.world.areas if area.parent_id == town.pk]
            for key in SUMS:
                self.add([(key, pk, year) for pk in below], 0.0, less=(key, town.pk, year))
        for area in [*self.world.areas, *self.towns]:
            parts = [(key, area.pk, year) for key in ("cases_women", "cases_men")]
            self.add(parts, 0.0, less=("cases", area.pk, year))
        address = {"show": "cases_share", "year": year}
        for row in self.client.get(reverse("monitoring:atlas"), address).context["view"].rows:
            if row.value is not None:
                base = self.shown["cases", row.area.pk, year]
                assert base is not None, "a share beside a hidden count would tell it"

    def area_pages(self) -> None:
        """Figures that pages of areas tell."""
        for area in [*self.world.areas, *self.towns]:
            page = self.client.get(reverse("monitoring:area-detail", args=[area.pk]))
            for _domain, rows in page.context["groups"]:
                for row in rows:
                    if row.indicator.key in SUMS:
                        self.tell((row.indicator.key, area.pk, row.year), row.shown.value)


@pytest.mark.django_db
def test_no_protected_number_can_be_solved_from_all_that_is_shown(
    world: World, planner: User, client_as: Callable[[User], Client]
) -> None:
    scene = SecretScene(world)
    known = Knowledge(world, client_as(world.fresh("planner")))
    for year in YEARS:
        for key in SUMS:
            for level in ("small_area", "municipality"):
                known.atlas(key, level, year)
        known.relations(year)
    known.area_pages()
    hidden = {cell for cell, value in known.shown.items() if value is None}
    assert len(hidden) >= 8
    assert len(known.shown) == len(SUMS) * len(YEARS) * 6
    assert scene.made.keys() >= set(SUMS)
    assert worked_out(known.shown, known.sums) & hidden == set()


@pytest.mark.django_db
def test_whoever_works_the_index_back_finds_the_stand_in(
    world: World, planner: User, client_as: Callable[[User], Client]
) -> None:
    """Index, deviations, mean and spread of a run tell the middle of what is secret, never the figure."""
    scene = SecretScene(world)
    page = client_as(world.fresh("planner")).get(reverse("monitoring:run-detail", args=[scene.run.pk]))
    table = page.context["table"]
    tried = 0
    for result in table.included:
        cells = [(column, table.cell(result.area_id, column.indicator_id)) for column in table.columns]
        secret = [column for column, cell in cells if cell.shown.is_secret]
        if len(secret) != 1 or result.total is None:
            continue
        (column,) = secret
        rest = result.total - sum(cell.z or 0.0 for _column, cell in cells)
        turn = -1 if column.indicator.direction == Direction.LESS_NEED else 1
        value = column.mean + turn * rest * column.sd
        truth = Value.objects.get(
            indicator=column.indicator, area=result.area_id, year=scene.run.year, is_current=True
        )
        assert truth.value is not None
        assert abs(value - float(truth.value)) > 0.001, (column.indicator.key, result.area)
        tried += 1
    assert tried


# --- Raw figures -------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_raw_figures_take_a_right_and_are_logged(role: str, world: World) -> None:
    """Planning has the right; the youth office has its own; nobody else gets any."""
    scene = SecretScene(world)
    walk, entries = Walk(scene, role), LogEntry.objects.filter(action="delivery.downloaded")
    status = walk.client.get(reverse("monitoring:delivery-file", args=[scene.delivery.pk])).status_code
    assert (status == 200) is (role in {"planner", "specialist", "head"})
    assert entries.count() == (status == 200)
