"""``compute_index``: an index from files alone, what it writes and what it refuses."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from monitoring.index_spec import FilesError, read_spec

BERLIN = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "berlin_mss2021"
DOCS = Path(settings.BASE_DIR) / "docs" / "index-methods.md"

SPEC = """
key = "id"
missing = ["", "-9999"]

[population]
column = "people"
minimum = 300

[valid]
column = "note"
equals = "ok"

[[indicator]]
column = "poor"
domain = "need"
weight = 2

[[indicator]]
column = "care"
domain = "offers"
direction = "less_need"

[levels.indicator]
normalise = "minmax"

[levels.index]
normalise = "percentile_rank"

[classes]
method = "quantile"
borders = [0.25]
labels = ["low", "high"]
"""
DATA = """id,people,note,poor,care
01,500,ok,10,30
02,500,ok,20,30
03,500,ok,30,60
04,299,ok,30,60
05,500,no,30,60
06,500,ok,-9999,60
"""


def run(folder: Path, spec: str = SPEC, data: str | bytes = DATA) -> list[dict[str, str]]:
    """Run the command over two texts and read its result back."""
    (folder / "spec.toml").write_text(spec, encoding="utf-8")
    content = data if isinstance(data, bytes) else data.encode()
    (folder / "data.csv").write_bytes(content)
    call_command("compute_index", spec=folder / "spec.toml", data=folder / "data.csv", out=folder / "out.csv")
    with (folder / "out.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_result_by_hand(tmp_path: Path) -> None:
    """Min-max of poor 0, 0.5, 1 with weight 2; of care 0, 0, 1 turned to 1, 1, 0."""
    rows = run(tmp_path)
    assert list(rows[0]) == [
        *("key", "included", "reason", "poor_n", "care_n", "need", "offers"),
        *("index_raw", "index", "rank", "class"),
    ]
    assert [list(row.values()) for row in rows] == [
        ["01", "true", "", "0.0", "1.0", "0.0", "1.0", "1.0", "0.0", "3", "low"],
        ["02", "true", "", "0.5", "1.0", "1.0", "1.0", "2.0", "0.5", "1", "high"],
        ["03", "true", "", "1.0", "0.0", "2.0", "0.0", "2.0", "0.5", "1", "high"],
        ["04", "false", "population", "", "", "", "", "", "", "", ""],
        ["05", "false", "invalid", "", "", "", "", "", "", "", ""],
        ["06", "false", "missing", "", "", "", "", "", "", "", ""],
    ]


def test_without_domains_the_index_takes_the_indicators(tmp_path: Path) -> None:
    spec = re.sub(r'\ndomain = "\w+"', "", SPEC)
    rows = run(tmp_path, spec)
    assert list(rows[0])[3:7] == ["poor_n", "care_n", "index_raw", "index"]
    assert [row["index_raw"] for row in rows[:3]] == ["1.0", "2.0", "2.0"]


def test_mean_of_what_is_there(tmp_path: Path) -> None:
    spec = 'missing_policy = "mean_of_available"\nminimum_share = 0.5\n' + SPEC
    rows = run(tmp_path, spec)
    assert rows[5]["included"] == "true"
    assert rows[5]["need"] == ""
    assert rows[5]["index_raw"] == "0.0"


@pytest.mark.parametrize(
    "data",
    [
        DATA.replace(",", ";").replace("10;30", "10,0;30"),
        DATA.replace(",", "\t"),
        "\ufeff" + DATA.replace("\n", "\r\n"),
        DATA.replace("\n", "\n\n") + ",,,,\n",
    ],
)
def test_the_ways_office_programs_write_csv(tmp_path: Path, data: str) -> None:
    assert [row["rank"] for row in run(tmp_path, data=data)][:3] == ["3", "1", "1"]


def test_latin_1_by_name(tmp_path: Path) -> None:
    spec = 'encoding = "latin-1"\n' + SPEC.replace('"ok"', '"gültig"')
    rows = run(tmp_path, spec, DATA.replace("ok", "gültig").encode("latin-1"))
    assert [row["included"] for row in rows[:3]] == ["true"] * 3


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("", "the column 'id' is missing"),
        ("id,people,note,poor,care\n", "no area in the file"),
        (DATA.replace("care", "child"), "the column 'care' is missing"),
        (DATA.replace("note", "poor"), "twice in the heading"),
        (DATA.replace("02,", "01,"), "row 3: 01 stands already in row 2"),
        (DATA.replace("02,", ","), "row 3: the key is missing"),
        (DATA.replace("20,30", "many,30"), "row 3, column poor: 'many' is no number"),
        (DATA.replace("20,30", "inf,30"), "row 3, column poor: 'inf' is no number"),
        (DATA.replace("20,30", '"1,5",30'), "row 3, column poor: '1,5' is no number"),
        (DATA.replace("ok", "gültig").encode("latin-1"), "cannot be read as utf-8"),
    ],
)
def test_wrong_figures_are_told_by_row_and_column(tmp_path: Path, data: str | bytes, sentence: str) -> None:
    with pytest.raises(CommandError, match=re.escape(sentence)):
        run(tmp_path, data=data)
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("key = ", "not a TOML file"),
        (SPEC.replace('key = "id"', ""), "key: is missing"),
        ('key = "id"', "at least one table [[indicator]]"),
        (
            SPEC.replace("minmax", "zscore"),
            "levels.indicator.normalise: 'zscore' is not known; there are none, z,",
        ),
        (SPEC.replace("less_need", "less"), "indicator 2.direction: 'less' is not known"),
        (SPEC.replace("weight = 2", "weight = 0"), "indicator 1.weight: must be above 0"),
        (SPEC.replace("weight = 2", 'weight = "two"'), "indicator 1.weight: must be a number"),
        (SPEC.replace("weight", "gewicht"), "indicator.gewicht: not known here"),
        (SPEC.replace("borders = [0.25]", "borders = [1.5]"), "between 0 and 1"),
        (SPEC.replace('["low", "high"]', '["low"]'), "one label more"),
        (SPEC.replace('equals = "ok"', ""), "valid.equals: is missing"),
        ('missing_policy = "zero"\n' + SPEC, "missing_policy: 'zero' is not known"),
        (SPEC.replace('domain = "offers"', ""), "either all indicators have a domain or none"),
        (SPEC.replace("[levels.index]", '[levels.index]\naggregate = "median"'), "'median' is not known"),
    ],
)
def test_a_wrong_specification_says_what_is_wrong(tmp_path: Path, spec: str, sentence: str) -> None:
    with pytest.raises(CommandError, match=re.escape(sentence)):
        run(tmp_path, spec)
    assert not (tmp_path / "out.csv").exists()


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "spec.toml"
    path.write_text(SPEC.replace("minmax", "zscore").replace("less_need", "less"), encoding="utf-8")
    with pytest.raises(FilesError) as caught:
        read_spec(path)
    assert len(caught.value.problems) == 2


def test_it_runs_without_settings_and_fails_with_1(tmp_path: Path) -> None:
    """As a statistics office would call it: nothing set, no database."""
    (tmp_path / "spec.toml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "data.csv").write_text(DATA, encoding="utf-8")
    paths = [str(tmp_path / name) for name in ("spec.toml", "data.csv", "out.csv")]
    command = [sys.executable, "manage.py", "compute_index", "--spec", paths[0], "--data", paths[1]]
    environment = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path)}
    calls = {"cwd": settings.BASE_DIR, "env": environment, "capture_output": True, "text": True}
    done = subprocess.run([*command, "--out", paths[2]], check=False, **calls)
    assert (done.returncode, done.stderr) == (0, "")
    (tmp_path / "data.csv").write_text("nothing", encoding="utf-8")
    done = subprocess.run([*command, "--out", paths[2]], check=False, **calls)
    assert done.returncode == 1
    assert "the column 'id' is missing" in done.stderr
    assert not list(tmp_path.glob("*.sqlite3"))


def test_dynamics_stand_beside_the_index(tmp_path: Path) -> None:
    """The worked example of the documentation; the fourth area lacks the change and is in neither."""
    rows = run(tmp_path, _example("Dynamics"), "id,poor,change\na,10,2\nb,20,-4\nc,30,5\nd,90,\n")
    assert list(rows[0]) == [
        *("key", "included", "reason", "poor_n", "index_raw", "index", "rank", "class"),
        *("change_n", "dynamics_raw", "dynamics", "dynamics_class", "class_together"),
    ]
    assert [row["class_together"] for row in rows] == ["low / rises", "low / falls", "high / rises", ""]
    assert [row["class"] for row in rows] == ["low", "low", "high", ""]
    assert [row["change_n"] for row in rows] == ["1.0", "-5.0", "4.0", ""]
    assert (rows[3]["included"], rows[3]["reason"], rows[3]["rank"]) == ("false", "missing", "")


def test_dynamics_with_domains_fill_gaps_like_the_index(tmp_path: Path) -> None:
    spec = PLAIN + (
        '[[dynamics.indicator]]\ncolumn = "people"\nlast_column = "before"\ndomain = "growth"\n'
        '[[dynamics.indicator]]\ncolumn = "more"\nlast_column = "before"\ndomain = "growth"\n'
    )
    rows = run(tmp_path, spec, "id,poor,poor_before,people,before,more\n01,10,9,5,4,1\n02,20,9,,7,2\n")
    assert [row["filled"] for row in rows] == ["", "people"]
    assert [row["dynamics_growth"] for row in rows] == ["-2.0", "2.0"]


@pytest.mark.parametrize(
    ("dynamics", "sentence"),
    [
        ("dynamics = 3", "dynamics: must be a table, [dynamics]"),
        ("[dynamics.valid]\ncolumn = 'note'", "valid: not known here; there are classes, domain, indicator"),
        ("[dynamics.classes]\nborders = [1]\nlabels = ['a']", "dynamics: indicator: at least one table"),
        ("[[dynamics.indicator]]\ncolumn = 'poor'", "dynamics: 'poor' is an indicator of the index already"),
        ("[[dynamics.indicator]]\ncolumn = 'x'", "the column 'x' is missing"),
        (
            "[[dynamics.indicator]]\ncolumn = 'x'\n[dynamics.dynamics]\nindicator = []",
            "dynamics: dynamics: not known here",
        ),
        (
            "[[dynamics.indicator]]\ncolumn = 'x'\n[dynamics.levels.indicator]\nreference = 'population'",
            "needs [population] column",
        ),
    ],
)
def test_wrong_dynamics_say_what_is_wrong(tmp_path: Path, dynamics: str, sentence: str) -> None:
    plain = 'key = "id"\n{}\n[[indicator]]\ncolumn = "poor"\n{}'
    spec = plain.format(dynamics, "") if "=" in dynamics.split("\n")[0] else plain.format("", dynamics)
    with pytest.raises(CommandError, match=re.escape(sentence)):
        run(tmp_path, spec)
    assert not (tmp_path / "out.csv").exists()


def test_berlin_2021(tmp_path: Path) -> None:
    """Status and dynamics of all 536 valid areas and each published z-value to its two decimals.

    Three of 2,680 figures of the dynamics are ties of rounding, each in another area.
    """
    if not BERLIN.is_dir():
        pytest.skip("needs the public MSS Berlin 2021 files in ../shared/data/berlin_mss2021, not here")
    spec = tmp_path / "berlin.toml"
    spec.write_text(_example("Berlin"), encoding="utf-8")
    data = BERLIN / "mss_2021_index_indikatoren.csv"
    call_command("compute_index", spec=spec, data=data, out=tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        ours = {row["key"]: row for row in csv.DictReader(file) if row["included"] == "true"}
    with (BERLIN / "mss_2021_indizes.csv").open(encoding="utf-8-sig", newline="") as file:
        theirs_of = {row["PLR_ID"]: row for row in csv.DictReader(file) if row["KOM"] == "gültig"}
    for ours_name, theirs in (("class", "SI_V"), ("dynamics_class", "DI_V")):
        found = {key: row[ours_name] for key, row in ours.items()}
        assert found == {key: row[theirs] for key, row in theirs_of.items()}
    assert len(ours) == 536
    assert ours["01100101"]["class_together"] == "mittel / negativ"
    with (BERLIN / "mss_2021_z-werte_plr_published.csv").open(encoding="utf-8-sig", newline="") as file:
        published = {row["PLR-ID"]: row for row in csv.DictReader(file, delimiter=";")}
    names = {"S1_n": "zS1", "S3_n": "zS3", "S4_n": "zS4", "index_raw": "Status-summe"}
    for key, row in ours.items():
        for name, theirs in names.items():
            assert round(float(row[name]), 2) == float(published[key][theirs]), (key, name)
    changes = {"D1_n": "zD1", "D3_n": "zD3", "D4_n": "zD4", "dynamics_raw": "Dynamik-summe"}
    changes["dynamics"] = "Dynamik-Index (standardisierte Dynamik-summe)"
    ties = {
        (key, name): abs(float(row[name]) - float(published[key][theirs]))
        for key, row in ours.items()
        for name, theirs in changes.items()
        if round(float(row[name]), 2) != float(published[key][theirs])
    }
    assert len(ties) <= 3
    assert all(difference < 0.00501 for difference in ties.values())


FILLING = """id,people,poor,poor_before,around
01,500,10,9,02
02,500,,25,01 03
03,1500,30,9,02
04,500,,,
"""
PLAIN = """
key = "id"
missing_policy = "last_value"

