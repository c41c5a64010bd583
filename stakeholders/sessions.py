"""Who asks."""

from django.http import HttpRequest

from stakeholders.models import User


def signed_in(request: HttpRequest) -> User:
    """The person; the middleware lets nobody else through."""
    assert isinstance(request.user, User)
    return request.user
