"""Task pages."""

from workflows.views.base import TaskView

shape_measures = TaskView.as_view()
steer_implementation = TaskView.as_view()
close_cycle = TaskView.as_view()