[[indicator]]
column = "poor"
last_column = "poor_before"

[levels.indicator]
normalise = "none"
"""


def test_the_last_figure_takes_the_place_of_a_missing_one(tmp_path: Path) -> None:
    """Its share of own figures must allow it: with one indicator that lacks, nothing is its own."""
    rows = run(tmp_path, PLAIN, FILLING)
    assert list(rows[0])[-1] == "filled"
    assert [row["included"] for row in rows] == ["true", "false", "true", "false"]
    two = PLAIN.replace("[levels", '[[indicator]]\ncolumn = "people"\nlast_column = "people"\n\n[levels')
    rows = run(tmp_path, two, FILLING)
    assert [row["poor_n"] for row in rows] == ["10.0", "25.0", "30.0", ""]
    assert [row["filled"] for row in rows] == ["", "poor", "", ""]
    assert rows[3]["reason"] == "missing"


def test_neighbours_take_the_place_of_a_missing_figure(tmp_path: Path) -> None:
    spec = PLAIN.replace("last_value", "neighbours_mean").replace('last_column = "poor_before"', "")
    spec = spec.replace("[levels", '[[indicator]]\ncolumn = "people"\n\n[levels', 1)
    spec = spec.replace("[levels", '[neighbours]\ncolumn = "around"\n\n[levels', 1)
    rows = run(tmp_path, spec, FILLING)
    assert [row["poor_n"] for row in rows] == ["10.0", "20.0", "30.0", ""]
    assert [row["filled"] for row in rows] == ["", "poor", "", ""]


def test_a_mean_weighted_by_inhabitants(tmp_path: Path) -> None:
    """10 with 500 and 30 with 1,500 people: the mean is 25, not 20."""
    spec = (
        'key = "id"\n[population]\ncolumn = "people"\n[[indicator]]\ncolumn = "poor"\n'
        '[levels.indicator]\nnormalise = "deviation"\nreference = "population"\n'
    )
    assert [row["poor_n"] for row in run(tmp_path, spec, FILLING)] == ["-15.0", "", "5.0", ""]


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        (PLAIN.replace('last_column = "poor_before"', ""), "last_column: is missing"),
        (PLAIN.replace("last_value", "neighbours_mean"), "needs [neighbours] column"),
        (PLAIN.replace('"none"', '"z"\nreference = "population"'), "needs [population] column"),
        (PLAIN.replace('"none"', '"z"\nreference = "median"'), "'median' is not known"),
    ],
)
def test_what_fills_gaps_and_weights_means_must_be_named(tmp_path: Path, spec: str, problem: str) -> None:
    with pytest.raises(CommandError, match=re.escape(problem)):
        run(tmp_path, spec, FILLING)


def test_a_neighbour_must_be_an_area_of_the_file(tmp_path: Path) -> None:
    spec = PLAIN.replace("last_value", "neighbours_mean") + '[neighbours]\ncolumn = "around"\n'
    with pytest.raises(CommandError, match="row 4: the neighbour '99' is no area"):
        run(tmp_path, spec, FILLING.replace("9,02\n04", "9,99\n04"))


def _example(title: str) -> str:
    """A specification of the documentation, by its heading."""
    text = DOCS.read_text(encoding="utf-8")
    section = re.search(rf"^### {title}.*?^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert section, title
    return section[1]


@pytest.mark.parametrize(
    "title",
    re.findall(r"^### (.*?)\n", DOCS.read_text(encoding="utf-8"), re.MULTILINE) if DOCS.exists() else [],
)
def test_the_specifications_of_the_documentation_are_read(title: str, tmp_path: Path) -> None:
    path = tmp_path / "spec.toml"
    path.write_text(_example(re.escape(title)), encoding="utf-8")
    assert read_spec(path).method.columns
