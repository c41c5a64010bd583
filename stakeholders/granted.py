"""The one condition on which all rights rest, as SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler
from guardian.models import GroupObjectPermission

from stakeholders.models import User


class Granted(models.Expression):
    """One of a person's groups has a right itself on the row that a reference names.

    Written out: put together from querysets, the same text took a third of the time of each page.

    Args:
        reference: Path from the row asked about to the key of the row that carries the right.
        user_pk: Key of the person.
        perm: The right, as ``app.codename``.
        is_long: Whether tens of thousands of rows are asked about: the keys of all that was granted are
            then read once, instead of looking up the right for each row. The answer is the same.
    """

    def __init__(self, reference: str, user_pk: int, perm: str, *, is_long: bool) -> None:
        super().__init__(output_field=models.BooleanField())
        self.reference: Any = models.F(reference)
        self.user_pk, self.perm, self.is_long = user_pk, perm, is_long

    def get_source_expressions(self) -> list[Any]:
        """The reference, for who resolves it."""
        return [self.reference]

    def set_source_expressions(self, exprs: Any) -> None:
        """Take the reference as it was resolved."""
        (self.reference,) = exprs

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        """The text and its parameters, the same for SQLite and PostgreSQL."""
        reference, params = compiler.compile(self.reference)
        app_label, codename = self.perm.split(".")
        holder = [self.user_pk, codename, app_label]
        right = "permitted.codename = %s AND kind.app_label = %s"
        grants = grants_sql(connection.ops.quote_name, right)
        if self.is_long:
            keys = f"SELECT CAST(granted.object_pk AS bigint) {grants}"
            return f"{reference} IN ({keys})", [*params, *holder]
        key = f"CAST({reference} AS varchar(255))"
        return f"EXISTS (SELECT 1 {grants} AND granted.object_pk = {key})", [*holder, *params]


def grants_sql(quoted: Callable[[str], str], right: str) -> str:
    """Grants of rights to the groups of one person, as ``granted``; more conditions may follow.

    Takes the person, then what ``right`` takes: a condition on ``permitted`` and, for its app, ``kind``.
    Groups and rights are lists of keys, so that an index finds the grants by both and by their object.
    """
    grants, members, rights, kinds = (
        quoted(model._meta.db_table)
        for model in (GroupObjectPermission, User.groups.through, Permission, ContentType)
    )
    groups = f"SELECT member.group_id FROM {members} member WHERE member.user_id = %s"  # noqa: S608  our own names
    permitted = f"{rights} permitted INNER JOIN {kinds} kind ON kind.id = permitted.content_type_id"
    wanted = f"SELECT permitted.id FROM {permitted} WHERE {right}"  # noqa: S608  our own names
    return (
        f"FROM {grants} granted WHERE granted.group_id IN ({groups}) AND granted.permission_id IN ({wanted})"
    )
