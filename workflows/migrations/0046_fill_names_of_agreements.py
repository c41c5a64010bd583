from django.db import migrations


def number_of(measure):
    """As the models say it: 4.2, of a part 4.2.1."""
    above = number_of(measure.parent) if measure.parent_id else str(measure.field.number)
    return f"{above}.{measure.position}"


def names_when_asked(apps, agreement):
    """Number and title of the measure as they were: as issued, else as logged before they were changed."""
    paper = agreement.papers.filter(kind="agreement").first()
    if paper is not None and f"{paper.reference}: " in paper.title:
        number = paper.reference.removeprefix("ZV ").rpartition("/")[0]
        return number, paper.title.partition(f"{paper.reference}: ")[2]
    entries = apps.get_model("stakeholders", "LogEntry").objects.filter(
        action="measure.changed",
        content_type__app_label="measures",
        content_type__model="measure",
        object_id=agreement.measure_id,
        at__gt=agreement.asked_at,
    )
    found = {"number": number_of(agreement.measure), "title": agreement.measure.title}
    for entry in entries.order_by("-at", "-pk"):  # back to the first change after they were asked
        found |= {
            name: before for name, (before, _after) in entry.data.get("changed", {}).items() if name in found
        }
    return found["number"], found["title"]


def fill(apps, schema_editor):
    """What is not on record is called what it is called now."""
    rows = apps.get_model("workflows", "TargetAgreement").objects.select_related(
        "measure__field", "measure__parent__field"
    )
    for row in rows.iterator():
        row.measure_number, row.measure_title = names_when_asked(apps, row)
        field = row.measure.field
        wanted = row.measure_number.partition(".")[0]
        if str(field.number) != wanted and wanted.isdigit():
            field = row.measure.plan.fields.filter(number=wanted).first() or field
        row.field_title = f"{field.number} {field.title}"
        row.save(update_fields=["measure_number", "measure_title", "field_title"])
    commitments = apps.get_model("workflows", "AgreementCommitment").objects.select_related("organisation")
    for row in commitments.iterator():
        row.party_name = row.organisation.name
        row.save(update_fields=["party_name"])


class Migration(migrations.Migration):
    dependencies = [
        ("measures", "0017_alter_maker_of_report_step"),
        ("stakeholders", "0012_add_calendar_to_mail"),
        ("workflows", "0045_add_names_of_agreement"),
    ]

    # Backwards nothing is to be done: the columns go.
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
