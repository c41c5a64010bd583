"""Calendar entries as other programs read them."""

import datetime

from workflows.calendar import calendar_as_ics, event_lines

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
    return calendar_as_ics([event_lines(**(values | kwargs))]).split("\r\n")


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
    found = lines(summary=text)

    assert all(len(line.encode()) <= 75 for line in found)
    assert f"SUMMARY:{text}" in "\r\n".join(found).replace("\r\n ", "")


def test_several_events_share_a_calendar():
    event = {"place": "", "description": "", "url": "https://example.org/", "stamp": STAMP}
    day = datetime.date(2027, 1, 1)
    found = calendar_as_ics(event_lines(uid=uid, day=day, summary=uid, **event) for uid in ("a", "b"))
    assert found.count("BEGIN:VCALENDAR") == 1
    assert found.count("BEGIN:VEVENT") == found.count("END:VEVENT") == 2
    assert "METHOD:PUBLISH" in found


def test_a_download_says_that_it_is_cancelled():
    assert "STATUS:CANCELLED" in lines(is_cancelled=True)
    assert "STATUS:CANCELLED" not in lines()
