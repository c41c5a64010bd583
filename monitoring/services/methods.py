"""Writes of the methods of the index: saved under a name, changed by new versions, put aside."""

from __future__ import annotations

import hashlib
import json

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from monitoring.models import IndexMethod
from monitoring.presets import Content
from monitoring.services.index import indicators_of, method_spec
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, require


@transaction.atomic
def index_method_create(
    *, territory: Organisation, name: str, content: Content, note: str = "", user: User
) -> IndexMethod:
    """Save a method under a name.

    Args:
        territory: The planning authority.
        name: New in the territory.
        content: Rules, see ``monitoring.methods.read_method``; columns are keys of indicators.
        note: What it is for.
        user: Needs the right to plan the territory.

    Raises:
        PermissionDenied: The user may not plan the territory.
        DomainError: ``name_missing``, ``name_taken``, ``method_invalid``, ``too_many_classes``,
            ``unknown_indicator``, ``counts_in_index``.
    """
    require(user, Perm.PLAN_TERRITORY, territory)
    name = " ".join(name.split())
    if not name:
        raise DomainError("name_missing", _("Give the method a name."))
    if IndexMethod.objects.filter(territory=territory, name__iexact=name).exists():
        raise DomainError("name_taken", _("There is a method of this name already. Choose another name."))
    indicators_of(method_spec(content))
    method = IndexMethod.objects.create(
        territory=territory, name=name, content=content, note=note.strip(), created_by=user
    )
    _log("index_method.created", method, user)
    return method


def method_state(method: IndexMethod) -> str:
    """Fingerprint of what a form of a method shows: who opened an older one overwrites nothing unseen."""
    shown = json.dumps([method.content, method.note], sort_keys=True)
    return hashlib.sha256(shown.encode()).hexdigest()


@transaction.atomic
def index_method_change(
    method: IndexMethod, *, content: Content, note: str = "", opened: str = "", user: User
) -> IndexMethod:
    """Change the rules of a method; once a run used it, as a new version beside the old one.

    Args:
        method: The latest version of its name.
        content: New rules.
        note: What it is for.
        opened: ``method_state`` when the form was opened; empty where nobody looked at a form.
        user: Needs the right to plan the territory.

    Returns:
        The method as changed, or its new version.

    Raises:
        PermissionDenied: The user may not plan the territory.
        DomainError: ``old_version``, ``changed_meanwhile``, ``method_invalid``, ``too_many_classes``,
            ``unknown_indicator``, ``counts_in_index``.
    """
    require(user, Perm.PLAN_TERRITORY, method.territory)
    # All versions are held: of two changes at once the second sees the first.
    versions = IndexMethod.objects.filter(territory=method.territory, name=method.name)
    list(versions.select_for_update().values_list("pk"))
    last = versions.aggregate(last=Max("version"))["last"]
    method = versions.get(pk=method.pk)
    if method.version != last:
        raise DomainError("old_version", _("There is a newer version of this method. Change that one."))
    if opened and opened != method_state(method):
        raise DomainError(
            "changed_meanwhile",
            _(
                "Somebody has changed this method since you opened it. Its rules of now stand at the top; "
                "what you entered is kept. Save again if yours shall replace them."
            ),
        )
    indicators_of(method_spec(content))
    if method.is_used and method.content != content:
        versions.update(is_offered=False)
        method = IndexMethod.objects.create(
            territory=method.territory,
            name=method.name,
            version=last + 1,
            content=content,
            note=note.strip(),
            created_by=user,
        )
    else:
        method.content, method.note, method.is_offered = content, note.strip(), True
        method.save(update_fields=["content", "note", "is_offered"])
    _log("index_method.changed", method, user)
    return method


@transaction.atomic
def index_method_set_aside(method: IndexMethod, *, user: User) -> None:
    """Offer a method no more for new runs; runs by it stay, and a change offers it again.

    Raises:
        PermissionDenied: The user may not plan the territory.
    """
    require(user, Perm.PLAN_TERRITORY, method.territory)
    method.is_offered = False
    method.save(update_fields=["is_offered"])
    _log("index_method.set_aside", method, user)


def _log(action: str, method: IndexMethod, user: User) -> None:
    log_action(
        action,
        user=user,
        obj=method,
        territory=method.territory,
        data={"name": method.name, "version": method.version, "rules": method.content},
    )
