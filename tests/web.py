"""Walk pages as a browser would: read the form from the HTML, fill it, send it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.http import HttpResponse
from django.test import Client

from stakeholders.models import User


@dataclasses.dataclass
class WebForm:
    """A form as the page shows it: where it goes and what it would send untouched."""

    action: str
    method: str
    fields: dict[str, list[str]]
    choices: dict[str, list[str]]
    buttons: dict[str, str]
    names: set[str]


class _FormReader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.forms: list[WebForm] = []
        self._form: WebForm | None = None
        self._select: str | None = None
        self._textarea: str | None = None
        self._option_seen = False

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urljoin(self.url, found.get("action") or "")
            self._form = WebForm(action, found.get("method", "get").lower(), {}, {}, {}, set())
            self.forms.append(self._form)
            return
        form = self._form
        if form is None:
            return
        name = found.get("name", "")
        disabled = "disabled" in found
        if tag == "input" and name and not disabled:
            self._input(form, name, found)
        elif tag == "textarea" and name:
            form.names.add(name)
            form.fields[name] = [""]
            self._textarea = name
        elif tag == "select" and name:
            form.names.add(name)
            form.fields.setdefault(name, [])
            self._select = None if disabled else name
            self._option_seen = "multiple" in found
        elif tag == "option" and self._select:
            form.choices.setdefault(self._select, []).append(found.get("value", ""))
            if "selected" in found:
                form.fields[self._select] = [*form.fields[self._select], found.get("value", "")]
        elif tag == "button" and name:
            form.buttons[name] = found.get("value", "")

    def _input(self, form: WebForm, name: str, found: dict[str, str]) -> None:
        kind = found.get("type", "text")
        if kind in {"submit", "button", "image"}:
            form.buttons[name] = found.get("value", "")
            return
        form.names.add(name)
        if kind in {"checkbox", "radio"}:
            form.choices.setdefault(name, []).append(found.get("value", "on"))
            if "checked" in found:
                form.fields.setdefault(name, []).append(found.get("value", "on"))
        elif kind != "file":
            form.fields.setdefault(name, []).append(found.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._textarea is not None:
            self._form.fields[self._textarea] = [self._form.fields[self._textarea][0] + data]

    def handle_endtag(self, tag: str) -> None:
        form = self._form
        if form is None:
            return
        if tag == "textarea":
            if self._textarea:
                # The browser drops the first line break after the tag.
                form.fields[self._textarea] = [form.fields[self._textarea][0].removeprefix("\n")]
            self._textarea = None
        elif tag == "select":
            if self._select and not form.fields[self._select] and not self._option_seen:
                form.fields[self._select] = form.choices.get(self._select, [""])[:1]
            self._select = None
        elif tag == "form":
            self._form = None


def forms_of(response: HttpResponse, url: str) -> list[WebForm]:
    """All forms of a page."""
    reader = _FormReader(url)
    reader.feed(response.content.decode())
    return reader.forms


class Visitor:
    """A signed-in person with a browser."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.client = Client()
        self.client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    def see(self, url: str, status: int = 200) -> HttpResponse:
        """Open a page."""
        response: HttpResponse = self.client.get(url, follow=True)
        assert response.status_code == status, f"{self.user} {url}: {response.status_code}"
        return response

    def send(
        self,
        url: str,
        filled: Mapping[str, Any] | None = None,
        *,
        field: str | None = None,
        button: str | None = None,
        files: Mapping[str, Any] | None = None,
        bare: bool = False,
        sure: bool = False,
        status: int = 200,
    ) -> HttpResponse:
        """Open a page, fill its form and send it.

        Args:
            url: Page.
            filled: What is typed or chosen; every name must be in the form.
            field: Name of a field by which to find the form, if the page has several.
            button: Name of the button pressed, if it has one.
            files: Files to attach.
            bare: The form without named buttons that has the fewest fields: the one that only confirms.
            sure: Whether the page reads back what was sent and is told to go on.
            status: Expected status after all redirects.
        """
        filled, files = dict(filled or {}), dict(files or {})
        page = self.see(url)
        wanted = {*filled, *files, *([field] if field else [])}
        found = [
            form
            for form in forms_of(page, _path_of(page))
            if form.method == "post"
            and wanted <= form.names
            and (button is None or button in form.buttons)
            and "set_language" not in form.action
            and "logout" not in form.action
            and "/i18n/" not in form.action
        ]
        assert found, f"{url}: no form with {sorted(wanted)}"
        here = _path_of(page)
        if bare:
            own = [form for form in found if urlsplit(form.action).path == here and not form.buttons]
            form = min(own, key=lambda candidate: len(candidate.names))
        else:
            form = max(
                found, key=lambda candidate: (urlsplit(candidate.action).path == here, len(candidate.names))
            )
        data: dict[str, Any] = {name: values for name, values in form.fields.items() if values}
        data |= filled
        data |= files
        if button is not None:
            data[button] = form.buttons[button]
        response: HttpResponse = self.client.post(form.action, data, follow=True)
        assert response.status_code == status, (
            f"{self.user} {url}: {response.status_code}\n{_errors(response)}"
        )
        return self.press(response, "sure") if sure else response

    def press(self, page: HttpResponse, button: str) -> HttpResponse:
        """Press a button of the page that has just come back, its form as it stands."""
        here = _path_of(page)
        form = next(row for row in forms_of(page, here) if row.method == "post" and button in row.buttons)
        data = {**form.fields, button: form.buttons[button]}
        response: HttpResponse = self.client.post(form.action, data, follow=True)
        assert response.status_code == 200, f"{self.user} {here}: {response.status_code}"
        return response


def _path_of(page: Any) -> str:
    """Path of the page a test client has got."""
    return str(page.request["PATH_INFO"])


def _errors(response: HttpResponse) -> str:
    context = getattr(response, "context", None)
    form = context.get("form") if context else None
    return str(getattr(form, "errors", "")) if form is not None else response.content.decode()[:500]
