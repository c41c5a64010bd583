"""Writes of the analysis: index run, chosen areas, profiles."""

from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from monitoring.models import Area, IndexRun
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, require
from workflows.models import AreaProfile, PlanningCycle
from workflows.selectors.analysis import ReleaseBar, release_bar, trial_runs


@transaction.atomic
def areas_choose(
    cycle: PlanningCycle,
    *,
    run: IndexRun | None,
    areas: Iterable[Area],
    reasons: Mapping[int, str],
    drafts: Mapping[int, tuple[str, str, str]],
    user: User,
) -> list[AreaProfile]:
    """Fix the run the cycle works with and open a profile for each chosen area.

    Args:
        cycle: Cycle in its analysis.
        run: Frozen run; what is decided later refers to it. None where none could be computed: the cycle
            goes on without an index then.
        areas: Chosen areas; at least one.
        reasons: Area pk -> why, needed for areas that do not stand out by the run; without one for all.
        drafts: Area pk -> draft of strengths, weaknesses, potentials.
        user: Who chooses.

    Raises:
        DomainError: ``no_area``, ``reason_missing``, ``foreign_run``, ``foreign_area``, ``index_computed``
            if there is a run to choose from.
    """
    areas = list(areas)
    if not areas:
        raise DomainError("no_area", _("Choose at least one area."))
    if run is None and trial_runs(cycle).exists():
        raise DomainError("index_computed", _("An index has been computed: choose from its ranking."))
    if run is not None and run.territory_id != cycle.territory_id:
        raise DomainError("foreign_run", _("This index run belongs to another territory."))
    if any(area.territory_id != cycle.territory_id for area in areas):
        raise DomainError("foreign_area", _("An area belongs to another territory."))
    outstanding: set[int] = set()
    if run is not None:
        outstanding = set(run.results.filter(stands_out=True).values_list("area_id", flat=True))
    for area in areas:
        if area.pk not in outstanding and not reasons.get(area.pk, "").strip():
            raise DomainError(
                "reason_missing",
                _("%(area)s does not stand out by the index: say why it is chosen all the same.")
                % {"area": area.name},
            )
    cycle.index_run = run
    cycle.save(update_fields=["index_run"])
    profiles = [
        AreaProfile.objects.create(
            cycle=cycle,
            area=area,
            choice_reason=reasons.get(area.pk, "").strip(),
            strengths=drafts.get(area.pk, ("", "", ""))[0],
            weaknesses=drafts.get(area.pk, ("", "", ""))[1],
            potentials=drafts.get(area.pk, ("", "", ""))[2],
        )
        for area in areas
    ]
    log_action(
        "areas.chosen",
        user=user,
        obj=cycle,
        territory=cycle.territory,
        data={
            "run": run.pk if run is not None else None,
            "areas": [area.name for area in areas],
            "reasons": sorted({reason.strip() for reason in reasons.values() if reason.strip()}),
        },
    )
    return profiles


@transaction.atomic
def profile_save(
    profile: AreaProfile,
    *,
    strengths: str,
    weaknesses: str,
    potentials: str,
    user: User,
) -> None:
    """Save a profile's text; not after its release.

    The row is held: a release at the same moment comes after the text, and is never written over.

    Args:
        profile: Not released; ``edited_at`` as it was when the person began, to see who saved meanwhile.
        strengths: What helps.
        weaknesses: What is needed.
        potentials: What could be built on.
        user: Who writes; needs the right to write profiles.

    Raises:
        PermissionDenied: The user may not.
        DomainError: ``profile_released``; ``saved_meanwhile`` if a colleague has saved another text since.
    """
    require(user, Perm.EDIT_PROFILE, profile)
    held = AreaProfile.objects.select_for_update(of=("self",)).select_related("edited_by").get(pk=profile.pk)
    if held.released_at is not None:
        raise DomainError("profile_released", _("The profile has been released and stays as it is."))
    text = (strengths, weaknesses, potentials)
    is_other = text != (held.strengths, held.weaknesses, held.potentials)
    if is_other and held.edited_at != profile.edited_at and held.edited_by_id != user.pk:
        raise DomainError(
            "saved_meanwhile",
            _(
                "%(who)s has saved another text meanwhile, so yours is not saved yet. It still stands here: "
                "saving once more replaces that of %(who)s, which stands below the form."
            )
            % {"who": held.edited_by},
        )
    profile.strengths, profile.weaknesses, profile.potentials = text
    profile.edited_by = user
    profile.edited_at = timezone.now()
    profile.save(update_fields=["strengths", "weaknesses", "potentials", "edited_by", "edited_at"])
    log_action("profile.edited", user=user, obj=profile, territory=profile.cycle.territory)


def unfinished_profiles(cycle: PlanningCycle) -> list[AreaProfile]:
    """Profiles nobody has looked through yet, or without any weakness named."""
    return list(cycle.profiles.filter(edited_at__isnull=True)) + list(
        cycle.profiles.filter(edited_at__isnull=False, weaknesses="")
    )


@transaction.atomic
def profiles_release(cycle: PlanningCycle, *, user: User, reason: str = "") -> None:
    """Release the cycle's profiles to the conference.

    Who wrote does not release. Where the planning unit has nobody else, the author may, with a reason in the
    log: the conference looks at the profiles next, so that others see them before anything is decided.

    Args:
        cycle: Its profiles have been looked through.
        user: Who releases them.
        reason: Why there are no four eyes; for one who is alone.

    Raises:
        DomainError: ``own_profile`` if the last hand on one of the texts was theirs, and a colleague could
            release them; ``reason_missing`` if nobody else could.
    """
    list(cycle.profiles.select_for_update().order_by("pk").values_list("pk", flat=True))
    bar = release_bar(cycle, user)
    if bar.is_barred:
        raise DomainError("own_profile", _bar_words(bar))
    if bar.is_alone and not reason.strip():
        raise DomainError("reason_missing", _("Please say why nobody else can release the profiles."))
    cycle.profiles.filter(released_at__isnull=True).update(released_at=timezone.now())
    names = [profile.area.name for profile in bar.own]
    log_action(
        "profiles.released",
        user=user,
        obj=cycle,
        territory=cycle.territory,
        data={"own_areas": names, "reason": reason.strip()} if bar.is_alone else {},
    )


def _bar_words(bar: ReleaseBar) -> str:
    names = {"areas": ", ".join(profile.area.name for profile in bar.own)}
    if bar.is_free_colleague:
        return (
            gettext(
                "Four-eyes rule: you wrote these profiles yourself: %(areas)s. Give the task back or hand it "
                "over; a colleague of the planning unit releases them."
            )
            % names
        )
    return (
        gettext(
            "Four-eyes rule: you wrote these profiles yourself: %(areas)s. All colleagues of the planning "
            "unit wrote others. Let one of them look through yours as well and save them; then you "
            "release all."
        )
        % names
    )
