"""The one error of the domain: a rule was broken, with a code for tests and a sentence for people."""

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


def as_domain_error(error: ValidationError, code: str = "invalid") -> DomainError:
    """Turn a model's ValidationError into the domain's error, keeping all sentences."""
    return DomainError(code, " ".join(str(message) for message in error.messages))
