"""Every container that records come in, whole, damaged, or full of something else."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.errors import SourceError
from scimdoctor.sources.csv_rows import HEAD
from scimdoctor.sources.event_filter import EVERYTHING
from scimdoctor.sources.event_set import open_events
from scimdoctor.sources.files import FileReader
from scimdoctor.sources.inputs import NOT_UTF_8, inputs, readable
from scimdoctor.sources.json_stream import Broken, Found, json_values

if TYPE_CHECKING:
    from scimdoctor.model.provisioning import ProvisioningObjectSummary

DATA = Path(__file__).parent.parent / "data" / "sources"
CONFLICT: dict[str, Any] = json.loads(
    (DATA / "graph-list-scim-user-conflict.json").read_text(encoding="utf-8")
)["value"][0]


def one(number: int) -> dict[str, Any]:
    return CONFLICT | {"id": f"event-{number}"}


def read(
    *paths: Path | str, standard_input: bytes = b""
) -> tuple[list[ProvisioningObjectSummary], FileReader]:
    reader = FileReader(standard_input=io.BytesIO(standard_input))
    return list(reader.events(inputs([str(path) for path in paths]))), reader


def ids(events: list[ProvisioningObjectSummary]) -> list[str]:
    return [event.id for event in events]


RECORDS = [one(1), one(2), one(3)]
FORMS = {
    "array": json.dumps(RECORDS),
    "pretty array": json.dumps(RECORDS, indent=2),
    "page": json.dumps({"@odata.context": "x", "value": RECORDS, "@odata.nextLink": "y"}),
    "pretty page": json.dumps({"@odata.context": "x", "value": RECORDS}, indent=2),
    "page with its array last": json.dumps({"note": 1, "value": RECORDS}),
    "pages in a row": "".join(json.dumps({"value": [r]}, indent=1) for r in RECORDS),
    "page a line": "\n".join(json.dumps({"value": [r], "next": "z"}) for r in RECORDS),
    "batch": json.dumps({"records": [{"properties": r} for r in RECORDS]}),
    "JSON Lines": "\n".join(map(json.dumps, RECORDS)),
    "JSON Lines, CRLF": "\r\n".join(map(json.dumps, RECORDS)) + "\r\n",
    "two on a line": json.dumps(RECORDS[0]) + json.dumps(RECORDS[1]) + "\n" + json.dumps(one(3)),
    "records in a row": "\n".join(json.dumps(r, indent=2) for r in RECORDS),
    "text sequence": "".join("\x1e" + json.dumps(r) + "\n" for r in RECORDS),
    "byte order mark": "\ufeff" + json.dumps(RECORDS),
    "array with a record a line": "[\n" + ",\n".join(map(json.dumps, RECORDS)) + "\n]",
    "page with a record a line": '{"value": [\n' + ",\n".join(map(json.dumps, RECORDS)) + "\n]}",
    "blank lines": "\n\n" + "\n\n".join(map(json.dumps, RECORDS)) + "\n\n",
    "table": json.dumps(
        {
            "tables": [
                {
                    "name": "PrimaryResult",
                    "columns": [{"name": n, "type": "string"} for n in ("Id", "ChangeId", "Date")],
                    "rows": [[f"event-{n}", "c", "2026-03-24T07:23:44Z"] for n in (1, 2, 3)],
                }
            ]
        }
    ),
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS.keys())
def test_containers(text: str, tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(text.encode())
    events, reader = read(path)
    assert ids(events) == ["event-1", "event-2", "event-3"]
    assert reader.trouble.limits() == ()


def test_lines_are_named(tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    path.write_text("[\n" + ",\n".join(map(json.dumps, RECORDS)) + "\n]", encoding="utf-8")
    events, _ = read(path)
    assert [event.origin for event in events] == [f"{path}:{line}" for line in (2, 3, 4)]


def test_utf_16_as_powershell_redirects_it(tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    path.write_bytes(json.dumps(RECORDS, indent=1).encode("utf-16"))
    assert len(read(path)[0]) == 3


def test_gzip_zip_folder_and_standard_input(tmp_path: Path) -> None:
    folder = tmp_path / "all"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a.json.gz").write_bytes(gzip.compress(json.dumps([one(1)]).encode()))
    with zipfile.ZipFile(folder / "b.zip", "w") as archive:
        archive.writestr("x/events.json", json.dumps([one(2)]))
        archive.writestr("readme.txt", "nothing to see")
    (folder / ".hidden.json").write_text(json.dumps([one(9)]), encoding="utf-8")
    events, reader = read(folder, "-", standard_input=json.dumps([one(3)]).encode())
    assert ids(events) == ["event-2", "event-1", "event-3"]
    assert events[0].origin == f"{folder / 'b.zip'}!x/events.json:1"
    (limit,) = reader.trouble.limits()
    assert "readme.txt is not understood" in limit


def test_broken_lines_are_named_and_skipped(tmp_path: Path) -> None:
    lines = [json.dumps(one(n)) for n in range(20)]
    for bad in range(3, 17, 2):
        lines[bad] = lines[bad][: len(lines[bad]) // 2]
    lines[18] = "[1, 2]"
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    events, reader = read(path)
    assert len(events) == 12
    assert reader.trouble.unreadable == 9
    limits = reader.trouble.limits()
    assert limits[0].startswith(f"{path}:4: record skipped, it is not JSON")
    assert limits[-1] == "further records that could not be read: 4; 9 in all"


def test_a_first_broken_line_does_not_hide_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"id": "x\n' + "\n".join(map(json.dumps, RECORDS)), encoding="utf-8")
    events, reader = read(path)
    assert len(events) == 3
    assert reader.trouble.unreadable == 1


@pytest.mark.parametrize("indent", [None, 2])
def test_a_cut_off_array_gives_what_is_whole(tmp_path: Path, indent: int | None) -> None:
    text = json.dumps({"value": RECORDS}, indent=indent)
    path = tmp_path / "events.json"
    path.write_text(text[: len(text) - len(json.dumps(RECORDS[2])) // 2], encoding="utf-8")
    events, reader = read(path)
    assert ids(events) == ["event-1", "event-2"]
    assert reader.trouble.unreadable == 1
    assert "the text ends in the middle of it" in reader.trouble.limits()[0]


def test_damage_inside_an_array_costs_one_record(tmp_path: Path) -> None:
    text = json.dumps(RECORDS, indent=2).replace('"event-2",', '"event-2" oops,')
    path = tmp_path / "events.json"
    path.write_text(text, encoding="utf-8")
    events, reader = read(path)
    assert ids(events) == ["event-1", "event-3"]
    assert reader.trouble.unreadable == 1


def test_a_cut_off_gzip_gives_what_is_whole(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps(one(n)) for n in range(2000))
    path = tmp_path / "events.jsonl.gz"
    data = gzip.compress(lines.encode())
    path.write_bytes(data[: len(data) - 200])
    events, reader = read(path)
    assert len(events) > 100
    assert any("the file ends early" in limit for limit in reader.trouble.limits())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"  \n ", "is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is not understood"),
        (b"hello, world\n1,2\n", "is not understood"),
        (b"<html><body>Sign in</body></html>", "looks like a web page"),
        (b"PK\x03\x04broken", "cannot read"),
    ],
)
def test_a_named_file_of_something_else_stops(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "thing"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message) as caught:
        read(path)
    assert "thing" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(f"2026-03-24T07:23:44Z stdout F {json.dumps(r)}" for r in RECORDS),
        "\n".join(json.dumps(json.dumps(r)) for r in RECORDS),
        json.dumps(json.dumps(RECORDS)),
    ],
)
def test_json_inside_of_other_text_is_no_table(text: str, tmp_path: Path) -> None:
    path = tmp_path / "events.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match="has JSON inside of other text"):
        read(path)


def test_of_what_is_not_read_no_letters_are_counted(tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (tmp_path / "events.json").write_text(json.dumps(RECORDS), encoding="utf-8")
    _, reader = read(tmp_path)
    assert reader.trouble.limits() == (f"{tmp_path}/picture.png is not understood",)


def test_the_same_event_as_json_and_csv_is_counted_once(tmp_path: Path) -> None:
    event = one(1) | {"changeId": "c1", "jobId": "j", "activityDateTime": "2026-03-24T07:23:44Z"}
    (tmp_path / "a.json").write_text(json.dumps([event, one(2)]), encoding="utf-8")
    write_csv(tmp_path / "b.csv", MAIN)
    with open_events([str(tmp_path)]) as events:
        assert len(events.newest(EVERYTHING)) == 3
        assert events.counts(EVERYTHING).read == 3
        assert events.summary(EVERYTHING).counts == events.counts(EVERYTHING)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nowhere does not exist"):
        read(tmp_path / "nowhere")


def test_other_categories_of_a_shared_hub_are_counted_not_broken(tmp_path: Path) -> None:
    path = tmp_path / "hub.json"
    other = {"category": "SignInLogs", "properties": {"id": "1"}}
    path.write_text(json.dumps({"records": [other, {"properties": one(1)}]}), encoding="utf-8")
    events, reader = read(path)
    assert len(events) == 1
    assert reader.trouble.unreadable == 0
    assert reader.trouble.limits()[0].startswith("records of another log, left out: 1: ")


def write_csv(path: Path, rows: list[list[str]], delimiter: str = ",") -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows(rows)
    return path


MAIN = [
    ["Date", "Change ID", "Job ID", "Action", "Status", "Error code", "Status reason",
     "Source Identity", "Source System", "Target System", "Duration (ms)", "Mood"],
    ["3/24/2026, 7:23:44 AM", "c1", "j", "Create", "Failure", "Dup", "User 'a' exists",
     "Ada Example", "Microsoft Entra ID", "customappsso", "1265", "fine"],
    ["3/24/2026, 7:25:00 AM", "c2", "j", "Update", "Success", "", "",
     "Grace Example", "Microsoft Entra ID", "customappsso", "12", "fine"],
]  # fmt: skip
STEPS = [
    ["Change ID", "Name", "Type", "Status", "Description", "Details"],
    ["c1", "EntryImport", "Import", "Success", "Retrieved", "{}"],
    ["c1", "EntryExportAdd", "Export", "Failure", "Failed", '{"userName": "ada@example.com"}'],
    ["c9", "EntryImport", "Import", "Success", "Retrieved", "{}"],
]
PROPERTIES = [
    ["ChangeId", "Display Name", "Old Value", "New Value"],
    ["c1", "userName", "", "ada@example.com"],
]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_portals_three_csv_files_are_joined(tmp_path: Path, delimiter: str) -> None:
    for name, rows in (("a", STEPS), ("b", MAIN), ("c", PROPERTIES)):
        write_csv(tmp_path / f"{name}.csv", rows, delimiter)
    events, reader = read(*sorted(tmp_path.glob("*.csv")))
    first, second = events
    assert (first.status, first.provisioning_action, first.error.error_code) == (
        "failure", "create", "Dup",
    )  # fmt: skip
    assert first.duration_in_milliseconds == 1265
    assert first.source_identity.display_name == "Ada Example"
    assert [step.name for step in first.provisioning_steps] == ["EntryImport", "EntryExportAdd"]
    assert first.provisioning_steps[1].details == {"userName": "ada@example.com"}
    assert first.modified_properties[0].new_value == "ada@example.com"
    assert second.provisioning_steps == ()
    limits = reader.trouble.limits()
    assert any("columns not understood: 'Mood'" in limit for limit in limits)
    assert any("1 changes have no record of their own" in limit for limit in limits)


def test_a_csv_with_a_row_for_each_step_is_one_event(tmp_path: Path) -> None:
    titles = [*MAIN[0], "Step Name", "Step Status"]
    rows = [titles, [*MAIN[1], "EntryImport", "Success"], [*MAIN[1], "EntryExportAdd", "Failure"]]
    events, _ = read(write_csv(tmp_path / "x.csv", rows))
    (event,) = events
    assert [step.name for step in event.provisioning_steps] == ["EntryImport", "EntryExportAdd"]


def test_log_analytics_csv(tmp_path: Path) -> None:
    row = json.loads((DATA / "log-analytics-rows-current.json").read_text(encoding="utf-8"))[1]
    row["TimeGenerated [UTC]"] = "9/22/2021, 10:17:01.000 AM"
    del row["TimeGenerated"]
    path = write_csv(tmp_path / "query.csv", [list(row), list(map(str, row.values()))])
    (event,), reader = read(path)
    assert event.status == "failure"
    assert event.provisioning_steps[-1].provisioning_step_type == "export"
    assert event.activity_date_time is not None
    assert event.activity_date_time.isoformat() == "2021-09-22T10:17:01+00:00"
    assert reader.trouble.limits() == ()


JOB = f"scim.{'0' * 31}1.0a000000-0000-4000-8000-000000000001"
FAILED = "StatusCode: BadRequest\r\nWeb Response: \r\nAttribute 'emails' is required"
CODE = "SystemForCrossDomainIdentityManagementBadRequest"
GERMAN = [
    ["Datum", "Identität", "Aktion", "Quelle", "Ergebnis", "Änderung", "Auftrag", "Code", "Grund"],
    ["2026-03-24T07:17:42Z", "ada@example.com", "Create", "Entra ID", "Failure",
     "00000005-0000-4000-8000-000000000001", JOB, CODE, FAILED],
    ["2026-03-24T07:18:00Z", "grace@example.com", "Update", "Entra ID", "Success",
     "00000005-0000-4000-8000-000000000002", JOB, "", ""],
]  # fmt: skip


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_titles_in_another_language_are_told_by_the_cells(tmp_path: Path, delimiter: str) -> None:
    events, reader = read(write_csv(tmp_path / "log.csv", GERMAN, delimiter))
    first, second = events
    assert (first.status, first.provisioning_action, first.error.error_code, first.error.reason) == (
        "failure", "create", CODE, FAILED,
    )  # fmt: skip
    assert (second.status, second.error.error_code, second.job_id) == ("success", None, JOB)
    assert second.change_id == GERMAN[2][5]
    assert first.source_identity.display_name == "ada@example.com"
    assert first.activity_date_time is not None
    (limit,) = reader.trouble.limits()
    assert "'Ergebnis' as provisioningStatus" in limit
    assert "not told and not read: 'Quelle'." in limit


def without(*titles: str) -> list[list[str]]:
    kept = [at for at, title in enumerate(GERMAN[0]) if title not in titles]
    return [[row[at] for at in kept] for row in GERMAN]


@pytest.mark.parametrize(
    "rows",
    [
        without("Datum"),
        without("Ergebnis"),
        without("Auftrag", "Code"),
        [[*row, row[4]] for row in GERMAN],
        GERMAN[:1],
        [["Name", "Age", "City", "Time"], ["Ada", "36", "London", "2026-03-24T07:17:42Z"]],
    ],
    ids=["no time", "no status", "any log", "two of a kind", "no rows", "something else"],
)
def test_a_table_whose_cells_leave_doubt_is_refused_with_its_titles(
    rows: list[list[str]], tmp_path: Path
) -> None:
    path = write_csv(tmp_path / "log.csv", rows)
    with pytest.raises(SourceError, match="expected are titles such as") as caught:
        read(path)
    assert repr(rows[0][0]) in str(caught.value)


def test_what_several_columns_could_be_is_not_told(tmp_path: Path) -> None:
    rows = [
        [*row, cell]
        for row, cell in zip(GERMAN, ("Wert", *(r[5] for r in GERMAN[:0:-1])), strict=True)
    ]
    events, reader = read(write_csv(tmp_path / "log.csv", rows))
    assert [event.change_id for event in events] == [None, None]
    assert "'Änderung'" in reader.trouble.limits()[0].partition("not told")[2]


def excel(
    *before: str, delimiter: str = ";", end: str = "\r\n", date: str = "{:%d.%m.%Y %H:%M:%S}"
) -> str:
    """MAIN as a spreadsheet saves it, its dates in another form."""
    out = io.StringIO(newline="")
    rows = [MAIN[0][:-1]] + [
        [date.format(moment), *row[1:-1]]
        for row, moment in zip(
            MAIN[1:], (datetime(2026, 3, 24, 7, 23, 44), datetime(2026, 4, 3, 7, 25)), strict=True
        )
    ]
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows)
    return end.join([*before, out.getvalue()])


@pytest.mark.parametrize(
    "text",
    [
        excel("sep=;"),
        "\ufeff" + excel("sep=;"),
        excel('"sep=;"', "", ""),
        excel("sep=\t", delimiter="\t"),
        excel("", "", delimiter="|"),
        excel(";;;;;;;;;;", "Provisioning logs, March", ""),
        excel(end="\r"),
        excel("sep=;", "", end="\r"),
        excel(delimiter="\t", date="{:%d/%m/%Y %H:%M:%S}"),
        excel(date="{:%d-%m-%y %H:%M:%S}"),
        excel(date="{:%Y/%m/%d %H:%M:%S}"),
        excel(date="{:%d-%b-%Y %H:%M:%S}"),
        excel(date="{:%d/%m/%Y, %I:%M:%S %p}").replace("AM", "a.m."),
        excel(date="{:%m-%d-%Y %H:%M:%S}"),
    ],
)
def test_csv_as_spreadsheets_save_it(text: str, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(text.encode())
    events, reader = read(path)
    assert [str(event.activity_date_time) for event in events] == [
        "2026-03-24 07:23:44+00:00",
        "2026-04-03 07:25:00+00:00",
    ]
    assert [event.error.error_code for event in events] == ["Dup", None]
    assert reader.trouble.limits() == ()


@pytest.mark.parametrize(
    ("dates", "times", "said"),
    [
        (("03/04/2026 07:00", "05/04/2026 08:00"), ("03-04", "05-04"), "dates such as '03/04/2026 07:00' were read with the month first"),
        (("03/04/2026 07:00", "25/04/2026 08:00"), ("04-03", "04-25"), ""),
        (("3/4/2026, 7:00:00 AM", "3/4/2026, 8:00:00 AM"), ("03-04", "03-04"), ""),
        (("04/04/2026 07:00", "04/04/2026 08:00"), ("04-04", "04-04"), ""),
        (("03/14/2026 07:00", "25/04/2026 08:00"), ("03-14", "04-25"), "they cannot have the month first: 1"),
        (("46105.308", "46105,35"), ("03-24", "03-24"), ""),
        (("99/99/2026 07:00", "nothing"), (None, None), "events without a time that can be read: 2"),
    ],
)  # fmt: skip
def test_a_file_decides_whether_the_day_comes_first_or_it_is_said(
    dates: tuple[str, str], times: tuple[str | None, str | None], said: str, tmp_path: Path
) -> None:
    rows = [MAIN[0], *([date, *row[1:]] for date, row in zip(dates, MAIN[1:], strict=True))]
    events, reader = read(write_csv(tmp_path / "log.csv", [row[:-1] for row in rows]))
    found = [event.activity_date_time for event in events]
    assert tuple(f"{time:%m-%d}" if time else None for time in found) == times
    assert [event.raw["Date"] for event in events] == list(dates), "what was written stays"
    limits = reader.trouble.limits()
    assert len(limits) == bool(said)
    assert said in "".join(limits)


def test_a_day_far_down_decides_for_all_rows(tmp_path: Path) -> None:
    row = ["05/04/2026 07:00", *MAIN[1][1:-1]]
    rows = [MAIN[0][:-1], *([row[0], f"c{n}", *row[2:]] for n in range(900))]
    rows.append(["13/04/2026 07:00", "last", *row[2:]])
    events, reader = read(write_csv(tmp_path / "log.csv", rows, "|"))
    assert (tmp_path / "log.csv").stat().st_size > HEAD
    assert {f"{event.activity_date_time:%m-%d}" for event in events} == {"04-05", "04-13"}
    assert reader.trouble.limits() == ()


def test_rows_that_a_spreadsheet_spoilt_are_mended(tmp_path: Path) -> None:
    row = MAIN[2][:-1]
    plain = ",".join(f'"{cell}"' if "," in cell else cell for cell in row)
    lines = [
        ",".join(MAIN[0][:-1]) + ",,",
        plain,
        '"' + plain.replace("c2", "c3").replace('"', '""') + '"',
        plain.replace("c2", "c4") + ",,",
        ",".join(plain.replace("c2", "c5").split(",")[:-2]),
        ",".join(plain.replace("c2", "c6").split(",")[:-2]),
    ]
    path = tmp_path / "log.csv"
    path.write_text("\r\n".join(lines), encoding="utf-8")
    events, reader = read(path)
    assert [event.change_id for event in events] == ["c2", "c3", "c4", "c5"]
    assert {str(event.activity_date_time) for event in events} == {"2026-03-24 07:25:00+00:00"}
    (limit,) = reader.trouble.limits()
    assert f"{path}:6: record skipped, it has 9 cells, the first line 11" in limit, "cut off"


def test_a_ragged_csv_row_is_named(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "x.csv", [*MAIN[:2], ["only", "three", "cells"], MAIN[2]])
    events, reader = read(path)
    assert len(events) == 2
    assert f"{path}:3: record skipped, it has 3 cells" in reader.trouble.limits()[0]


GARBAGE = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=200).map(
        lambda text: text.encode("utf-8", "replace")
    ),
    st.tuples(
        st.sampled_from(list(FORMS.values())), st.integers(0, 8000), st.binary(max_size=6)
    ).map(lambda cut: cut[0].encode()[: cut[1]] + cut[2] + cut[0].encode()[cut[1] + 3 :]),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(content=GARBAGE)
def test_no_content_makes_reading_fail(
    content: bytes,
) -> None:
    reader = FileReader(standard_input=io.BytesIO(content))
    try:
        events = list(reader.events(inputs(["-"])))
    except SourceError:
        return
    assert all(event.id for event in events)


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.dictionaries(st.sampled_from(["id", "changeId", "x"]), st.text()), max_size=6),
    indent=st.sampled_from([None, 1]),
    chunk=st.integers(1, 50),
)  # fmt: skip
def test_any_chunking_finds_the_same_values(
    values: list[dict[str, str]], indent: int | None, chunk: int
) -> None:
    class Dripping(io.StringIO):
        def read(self, size: int | None = -1, /) -> str:
            return super().read(min(chunk, size) if size and size > 0 else size)

    found = list(json_values(Dripping(json.dumps(values, indent=indent))))
    assert not [item for item in found if isinstance(item, Broken)]
    flat = [item.value for item in found if isinstance(item, Found)]
    if flat and isinstance(flat[0], list):
        flat = flat[0]
    assert flat == values


LINES = "\n".join(map(json.dumps, RECORDS)).encode()


def zipped(path: Path, **members: bytes) -> bytes:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path.read_bytes()


def test_what_is_packed_twice_is_unpacked_twice(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner", events=LINES, packed=gzip.compress(LINES))
    zipped(tmp_path / "outer.zip", **{"inner.zip": inner})
    (tmp_path / "inner").unlink()
    (tmp_path / "events.jsonl.gz").write_bytes(gzip.compress(gzip.compress(LINES)))
    events, reader = read(tmp_path)
    assert ids(events) == [f"event-{n}" for n in (1, 2, 3)] * 3
    assert reader.trouble.limits() == ()
    assert events[3].origin == f"{tmp_path}/outer.zip!inner.zip!events:1"


def test_a_zip_in_a_gzip_is_told_and_not_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "events.gz"
    path.write_bytes(gzip.compress(zipped(tmp_path / "inner", events=LINES)))
    with pytest.raises(SourceError, match=r"events\.gz is a zip inside of something else"):
        read(path)


def test_what_cannot_be_opened_in_a_folder_does_not_stop_the_rest(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 and no more")
    good = zipped(tmp_path / "b.zip", x=LINES, y=b"PK\x03\x04 and no more")
    zipped(tmp_path / "c.xlsx", **{"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<w/>"})
    (tmp_path / "d.zip").write_bytes(good[:100] + bytes(8) + good[108:])
    events, reader = read(tmp_path)
    assert set(ids(events)) == {"event-1", "event-2", "event-3"}
    limits = reader.trouble.limits()
    for name, said in (
        ("a.zip", "cannot be read (File is not a zip file)"),
        ("b.zip!y", "cannot be read (File is not a zip file)"),
        ("c.xlsx", "is an Office file: save its table as CSV (UTF-8)"),
    ):
        assert f"{tmp_path}/{name} {said}" in limits
    for name in ("a.zip", "c.xlsx"):
        with pytest.raises(SourceError, match=name):
            read(tmp_path / name)


def test_events_without_a_time_are_told(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    records = [one(1), one(2) | {"activityDateTime": "soon"}, one(3) | {"activityDateTime": None}]
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    events, reader = read(path)
    assert len(events) == 3
    assert reader.trouble.limits() == (
        f"events without a time that can be read: 2, the first at {path}:2; --since and --until "
        "leave them out",
    )


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_names_in_windows_1252_are_read_and_said(
    encoding: str, indent: int | None, tmp_path: Path, *, lines: bool
) -> None:
    person = CONFLICT["sourceIdentity"] | {"displayName": "Zoë Müller"}
    records = [one(1), one(2) | {"sourceIdentity": person}, one(3)]
    texts = [json.dumps(r, ensure_ascii=False, indent=indent) for r in records]
    path = tmp_path / "events.json"
    path.write_bytes(("\n".join(texts) if lines else f"[{','.join(texts)}]").encode(encoding))
    events, reader = read(path)
    assert [e.source_identity.display_name for e in events][1] == "Zoë Müller"
    assert ids(events) == ["event-1", "event-2", "event-3"]
    (limit,) = reader.trouble.limits()
    assert limit.startswith(f"{path}: bytes that are not UTF-8, read as Windows-1252: 2;")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_nothing_is_said_of_unicode(encoding: str, tmp_path: Path) -> None:
    person = CONFLICT["sourceIdentity"] | {"displayName": "Zoë \ufffd 😀"}
    path = tmp_path / "events.json"
    record = one(1) | {"sourceIdentity": person}
    path.write_bytes(json.dumps([record], ensure_ascii=False).encode(encoding))
    events, reader = read(path)
    assert events[0].source_identity.display_name == "Zoë \ufffd 😀"
    assert reader.trouble.limits() == ()


@given(st.binary(max_size=200))
def test_any_bytes_become_text_without_lone_surrogates(content: bytes) -> None:
    text, count = readable(content.decode("utf-8", NOT_UTF_8))
    text.encode("utf-8")
    assert bool(count) is not is_utf_8(content)


def is_utf_8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
