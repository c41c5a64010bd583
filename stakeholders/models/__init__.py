"""People, organisations, bodies and the audit log."""

from stakeholders.models.absences import Absence
from stakeholders.models.audit import LogEntry
from stakeholders.models.bodies import Body, BodyKind, BodyMembership, FormerDeputy, Seat
from stakeholders.models.mail import OutgoingMail
from stakeholders.models.organisations import (
    Function,
    Membership,
    Organisation,
    OrganisationKind,
)
from stakeholders.models.rules import GroupQuorum, RulesOfProcedure
from stakeholders.models.sign_ins import SignInCount
from stakeholders.models.users import User

__all__ = [
    "Absence",
    "Body",
    "BodyKind",
    "BodyMembership",
    "FormerDeputy",
    "Function",
    "GroupQuorum",
    "LogEntry",
    "Membership",
    "Organisation",
    "OrganisationKind",
    "OutgoingMail",
    "RulesOfProcedure",
    "Seat",
    "SignInCount",
    "User",
]
