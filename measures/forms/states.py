"""Form by which planning tells the state of a measure."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from measures.status import STATE_LABELS, TELLABLE, PortfolioState

#: Chosen to let the computed state count again.
COMPUTED = "computed"


class StateForm(forms.Form):
    """Another state than the computed one, or none any more; always with a reason."""

    state = forms.ChoiceField(label=_("State that counts"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("All who see the measure read it beside the computed state."),
    )

    def __init__(self, *args: Any, computed: PortfolioState, is_set: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: list[tuple[str, Any]] = [
            (state.value, STATE_LABELS[state]) for state in TELLABLE if state is not computed
        ]
        if is_set:
            back = _("the computed one: %(state)s") % {"state": STATE_LABELS[computed]}
            choices.insert(0, (COMPUTED, back))
        field = self.fields["state"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
