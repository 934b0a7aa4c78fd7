"""No text from a log or a server means anything in any format, and no secret comes out."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from markdown_it import MarkdownIt

from scimdoctor.model.exchange import Exchange, ScimRequest, ScimResponse
from scimdoctor.model.frozen import frozen
from scimdoctor.model.provisioning import ModifiedProperty
from scimdoctor.model.synchronization import SynchronizationJob
from scimdoctor.reports import Format, render, summary_line
from scimdoctor.reports.json import schema
from tests.fakes import reports as fakes
from tests.fakes.hostile import ATTACKS, reports

if TYPE_CHECKING:
    from scimdoctor.model.report import Report

HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\ud800-\udfff]"
)
COLOR = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b]*\x1b\\")
property_test = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def rendered(report: Report, format: Format, **options: object) -> str:
    out = io.StringIO()
    render(report, out, format, **options)  # type: ignore[arg-type]
    return out.getvalue()


def every_attack() -> Report:
    """A report that holds every attack at many places at once."""
    attack = " ".join(ATTACKS)
    base = fakes.diagnose()
    events = tuple(replace(fakes.event(n, name=text), id=text) for n, text in enumerate(ATTACKS))
    findings = tuple(
        replace(f, message=attack, title=attack, reproduce=attack) for f in base.findings
    )
    return replace(
        base, command=attack, target=frozen({attack: attack}), event_list=events, findings=findings,
        notes=ATTACKS, limits=ATTACKS,
    )  # fmt: skip


@pytest.mark.parametrize("format", Format)
@given(report=reports())
@property_test
def test_every_renderer_takes_every_report_and_lets_no_control_through(
    format: Format, report: Report
) -> None:
    text = rendered(report, format, width=80)
    assert not HARMFUL.search(text)
    assert not HARMFUL.search(summary_line(report))
    assert "\n" not in summary_line(report)


@given(report=reports())
@property_test
def test_json_keeps_its_schema_whatever_stands_in_it(report: Report) -> None:
    jsonschema.validate(json.loads(rendered(report, Format.JSON)), schema())


@given(report=reports())
@property_test
def test_json_lines_and_sarif_stay_json(report: Report) -> None:
    for line in rendered(report, Format.JSONL).splitlines():
        assert isinstance(json.loads(line), dict)
    assert json.loads(rendered(report, Format.SARIF))["version"] == "2.1.0"


@given(report=reports())
@property_test
def test_colours_are_all_that_a_coloured_table_adds(report: Report) -> None:
    text = rendered(report, Format.TABLE, width=80, color=True, hyperlinks=True)
    assert not HARMFUL.search(COLOR.sub("", text))
    for link in re.findall(r"\x1b\]8;[^;]*;([^\x1b]*)\x1b", text):
        assert link == "" or link.startswith("https://")


def test_rich_markup_shows_as_it_was_written() -> None:
    text = rendered(every_attack(), Format.TABLE, width=200)
    assert "[bold red]markup[/bold red]" in text


@given(report=reports())
@property_test
def test_no_cell_is_a_formula(report: Report) -> None:
    check_cells(rendered(report, Format.CSV))


def test_no_cell_of_any_attack_is_a_formula() -> None:
    report = every_attack()
    check_cells(rendered(report, Format.CSV))
    check_cells(rendered(replace(report, event_list=()), Format.CSV))


def check_cells(text: str) -> None:
    number = re.compile(r"-?\d+(\.\d+)?(e[+-]\d+)?")
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            assert cell.lstrip()[:1] not in set("=+-@\t\r") or number.fullmatch(cell)
            assert "\n" not in cell


@given(report=reports())
@property_test
def test_junit_stays_xml(report: Report) -> None:
    root = ET.fromstring(rendered(report, Format.JUNIT))
    assert {element.tag for element in root.iter()} <= {
        "testsuites", "testsuite", "testcase", "properties", "property", "failure", "error",
        "skipped", "system-out", "system-err",
    }  # fmt: skip


class Page(HTMLParser):
    """Collects what a browser would act upon."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: dict[str, int] = {}
        self.attributes: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "action"}]


