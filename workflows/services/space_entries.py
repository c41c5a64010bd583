"""Ideas, comments and points of an evening, and their moderation.

Whatever is entered waits for the row of the evening (``conference_lock``): numbers of ideas, points of a
device and the end of the evening cannot pass each other by, however many processes answer.
"""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from workflows.devices import hash_of, is_ours
from workflows.models import (
    EntryState,
    SpaceComment,
    SpaceConference,
    SpaceDevice,
    SpaceIdea,
    SpacePoint,
)
from workflows.models.social_space import COMMENT_LENGTH, IDEA_LENGTH
from workflows.selectors.space_conferences import is_open_at, waiting_comments, waiting_ideas
from workflows.services.space_conferences import conference_lock, facilitated

#: Within this time at most so many entries are taken ...
WINDOW: Final = datetime.timedelta(minutes=10)
#: ... of one device, so that nobody floods the evening by hand,
DEVICE_ENTRIES: Final = 10
#: ... and of all devices together, so that a machine does not; those that are known already go on.
ALL_ENTRIES: Final = 300
#: Devices that may turn up anew within the time.
NEW_DEVICES: Final = 600


@dataclass(frozen=True)
class Sender:
    """Who enters: a device by its key, or the facilitator for somebody.

    Attributes:
        key: Key of the device; "" for a facilitator.
        user: The facilitator; None for a device.
    """

    key: str = ""
    user: User | None = None


@transaction.atomic
def idea_enter(
    conference: SpaceConference,
    *,
    text: str,
    recommendation_pk: int | None,
    entry_key: uuid.UUID,
    sender: Sender,
) -> SpaceIdea:
    """Take an idea; it waits for moderation.

    Args:
        conference: An evening whose entry page is open.
        text: Up to ``IDEA_LENGTH`` characters.
        recommendation_pk: One of those of the evening; None for a free idea.
        entry_key: Made with the form.
        sender: Who enters.

    Raises:
        PermissionDenied: The sender is a user who does not facilitate the evening.
        DomainError: ``evening_closed``, ``text_missing``, ``text_too_long``, ``foreign_recommendation``,
            ``received_already``, ``unknown_device``, ``too_many``.
    """
    locked = _open(conference, sender)
    words = _words(text, IDEA_LENGTH)
    if recommendation_pk is not None and not locked.recommendations.filter(pk=recommendation_pk).exists():
        raise DomainError("foreign_recommendation", _("Choose one of the recommendations of the evening."))
    _once(SpaceIdea, entry_key)
    device = _device(locked, sender)
    _brake(locked, device)
    last = locked.ideas.order_by("-number").values_list("number", flat=True).first()
    idea = SpaceIdea.objects.create(
        conference=locked,
        number=(last or 0) + 1,
        recommendation_id=recommendation_pk,
        text=words,
        entry_key=entry_key,
        device=device,
        entered_by=sender.user,
    )
    log_action("space_idea.entered", user=sender.user, obj=idea, territory=locked.cycle.territory)
    return idea


@transaction.atomic
def comment_enter(
    conference: SpaceConference, *, idea_number: int, text: str, entry_key: uuid.UUID, sender: Sender
) -> SpaceComment:
    """Take a comment on a shown idea; it waits for moderation.

    Raises:
        PermissionDenied: The sender is a user who does not facilitate the evening.
        DomainError: ``evening_closed``, ``idea_not_shown``, ``text_missing``, ``text_too_long``,
            ``received_already``, ``unknown_device``, ``too_many``.
    """
    locked = _open(conference, sender)
    idea = _shown_idea(locked, idea_number)
    words = _words(text, COMMENT_LENGTH)
    _once(SpaceComment, entry_key)
    device = _device(locked, sender)
    _brake(locked, device)
    comment = SpaceComment.objects.create(
        idea=idea, text=words, entry_key=entry_key, device=device, entered_by=sender.user
    )
    log_action("space_comment.entered", user=sender.user, obj=comment, territory=locked.cycle.territory)
    return comment


@transaction.atomic
def point_give(conference: SpaceConference, *, idea_number: int, entry_key: uuid.UUID, key: str) -> None:
    """Give a point of a device to a shown idea.

    Raises:
        DomainError: ``evening_closed``, ``idea_not_shown``, ``no_points_left``, ``received_already``,
            ``unknown_device``, ``too_many``.
    """
    locked = _open(conference, Sender(key=key))
    idea = _shown_idea(locked, idea_number)
    _once(SpacePoint, entry_key)
    device = _device(locked, Sender(key=key))
    assert device is not None
    _points_add(locked, device, [(idea, entry_key)])


@transaction.atomic
def point_take_back(conference: SpaceConference, *, idea_number: int, key: str) -> None:
    """Take a point of a device back from an idea; nothing happens if there is none.

    Raises:
        DomainError: ``evening_closed``, ``unknown_device``.
    """
    locked = _open(conference, Sender(key=key))
    device = _device(locked, Sender(key=key))
    point = SpacePoint.objects.filter(
        device=device, idea__number=idea_number, idea__conference=locked
    ).order_by("-number")
    SpacePoint.objects.filter(pk__in=point.values_list("pk", flat=True)[:1]).delete()


