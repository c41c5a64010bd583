"""Site."""

from django.http import HttpRequest

from project.common.navigation import NavItem


def navigation(request: HttpRequest) -> list[NavItem]:
    """Menu."""
    return []
