"""The lock under which a meeting and all that hangs on it is changed."""

from stakeholders.models import Body
from workflows.models import Meeting


def meeting_lock(meeting: Meeting) -> None:
    """Lock the body of a meeting and read the meeting anew; within a transaction.

    Decisions of the body are numbered under the same lock: none gets in while the meeting is changed.
    Queries: 2.
    """
    Body.objects.select_for_update().get(pk=meeting.body_id)
    meeting.refresh_from_db()
