"""One entry of the main menu."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NavItem:
    """A place in the main menu, already checked for the person's rights.

    Args:
        label: Translated word of the menu.
        url: Address of the page.
        is_current: Whether the page shown belongs to this place.
        count: Number beside the word, for example of open tasks; None shows none.
    """

    label: str
    url: str
    is_current: bool = False
    count: int | None = None
