"""Task pages."""

from workflows.views.base import TaskView

report_figures = TaskView.as_view()
confirm_figures = TaskView.as_view()
