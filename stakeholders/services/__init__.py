"""Writing organisations, people, memberships, bodies and seats, and with them everybody's rights."""

from stakeholders.services.absences import absence_add, absence_end
from stakeholders.services.bodies import (
    body_create,
    body_update,
    seat_end,
    seat_set_deputy,
    seat_start,
)
from stakeholders.services.mails import mail_send_again
from stakeholders.services.memberships import membership_end, membership_start
from stakeholders.services.organisations import organisation_create, organisation_update
from stakeholders.services.people import (
    password_link_request,
    person_create,
    person_deactivate,
    person_invite,
    person_look_round,
    person_reactivate,
    person_update,
)
from stakeholders.services.roles import sync_person, sync_roles
from stakeholders.services.rules import rules_add, rules_withdraw
from stakeholders.services.sign_ins import (
    password_changed,
    sign_in_begin,
    sign_in_failed,
    sign_in_succeeded,
    sign_ins_forget,
)

__all__ = [
    "absence_add",
    "absence_end",
    "body_create",
    "body_update",
    "mail_send_again",
    "membership_end",
    "membership_start",
    "organisation_create",
    "organisation_update",
    "password_changed",
    "password_link_request",
    "person_create",
    "person_deactivate",
    "person_invite",
    "person_look_round",
    "person_reactivate",
    "person_update",
    "rules_add",
    "rules_withdraw",
    "seat_end",
    "seat_set_deputy",
    "seat_start",
    "sign_in_begin",
    "sign_in_failed",
    "sign_in_succeeded",
    "sign_ins_forget",
    "sync_person",
    "sync_roles",
]
