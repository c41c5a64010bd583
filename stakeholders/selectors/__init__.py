"""Reading people, organisations, bodies and the audit log."""

from stakeholders.selectors.audit import audit_actions, audit_entries, audit_territories
from stakeholders.selectors.bodies import body_seats, managed_bodies
from stakeholders.selectors.demo import REAL_DATABASE, DemoGroup, DemoPerson, database_is_real, demo_people
from stakeholders.selectors.mails import MailRow, mail_rows, unsent_mails
from stakeholders.selectors.organisations import (
    OrganisationRow,
    administered_scopes,
    managed_organisations,
    organisation_members,
    organisation_rows,
    organisation_seats,
    territory_organisations,
    visible_organisations,
)
from stakeholders.selectors.people import (
    PersonRow,
    answers_for,
    as_row,
    colleagues,
    managed_people,
    person_functions,
    person_rows,
    person_seats,
    scopes_of,
    selectable_people,
    stand_ins,
)

__all__ = [
    "REAL_DATABASE",
    "DemoGroup",
    "DemoPerson",
    "MailRow",
    "OrganisationRow",
    "PersonRow",
    "administered_scopes",
    "answers_for",
    "as_row",
    "audit_actions",
    "audit_entries",
    "audit_territories",
    "body_seats",
    "colleagues",
    "database_is_real",
    "demo_people",
    "mail_rows",
    "managed_bodies",
    "managed_organisations",
    "managed_people",
    "organisation_members",
    "organisation_rows",
    "organisation_seats",
    "person_functions",
    "person_rows",
    "person_seats",
    "scopes_of",
    "selectable_people",
    "stand_ins",
    "territory_organisations",
    "unsent_mails",
    "visible_organisations",
]
