"""What a condition of an approval says, wherever it is written down."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from stakeholders.models import Organisation
from stakeholders.written_once import WrittenOnce


class ConditionLine(WrittenOnce):
    """One condition: what has to be done, by whom, until when. Says nothing of what it belongs to."""

    number = models.PositiveSmallIntegerField(_("Number"))
    text = models.TextField(_("What has to be done"))
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", verbose_name=_("Who acts")
    )
    due_on = models.DateField(_("Due"))

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.text
