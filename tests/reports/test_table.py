"""The terminal report: fits its width, plain on a pipe, verdict first, limits last."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from scimdoctor.model.exchange import ScimRequest
from scimdoctor.model.replay import KEPT_IN, ReplayMode, Verdict
from scimdoctor.model.report import EventCounts
from scimdoctor.reports import Format, render, summary_line
from scimdoctor.reports.differences import only_differences
from scimdoctor.reports.neutral import cut, formula_safe, neutral, one_line
from scimdoctor.reports.verdict import Headline, Level, headline, still_so
from scimdoctor.reports.words import pretty_body, sparkline
from tests.fakes import reports as fakes
from tests.fakes.reports import SCENARIOS

if TYPE_CHECKING:
    from scimdoctor.model.report import Report

WRITE = ScimRequest(method="POST", path="/Users", body=b"{}")


def table(name: str, **options: object) -> str:
    return drawn(SCENARIOS[name](), **options)


def drawn(report: Report, **options: object) -> str:
    out = io.StringIO()
    render(report, out, Format.TABLE, **options)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("width", [40, 80, 120, 200])
@pytest.mark.parametrize("name", SCENARIOS)
def test_no_line_is_wider_than_the_terminal_but_commands_to_copy(name: str, width: int) -> None:
    for line in table(name, width=width).splitlines():
        assert cell_len(line) <= width or line.lstrip().startswith(("$ ", "→ https://"))
        assert line == line.rstrip()


def test_a_wide_terminal_is_used() -> None:
    assert max(map(len, table("logs", width=200).splitlines())) > 100


def test_a_pipe_gets_no_colour_and_a_terminal_does() -> None:
    assert "\x1b" not in table("diagnose", width=80)
    assert "\x1b[" in table("diagnose", width=80, color=True)


def test_links_only_where_asked() -> None:
    assert "\x1b]8;" not in table("diagnose", width=80, color=True)
    assert "\x1b]8;" in table("diagnose", width=80, color=True, hyperlinks=True)


def test_a_cause_that_is_not_known_is_not_counted_as_found() -> None:
    report = fakes.diagnose()
    unknown = replace(report.diagnoses[0], cause="unknown-cause", title="Not decided")
    alone = headline(replace(report, diagnoses=(unknown,)))
    assert alone.text == f"No cause found yet: Not decided (unknown-cause, {unknown.confidence})."
    assert alone.level is Level.PROBLEM
    beside = headline(replace(report, diagnoses=(report.diagnoses[0], unknown)))
    assert beside.text.startswith("1 cause found; first: ")


def test_apps_get_columns_where_there_is_room_and_lines_elsewhere() -> None:
    wide = table("apps", width=160)
    assert "failures  per hour" in wide
    assert re.search(r"Contoso HR +2026-11-20 09:30 +28  ▁▁▃▇█▄", wide)
    narrow = table("apps", width=80)
    assert "● quarantined  Contoso HR\n" in narrow
    assert "    last run 2026-11-20 09:30 · 28 failures in 6 h ▁▁▃▇█▄\n" in narrow
    assert "    14 escrows, since 2026-11-20\n" in narrow
    assert "    last run never\n" in narrow


def test_a_log_without_events_is_said_to_have_none() -> None:
    empty = replace(fakes.logs(), events=EventCounts(), event_list=())
    assert headline(empty).text == "No event was found."
    assert headline(empty).level is Level.UNKNOWN


def test_long_names_keep_their_column_and_a_narrow_screen_gets_two_lines() -> None:
    report = fakes.logs()
    event = report.event_list[0]
    who = replace(event.source_identity, display_name="a.very.long.name.of.somebody@example.com")
    report = replace(report, event_list=(replace(event, source_identity=who), event))
    wide, narrow = (drawn(report, width=width).splitlines() for width in (120, 60))
    long, short = (line for line in wide if line.startswith("  2026"))
    assert long.index("User was") == short.index("User was")
    assert "… User was" in long
    assert narrow.count("    User was updated") == 2


def test_verdict_first_limits_last() -> None:
    lines = table("diagnose", width=80).splitlines()
    assert lines[0].startswith("✗ 2 causes found; first: The app knows PATCH")
    assert "Synchronization.Read.All" in lines[-1]


def test_a_command_stays_on_one_line() -> None:
    assert any(
        "--data" in line and "curl" in line
        for line in table("check-endpoint", width=80).splitlines()
    )


def test_an_ascii_terminal_gets_ascii_signs() -> None:
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii") as out:
        render(fakes.diagnose(), out, Format.TABLE, width=80)
        out.flush()
        assert raw.getvalue().startswith(b"x 2 causes found")


def test_a_thousand_objects_are_an_overview() -> None:
    text = table("compare-all", width=80)
    assert "7 agree, 1 do not" in text
    assert "person3@example.com" not in text


def test_the_summary_is_one_line() -> None:
    line = summary_line(fakes.diagnose())
    assert line.startswith("diagnose: 2 causes found")
    assert line.endswith("1 limit noted")


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("diagnose", Level.PROBLEM),
        ("check-endpoint", Level.PROBLEM),
        ("conformant", Level.GOOD),
        ("replay", Level.PROBLEM),
        ("logs", Level.PROBLEM),
        ("apps", Level.PROBLEM),
        ("compare", Level.PROBLEM),
        ("mappings", Level.ATTENTION),
        ("empty", Level.UNKNOWN),
    ],
)
def test_level(name: str, level: Level) -> None:
    assert headline(SCENARIOS[name]()).level is level


def test_what_was_not_seen_is_never_all_well() -> None:
    unsure = replace(fakes.conformant(), limits=("the log could not be read",))
    assert headline(unsure).level is Level.UNKNOWN
    skipped = tuple(f for f in fakes.check_endpoint().findings if f.outcome == "skipped")
    assert headline(replace(fakes.conformant(), findings=skipped)).level is Level.UNKNOWN


def test_neutral_shows_what_it_takes_out() -> None:
    assert neutral("a\x1b[31mb\x00\u202ec\r\nd\te\ud800") == "a␛[31mb␀<U+202E>c\nd\te\ufffd"
    assert one_line("a\r\n  b\tc\n") == "a b c"


def test_long_text_is_cut_and_counted() -> None:
    assert cut("abc", 3) == "abc"
    assert neutral("x" * 1_000_000, limit=5) == "xxxxx… (999995 more characters)"
    assert one_line("x" * 1_000_000, limit=5).endswith("(999995 more characters)")


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\t=1", " =1", '"=1', "|x", "＝1"])
def test_formulas_are_text(cell: str) -> None:
    assert formula_safe(cell) == f"'{cell}"


def test_harmless_cells_stay() -> None:
    assert formula_safe("a=b") == "a=b"


def test_sparkline() -> None:
    assert sparkline((0, 1, 8)) == "▁▂█"
    assert sparkline(()) == ""
    assert sparkline((0, 0)) == "▁▁"


def test_a_body_is_shown_pretty_or_as_it_is() -> None:
    assert pretty_body(b'{"a":1}') == '{\n  "a": 1\n}'
    assert pretty_body(b"<html>\x1b") == "<html>␛"


def test_counts_agree_with_their_words() -> None:
    replay = next(r for r in fakes.replay().replays if r.verdict is Verdict.SAME_FAILURE)
    twice = replace(fakes.replay(), replays=(replay, replay))
    assert "2 events replayed: 2 fail the same way." in headline(twice).text
    once = replace(fakes.replay(), replays=(replay,))
    assert "1 event replayed: 1 fails the same way." in headline(once).text
    assert still_so("failure", 3) == "3 failing now"
    assert still_so("skipped", 48) == "48 still so"


def test_names_of_fields_are_words_for_people_only() -> None:
    report = replace(fakes.conformant(), target={"service_principal": "5"})
    out = io.StringIO()
    render(report, out, Format.TABLE, width=80)
    assert "service principal  5" in out.getvalue()
    out = io.StringIO()
    render(report, out, Format.JSON)
    assert '"service_principal": "5"' in out.getvalue()


def test_a_comparison_shows_values_whole_and_only_what_differs() -> None:
    whole = table("compare", width=60)
    assert "in the app  Person0@example.com" in whole
    assert "mail = person4@example.com" in whole
    out = io.StringIO()
    render(only_differences(fakes.compare()), out, Format.TABLE, width=60)
    text = out.getvalue()
    assert "attribute1  differs" in text
    for name in ("attribute0", "attribute5", "attribute6", "attribute7"):
        assert name not in text
    assert "1 attribute the same, 3 not managed by Entra: --all-attributes" in " ".join(
        text.split()
    )
    assert headline(only_differences(fakes.compare())) == headline(fakes.compare())


def test_a_write_that_works_but_loses_a_value_is_a_problem() -> None:
    replay = next(r for r in fakes.replay().replays if r.verdict is Verdict.SAME_FAILURE)
    lossy = replace(
        replay, verdict=Verdict.WORKS_NOW, cause="attribute-not-stored-or-returned", notes=()
    )
    whole = replace(lossy, cause=None)
    found = headline(replace(fakes.replay(), replays=(lossy, whole)))
    assert found.level is Level.PROBLEM
    assert "2 work now, but in 1 of them not everything arrived as sent." in found.text
    assert headline(replace(fakes.replay(), replays=(whole,))).level is Level.GOOD


def test_a_command_in_a_note_of_a_replay_is_not_wrapped() -> None:
    replay = next(r for r in fakes.replay().replays if r.verdict is Verdict.SAME_FAILURE)
    command = f"scimdoctor replay --rollback /tmp/{'long-' * 40}name.json --endpoint URL"
    noted = replace(replay, notes=(f"to undo: {command}", "a plain note"))
    text = drawn(replace(fakes.replay(), replays=(noted,)))
    assert f"$ {command}\n" in text
    assert "a plain note" in text
    once = drawn(replace(fakes.replay(), replays=(replace(noted, next_command=command),)))
    assert once.count(command) == 1


@pytest.mark.parametrize("width", [40, 80])
def test_a_path_in_a_note_of_a_replay_is_not_wrapped(width: int) -> None:
    path = f"/home/somebody/.local/share/{'long name/' * 12}rollback.json"
    replay = replace(fakes.replay().replays[0], notes=(f"nothing to undo; {KEPT_IN}{path}",))
    text = drawn(replace(fakes.replay(), replays=(replay,)), width=width)
    assert f"    {path}\n" in text
    assert "nothing to undo" in text


def test_a_mapping_of_groups_alone_is_not_said_to_be_in_order() -> None:
    report = fakes.mappings()
    rows = tuple(replace(row, object="Group", lint=()) for row in report.mappings)
    groups = headline(replace(report, mappings=rows, findings=(), limits=()))
    assert (groups.level, "people are not mapped" in groups.text) == (Level.ATTENTION, True)
    both = (replace(rows[0], object="User"), *rows)
    assert headline(replace(report, mappings=both, findings=(), limits=())).level is Level.GOOD


def test_headline_of_people_who_are_rightly_absent() -> None:
    report = fakes.compare()
    absent = replace(
        report.comparisons[0], state="rightly-not-in-app", attributes=(), notes=("disabled",)
    )
    one = headline(replace(report, comparisons=(absent,), limits=()))
    assert one == Headline(level=Level.GOOD, text="1 object is not in the app, and rightly so.")
    two = headline(replace(report, comparisons=(absent, absent), limits=()))
    assert two.text == "2 objects are not in the app, and rightly so."
    missing = replace(absent, state="missing-in-app")
    assert headline(replace(report, comparisons=(absent, missing))).level is Level.PROBLEM


def test_headline_of_reads_that_show_what_the_write_would_meet() -> None:
    unsent = next(r for r in fakes.replay().replays[0].requests)
    unsent = replace(unsent, exchange=None, rebuilt=replace(unsent.rebuilt, request=WRITE))
    base = replace(
        fakes.replay().replays[0],
        mode=ReplayMode.READ,
        verdict=Verdict.NOT_SENT,
        requests=(unsent,),
    )
    causes = ("reference-unresolvable", "existing-account-not-matchable", None)
    replays = tuple(replace(base, cause=cause) for cause in causes)
    text = headline(replace(fakes.replay(), replays=replays)).text
    assert "1 of which refers to what the app does not have" in text
    assert "1 of which meets another object with the same value" in text


def test_what_an_attribute_s_note_says_is_not_said_again() -> None:
    report = fakes.compare()
    first = report.comparisons[0]
    row = replace(first.attributes[0], note="gone: ada; not known: bob")
    noted = replace(first, attributes=(row,), notes=("gone: ada", "of its own"))
    text = drawn(replace(report, comparisons=(noted,)))
    assert (text.count("gone: ada"), text.count("of its own")) == (1, 1)
