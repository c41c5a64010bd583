"""No link of the task, cycle and chain pages leads a person to a page they may not see."""

from __future__ import annotations

import html
import re

from django.urls import reverse
from viewflow.workflow.models import Process, Task

from workflows.catalogue import human_nodes
from workflows.flows import FLOWS
from workflows.models import Decision, Recommendation

#: Those whose rights differ most: staff without drafts, an association in a body, a provider with tasks.
CAST = ("head", "association_head", "provider_head")


def links_in(response):
    text = response.content.decode()
    main = text[text.index("<main") : text.index("</main>")]
    return {html.unescape(link) for link in re.findall(r'href="(/[^"]*)"', main)}


def starts(cycle, measure, world):
    """Pages to begin at; those a person may not see are left out of the walk."""
    yield from ("/tasks/", "/tasks/?scope=team", "/tasks/?scope=done", "/cycles/")
    for name in ("cycle-detail", "cycle-tasks", "cycle-schedule"):
        yield reverse(f"workflows:{name}", args=[cycle.pk])
    # One case of each kind, and one task of each step.
    for flow in FLOWS:
        for process in Process.objects.filter(flow_class=flow)[:1]:
            yield reverse("workflows:case", args=[process.pk])
    for node in human_nodes():
        for task in Task.objects.filter(flow_task=node)[:1]:
            yield reverse("workflows:task", args=[task.pk])
    things = (
        ("measure", measure),
        ("decision", Decision.objects.first()),
        ("recommendation", Recommendation.objects.first()),
        ("area", world.areas[0]),
        ("indicator", world.indicators[0]),
        ("delivery", cycle.requests.first().delivery),
    )
    for kind, thing in things:
        yield reverse("workflows:why", args=[kind, thing.pk])
    for word in ("eltern", "jugendamt"):
        yield f"/search/?q={word}"


def test_every_link_can_be_followed(stages, world, client_as):
    cycle, measure = stages.at_implementation()
    refused = {}
    for name in CAST:
        client = client_as(world.fresh(name))
        found = set()
        for path in starts(cycle, measure, world):
            response = client.get(path, follow=True)
            assert response.status_code in {200, 404}, path
            if response.status_code == 200:
                found |= links_in(response)
        closed = {link for link in sorted(found) if client.get(link).status_code not in {200, 302}}
        if closed:
            refused[name] = closed

    assert refused == {}
