"""What the codes of the audit log say to people. A code without a label here fails a test."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from project.common.formats import date_de, share_de
from stakeholders.models import BodyKind, Function, LogEntry, OrganisationKind, Seat, User
from stakeholders.procedure import Majority, Tie

#: Code -> what happened, said of the thing the entry names. Names of higher layers stand here as plain text.
LABELS: dict[str, str | Promise] = {
    "absence.ended": _("Absence ended early"),
    "absence.entered": _("Absence entered"),
    "absence.withdrawn": _("Absence taken back"),
    "agreement.called_off": _("Confirmation called off"),
    "agreement.confirmed": _("Target agreement confirmed"),
    "agreement.refused": _("Target agreement refused"),
    "amendment.asked_back": _("Provider asked back on a request for an amendment"),
    "amendment.begun": _("Request for an amendment begun"),
    "amendment.forwarded": _("Request for an amendment forwarded to the funder"),
    "amendment.granted": _("Request for an amendment consented to"),
    "amendment.refused": _("Request for an amendment refused"),
    "amendment.returned": _("Request for an amendment returned"),
    "amendment.submitted": _("Request for an amendment sent"),
    "amendment.withdrawn": _("Request for an amendment withdrawn"),
    "areas.imported": _("Areas taken over from a file"),
    "areas.chosen": _("Areas chosen for profiles"),
    "attendance.arrived": _("Attendance: came into the room"),
    "attendance.corrected": _("Attendance: times corrected"),
    "attendance.left": _("Attendance: left the room"),
    "attendance.taken_back": _("Attendance: entry taken back"),
    "body.changed": _("Body changed"),
    "body.created": _("Body founded"),
    "call.changed": _("Call of a programme changed"),
    "call.created": _("Call of a programme recorded"),
    "catalogue.imported": _("Catalogue of indicators taken over from a file"),
    "assignment.called_off": _("Assignment called off"),
    "assignment.confirmed": _("Assignment confirmed as met"),
    "assignment.given": _("Assignment given"),
    "assignment.reported": _("Assignment reported as done"),
    "assignment.returned": _("Assignment returned"),
    "assignment.time_asked": _("More time for an assignment asked for"),
    "assignment.time_given": _("More time for an assignment given"),
    "assignment.time_refused": _("More time for an assignment refused"),
    "chapter.added": _("Chapter of the social report added"),
    "chapter.archived": _("Chapter taken out of the social report"),
    "chapter.changed": _("Chapter of the social report changed"),
    "chapter.moved": _("Chapter of the social report moved"),
    "contribution.finished": _("Statements for the conference finished"),
    "cosigning.answered": _("Co-signer answered"),
    "cosigning.begun": _("Co-signers asked"),
    "cosigning.dropped": _("Planned co-signing taken back"),
    "cosigning.planned": _("Co-signing planned"),
    "cosigning.unanswered": _("Co-signer did not answer in time"),
    "cycle.abandoned": _("Planning cycle given up"),
    "cycle.closed": _("Planning cycle closed"),
    "cycle.implementation_ended": _("Implementation ended, evaluation begun"),
    "cycle.measures_shaped": _("Shaping of measures finished"),
    "cycle.opened": _("Planning cycle opened"),
    "cycle.rescheduled": _("Date of a stage changed"),
    "cycle.stage_entered": _("New stage of the cycle begun"),
    "block.decided": _("Several items decided as a block"),
    "decision.recorded": _("Decision recorded"),
    "decision.taken_up_again": _("Decision taken up again"),
    "delivery.accepted": _("Delivery accepted"),
    "delivery.commented": _("Comment on a delivered figure"),
    "delivery.downloaded": _("Delivered file downloaded"),
    "delivery.read": _("Delivered file read"),
    "delivery.reopened": _("Delivery expected again"),
    "delivery.returned": _("Delivery returned"),
    "delivery.submitted": _("Delivery handed in"),
    "delivery.waived": _("Going on without a delivery"),
    "edition.published": _("Edition of a chapter published"),
    "edition.withdrawn": _("Edition of a chapter withdrawn"),
    "field_of_action.added": _("Field of action named"),
    "goal.changed": _("Goal changed"),
    "goal.created": _("Goal entered"),
    "goal.removed": _("Goal taken away"),
    "index.computed": _("Index computed"),
    "index_method.changed": _("Method of the index changed"),
    "index_method.created": _("Method of the index saved"),
    "index_method.set_aside": _("Method of the index put aside"),
    "indicator.changed": _("Indicator changed"),
    "item.called": _("Agenda item called"),
    "item.finished": _("Agenda item finished"),
    "item.postponed": _("Agenda item postponed"),
    "key_figures.seen_raw": _("Key figures of few people seen"),
    "mapping.saved": _("Assignment of a supplier's files saved"),
    "measure.agreed": _("Measure agreed by all parties"),
    "measure.agreement_reopened": _("Agreement not waited for, to be worded anew"),
    "measure.begun": _("Measure begun"),
    "measure.changed": _("Measure changed"),
    "measure.completed": _("Measure completed"),
    "measure.created": _("Measure entered"),
    "measure.evaluated": _("Measure evaluated"),
    "measure.file_added": _("Document put to a measure"),
    "measure.file_removed": _("Document taken away from a measure"),
    "measure.put_forward": _("Parties of a draft asked"),
    "measure.resumed": _("Measure resumed"),
    "measure.shaped": _("Measure shaped"),
    "measure.state_set": _("State of a measure set"),
    "measure.state_taken_back": _("Set state of a measure taken back"),
    "measure.stage_moved": _("Measure moved to another planning stage"),
    "measure.status_moved": _("State of a measure told"),
    "measure.withdrawn": _("Measure withdrawn"),
    "meeting.agenda_added": _("Item put on an agenda"),
    "meeting.agenda_built": _("Agenda built from what is ready"),
    "meeting.agenda_changed": _("Item of an agenda changed"),
    "meeting.agenda_moved": _("Item of an agenda moved"),
    "meeting.agenda_removed": _("Item taken off an agenda"),
    "meeting.cancelled": _("Meeting called off"),
    "meeting.closed": _("Meeting closed"),
    "meeting.file_added": _("File put to an item of an agenda"),
    "meeting.file_removed": _("File taken away from an item of an agenda"),
    "meeting.moved": _("Meeting moved"),
    "meeting.papers_sent": _("Papers of a meeting sent"),
    "meeting.replied": _("Invitation answered"),
    "meeting.replies_reminded": _("Reminded of an unanswered invitation"),
    "meeting.recorded": _("Meeting entered afterwards"),
    "meeting.scheduled": _("Meeting set"),
    "meeting.taken_over": _("Open items taken onto the agenda"),
    "meeting_series.scheduled": _("Several meetings set"),
    "meeting_template.saved": _("Template of meetings saved"),
    "membership.ended": _("Function ended"),
    "membership.started": _("Function given"),
    "milestone.told": _("Milestone told"),
    "minutes.approved": _("Minutes approved"),
    "minutes.begun": _("Minutes begun"),
    "minutes.handed_in": _("Minutes signed by the secretary"),
    "minutes.redrafted": _("New draft of an item of the minutes taken"),
    "minutes.returned": _("Minutes returned to be corrected"),
    "minutes.saved": _("Text of the minutes saved"),
    "minutes.signed": _("Minutes signed by the chair"),
    "objection.filed": _("Correction of minutes asked for"),
    "organisation.changed": _("Organisation changed"),
    "organisation.created": _("Organisation added"),
    "outcome.changed": _("Note on an agenda item corrected"),
    "outcome.recorded": _("Outcome of an agenda item recorded"),
    "outcome.removed": _("Note on an agenda item removed"),
    "paper.issued": _("Paper issued"),
    "person.changed": _("Data of a person changed"),
    "person.created": _("Sign-in given"),
    "person.deactivated": _("Sign-in taken away"),
    "person.invited": _("Link for choosing a password sent"),
    "person.mail_repeated": _("Mail to a person sent again"),
    "person.password_changed": _("Password changed"),
    "person.password_chosen": _("Password chosen by a link"),
    "person.sign_in_failed": _("Sign-in refused: wrong password"),
    "person.sign_in_paused": _("Sign-in paused after too many wrong passwords"),
    "person.looked_round": _("Signed in on the demo page"),
    "person.reactivated": _("Sign-in given back"),
    "agreement.asked": _("Parties asked to confirm a target agreement"),
    "agreement.draft_dropped": _("Draft of a target agreement thrown away"),
    "agreement.drafted": _("Target agreement worded"),
    "agreement.reviewed": _("Target agreement reviewed"),
    "evaluation.decided": _("Evaluations decided by the steering group"),
    "measure.evaluation_answered": _("Evaluation answered by those responsible"),
    "measure.evaluation_waived": _("Evaluation goes on without answers"),
    "measure.outcome_applied": _("Outcome of an evaluation took effect"),
    "plan.created": _("Action plan begun"),
    "plan.field_added": _("Field of action added"),
    "plan.released": _("Plan released to the public"),
    "plan.stage_two_opened": _("Stage 2 of the action plan opened"),
    "plan.version_fixed": _("Version of an action plan fixed"),
    "plan.withdrawn": _("Plan taken back from the public"),
    "plan_import.applied": _("Upload taken over into the plan"),
    "plan_import.uploaded": _("Plan or list of measures uploaded"),
    "population.imported": _("Inhabitants imported"),
    "profile.edited": _("Area profile edited"),
    "profiles.released": _("Area profiles released to the conference"),
    "adviser.let_in": _("Adviser let in to read a funding programme"),
    "adviser.taken_out": _("Adviser taken out of a funding programme"),
    "notice.recorded": _("Grant notice recorded"),
    "operation.changed": _("Operation changed"),
    "operation.persons_told": _("Natural persons among beneficiaries of operations changed"),
    "operation_import.discarded": _("List of operations discarded"),
    "operation_import.taken": _("List of operations taken over"),
    "operation_import.uploaded": _("List of operations uploaded"),
    "programme.changed": _("Funding programme changed"),
    "programme.created": _("Funding programme recorded"),
    "project_report.accepted": _("Report of a project accepted by the funder"),
    "project_report.answered": _("Question about a report of a project answered"),
    "project_report.asked": _("Question about a report of a project asked"),
    "project_report.begun": _("Report of a project begun"),
    "project_report.called_off": _("Report of a project called off"),
    "project_report.delivered": _("Report of a project handed in"),
    "project_report.discarded": _("Drawdown discarded by the provider before it was handed in"),
    "project_report.extended": _("More time for a report of a project given"),
    "project_report.extension_asked": _("More time for a report of a project asked for"),
    "project_report.extension_refused": _("More time for a report of a project refused"),
    "project_report.extension_withdrawn": _("Request for more time for a report of a project withdrawn"),
    "project_report.forwarded": _("Report of a project passed on to the funder"),
    "project_report.moved": _("Due date of a report of a project follows its notice"),
    "project_report.returned": _("Report of a project returned by the funder"),
    "project_report.sent_back": _("Report of a project returned by the municipality"),
    "project.changed": _("Partners and areas of a funded project changed"),
    "project.created": _("Funded project entered"),
    "receipt.added": _("Receipt entered"),
    "receipt.file_added": _("File put to a receipt"),
    "receipt.removed": _("Receipt taken out"),
    "receipt.restored": _("Receipt put back"),
    "recommendation.begun": _("Recommendation begun"),
    "recommendation.left_without_measure": _("Recommendation left without a measure"),
    "recommendation.merged": _("Recommendation merged into another"),
    "recommendation.proposed": _("Recommendation proposed to the conference"),
    "recommendation.sent_back": _("Recommendation sent back for revision"),
    "recommendation.submitted": _("Recommendation submitted to the steering group"),
    "recommendation.withdrawn": _("Recommendation withdrawn"),
    "recommendation.wording_saved": _("Wording of the recommendation saved"),
    "renewal.begun": _("Renewal of a chapter begun"),
    "renewal.given_up": _("Renewal of a chapter given up"),
    "renewal.returned": _("Chapter returned to be corrected"),
    "renewal.saved": _("Text of a chapter saved"),
    "renewal.submitted": _("Chapter handed in for release"),
    "report.called_off": _("Report called off"),
    "report.confirmed": _("Report confirmed"),
    "report.correction_begun": _("Correction of a report begun"),
    "report.file_added": _("File of a reported figure added"),
    "report.file_removed": _("File of a reported figure taken away"),
    "report.returned": _("Report returned"),
    "report.submitted": _("Report handed in"),
    "round.closed_without_all": _("Reporting round closed without all reports"),
    "round.frozen": _("Reporting round frozen"),
    "round.opened": _("Reporting round opened"),
    "poll.closed": _("Poll closed"),
    "poll.member_excluded": _("Member entered as biased"),
    "poll.member_readmitted": _("Member no longer entered as biased"),
    "poll.opened": _("Poll opened"),
    "poll.vote_replaced": _("Vote replaced while the poll was open"),
    "rules.added": _("Rules of procedure entered"),
    "rules.withdrawn": _("Rules of procedure taken back before they began"),
    "saved_view.changed": _("Saved view changed"),
    "saved_view.deleted": _("Saved view deleted"),
    "saved_view.saved": _("View of measures saved"),
    "seat.deputy_changed": _("Deputy changed"),
    "seat.ended": _("Seat in a body ended"),
    "seat.started": _("Seat in a body given"),
    "social_report.begun": _("Social report begun"),
    "social_report.changed": _("Title or introduction of the social report changed"),
    "point_round.closed": _("Round of points ended"),
    "point_round.opened": _("Round of points opened"),
    "point_round.points_given": _("Points given"),
    "room.closed": _("Room of a meeting closed"),
    "room.opened": _("Room of a meeting opened"),
    "space_answer.corrected": _("Published answer to an idea corrected"),
    "space_answer.correction_released": _("Correction of an answer released"),
    "space_answer.correction_returned": _("Correction of an answer returned"),
    "space_answer.correction_withdrawn": _("Correction of an answer withdrawn"),
    "space_answers.released": _("Answers to ideas released"),
    "space_answers.returned": _("Answers to ideas returned to be corrected"),
    "space_answers.saved": _("Words on what happens next saved"),
    "space_answers.submitted": _("Answers to ideas handed in for release"),
    "space_comment.entered": _("Comment on an idea entered"),
    "space_comment.hidden": _("Comment on an idea hidden"),
    "space_comment.shown": _("Comment on an idea shown"),
    "space_conference.closed": _("Evening of the social-space conference closed"),
    "space_conference.created": _("Evening of the social-space conference set up"),
    "space_conference.given_up": _("Evening of the social-space conference given up"),
    "space_conference.link_renewed": _("Link of an evening renewed"),
    "space_conference.prepared": _("Evening of the social-space conference prepared"),
    "space_conference.saved": _("Preparation of an evening saved"),
    "space_conference.times_changed": _("Times of an entry page changed"),
    "space_idea.answered": _("Idea answered"),
    "space_idea.entered": _("Idea entered"),
    "space_idea.hidden": _("Idea hidden"),
    "space_idea.shown": _("Idea shown"),
    "space_points.entered": _("Points of a person entered"),
    "statement.added": _("Statement added"),
    "statement.changed": _("Statement changed"),
    "statement.file_added": _("File of a statement added"),
    "statement.file_removed": _("File of a statement removed"),
    "statement.removed": _("Statement removed"),
    "succession.imported": _("Changes of borders imported"),
    "succession.recorded": _("Change of borders recorded"),
    "succession.removed": _("Change of borders taken back"),
    "task.escalated": _("Head told that a task is overdue"),
    "task.given_back": _("Task given back"),
    "task.handed_over": _("Task handed over"),
    "task.released": _("Task taken from its owner"),
    "task.reminded": _("Reminder of a task sent"),
    "task.taken": _("Task taken"),
    "urgency.proposed": _("Urgency of an area proposed"),
}

#: Values of choices that details hold. Those of higher layers are repeated: this layer does not know them.
_CHOICES: dict[str, dict[str, str | Promise]] = {
    "function": dict(Function.choices),
    "seat": dict(Seat.choices),
    "kind": {**dict(OrganisationKind.choices), **dict(BodyKind.choices)},
    "result": {
        "approved": _("approved"),
        "conditional": _("approved with conditions"),
        "returned": _("returned to the conference"),
        "rejected": _("rejected"),
        "postponed": _("postponed"),
    },
    "majority": dict(Majority.choices),
    "tie": dict(Tie.choices),
    "outcome": {"continue": _("continue"), "change": _("change"), "end": _("end")},
    "stage": {
        "data": _("Data"),
        "analysis": _("Analysis"),
        "conference": _("Planning conference"),
        "steering_group": _("Steering group"),
        "social_space": _("Social-space conference"),
        "implementation": _("Implementation"),
        "evaluation": _("Evaluation"),
    },
    "urgency_level": {
        "very_high": _("very high urgency"),
        "high": _("high urgency"),
        "medium": _("medium urgency"),
        "low": _("low urgency"),
        "as_index": _("as the index says"),
    },
    "measure_status": {
        "proposed": _("proposed"),
        "agreed": _("agreed"),
        "preparing": pgettext_lazy("status of a measure", "in preparation"),
        "running": _("running"),
        "suspended": _("suspended"),
        "completed": _("completed"),
        "ended_early": _("ended early"),
        "merged": _("merged into another"),
    },
    "fields": {
        "name": _("Name"),
        "display_name": _("Name"),
        "short_name": _("Short name"),
        "parent": _("Part of"),
        "ags": _("Official key (AGS)"),
        "email": _("E-mail"),
        "is_active": _("Active"),
        "quorum_share": _("Quorum"),
        # Of indicators
        "name_de": _("Name (German)"),
        "name_en": _("Name (English)"),
        "domain": pgettext_lazy("of indicators", "Domain"),
        "unit": _("Unit"),
        "direction": _("Direction"),
        "definition": _("Definition"),
        "numerator": _("Numerator"),
        "base": _("Base"),
        "formula": _("Formula"),
        "denominator": _("Related to"),
        "source": _("Source"),
        "supplier": _("Supplied by"),
        "frequency": _("How often"),
        "first_year": _("Figures from (year)"),
        "last_year": _("Figures until (year)"),
        "minimum_base": _("Minimum base"),
        "interpretation": _("Interpretation"),
        "limits": _("Limits"),
        "is_example": _("Example values"),
    },
}
_STAGES = list(_CHOICES["stage"].values())


def _choice(key: str) -> Callable[[Any], str]:
    def say(value: Any) -> str:
        return str(_CHOICES[key].get(value, value))

    return say


def _stage(value: Any) -> str:
    """A stage is logged by name or by number."""
    if isinstance(value, int) and 1 <= value <= len(_STAGES):
        return str(_STAGES[value - 1])
    return _choice("stage")(value)


def _day(value: Any) -> str:
    if isinstance(value, datetime.date):
        return date_de(value)
    try:
        day = parse_datetime(str(value)) or parse_date(str(value))
    except ValueError:
        day = None
    return date_de(day) if day else str(value)


def _text(value: Any) -> str:
    return str(value)


def _person(value: Any) -> str:
    """The log keeps no names; whoever reads it sees today's."""
    return str(User.objects.filter(pk=value).first() or value)


