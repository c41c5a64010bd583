"""Earlier states of the database, for tests of migrations.

Tables of the tests are made from the models at once, which takes seconds; with all migrations, minutes.
The test that goes back in history first notes them all as applied: the tables are the same.
"""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import override_settings


class History:
    """Goes back to earlier migrations, and to the latest again at its end.

    ::

        with History() as history:
            old = history.back_to([("workflows", "0044_create_amendment_process")])
            old.get_model("workflows", "TargetAgreement")
    """

    def __init__(self) -> None:
        self._modules = override_settings(MIGRATION_MODULES={})

    def __enter__(self) -> History:
        self._modules.enable()
        recorder = MigrationRecorder(connection)
        recorder.ensure_schema()
        applied = recorder.applied_migrations()
        for key in MigrationLoader(None).graph.nodes:
            if key not in applied:
                recorder.record_applied(*key)
        return self

    def back_to(self, targets: list[tuple[str, str]]) -> Any:
        """Undo what came after; returns the models of that time."""
        executor = MigrationExecutor(connection)
        executor.migrate(targets)
        return executor.loader.project_state(targets).apps

    def __exit__(self, *_error: object) -> None:
        try:
            executor = MigrationExecutor(connection)
            executor.migrate(executor.loader.graph.leaf_nodes())
        finally:
            self._modules.disable()
