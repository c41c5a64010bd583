"""What people do in a journey: choose themselves on the demo's page, take a task, read what the page says."""

from __future__ import annotations

import re

from django.urls import reverse
from django.utils.translation import gettext, override
from playwright.sync_api import Locator, Page, expect

from stakeholders.models import User
from tests.factories import World
from workflows.models import TaskCard
from workflows.selectors.tasks import InboxFilter, inbox_cards


def de(text: str, **values: object) -> str:
    """A text of the interface as a German reader sees it."""
    with override("de"):
        return gettext(text) % values if values else gettext(text)


def let_in(world: World) -> None:
    """Offer everybody on the sign-in page of the demo."""
    User.objects.filter(pk__in=[person.pk for person in world.people.values()]).update(is_demo=True)


def sign_in(page: Page, person: User) -> None:
    """From the front door, where the demo lets one choose a person, to the own start page."""
    page.goto("/")
    card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=str(person), exact=True))
    card.get_by_role("button").click()
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".pg-header")).to_contain_text(str(person))


def card_of(person: User, node: str, about: str = "") -> TaskCard:
    """The one open task of a step that a person may see; of several the one about this."""
    cards = inbox_cards(person, InboxFilter(scope="team"))
    found = [card for card in cards if card.task.flow_task.name == node and about in headline(card)]
    assert len(found) == 1, f"{person} {node}: {len(found)} tasks"
    return found[0]


def headline(card: TaskCard) -> str:
    """What the inbox calls a task."""
    with override("de"):
        return str(card.headline)


def row_of(page: Page, card: TaskCard) -> Locator:
    """The row of a task in the inbox; on a phone it is a card and no row."""
    return page.locator("table.pg-inbox tbody tr").filter(has=page.get_by_role("link", name=headline(card)))


def take(page: Page, person: User, node: str, about: str = "") -> TaskCard:
    """Go home to the tasks and take one, unless it is one's own already; its page opens."""
    card = card_of(person, node, about)
    page.locator("a.pg-brand").click()
    expect(page).to_have_url(re.compile(re.escape(reverse("workflows:inbox"))))
    row = row_of(page, card)
    if card.task.owner_id == person.pk:
        row.get_by_role("link", name=headline(card), exact=True).click()
    else:
        row.get_by_role("button", name=de("Take it")).click()
    expect(page).not_to_have_url(re.compile(re.escape(reverse("workflows:inbox")) + r"(\?|$)"))
    return card


def press(page: Page, text: str) -> None:
    """Press a button of the page's content."""
    page.get_by_role("main").get_by_role("button", name=de(text), exact=True).click()


def agree(page: Page, text: str) -> None:
    """Say yes in the dialog that asks before what cannot be undone."""
    page.get_by_role("dialog").get_by_role("button", name=de(text), exact=True).click()


def be_sure(page: Page, text: str) -> None:
    """Go on from the page that asks before what cannot be undone and touches others."""
    told(page, "Nothing has happened yet")
    press(page, text)


def told(page: Page, text: str, **values: object) -> None:
    """The page says this."""
    expect(page.get_by_role("main")).to_contain_text(de(text, **values))


def follow(page: Page, name: str) -> None:
    """Follow a link of the page's content."""
    page.get_by_role("main").get_by_role("link", name=name).first.click()


def menu(page: Page) -> list[str]:
    """The entries of the main menu, without their counts."""
    entries: Locator = page.locator(".pg-nav li a")
    return [re.sub(r"\s+\d+\+?.*$", "", text.strip(), flags=re.S) for text in entries.all_inner_texts()]
