"""Task pages."""

from workflows.views.base import TaskView

provide_data = TaskView.as_view()
review_delivery = TaskView.as_view()
