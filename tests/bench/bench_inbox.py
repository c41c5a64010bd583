"""The inbox page with 100 to 100,000 open tasks: ``python -m tests.bench inbox``."""

import datetime
import random
import time
from statistics import median

from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from viewflow.workflow.models import Task

from stakeholders.models import User
from tests import factories
from workflows.flows import DeliveryFlow
from workflows.models import TaskCard
from workflows.nodes import open_task

SIZES = (100, 10_000, 100_000)
#: Tasks of the one who has few of many; a share of all tasks is with a colleague.
FEW = 20
TAKEN_SHARE = 0.3
REPEATS = 25
BATCH = 5_000


def _fill(task: Task, count: int, colleague: User, seed: int) -> None:
    """Add copies of a task with due dates all over a year, some of them taken by a colleague."""
    chance = random.Random(seed)
    today = timezone.localdate()
    card = task.card
    for begin in range(0, count, BATCH):
        copies = Task.objects.bulk_create(
            Task(
                process_id=task.process_id,
                flow_task=task.flow_task,
                flow_task_type="HUMAN",
                token=task.token,
                owner=colleague if (taken := chance.random() < TAKEN_SHARE) else None,
                status="ASSIGNED" if taken else "NEW",
                owner_permission=task.owner_permission,
                owner_permission_content_type=task.owner_permission_content_type,
                owner_permission_obj_pk=task.owner_permission_obj_pk,
            )
            for _ in range(min(BATCH, count - begin))
        )
        TaskCard.objects.bulk_create(
            TaskCard(
                task=copy,
                territory_id=card.territory_id,
                cycle_id=card.cycle_id,
                stage=card.stage,
                permission_id=card.permission_id,
                object_pk=card.object_pk,
                organisation_id=card.organisation_id,
                subject=f"Vorgang {copy.pk}",
                due_on=today + datetime.timedelta(days=chance.randint(-30, 335)),
            )
            for copy in copies
        )


class _Counter:
    """Counts statements."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        self.count += 1
        return execute(sql, params, many, context)


def page_cost(client: Client, path: str) -> tuple[float, int]:
    """Milliseconds (median) and queries of a page."""
    counter = _Counter()
    with connection.execute_wrapper(counter):
        assert client.get(path).status_code == 200
    spent = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        client.get(path)
        spent.append((time.perf_counter() - start) * 1000)
    return median(spent), counter.count


def run() -> list[dict[str, float | str]]:
    """Measure the whole page for who has nearly all open tasks and for who has a few of them.

    Returns:
        One row a size and person: open tasks, milliseconds (median), queries, and the time as a multiple of
        that with 100 open tasks.
    """
    rows: list[dict[str, float | str]] = []
    with transaction.atomic():
        world = factories.make_world()
        cycle = factories.make_cycle(world)
        many = open_task(
            cycle.requests.get(organisation=world.youth_office).process, DeliveryFlow.provide_data
        )
        few = open_task(cycle.requests.get(organisation=world.jobcenter).process, DeliveryFlow.provide_data)
        _fill(few, FEW - 1, world.people["jobcenter_head"], seed=1)
        people = {"nearly all": world.people["head"], "a few": world.people["jobcenter_head"]}
        first: dict[tuple[str, str], float] = {}
        filled = FEW + 1
        for size in SIZES:
            _fill(many, size - filled, world.people["specialist"], seed=size)
            filled = size
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("ANALYZE")
            for who, person in people.items():
                client = Client()
                client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
                for scope in ("open", "team"):
                    spent, queries = page_cost(client, f"/tasks/?scope={scope}")
                    begun = first.setdefault((who, scope), spent)
                    rows.append(
                        {
                            "open tasks": size,
                            "of them for me": who,
                            "list": scope,
                            "ms": spent,
                            "queries": queries,
                            "times that of 100": spent / begun,
                        }
                    )
        transaction.set_rollback(True)
    return rows
