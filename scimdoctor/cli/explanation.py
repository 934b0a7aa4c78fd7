"""One entry of what `explain` knows, and the forms it is printed in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from textwrap import wrap

from scimdoctor.model.report import SCHEMA_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One entry."""

    id: str
    kind: str
    title: str
    sections: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Heading and lines, in reading order."""

    aliases: tuple[str, ...] = ()

    def text(self, width: int | None = None) -> str:
        """The entry for a reader, wrapped at `width` unless it is `None`."""
        lines = [f"{self.id} ({self.kind})", *_wrapped(self.title, width, "")]
        for heading, entries in self.sections:
            kept = [entry for entry in entries if entry]
            if kept:
                lines += ["", heading]
                lines += [line for entry in kept for line in _wrapped(entry, width, "  ")]
        return "\n".join(lines)


def _wrapped(text: str, width: int | None, indent: str) -> list[str]:
    """The lines of `text`; addresses and commands stay whole."""
    lines = text.splitlines() or [""]
    if width is None:
        return [indent + line for line in lines]
    return [
        part
        for line in lines
        for part in (
            [indent + line]
            if line.lstrip().startswith(("$", "https://"))
            else wrap(
                line,
                max(width, 40),
                initial_indent=indent,
                subsequent_indent=indent,
                break_long_words=False,
                break_on_hyphens=False,
            )
        )
    ]


def as_text(found: tuple[Explanation, ...], width: int | None, *, whole: bool) -> str:
    """The entries for a reader: each on one line, or `whole`."""
    if whole:
        return "\n\n".join(entry.text(width) for entry in found)
    return "\n".join(f"{entry.kind:18} {entry.id:42} {entry.title}" for entry in found)


def as_json(found: tuple[Explanation, ...]) -> str:
    """The entries as JSON, whole."""
    entries = [
        {
            "id": entry.id,
            "kind": entry.kind,
            "title": entry.title,
            "aliases": list(entry.aliases),
            "sections": [
                {"heading": heading, "lines": [line for line in lines if line]}
                for heading, lines in entry.sections
            ],
        }
        for entry in found
    ]
    document = {"schema_version": SCHEMA_VERSION, "command": "explain", "explanations": entries}
    return json.dumps(document, indent=2, ensure_ascii=False)


def as_markdown(found: tuple[Explanation, ...], *, whole: bool) -> str:
    """The entries as Markdown: a list, or each `whole` with its headings."""
    if not whole:
        return "\n".join(f"- `{entry.id}` ({entry.kind}): {entry.title}" for entry in found)
    return "\n\n".join(_markdown(entry) for entry in found)


def _markdown(entry: Explanation) -> str:
    parts = [f"# {entry.id} ({entry.kind})", entry.title]
    for heading, lines in entry.sections:
        kept = [_markdown_lines(line) for line in lines if line]
        if kept:
            parts += [f"## {heading}", "\n".join(f"- {text}" for text in kept)]
    return "\n\n".join(parts)


def _markdown_lines(text: str) -> str:
    """A command of its own line becomes code; the rest of an item is indented under it."""
    lines = (line.strip() for line in text.splitlines())
    return "\n  ".join(f"`{line[2:]}`" if line.startswith("$ ") else line for line in lines)
