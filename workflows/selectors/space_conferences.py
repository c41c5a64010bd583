"""Reads of evenings of the social-space conference: who sees them, what was entered, what is answered."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from measures.models import Measure, MeasureStatus
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, can, require, visible
from workflows.links import link
from workflows.models import (
    AnswerKind,
    AttendeeGroup,
    EntryState,
    PlanningCycle,
    Recommendation,
    RecommendationVersion,
    SpaceAnswer,
    SpaceComment,
    SpaceConference,
    SpaceConferenceState,
    SpaceHeadcount,
    SpaceIdea,
    SpaceLink,
)
from workflows.models.meetings import APPROVED_RESULTS
from workflows.selectors.cycles import cycle_recommendations, in_effect
from workflows.take_part import DEFAULT

#: What ``title_of`` reads of a recommendation.
TITLES = ("versions", "decisions")
_RELATED = ("cycle__territory", "cycle__planning_unit", "area", "facilitator", "meeting")
#: Shapes are large, and no page of an evening draws them.
_HEAVY = ("area__geometry",)
#: What an answer leads to, and whether it is a correction.
ANSWER_RELATED = ("measure__field", "recommendation__cycle", "body", "organisation", "verdict")


def conferences_seen_by(user: Any) -> QuerySet[SpaceConference]:
    """Evenings of cycles the person sees, and those their organisation facilitates."""
    cycles = visible(user, Perm.VIEW_CYCLE, PlanningCycle.objects.all()).values("pk")
    houses = visible(user, Perm.ACT_FOR_ORGANISATION, Organisation.objects.all()).values("pk")
    rows = SpaceConference.objects.filter(Q(cycle__in=cycles) | Q(facilitator__in=houses))
    return rows.select_related(*_RELATED).defer(*_HEAVY)


def may_facilitate(user: Any, conference: SpaceConference) -> bool:
    """Whether the person moderates: acts for the facilitator, or manages the cycle. Queries: at most 2."""
    return bool(can(user, Perm.ACT_FOR_ORGANISATION, conference.facilitator)) or bool(
        can(user, Perm.MANAGE_CYCLE, conference.cycle)
    )


def require_facilitator(user: Any, conference: SpaceConference) -> None:
    """Refuse whoever does not moderate.

    Raises:
        PermissionDenied: ``may_facilitate`` says no.
    """
    if not may_facilitate(user, conference):
        require(user, Perm.ACT_FOR_ORGANISATION, conference.facilitator)


def offered_recommendations(conference: SpaceConference) -> QuerySet[Recommendation]:
    """Approved recommendations of the cycle whose present wording touches the area, by number."""
    touching = RecommendationVersion.objects.filter(recommendation=OuterRef("pk"), areas=conference.area_id)
    later = RecommendationVersion.objects.filter(
        recommendation=OuterRef("recommendation"), number__gt=OuterRef("number")
    )
    return approved_recommendations(conference.cycle).filter(Exists(touching.filter(~Exists(later))))


def approved_recommendations(cycle: PlanningCycle) -> QuerySet[Recommendation]:
    """Those of a cycle that may be named in public: the steering group has approved them. By number."""
    rows = in_effect(cycle_recommendations(cycle))
    return rows.select_related("cycle").prefetch_related(*TITLES).order_by("number")


def answerable_measures(cycle: PlanningCycle) -> QuerySet[Measure]:
    """Measures of the cycle's plan that an answer may name in public: agreed ones, by number.

    A proposed one is a draft of its parties; the page of answers would tell everybody of it.
    """
    rows = Measure.objects.filter(plan=cycle.plan_id).exclude(status=MeasureStatus.PROPOSED)
    return rows.select_related("field").order_by("field__number", "position")


def title_of(recommendation: Recommendation) -> str:
    """What a recommendation is called in the wording that was approved last; its number without one.

    What was submitted since is for the steering group only. Uses prefetched ``TITLES``.
    """
    decisions = sorted(recommendation.decisions.all(), key=lambda row: row.pk)
    approved = {row.version_id for row in decisions if row.result in APPROVED_RESULTS}
    titles = [row.title for row in recommendation.versions.all() if row.pk in approved]
    return titles[-1] if titles else recommendation.reference


def link_of(conference: SpaceConference) -> SpaceLink:
    """The valid link of an evening. Queries: 1."""
    latest: SpaceLink = conference.links.order_by("-pk")[0]
    return latest


def question_in(conference: SpaceConference, language: str) -> tuple[str, str]:
    """The question of an evening in a language, and the language it is in: German where it is not translated.

    Queries: 1.
    """
    found = conference.questions.filter(language=language).values_list("text", flat=True).first()
    return (conference.question, DEFAULT) if found is None else (found, language)


def entry_url(token: str) -> str:
    """Absolute address of an entry page, for a QR code."""
    return f"{settings.SITE_URL}{link('workflows:take-part', token)}"


def is_open_at(conference: SpaceConference, now: datetime.datetime | None = None) -> bool:
    """Whether the entry page takes entries at a moment, now by default."""
    moment = now or timezone.now()
    return (
        conference.is_held
        and not conference.cycle.is_closed
        and conference.opens_at is not None
        and conference.closes_at is not None
        and conference.opens_at <= moment < conference.closes_at
    )


# --- entries ---------------------------------------------------------------------------------------


def answers_in_effect() -> QuerySet[SpaceAnswer]:
    """Answers that count: first ones, and corrections that were released."""
    return SpaceAnswer.objects.filter(Q(corrects__isnull=True) | Q(verdict__is_released=True))


def ideas_of(
    conference: SpaceConference, *, states: Sequence[str] = (EntryState.SHOWN,)
) -> QuerySet[SpaceIdea]:
    """Ideas by number, each with ``point_count``, shown comments and answers (the latest first) loaded.

    Queries: 4 for any number of ideas.
    """
    shown = SpaceComment.objects.filter(state=EntryState.SHOWN).order_by("pk")
    answers = (
        answers_in_effect()
        .select_related(*ANSWER_RELATED)
        .prefetch_related(*(f"recommendation__{name}" for name in TITLES))
    )
    return (
        SpaceIdea.objects.filter(conference=conference, state__in=states)
        .select_related("recommendation__cycle")
        .annotate(point_count=Count("points"))
        .prefetch_related(
            Prefetch("comments", shown, to_attr="shown_comments"),
            Prefetch("answers", answers.order_by("-pk"), to_attr="all_answers"),
            *(f"recommendation__{name}" for name in TITLES),
        )
        .order_by("number")
    )


def unanswered(conference: SpaceConference) -> QuerySet[SpaceIdea]:
    """Shown ideas without an answer, by number."""
    answers = SpaceAnswer.objects.filter(idea=OuterRef("pk"))
    return SpaceIdea.objects.filter(~Exists(answers), conference=conference, state=EntryState.SHOWN).order_by(
        "number"
    )


def waiting_ideas(conference: SpaceConference) -> QuerySet[SpaceIdea]:
    """Ideas that nobody has looked at, oldest first."""
    return conference.ideas.filter(state=EntryState.WAITING).order_by("pk")


def waiting_comments(conference: SpaceConference) -> QuerySet[SpaceComment]:
    """Comments that nobody has looked at, oldest first."""
    rows = SpaceComment.objects.filter(idea__conference=conference, state=EntryState.WAITING)
    return rows.select_related("idea").order_by("pk")


def hidden_entries(conference: SpaceConference) -> list[SpaceIdea | SpaceComment]:
    """Ideas and comments that are not shown, with the reason. Queries: at most 4."""
    ideas = conference.ideas.filter(state=EntryState.HIDDEN)
    comments = SpaceComment.objects.filter(idea__conference=conference, state=EntryState.HIDDEN)
    ideas = ideas.select_related("moderated_by", "recommendation__cycle").prefetch_related(
        *(f"recommendation__{name}" for name in TITLES)
    )
    return [*ideas, *comments.select_related("idea", "moderated_by")]


def waiting_count(conference: SpaceConference) -> int:
    """Entries that nobody has looked at. Queries: 2."""
    return waiting_ideas(conference).count() + waiting_comments(conference).count()


# --- participants ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Headcount:
    """Participants of one or several groups taken together."""

    label: str
    count: int


def headcounts_shown(counts: Iterable[tuple[str, int]], *, threshold: int) -> list[Headcount]:
    """Numbers of participants as they may be published: small groups are taken together.

    Args:
        counts: Group and number of people.
        threshold: Numbers from 1 up to, not including, this one are not shown by themselves.

    Returns:
        Largest first. Groups below the threshold are added up with the next larger ones until their sum
        reaches it, so that no small number follows from the total, and stand there without their names;
        without enough people nothing at all.

    >>> rows = [("residents", 30), ("council", 1), ("providers", 4)]
    >>> [row.count for row in headcounts_shown(rows, threshold=3)]
    [30, 5]
    >>> headcounts_shown([("residents", 2)], threshold=3)
    []
    """
    rising = sorted((row for row in counts if row[1] > 0), key=lambda row: row[1])
    small = [row for row in rising if row[1] < threshold]
    rest = rising[len(small) :]
    while small and rest and sum(number for _group, number in small) < threshold:
        small.append(rest.pop(0))
    together = sum(number for _group, number in small)
    if small and together < threshold:
        return []
    lines = [Headcount(str(AttendeeGroup(group).label), number) for group, number in rest]
    if small:
        # Which groups these are is left out: with their names single numbers could be told.
        lines.append(Headcount(gettext("Further groups"), together))
    return sorted(lines, key=lambda line: -line.count)


def headcounts_of(conference: SpaceConference) -> list[Headcount]:
    """Participants of an evening as they may be published. Queries: 1."""
    rows = SpaceHeadcount.objects.filter(conference=conference).values_list("group", "count")
    return headcounts_shown(rows, threshold=settings.SECRECY_THRESHOLD)


# --- what everybody reads ---------------------------------------------------------------------------


def published_conferences() -> QuerySet[SpaceConference]:
    """Evenings whose answers everybody may read, latest first."""
    rows = SpaceConference.objects.filter(state=SpaceConferenceState.PUBLISHED)
    return rows.select_related(*_RELATED).defer(*_HEAVY).prefetch_related("links").order_by("-held_on", "-pk")


def conference_of_token(token: str) -> tuple[SpaceConference, bool] | None:
    """The evening behind a link, and whether the link is the latest; None for an unknown one. Queries: 2."""
    found = SpaceLink.objects.filter(token=token).first()
    if found is None:
        return None
    conference = SpaceConference.objects.select_related(*_RELATED).defer(*_HEAVY).get(pk=found.conference_id)
    return conference, link_of(conference).pk == found.pk


def published_answers() -> QuerySet[SpaceAnswer]:
    """The answers everybody reads: the latest in effect to each shown idea of a published evening."""
    later = answers_in_effect().filter(idea=OuterRef("idea"), pk__gt=OuterRef("pk"))
    return answers_in_effect().filter(
        ~Exists(later),
        idea__state=EntryState.SHOWN,
        idea__conference__state=SpaceConferenceState.PUBLISHED,
    )


def ideas_seen_by(user: Any) -> QuerySet[SpaceIdea]:
    """Ideas that are shown, of evenings the person sees, each with ``public_answers``: none or one.

    Queries: 4 for any number of ideas.
    """
    answers = published_answers().select_related(*ANSWER_RELATED)
    answers = answers.prefetch_related(*(f"recommendation__{name}" for name in TITLES))
    seen = conferences_seen_by(user).order_by().values("pk")
    rows = SpaceIdea.objects.filter(state=EntryState.SHOWN, conference__in=seen)
    rows = rows.select_related("conference__area").defer("conference__area__geometry")
    return rows.prefetch_related(Prefetch("answers", answers, to_attr="public_answers"))


def ideas_behind(measure: Measure) -> list[tuple[SpaceIdea, str]]:
    """Ideas that became the measure by their latest, published answer, each with the page of answers.

    Queries: 3.
    """
    answers = published_answers().filter(measure=measure, kind=AnswerKind.MEASURE)
    rows = answers.select_related("idea__conference__area").prefetch_related("idea__conference__links")
    return [
        (row.idea, link("workflows:take-part-results", token_of(row.idea.conference)))
        for row in rows.order_by("idea__conference", "idea__number")
    ]


def token_of(conference: SpaceConference) -> str:
    """The valid token, from the links that were loaded."""
    latest: SpaceLink = max(conference.links.all(), key=lambda row: row.pk)
    return latest.token


# --- ideas with their answers -----------------------------------------------------------------------


@dataclass(frozen=True)
class IdeaLine:
    """An idea as pages, papers and files show it.

    Attributes:
        idea: With ``point_count``, ``shown_comments`` and ``all_answers`` loaded.
        topic: Title of its recommendation; "" for a free idea.
        answer: The answer that counts; None without one.
        destination: What the answer says in a few words: the measure, the body, the recommendation.
    """

    idea: SpaceIdea
    topic: str
    answer: SpaceAnswer | None
    destination: str

    @property
    def points(self) -> int:
        """Points it was given."""
        return int(self.idea.point_count)  # type: ignore[attr-defined]

    @property
    def comments(self) -> list[SpaceComment]:
        """Comments that are shown."""
        return list(self.idea.shown_comments)  # type: ignore[attr-defined]

    @property
    def corrected_on(self) -> datetime.date | None:
        """Day on which its answer was corrected in public; None for a first answer."""
        if self.answer is None or not self.answer.is_correction:
            return None
        return timezone.localdate(self.answer.verdict.checked_at)

    @property
    def is_good_news(self) -> bool:
        """Whether something comes of it."""
        return self.answer is not None and self.answer.kind in {
            AnswerKind.MEASURE,
            AnswerKind.RECOMMENDATION,
        }


def idea_lines(conference: SpaceConference, *, states: Sequence[str] = (EntryState.SHOWN,)) -> list[IdeaLine]:
    """Ideas with their answers, by number. Queries: at most 6 for any number."""
    lines = []
    for idea in ideas_of(conference, states=states):
        answers: list[SpaceAnswer] = idea.all_answers  # type: ignore[attr-defined]
        answer = answers[0] if answers else None
        topic = "" if idea.recommendation is None else title_of(idea.recommendation)
        lines.append(IdeaLine(idea, topic, answer, destination_of(answer)))
    return lines


def destination_of(answer: SpaceAnswer | None) -> str:
    """What an answer leads to, in a few words; "" for nothing."""
    if answer is None:
        return ""
    if answer.measure is not None:
        return f"{answer.measure.number} {answer.measure.title}"
    if answer.recommendation is not None:
        return title_of(answer.recommendation)
    where = answer.body or answer.organisation
    return str(where) if where is not None else ""
