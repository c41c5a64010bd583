"""Task pages."""

from workflows.views.base import TaskView

confirm_agreement = TaskView.as_view()
revise_measure = TaskView.as_view()
begin_measure = TaskView.as_view()
evaluate_measure = TaskView.as_view()
