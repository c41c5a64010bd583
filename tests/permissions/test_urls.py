"""Every address by every role: who gets a page, who is told "not for you", for whom it does not exist.

The table is written by hand and read like a sentence: 200 sees the page, 302 is sent on (the anonymous to the
sign-in), 403 sees the thing but may not do this to it, 404 must not even know that it exists, 405 it is no
page to open. An address without a line here fails the test.
"""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import World
from tests.permissions.scene import ROLES, Scene, url_names

#: Task pages of the flows have rules of their own: tests/flows.
FLOW_NAMESPACES = (
    "planningcycle:",
    "delivery:",
    "contribution:",
    "recommendation:",
    "confirmation:",
    "measure:",
    "report:",
    "chapter:",
)

#: Columns: planner, specialist (in the conference), head (department), chair (of the steering group),
#: association (advises the steering group), provider (partner of the measure), funder, administrator,
#: planner of the neighbouring district, not signed in.
TABLE = {
    "healthz": "200 200 200 200 200 200 200 200 200 200",
    "help-index": "200 200 200 200 200 200 200 200 200 200",
    "help-topic": "200 200 200 200 200 200 200 200 200 200",
    "home": "302 302 302 302 302 302 302 302 302 302",
    "measures:measure-detail": "200 200 200 200 200 200 404 404 404 302",
    "measures:plan-detail": "200 200 200 200 200 404 404 404 404 302",
    "measures:plan-list": "200 200 200 200 200 200 200 200 200 302",
    "measures:plan-timeline": "200 200 200 200 200 404 404 404 404 302",
    "measures:project-create": "200 403 403 403 403 403 404 404 404 302",
    "measures:project-detail": "200 200 200 200 404 200 200 404 404 302",
    "measures:project-list": "200 200 200 200 200 200 200 200 200 302",
    "measures:report-detail": "200 200 200 404 404 404 404 404 404 302",
    "measures:report-list": "200 200 200 200 200 404 404 404 404 302",
    "measures:round-detail": "200 200 200 200 200 404 404 404 404 302",
    "monitoring:area-import": "200 403 403 403 403 403 403 200 200 302",
    "monitoring:area-list": "200 403 403 403 403 403 403 200 200 302",
    "monitoring:area-preview": "200 403 403 403 403 403 403 404 404 302",
    "monitoring:area-detail": "200 200 200 200 404 404 404 404 404 302",
    "monitoring:atlas": "200 200 200 200 200 200 200 200 200 302",
    "monitoring:catalogue": "200 200 200 200 200 200 200 200 200 302",
    "monitoring:catalogue-export": "200 200 200 200 200 200 200 200 200 302",
    "monitoring:catalogue-import": "200 403 403 403 403 403 403 200 200 302",
    "monitoring:catalogue-preview": "200 403 403 403 403 403 403 404 404 302",
    "monitoring:delivery-detail": "200 200 200 404 404 404 404 404 404 302",
    "monitoring:delivery-file": "200 200 200 404 404 404 404 404 404 302",
    "monitoring:delivery-issues": "200 200 200 404 404 404 404 404 404 302",
    "monitoring:indicator-detail": "200 200 200 200 200 200 200 200 200 302",
    "monitoring:indicator-edit": "200 403 403 403 403 403 403 200 200 302",
    "monitoring:indicator-list": "200 200 200 200 200 200 200 200 200 302",
    "monitoring:method-change": "200 403 403 403 404 404 404 404 404 302",
    "monitoring:method-create": "200 403 403 403 403 403 403 403 200 302",
    "monitoring:method-detail": "200 200 200 200 404 404 404 404 404 302",
    "monitoring:method-list": "200 200 200 200 200 200 200 200 200 302",
    "monitoring:method-set-aside": "405 405 405 405 405 405 405 405 405 302",
    "monitoring:run-compare": "200 200 200 200 404 404 404 404 404 302",
    "monitoring:population-import": "200 403 403 403 403 403 403 200 200 302",
    "monitoring:population-preview": "200 403 403 403 403 403 403 404 404 302",
    "monitoring:ready-set": "200 403 403 403 403 403 403 200 200 302",
    "monitoring:run-detail": "200 200 200 200 404 404 404 404 404 302",
    "monitoring:succession-delete": "405 405 405 405 405 405 405 405 405 302",
    "monitoring:succession-import": "200 403 403 403 403 403 403 200 200 302",
    "monitoring:succession-list": "200 403 403 403 403 403 403 200 200 302",
    "monitoring:succession-preview": "200 403 403 403 403 403 403 404 404 302",
    "search": "200 200 200 200 200 200 200 200 200 302",
    "set_language": "302 302 302 302 302 302 302 302 302 302",
    "stakeholders:absence-create": "200 200 200 200 200 200 200 200 200 302",
    "stakeholders:absence-end": "405 405 405 405 405 405 405 405 405 302",
    "stakeholders:audit-log": "200 403 403 403 403 403 403 200 200 302",
    "stakeholders:body-create": "403 403 403 403 403 403 403 200 403 302",
    "stakeholders:body-detail": "200 200 200 200 200 404 404 200 404 302",
    "stakeholders:body-edit": "403 403 403 403 403 404 404 200 404 302",
    "stakeholders:body-list": "200 200 200 200 200 200 200 200 200 302",
    "stakeholders:body-rules": "200 200 200 200 200 404 404 200 404 302",
    "stakeholders:body-seats": "403 403 403 403 403 404 404 200 404 302",
    "stakeholders:demo-sign-in": "200 200 200 200 200 200 200 200 200 200",
    "stakeholders:login": "200 200 200 200 200 200 200 200 200 200",
    "stakeholders:logout": "405 405 405 405 405 405 405 405 405 302",
    "stakeholders:mail-list": "403 403 403 403 403 403 403 200 403 302",
    "stakeholders:mail-send-again": "405 405 405 405 405 405 405 405 405 302",
    "stakeholders:membership-create": "403 403 403 403 404 404 404 200 404 302",
    "stakeholders:membership-end": "403 403 403 403 404 404 404 200 404 302",
    "stakeholders:organisation-create": "403 403 403 403 403 403 403 200 403 302",
    "stakeholders:organisation-detail": "200 200 200 200 404 404 404 200 404 302",
    "stakeholders:organisation-edit": "403 403 403 403 404 404 404 200 404 302",
    "stakeholders:organisation-list": "200 200 200 200 200 200 200 200 200 302",
    "stakeholders:password-change": "200 200 200 200 200 200 200 200 200 302",
    "stakeholders:password-reset": "200 200 200 200 200 200 200 200 200 200",
    "stakeholders:password-reset-complete": "200 200 200 200 200 200 200 200 200 200",
    "stakeholders:password-reset-confirm": "200 200 200 200 200 200 200 200 200 200",
    "stakeholders:password-reset-done": "200 200 200 200 200 200 200 200 200 200",
    "stakeholders:person-absence": "404 404 404 404 404 404 404 200 404 302",
    "stakeholders:person-create": "403 403 403 403 403 403 403 200 403 302",
    "stakeholders:person-deactivate": "404 404 404 404 404 404 404 200 404 302",
    "stakeholders:person-detail": "404 404 404 404 404 404 404 200 404 302",
    "stakeholders:person-edit": "404 404 404 404 404 404 404 200 404 302",
    "stakeholders:person-invite": "405 405 405 405 405 405 405 405 405 302",
    "stakeholders:person-list": "403 403 403 403 403 403 403 200 403 302",
    "stakeholders:person-reactivate": "405 405 405 405 405 405 405 405 405 302",
    "stakeholders:profile": "200 200 200 200 200 200 200 200 200 302",
    "stakeholders:rules-add": "403 403 403 403 403 404 404 200 404 302",
    "stakeholders:rules-withdraw": "403 403 403 403 403 404 404 200 404 302",
    "stakeholders:seat-create": "403 403 403 403 403 404 404 200 404 302",
    "stakeholders:seat-deputy": "403 403 403 403 404 404 404 200 404 302",
    "stakeholders:seat-end": "403 403 403 403 404 404 404 200 404 302",
    "workflows:case": "200 200 404 404 404 404 404 404 404 302",
    "workflows:case-bpmn": "200 200 404 404 404 404 404 404 404 302",
    "workflows:case-diagram": "200 200 404 404 404 404 404 404 404 302",
    "workflows:cycle-abandon": "403 403 403 403 403 403 404 404 404 302",
    "workflows:cycle-create": "200 403 403 403 403 403 403 403 200 302",
    "workflows:cycle-detail": "200 200 200 200 200 200 404 404 404 302",
    "workflows:cycle-list": "200 200 200 200 200 200 200 200 200 302",
    "workflows:cycle-schedule": "200 200 200 200 200 200 404 404 404 302",
    "workflows:cycle-tasks": "200 200 200 200 200 200 404 404 404 302",
    "workflows:decision-detail": "200 200 200 200 200 200 404 404 404 302",
    "workflows:decision-list": "200 200 200 200 200 200 404 404 404 302",
    "workflows:decision-reconsider": "200 403 403 200 403 403 404 404 404 302",
    "workflows:evaluation-list": "200 200 200 200 200 200 404 404 404 302",
    "workflows:inbox": "200 200 200 200 200 200 200 200 200 302",
    "workflows:agreement-call-off": "200 403 403 403 403 403 404 404 404 302",
    "workflows:measure-create": "200 403 403 403 403 403 404 404 404 302",
    "workflows:measure-edit": "200 403 403 403 403 403 404 404 404 302",
    "workflows:meeting-calendar": "200 200 200 200 200 200 404 404 404 302",
    "workflows:meeting-close": "200 403 403 200 403 403 404 404 404 302",
    "workflows:meeting-create": "200 403 403 403 403 403 404 404 404 302",
    "workflows:meeting-detail": "200 200 200 200 200 200 404 404 404 302",
    "workflows:meeting-list": "200 200 200 200 200 200 404 404 404 302",
    "workflows:meeting-move": "200 403 403 403 403 403 404 404 404 302",
    "workflows:profile-booklet": "200 200 200 200 200 200 404 404 404 302",
    "workflows:profile-detail": "200 200 200 200 200 200 404 404 404 302",
    "workflows:profile-edit": "200 403 403 403 403 403 404 404 404 302",
    "workflows:profile-list": "200 200 200 200 200 200 404 404 404 302",
    "workflows:profile-pdf": "200 200 200 200 200 200 404 404 404 302",
    "workflows:recommendation-create": "200 200 403 403 403 403 404 404 404 302",
    "workflows:recommendation-detail": "200 200 200 200 200 200 404 404 404 302",
    "workflows:recommendation-evidence": "200 200 403 403 403 403 404 404 404 302",
    "workflows:recommendation-list": "200 200 200 200 200 200 404 404 404 302",
    "workflows:recommendation-withdraw": "200 200 403 403 403 403 404 404 404 302",
    "workflows:report-remind": "405 405 405 405 405 405 405 405 405 302",
    "workflows:request-comments": "403 302 302 404 404 404 404 404 404 302",
    "workflows:request-detail": "200 200 200 404 404 404 404 404 404 302",
    "workflows:request-fill": "403 302 302 404 404 404 404 404 404 302",
    "workflows:request-list": "200 200 200 200 200 200 404 404 404 302",
    "workflows:request-reopen": "200 403 403 404 404 404 404 404 404 302",
    "workflows:request-mapping": "403 302 302 404 404 404 404 404 404 302",
    "workflows:request-remind-all": "405 405 405 405 405 405 405 405 405 302",
    "workflows:request-remind": "405 405 405 405 405 405 405 405 405 302",
    "workflows:request-template": "403 200 200 404 404 404 404 404 404 302",
    "workflows:request-upload": "403 302 302 404 404 404 404 404 404 302",
    "workflows:request-waive": "200 403 403 404 404 404 404 404 404 302",
    "workflows:round-open": "200 403 403 403 403 403 404 404 404 302",
    "workflows:round-remind": "405 405 405 405 405 405 405 405 405 302",
    "workflows:chapter-archive": "200 403 403 403 404 404 404 404 404 302",
    "workflows:chapter-create": "200 403 403 403 404 404 404 404 404 302",
    "workflows:chapter-detail": "200 403 403 403 404 404 404 404 404 302",
    "workflows:chapter-edit": "200 403 403 403 404 404 404 404 404 302",
    "workflows:chapter-move": "405 405 405 405 405 405 405 405 405 302",
    "workflows:chapter-renew": "405 405 405 405 405 405 405 405 405 302",
    "workflows:edition-withdraw": "403 403 403 403 404 404 404 404 404 302",
    "workflows:public-chapter": "200 200 200 200 200 200 200 200 200 200",
    "workflows:public-edition": "200 200 200 200 200 200 200 200 200 200",
    "workflows:public-edition-pdf": "200 200 200 200 200 200 200 200 200 200",
    "workflows:public-report": "200 200 200 200 200 200 200 200 200 200",
    "workflows:public-report-list": "200 200 200 200 200 200 200 200 200 200",
    "workflows:public-report-pdf": "200 200 200 200 200 200 200 200 200 200",
    "workflows:renewal-give-up": "200 403 403 403 404 404 404 404 404 302",
    "workflows:renewal-preview": "200 403 403 403 404 404 404 404 404 302",
    "workflows:social-report-create": "302 403 403 403 404 404 404 404 404 302",
    "workflows:social-report-detail": "200 403 403 403 404 404 404 404 404 302",
    "workflows:social-report-edit": "200 403 403 403 404 404 404 404 404 302",
    "workflows:social-report-list": "302 200 200 200 200 200 200 200 200 302",
    "workflows:stage-two-request": "200 403 403 403 403 403 404 404 404 302",
    "workflows:statement-list": "200 200 200 200 200 200 404 404 404 302",
    "workflows:task": "302 302 302 404 404 404 404 404 404 302",
    "workflows:task-give-back": "405 405 405 405 405 405 405 405 405 302",
    "workflows:task-hand-over": "403 403 200 404 404 404 404 404 404 302",
    "workflows:task-release": "302 302 302 404 404 404 404 404 404 302",
    "workflows:task-take": "405 405 405 405 405 405 405 405 405 302",
    "workflows:tasks-take": "405 405 405 405 405 405 405 405 405 302",
    "workflows:why": "200 200 200 200 200 200 404 404 404 302",
}


def addresses() -> dict[str, str]:
    """All names but those of the task pages."""
    return {name: route for name, route in url_names().items() if not name.startswith(FLOW_NAMESPACES)}


def test_every_address_is_in_the_table() -> None:
    assert set(addresses()) == set(TABLE)


@pytest.mark.django_db
def test_every_address_by_every_role(world: World) -> None:
    scene = Scene(world)
    routes = addresses()
    wrong: list[str] = []
    for position, role in enumerate(ROLES):
        person = scene.person(role)
        client = Client(raise_request_exception=False)
        if person is not None:
            client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        for name, line in TABLE.items():
            kwargs = scene.kwargs(routes[name])
            assert kwargs is not None, f"no object in the scene for {name}"
            wanted = int(line.split()[position])
            status = client.get(reverse(name, kwargs=kwargs)).status_code
            if status != wanted:
                wrong.append(f"{role} {name}: {status} instead of {wanted}")
    assert wrong == []
