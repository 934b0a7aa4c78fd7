"""The few shapes that the terminal report is made of: headings, prose, bullets, grids."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.padding import Padding
from rich.style import Style
from rich.table import Table
from rich.text import Text

from scimdoctor.reports.neutral import neutral, one_line
from scimdoctor.reports.verdict import Level, counted, headline
from scimdoctor.reports.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scimdoctor.model.report import Report

READABLE = 108
"""Prose gets no wider than this."""

_LEVELS = {
    Level.PROBLEM: ("✗", "bold red"),
    Level.ATTENTION: ("!", "bold yellow"),
    Level.GOOD: ("✓", "bold green"),
    Level.UNKNOWN: ("?", "bold yellow"),
}
_CODE = "cyan"


class Page:
    """A stream of a given width; every text that goes through is made neutral."""

    def __init__(self, out: TextIO, *, width: int, color: bool, links: bool) -> None:
        self.width = width
        self._links = links
        self._console = Console(
            file=out,
            width=width,
            force_terminal=color,
            color_system="standard" if color else None,
            no_color=not color,
            markup=False,
            emoji=False,
            highlight=False,
            legacy_windows=False,
            _environ={},
        )

    def opening(self, report: Report) -> None:
        """Write the verdict, and what was looked at."""
        verdict = headline(report)
        symbol, style = _LEVELS[verdict.level]
        self._hanging(Text(symbol, style), Text(one_line(verdict.text), "bold"), indent=0)
        for sentence in verdict.more:
            self.prose(sentence)
        facts = [(plain(name), value) for name, value in report.target.items() if value]
        if facts:
            self.gap()
            self.facts(facts)

    def closing(self, report: Report) -> None:
        """Write notes and, last, what could not be seen."""
        if report.notes:
            self.heading("Notes")
            for note in report.notes:
                self.bullet(note)
        if report.limits:
            self.heading(f"Could not be seen ({len(report.limits)})")
            for limit in report.limits:
                self.bullet(limit, sign="!", style="yellow")

    def gap(self) -> None:
        """Write an empty line."""
        self._console.print()

    def heading(self, title: str, detail: str = "") -> None:
        """Write the title of a section, with an empty line before it."""
        self.gap()
        text = Text(one_line(title), "bold underline")
        if detail:
            text.append(f"  {one_line(detail)}", "not bold not underline dim")
        self._console.print(text)

    def prose(self, text: str, *, indent: int = 2, style: str = "") -> None:
        """Write a paragraph."""
        self._block(Text(neutral(text), style), indent)

    def bullet(
        self, text: str | Text, *, indent: int = 2, sign: str = "•", style: str = ""
    ) -> None:
        """Write one item of a list."""
        body = text if isinstance(text, Text) else Text(neutral(text))
        self._hanging(Text(sign, style), body, indent=indent)

    def command(self, line: str, *, indent: int = 4) -> None:
        """Write a command to copy: on one logical line, so that a terminal can select it."""
        self.verbatim(line, indent=indent, sign="$ ")

    def verbatim(self, line: str, *, indent: int = 4, sign: str = "") -> None:
        """Write text to copy, such as a path, on one logical line whatever the width."""
        text = Text(" " * indent + sign, "dim").append(
            one_line(line, limit=20_000), Style.parse(_CODE)
        )
        self._console.print(text, soft_wrap=True)

    def facts(self, pairs: Iterable[tuple[str, str]], *, indent: int = 2) -> None:
        """Write labels and values in two columns."""
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        for label, value in pairs:
            grid.add_row(Text(one_line(label, limit=40)), Text(one_line(value)))
        self._block(grid, indent)

    def grid(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[str | Text | None]],
        *,
        right: frozenset[str] = frozenset(),
        narrow: frozenset[str] = frozenset(),
        indent: int = 2,
    ) -> None:
        """Write a table; columns in `right` are numbers, those in `narrow` never wrap."""
        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
        for name in columns:
            justify = "right" if name in right else "left"
            keep = name in narrow or name in right
            table.add_column(Text(name), justify=justify, no_wrap=keep, overflow="fold")  # type: ignore[arg-type]
        for row in rows:
            table.add_row(*(_cell(value) for value in row))
        self._console.print(Padding(table, (0, 0, 0, indent)))

    def line(self, text: Text) -> None:
        """Write one line as it is, cut at the edge."""
        self._console.print(text, no_wrap=True, overflow="ellipsis", crop=True)

    def link(self, url: str) -> Text:
        """Return `url`, clickable where links are on and it is a web address."""
        shown = one_line(url)
        clickable = self._links and shown == url and url.startswith("https://")
        return Text(shown, Style(link=url) if clickable else "")

    def reference(self, url: str, *, indent: int) -> None:
        """Write a web address on one logical line: cut in two, it could not be opened."""
        text = Text(" " * indent + "→ ", "dim").append_text(self.link(url))
        self._console.print(text, soft_wrap=True)

    def more(self, number: int, noun: str, where: str = "") -> None:
        """Say how many were left out, and where they can be seen."""
        if number > 0:
            tail = f" ({where})" if where else ""
            self.prose(f"… and {counted(number, noun)} more{tail}", indent=4, style="dim")

    def _hanging(self, sign: Text, body: Text, *, indent: int) -> None:
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(sign, body)
        self._block(grid, indent)

    def _block(self, content: Text | Table, indent: int) -> None:
        width = min(self.width, READABLE)
        self._console.print(Padding(content, (0, 0, 0, indent), expand=False), width=width)


def _cell(value: str | Text | None) -> Text:
    if isinstance(value, Text):
        return value
    return Text(one_line(value)) if value else Text("–", "dim")
