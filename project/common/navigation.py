"""One entry of the main menu."""

from dataclasses import dataclass

#: Higher numbers are shown as "99+".
COUNT_LIMIT = 99


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

    @property
    def count_text(self) -> str:
        """The number as it is shown; above 99 only that it is more."""
        return "99+" if self.count is not None and self.count > COUNT_LIMIT else str(self.count)
