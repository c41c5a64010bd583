"""Task pages."""

from workflows.views.base import TaskView

give_statements = TaskView.as_view()
prepare_conference = TaskView.as_view()
hold_conference = TaskView.as_view()
prepare_steering_group = TaskView.as_view()
