"""The page in a real browser: draws, searches, folds, asks the network for nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from scimdoctor.reports import Format, render
from tests.fakes import reports as fakes
from tests.fakes.chromium import Chromium, find_chromium
from tests.fakes.hostile import ATTACKS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scimdoctor.model.report import Report

BINARY = find_chromium()
pytestmark = pytest.mark.skipif(BINARY is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    assert BINARY
    with Chromium(BINARY, tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium


def big() -> Report:
    statuses = ("failure", "skipped", "warning", "success")
    events = tuple(fakes.event(n, statuses[n % 4], name=f"Person {n}") for n in range(10_000))
    exchanges = tuple(
        fakes.exchange(n) if n % 3 else fakes.query_exchange(n) for n in range(1, 501)
    )
    return replace(fakes.diagnose(), event_list=events, exchanges=exchanges)


def show(browser: Chromium, report: Report, folder: Path) -> None:
    page = folder / "report.html"
    with page.open("w", encoding="utf-8") as out:
        render(report, out, Format.HTML)
    browser.viewport(1200, 900)
    browser.open(page.as_uri())


def search(browser: Chromium, text: str) -> None:
    browser.run(f"document.getElementById('search').value = {text!r}")
    browser.run("document.getElementById('search').dispatchEvent(new Event('input'))")
    browser.wait_for("document.getElementById('found').textContent.includes('match')")


def test_ten_thousand_events_stay_quick(browser: Chromium, tmp_path: Path) -> None:
    show(browser, big(), tmp_path)
    assert browser.run("document.querySelectorAll('.row.event').length") <= 400
    assert browser.run("document.querySelectorAll('*').length") < 8_000
    search(browser, "person 9999")
    assert browser.run("document.querySelectorAll('.row.event').length") == 1
    assert browser.run("performance.getEntriesByType('navigation')[0].duration") < 8_000
    assert len(browser.requests()) == 1
    assert browser.complaints() == []


def test_a_link_opens_the_exchange_it_points_at(browser: Chromium, tmp_path: Path) -> None:
    show(browser, big(), tmp_path)
    browser.run("location.hash = '#exchange=x400'")
    browser.wait_for("document.querySelector('[data-id=x400]')?.open")
    browser.wait_for("document.querySelector('[data-id=x400] pre')")
    box = "document.querySelector('[data-id=x400]').getBoundingClientRect()"
    browser.wait_for(f"{box}.bottom > 0 && {box}.top < innerHeight")
    assert '"op": "Replace"' in browser.run("document.querySelector('[data-id=x400]').textContent")


def test_evidence_links_lead_to_event_exchange_and_finding(
    browser: Chromium, tmp_path: Path
) -> None:
    show(browser, fakes.diagnose(), tmp_path)
    links = browser.run("[...document.querySelectorAll('.evidence a')].map(a => a.hash)")
    assert len(links) == 3
    for link in links:
        browser.run(f"location.hash = {link!r}")
        browser.wait_for("document.querySelector('.target-row')")


def test_keys_reach_everything(browser: Chromium, tmp_path: Path) -> None:
    show(browser, fakes.diagnose(), tmp_path)
    browser.press("/")
    assert browser.run("document.activeElement.id") == "search"
    browser.press("Escape")
    browser.run("document.querySelector('.row.exchange summary').focus()")
    browser.press("Enter", "\r")
    browser.wait_for("document.querySelector('.row.exchange').open")


def test_filters_choose_by_status(browser: Chromium, tmp_path: Path) -> None:
    show(browser, fakes.logs(), tmp_path)
    browser.run(
        "[...document.querySelectorAll('.filters button')].find(b => b.textContent.startsWith('failure')).click()"
    )
    assert browser.run("document.querySelectorAll('.row.event').length") == 2
    assert browser.run("document.querySelector('[aria-pressed=true]').textContent") == "failure 2"


def test_hostile_text_does_nothing(browser: Chromium, tmp_path: Path) -> None:
    events = tuple(replace(fakes.event(n, name=text), id=f"e{n}") for n, text in enumerate(ATTACKS))
    findings = tuple(replace(f, message=" ".join(ATTACKS)) for f in fakes.diagnose().findings)
    report = replace(fakes.diagnose(), event_list=events, findings=findings, limits=ATTACKS)
    show(browser, report, tmp_path)
    search(browser, "alert(1)")
    for row in browser.run(
        "[...document.querySelectorAll('.row')].map(row => { row.open = true; return row.dataset.id })"
    ):
        assert row
    assert browser.run("document.querySelectorAll('img, iframe').length") == 0
    assert browser.complaints() == []
    assert len(browser.requests()) == 1


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_has_contrast(browser: Chromium, tmp_path: Path, *, dark: bool) -> None:
    show(browser, fakes.diagnose(), tmp_path)
    browser.viewport(1200, 900, dark=dark)
    poor = browser.run(CONTRAST)
    assert poor == []


def test_a_phone_scrolls_in_one_direction(browser: Chromium, tmp_path: Path) -> None:
    show(browser, fakes.diagnose(), tmp_path)
    browser.viewport(390, 844)
    assert browser.run("document.documentElement.scrollWidth") <= 390


def test_every_control_has_a_name(browser: Chromium, tmp_path: Path) -> None:
    show(browser, fakes.diagnose(), tmp_path)
    tree = browser.call("Accessibility.getFullAXTree")["nodes"]
    roles = {"button", "link", "searchbox", "textbox", "region", "img", "DisclosureTriangle"}
    nameless = [
        node
        for node in tree
        if not node["ignored"]
        and node.get("role", {}).get("value") in roles
        and not node.get("name", {}).get("value")
    ]
    assert nameless == []


CONTRAST = """
(() => {
  const channel = (v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; };
  const light = (c) => .2126 * channel(c[0]) + .7152 * channel(c[1]) + .0722 * channel(c[2]);
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const c = getComputedStyle(e).backgroundColor;
      if (c.startsWith('rgb(')) return parse(c);
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  for (const element of document.querySelectorAll('main *, header *, nav *')) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !element.checkVisibility()) continue;
    const a = light(parse(getComputedStyle(element).color)), b = light(behind(element));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) poor.add(`${element.className} ${element.tagName} ${ratio.toFixed(2)}`);
  }
  return [...poor];
})()
"""
