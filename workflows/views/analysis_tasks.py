"""Task pages."""

from workflows.views.base import TaskView

run_analysis = TaskView.as_view()
write_profiles = TaskView.as_view()
