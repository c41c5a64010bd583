"""What in a text looks as if it told who somebody is: a hint for the moderator, who reads and decides."""

import re
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_MAIL: Final = re.compile(r"[\w.+-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
#: Six digits or more, as telephone numbers are written; "2028" or "30 km" are none.
_PHONE: Final = re.compile(r"(?<![\d.,])(?:\+|00?)\d[\d\s()/.-]{5,}\d|(?<!\d)\d{7,}(?!\d)")
_TITLE: Final = re.compile(r"\b(?:Herrn?|Frau|Familie|Fam\.|Dr\.|Mr\.?|Mrs\.?|Ms\.?)\s+[A-ZÄÖÜ][\wäöüß-]+")
_INTRODUCED: Final = re.compile(r"\b(?:ich hei(?:ß|ss)e|mein name ist|my name is)\b", re.IGNORECASE)
_ADDRESS: Final = re.compile(
    r"\b[A-ZÄÖÜ][\wäöüß-]*(?:straße|strasse|str\.|weg|platz|gasse|allee)\s+\d+\s?[a-z]?\b"
    r"|\b[A-ZÄÖÜ][\wäöüß-]+er\s+(?:Straße|Strasse|Str\.|Weg|Platz|Allee)\s+\d+"
)

_HINTS: Final[tuple[tuple[re.Pattern[str], Promise], ...]] = (
    (_MAIL, _("looks like an e-mail address")),
    (_PHONE, _("looks like a telephone number")),
    (_TITLE, _("may name a person")),
    (_INTRODUCED, _("may name a person")),
    (_ADDRESS, _("looks like somebody's address")),
)


def personal_hints(text: str) -> list[str]:
    """What in a text may be personal, in words; nothing found means nothing but that.

    Args:
        text: What somebody wrote.

    Returns:
        Each hint once.
    """
    return list(dict.fromkeys(str(words) for pattern, words in _HINTS if pattern.search(text)))
