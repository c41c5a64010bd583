"""The key by which the entry page of an evening tells devices apart without asking who holds them.

A key is a random number signed by the server; the page carries it in its forms and addresses, no cookie does.
Stored is a hash keyed with our secret and the evening, so that nobody can follow a device from one evening to
the next; it is forgotten when the evening is closed.
"""

from __future__ import annotations

import secrets
from typing import Final

from django.core import signing
from django.utils.crypto import salted_hmac

_SALT: Final = "workflows.devices"
#: A key is taken for so long after it was given out (seconds).
KEY_SECONDS: Final = 14 * 24 * 60 * 60
_KEY_BYTES: Final = 9
#: No key of ours is longer (characters).
_MOST_LENGTH: Final = 120


def new_key() -> str:
    """A fresh key for a device that has none."""
    return signing.TimestampSigner(salt=_SALT).sign(secrets.token_urlsafe(_KEY_BYTES))


def is_ours(key: str) -> bool:
    """Whether the server gave the key out, and not too long ago."""
    if not key or len(key) > _MOST_LENGTH:
        return False
    try:
        signing.TimestampSigner(salt=_SALT).unsign(key, max_age=KEY_SECONDS)
    except signing.BadSignature:
        return False
    return True


def hash_of(key: str, conference_pk: int) -> str:
    """What is stored of a key in an evening."""
    return salted_hmac(_SALT, f"{conference_pk}:{key}", algorithm="sha256").hexdigest()
