"""The one error of the domain: a rule was broken, with a code for tests and a sentence for people."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.utils.functional import Promise


class DomainError(Exception):
    """A rule of the domain forbids an act.

    Args:
        code: Stable name of the rule, for tests and logs (``quorum_missing``).
        message: Sentence for the person, translated, saying what to do.
    """

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    @property
    def faults(self) -> list[str]:
        """One sentence for each thing that is wrong."""
        return [str(self.message)]


class FaultsError(DomainError):
    """Several things are wrong at once, and all are said.

    Args:
        code: Stable name of the rule.
        faults: One sentence for each.
    """

    def __init__(self, code: str, faults: Sequence[str]) -> None:
        super().__init__(code, " ".join(faults))
        self._faults = list(faults)

    @property
    def faults(self) -> list[str]:
        """One sentence for each thing that is wrong."""
        return list(self._faults)


def as_domain_error(error: ValidationError, code: str = "invalid") -> DomainError:
    """Turn a model's ValidationError into the domain's error, keeping all sentences."""
    return DomainError(code, " ".join(str(message) for message in error.messages))