def check_page(text: str) -> None:
    page = Page()
    page.feed(text)
    assert page.tags["script"] == 2
    assert not page.tags.keys() & {"img", "iframe", "object", "embed", "link", "base", "form", "b"}
    assert not any(name.startswith("on") or name == "style" for name in page.attributes)
    assert all(link.startswith(("#", "https://")) for link in page.links)


@given(report=reports())
@property_test
def test_html_holds_only_its_own_elements(report: Report) -> None:
    check_page(rendered(report, Format.HTML))


def test_html_holds_only_its_own_elements_under_every_attack() -> None:
    text = rendered(every_attack(), Format.HTML)
    check_page(text)
    assert "49" not in re.sub(r"\d{3,}|sha256-\S+", "", text.split("</header>")[0])


def check_markdown(text: str) -> None:
    for token in MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(text):
        if token.type == "html_block":
            own = re.sub(r"</?(details|summary|sub)>", "", token.content)
            assert "<" not in own
        for child in token.children or ():
            assert child.type != "image"
            if child.type == "html_inline":
                assert re.fullmatch(r"</?(details|summary|sub)>", child.content)
            if child.type == "link_open":
                assert str(child.attrs["href"]).startswith("https://")


@given(report=reports())
@property_test
def test_markdown_makes_no_image_no_foreign_link_no_html(report: Report) -> None:
    check_markdown(rendered(report, Format.MARKDOWN))


def test_markdown_withstands_every_attack() -> None:
    text = rendered(every_attack(), Format.MARKDOWN)
    check_markdown(text)
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert "# heading" not in headings
    assert "@octocat" not in text.replace("`", "") or "@&#8203;octocat" in text


SECRET = "s3cr3t-Value.That_must-not.leave"


def with_secrets() -> Report:
    """A report in which a careless recorder left credentials everywhere."""
    base = fakes.diagnose()
    request = ScimRequest(
        method="GET",
        path="/Users",
        query=f"access_token={SECRET}",
        headers=(
            ("Authorization", f"Bearer {SECRET}"),
            ("Cookie", f"sid={SECRET}"),
            ("X-Api-Key", SECRET),
        ),
        body=json.dumps({"client_secret": SECRET, "password": SECRET}).encode(),
    )
    response = ScimResponse(
        status=500,
        headers=(("Set-Cookie", f"sid={SECRET}"),),
        body=f"trace: Authorization: Bearer {SECRET}".encode(),
    )
    leaky = Exchange(id="x9", request=request, url=f"https://u:{SECRET}@host.example/?sig={SECRET}", response=response)  # fmt: skip
    event = replace(
        fakes.event(1),
        raw=frozen({"anything": SECRET}),
        modified_properties=(
            ModifiedProperty(display_name="password", old_value=SECRET, new_value=SECRET),
        ),
    )
    text = f"sent Authorization: Bearer {SECRET} and client_secret={SECRET}"
    return replace(
        base,
        job=SynchronizationJob(
            id="j", settings=frozen({"SecretToken": SECRET}), raw=frozen({"a": SECRET})
        ),
        exchanges=(*base.exchanges, leaky),
        event_list=(event,),
        findings=tuple(replace(f, message=text, reproduce=text) for f in base.findings),
        diagnoses=tuple(replace(d, title=text, explanation=text) for d in base.diagnoses),
        limits=(text,),
        notes=(text,),
    )


@pytest.mark.parametrize("format", Format)
def test_a_secret_never_comes_out(format: Format) -> None:
    report = with_secrets()
    assert SECRET not in rendered(report, format)
    assert SECRET not in rendered(replace(report, event_list=()), format)
    assert SECRET not in summary_line(report)


@pytest.mark.parametrize("format", Format)
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_narrow_encoding_is_no_reason_to_fail(format: Format, encoding: str) -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding)
    render(every_attack(), out, format, width=80)
    out.flush()
    text = raw.getvalue().decode(encoding)
    if format in {Format.JSON, Format.SARIF}:
        json.loads(text)
    out.close()
