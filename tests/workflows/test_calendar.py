"""Calendar entries as other programs read them."""

import datetime

from workflows.calendar import event_as_ics

STAMP = datetime.datetime(2027, 1, 5, 9, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))


def lines(**kwargs):
    values = {
        "uid": "meeting-7@passgenau",
        "day": datetime.date(2027, 12, 31),
        "summary": "Steuerungsgruppe",
        "place": "",
        "description": "",
        "url": "https://example.org/meetings/7/",
        "stamp": STAMP,
    }
    return event_as_ics(**(values | kwargs)).split("\r\n")


def test_an_event_lasts_its_day():
    found = lines()

    assert found[0] == "BEGIN:VCALENDAR"
    assert found[-2:] == ["END:VCALENDAR", ""]
    assert "DTSTART;VALUE=DATE:20271231" in found
    assert "DTEND;VALUE=DATE:20280101" in found
    assert "DTSTAMP:20270105T083000Z" in found


def test_texts_cannot_break_out_of_their_line():
    found = lines(place="Kreishaus, Raum 1; links", description="a\r\nEND:VEVENT\nb\\c")

    assert "LOCATION:Kreishaus\\, Raum 1\\; links" in found
    assert "DESCRIPTION:a\\nEND:VEVENT\\nb\\\\c" in found
    assert found.count("END:VEVENT") == 1


def test_long_lines_are_folded_between_characters():
    text = "ä" * 100
    found = event_as_ics(
        uid="x",
        day=datetime.date(2027, 1, 1),
        summary=text,
        place="",
        description="",
        url="https://example.org/",
        stamp=STAMP,
    )

    assert all(len(line.encode()) <= 75 for line in found.split("\r\n"))
    assert f"SUMMARY:{text}" in found.replace("\r\n ", "")