def _share(value: Any) -> str:
    return share_de(Decimal(value), 0)


def _groups(value: Any) -> str:
    """Kind of organisation -> number, or share as text."""
    kinds = _CHOICES["kind"]
    return ", ".join(
        f"{kinds.get(kind, kind)}: {least if isinstance(least, int) else _share(least)}"
        for kind, least in value.items()
    )


def _yes_no(value: Any) -> str:
    return str(_("yes") if value else _("no"))


def _shares(value: Any) -> str:
    before, after = value
    return f"{share_de(before, 0)} → {share_de(after, 0)}"


#: Key of a detail -> (its name, how its value is said). Keys not listed are kept but not shown.
_DETAILS: dict[str, tuple[str | Promise, Callable[[Any], str]]] = {
    "function": (_("Function"), _choice("function")),
    "body": (_("Body"), _text),
    "seat": (_("Seat"), _choice("seat")),
    "kind": (_("Kind"), _choice("kind")),
    "fields": (_("Changed"), _choice("fields")),
    "quorum_share": (_("Quorum"), _shares),
    "valid_from": (_("In force from"), _day),
    "quorum": (_("Quorum"), _share),
    "groups": (_("Quorum of groups"), _groups),
    "majority": (_("Majority"), _choice("majority")),
    "tie": (_("Tie"), _choice("tie")),
    "allows_circulated": (_("Circulated decisions"), _yes_no),
    "allows_secret": (_("Secret ballots"), _yes_no),
    "notice_days": (_("Notice period in days"), _text),
    "stage": (_("Stage"), _stage),
    "starts_on": (_("From"), _day),
    "ends_on": (_("Until"), _day),
    "started_on": (_("Begun on"), _day),
    "ended_on": (_("Ended on"), _day),
    "held_on": (_("Day of the meeting"), _day),
    "place": (_("Place"), _text),
    "due_on": (_("Due on"), _day),
    "reference_on": (_("Reporting date"), _day),
    # Older entries hold names, newer ones keys of people.
    "former": (_("Before"), _text),
    "deputy": (_("Deputy"), _text),
    "former_id": (_("Before"), _person),
    "deputy_id": (_("Deputy"), _person),
    "from": (_("Before"), _text),
    "status_from": (_("Before"), _choice("measure_status")),
    "status_to": (_("Now"), _choice("measure_status")),
    "milestone": (_("Milestone"), _text),
    "to": (_("Now"), _text),
    "suppliers": (_("Suppliers"), _text),
    "participants": (_("Participants"), _text),
    "attended": (_("Present"), _text),
    "statements": (_("Statements"), _text),
    "area": (_("Area"), _text),
    "areas": (_("Areas"), _text),
    "own_areas": (_("Released by their author"), _text),
    "year": (_("Year"), _text),
    "receipt": (_("Receipt"), _text),
    "amount": (_("Amount"), _text),
    "file": (_("File"), _text),
    "new_count": (_("New entries"), _text),
    "changed_count": (_("Changed entries"), _text),
    "entries": (_("Changed"), _text),
    "values": (_("Values"), _text),
    "figures": (_("Key figures"), _text),
    "errors": (_("Errors"), _text),
    "recommendation": (_("Recommendation"), _text),
    "decision": (_("Decision"), _text),
    "version": (_("Version of the text"), _text),
    "result": (_("Result"), _choice("result")),
    "yes": (_("Yes"), _text),
    "no": (_("No"), _text),
    "abstain": (_("Abstentions"), _text),
    "outcome": (_("Result"), _choice("outcome")),
    "organisations": (_("Organisations"), _text),
    "responsible": (_("Responsible"), _text),
    "funder": (_("Funder"), _text),
    "granted": (_("Sum granted"), _text),
    "provider": (_("Provider"), _text),
    "programme": (_("Programme"), _text),
    "measures": (_("Measures"), _text),
    "recipients": (_("Recipients"), _text),
    "reason": (_("Reason"), _text),
    "comment": (_("Comment"), _text),
    "laid_down_in": (_("Where it is laid down"), _text),
    "urgency": (_("Reason for the urgency"), _text),
    "urgency_level": (_("Urgency"), _choice("urgency_level")),
    "summary": (_("Summary"), _text),
    "points": (_("Points"), _text),
}


def action_label(action: str) -> str:
    """What a code says; an unknown one (of a later version) is shown as it is."""
    return str(LABELS.get(action, action))


def detail_lines(entry: LogEntry) -> list[str]:
    """Details of an entry as "Reason: …", in a fixed order; empty ones and unknown keys are left out."""
    lines = []
    for key, (title, say) in _DETAILS.items():
        value = entry.data.get(key)
        if value is None or value in ("", [], {}):
            continue
        is_list = isinstance(value, list) and say is not _shares
        text = ", ".join(say(item) for item in value) if is_list else say(value)
        lines.append(f"{title}: {text}")
    return lines
