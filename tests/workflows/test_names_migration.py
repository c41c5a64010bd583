"""Agreements made before names were kept get those that were on record, forward on a filled table."""

from __future__ import annotations

import pytest

from measures.models import Measure
from tests import factories
from tests.history import History
from tests.measures.test_services_measures import change
from tests.stages import Stages
from workflows.demo import driver
from workflows.models import AgreementCommitment, IssuedPaper, TargetAgreement

pytestmark = [pytest.mark.history, pytest.mark.django_db(transaction=True)]

BEFORE = [("workflows", "0044_create_amendment_process")]


def test_names_are_those_of_the_paper_or_of_the_log():
    world = factories.make_world()
    stages = Stages(world)
    cycle = stages.at_social_space()
    rows = driver.shape(
        cycle,
        lambda _: [stages.measure(title="Bestätigt"), stages.measure(title="Gefragt")],
        user=world.fresh("planner"),
    )
    confirmed = rows[0]
    driver.confirm_all(confirmed)
    field = confirmed.field
    for measure in rows:
        measure.refresh_from_db()
        change(world, measure, reason="Klarer", title="Dazwischen")
        change(world, measure, reason="Klarer", title=f"Heute {measure.pk}", position=20 + measure.pk)
    other = world.plan.fields.create(number=field.number + 1, title="Wohnen")
    Measure.objects.update(field=other)
    wanted = dict(TargetAgreement.objects.values_list("pk", "measure_title"))
    numbers = dict(TargetAgreement.objects.values_list("pk", "measure_number"))
    assert set(wanted.values()) == {"Bestätigt", "Gefragt"}
    assert IssuedPaper.objects.filter(kind="agreement").count() == 1, (
        "one is told by its paper, the other by the log"
    )
    with History() as history:
        old = history.back_to(BEFORE).get_model("workflows", "TargetAgreement")
        assert "measure_title" not in {row.name for row in old._meta.get_fields()}

    assert dict(TargetAgreement.objects.values_list("pk", "measure_title")) == wanted
    assert dict(TargetAgreement.objects.values_list("pk", "measure_number")) == numbers
    assert set(TargetAgreement.objects.values_list("field_title", flat=True)) == {str(field)}
    names = AgreementCommitment.objects.values_list("party_name", "organisation__name")
    assert all(kept and kept == name for kept, name in names)