@transaction.atomic
def points_enter(
    conference: SpaceConference, *, points: dict[int, int], entry_key: uuid.UUID, user: User
) -> int:
    """Enter the points of one person who has no device at hand.

    Args:
        conference: An evening whose entry page is open.
        points: Number of a shown idea -> points of the person, together no more than each may give.
        entry_key: Made with the form.
        user: Facilitates the evening.

    Returns:
        How many points were entered.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``evening_closed``, ``points_negative``, ``points_missing``, ``no_points_left``,
            ``idea_not_shown``, ``received_already``.
    """
    locked = _open(conference, Sender(user=user))
    if any(number < 0 for number in points.values()):
        raise DomainError("points_negative", _("Points cannot be below zero."))
    wanted = [number for number, count in points.items() for _each in range(count)]
    if not wanted:
        raise DomainError("points_missing", _("Enter at least one point."))
    if len(wanted) > locked.points_each:
        raise _no_points(locked)
    _once(SpacePoint, entry_key)
    ideas = {number: _shown_idea(locked, number) for number in set(wanted)}
    device = SpaceDevice.objects.create(conference=locked)
    keys = [entry_key, *(uuid.uuid4() for _rest in wanted[1:])]
    _points_add(locked, device, [(ideas[number], key) for number, key in zip(wanted, keys, strict=True)])
    log_action(
        "space_points.entered",
        user=user,
        obj=locked,
        territory=locked.cycle.territory,
        data={"points": len(wanted)},
    )
    return len(wanted)


def _points_add(
    conference: SpaceConference, device: SpaceDevice, wanted: list[tuple[SpaceIdea, uuid.UUID]]
) -> None:
    given = dict(device.points.values_list("number", "idea__state"))
    free = [n for n in range(1, conference.points_each + 1) if given.get(n) != EntryState.SHOWN]
    if len(free) < len(wanted):
        raise _no_points(conference)
    # A point on an idea that is not shown any more is given anew; such points go last.
    free.sort(key=lambda number: number in given)
    for number, (idea, entry_key) in zip(free, wanted, strict=False):
        device.points.filter(number=number).delete()
        SpacePoint.objects.create(idea=idea, device=device, number=number, entry_key=entry_key)


def _no_points(conference: SpaceConference) -> DomainError:
    return DomainError(
        "no_points_left",
        _("Each person has %(count)s points. Take one back to give it to another idea.")
        % {"count": conference.points_each},
    )


@transaction.atomic
def entry_moderate(
    conference: SpaceConference,
    entry: SpaceIdea | SpaceComment,
    *,
    is_shown: bool,
    reason: str = "",
    user: User,
) -> None:
    """Show an entry to all, or keep it from them with a reason.

    Both can be changed until the evening is closed. Afterwards, also when its answers are out, what was shown
    can still be taken back, for good: something personal may be found late.

    Args:
        conference: The evening.
        entry: An idea or comment of it.
        is_shown: Whether all at the evening read it.
        reason: Why not; needed if it is not shown.
        user: Facilitates the evening.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``not_held``, ``foreign_entry``, ``reason_missing``.
    """
    locked = facilitated(conference, user)
    if not (locked.is_held if is_shown else locked.can_be_hidden_in):
        raise DomainError("not_held", _("The evening is not open (any more)."))
    _expect_own(locked, entry)
    if not is_shown:
        _expect_reason(reason)
    _moderate(locked, entry, is_shown=is_shown, reason=reason, user=user)


@transaction.atomic
def entries_hide_alike(
    conference: SpaceConference, entry: SpaceIdea | SpaceComment, *, reason: str, user: User
) -> int:
    """Keep all waiting entries of the device that sent one from being shown, with one reason.

    Args:
        conference: An open evening.
        entry: An idea or comment of it.
        reason: Why; kept with each.
        user: Facilitates the evening.

    Returns:
        How many were hidden.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``not_held``, ``foreign_entry``, ``reason_missing``, ``no_device`` where the facilitator
            entered it.
    """
    locked = facilitated(conference, user)
    _expect_own(locked, entry)
    if entry.device_id is None:
        raise DomainError("no_device", _("This was entered by hand; judge it by itself."))
    return _hide_waiting(locked, reason=reason, user=user, device=entry.device_id)


@transaction.atomic
def entries_hide_waiting(conference: SpaceConference, *, reason: str, user: User) -> int:
    """Keep all that waits for moderation from being shown, with one reason; before the evening is closed.

    Args:
        conference: An open evening.
        reason: Why; kept with each.
        user: Facilitates the evening.

    Returns:
        How many were hidden.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``not_held``, ``reason_missing``.
    """
    return _hide_waiting(facilitated(conference, user), reason=reason, user=user)


