"""What minutes say, as page and paper show it: plain values, frozen at the signing; no database."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.dateparse import parse_date, parse_datetime

#: What a seat or a guest did: the states of ``Presence``.
PRESENT, DEPUTY, GUEST, EXCUSED, ABSENT = "present", "deputy", "guest", "excused", "absent"


@dataclasses.dataclass(frozen=True, slots=True)
class Stay:
    """From when to when somebody was in the room; an open end lasts until the end of the meeting."""

    arrived_at: datetime.datetime
    left_at: datetime.datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Presence:
    """An organisation in the room, or the seat that stayed empty.

    Attributes:
        organisation: Its name; no person is named.
        seat: ``chair``, ``voting`` or ``advisory``; empty for a guest.
        state: One of the states above.
        stays: Times in the room, where they were recorded.
    """

    organisation: str
    seat: str
    state: str
    stays: tuple[Stay, ...] = ()

    @property
    def was_there(self) -> bool:
        """Whether somebody was in the room for it."""
        return self.state in (PRESENT, DEPUTY, GUEST)


@dataclasses.dataclass(frozen=True, slots=True)
class DecisionLine:
    """A decision with its count; read from the decision, never edited."""

    reference: str
    title: str
    result: str
    yes: int
    no: int
    abstain: int
    present: int
    voting: int
    is_tie_decided_by_chair: bool
    conditions: str
    reason: str
    postponed_until: datetime.date | None
    # How it was voted, and who of the members did not; empty in minutes signed before it was told.
    kind: str = ""
    biased: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    # What was decided in words, and whether the body had changed the proposal; empty where nothing was
    # approved, and in minutes signed before it was told.
    wording: str = ""
    is_amended: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class ItemPart:
    """An item of the agenda with what the minutes say of it."""

    number: int
    title: str
    kind: str
    is_internal: bool
    text: str
    internal_text: str
    called_at: datetime.datetime | None
    finished_at: datetime.datetime | None
    is_postponed: bool
    decisions: tuple[DecisionLine, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Signature:
    """Who signed, and when."""

    name: str
    at: datetime.datetime


@dataclasses.dataclass(frozen=True, slots=True)
class GroupPart:
    """A group of which members must be there: a number of them, or a share (0..1) as text."""

    kind: str
    count: int | None
    share: str | None


@dataclasses.dataclass(frozen=True, slots=True)
class QuorumPart:
    """Whether the body could decide.

    Attributes:
        present: Voting members that were there at any time.
        voting: Voting members of the day.
        needed: How many of them must be there at a time.
        is_timed: Whether it is known item by item; else only who came at all.
        is_there: Whether those who came were enough.
        lacking: Numbers of called items at the end of which they were not.
        share: Share (0..1, as text) of the voting members that must be there by the rules of procedure.
        groups: Groups that must be there besides.
        holds_throughout: Whether it held from the call of the first item to the end of the last, at each
            coming and going; None where no item was called, or nobody can tell.
        rules: What the rules say in words; in minutes signed before share and groups were kept.
    """

    present: int
    voting: int
    needed: int
    is_timed: bool
    is_there: bool
    lacking: tuple[int, ...] = ()
    share: str | None = None
    groups: tuple[GroupPart, ...] | None = None
    holds_throughout: bool | None = None
    rules: tuple[str, ...] | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class MinutesContent:
    """All that the minutes of a meeting say."""

    body: str
    territory: str
    cycle: str
    held_on: datetime.date
    place: str
    began_at: datetime.datetime | None
    ended_at: datetime.datetime | None
    presences: tuple[Presence, ...]
    text: str
    internal_text: str
    items: tuple[ItemPart, ...]
    decisions: tuple[DecisionLine, ...]
    secretary: Signature | None = None
    chair: Signature | None = None
    alone_reason: str = ""
    # None where nobody noted who came, and in minutes signed before it was told.
    quorum: QuorumPart | None = None

    def public(self) -> MinutesContent:
        """Without internal items and texts; items keep their numbers: that one is left out is no secret."""
        return dataclasses.replace(
            self,
            internal_text="",
            items=tuple(
                dataclasses.replace(part, internal_text="") for part in self.items if not part.is_internal
            ),
        )

    @property
    def has_internal(self) -> bool:
        """Whether anything is left out for the public."""
        texts = [self.internal_text, *(part.internal_text for part in self.items)]
        return any(texts) or any(part.is_internal for part in self.items)

    def as_data(self) -> dict[str, Any]:
        """As it is stored: JSON values only."""
        data: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self), cls=DjangoJSONEncoder))
        if self.quorum is None:
            # What was signed before this part existed keeps its fingerprint.
            del data["quorum"]
        else:
            data["quorum"] = {name: value for name, value in data["quorum"].items() if value is not None}
        for row in [*data["decisions"], *(row for item in data["items"] for row in item["decisions"])]:
            if not row["kind"]:
                del row["kind"], row["biased"], row["absent"]
            if not row["wording"]:
                del row["wording"], row["is_amended"]
        return data

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the content, the same for the same words however they were stored."""
        text = json.dumps(self.as_data(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def read_content(data: Mapping[str, Any]) -> MinutesContent:
    """The content as it was stored by ``as_data``."""
    return MinutesContent(
        **{
            **data,
            "held_on": _day(data["held_on"]),
            "began_at": _moment(data["began_at"]),
            "ended_at": _moment(data["ended_at"]),
            "presences": tuple(_presence(row) for row in data["presences"]),
            "items": tuple(_item(row) for row in data["items"]),
            "decisions": _decisions(data["decisions"]),
            "secretary": _signature(data["secretary"]),
            "chair": _signature(data["chair"]),
            "quorum": _quorum(data.get("quorum")),
        }
    )


def _presence(data: Mapping[str, Any]) -> Presence:
    stays = tuple(
        Stay(arrived, _moment(row["left_at"]))
        for row in data["stays"]
        if (arrived := _moment(row["arrived_at"])) is not None
    )
    return Presence(**{**data, "stays": stays})


def _item(data: Mapping[str, Any]) -> ItemPart:
    return ItemPart(
        **{
            **data,
            "called_at": _moment(data["called_at"]),
            "finished_at": _moment(data["finished_at"]),
            "decisions": _decisions(data["decisions"]),
        }
    )


def _decisions(rows: list[dict[str, Any]]) -> tuple[DecisionLine, ...]:
    return tuple(
        DecisionLine(
            **{
                **row,
                "postponed_until": _day(row["postponed_until"]),
                "biased": tuple(row.get("biased", ())),
                "absent": tuple(row.get("absent", ())),
            }
        )
        for row in rows
    )


def _quorum(data: Mapping[str, Any] | None) -> QuorumPart | None:
    if data is None:
        return None
    lists: dict[str, Any] = {"lacking": tuple(data["lacking"])}
    if "groups" in data:
        lists["groups"] = tuple(GroupPart(**row) for row in data["groups"])
    if "rules" in data:
        lists["rules"] = tuple(data["rules"])
    return QuorumPart(**{**data, **lists})


def _signature(data: Mapping[str, Any] | None) -> Signature | None:
    at = _moment(data["at"]) if data else None
    return Signature(data["name"], at) if data and at is not None else None


def _moment(text: str | None) -> datetime.datetime | None:
    return parse_datetime(text) if text else None


def _day(text: str | None) -> datetime.date | None:
    return parse_date(text) if text else None