def _hide_waiting(conference: SpaceConference, *, reason: str, user: User, device: int | None = None) -> int:
    if not conference.is_held:
        raise DomainError("not_held", _("The evening is not open (any more)."))
    _expect_reason(reason)
    ideas, comments = waiting_ideas(conference), waiting_comments(conference)
    if device is not None:
        ideas, comments = ideas.filter(device=device), comments.filter(device=device)
    rows: list[SpaceIdea | SpaceComment] = [*ideas, *comments]
    for row in rows:
        _moderate(conference, row, is_shown=False, reason=reason, user=user)
    return len(rows)


def _expect_own(conference: SpaceConference, entry: SpaceIdea | SpaceComment) -> None:
    owner = entry.conference_id if isinstance(entry, SpaceIdea) else entry.idea.conference_id
    if owner != conference.pk:
        raise DomainError("foreign_entry", _("This was not entered at this evening."))


def _expect_reason(reason: str) -> None:
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why this is not shown."))


def _moderate(
    locked: SpaceConference, entry: SpaceIdea | SpaceComment, *, is_shown: bool, reason: str, user: User
) -> None:
    entry.state = EntryState.SHOWN if is_shown else EntryState.HIDDEN
    entry.hide_reason = "" if is_shown else reason.strip()
    entry.moderated_by, entry.moderated_at = user, timezone.now()
    entry.save(update_fields=["state", "hide_reason", "moderated_by", "moderated_at"])
    log_action(
        f"{'space_idea' if isinstance(entry, SpaceIdea) else 'space_comment'}."
        f"{'shown' if is_shown else 'hidden'}",
        user=user,
        obj=entry,
        territory=locked.cycle.territory,
        data={} if is_shown else {"reason": entry.hide_reason},
    )


def _open(conference: SpaceConference, sender: Sender) -> SpaceConference:
    """The evening, locked, if it takes entries of this sender now.

    A facilitator may enter what was written on paper until the evening is closed, whatever the hour.
    """
    if sender.user is not None:
        locked = facilitated(conference, sender.user)
        is_open = locked.is_held
    else:
        locked = conference_lock(conference)
        is_open = is_open_at(locked)
    if not is_open:
        raise DomainError("evening_closed", _("The entry page is closed. Nothing can be entered now."))
    return locked


def _words(text: str, most: int) -> str:
    words = "\n".join(line.rstrip() for line in text.replace("\x00", "").strip().splitlines())
    if not words:
        raise DomainError("text_missing", _("Please write something first."))
    if len(words) > most:
        raise DomainError(
            "text_too_long", _("Please write no more than %(most)s characters.") % {"most": most}
        )
    return words


def _once(model: type[SpaceIdea] | type[SpaceComment] | type[SpacePoint], entry_key: uuid.UUID) -> None:
    if model._default_manager.filter(entry_key=entry_key).exists():
        raise DomainError("received_already", _("We have this already. It is kept once."))


def _device(conference: SpaceConference, sender: Sender) -> SpaceDevice | None:
    """The device of a sender, made on its first entry; None for a facilitator."""
    if sender.user is not None:
        return None
    if not is_ours(sender.key):
        raise DomainError("unknown_device", _("Please open the page again by the link or the QR code."))
    key_hash = hash_of(sender.key, conference.pk)
    found = conference.devices.filter(key_hash=key_hash).first()
    if found is not None:
        return found
    since = timezone.now() - WINDOW
    if conference.devices.filter(seen_at__gt=since).exclude(key_hash="").count() >= NEW_DEVICES:
        raise _too_many()
    return SpaceDevice.objects.create(conference=conference, key_hash=key_hash)


def _brake(conference: SpaceConference, device: SpaceDevice | None) -> None:
    if device is None:
        return
    since = timezone.now() - WINDOW
    ideas = SpaceIdea.objects.filter(conference=conference, entered_at__gt=since, device__isnull=False)
    comments = SpaceComment.objects.filter(
        idea__conference=conference, entered_at__gt=since, device__isnull=False
    )
    if ideas.filter(device=device).count() + comments.filter(device=device).count() >= DEVICE_ENTRIES:
        raise _too_many()
    if not _is_known(device, since) and ideas.count() + comments.count() >= ALL_ENTRIES:
        raise _too_many()


def _is_known(device: SpaceDevice, since: datetime.datetime) -> bool:
    """Whether a device was there before the rush, or wrote what is shown: a machine locks nobody out."""
    return (
        device.seen_at <= since
        or SpaceIdea.objects.filter(device=device, state=EntryState.SHOWN).exists()
        or SpaceComment.objects.filter(device=device, state=EntryState.SHOWN).exists()
    )


def _too_many() -> DomainError:
    return DomainError("too_many", _("A lot is being entered right now. Please wait some minutes."))


def _shown_idea(conference: SpaceConference, number: int) -> SpaceIdea:
    idea = conference.ideas.filter(number=number, state=EntryState.SHOWN).first()
    if idea is None:
        raise DomainError("idea_not_shown", _("This idea is not shown (any more)."))
    return idea
