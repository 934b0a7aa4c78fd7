"""Every format of every scenario, as a file to look at."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import pytest

from scimdoctor.reports import Format, render
from tests.fakes.reports import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Callable

ENDINGS = {
    Format.TABLE: "txt",
    Format.JSON: "json",
    Format.JSONL: "jsonl",
    Format.CSV: "csv",
    Format.MARKDOWN: "md",
    Format.HTML: "html",
    Format.JUNIT: "xml",
    Format.SARIF: "sarif",
}


def normal(text: str, format: Format) -> str:
    """Leave out the page's script and style: they are files of their own, not results."""
    if format is Format.HTML:
        text = re.sub(r"(?s)<style>.*?</style>|<script>.*?</script>", "", text)
        text = re.sub(r"sha256-[A-Za-z0-9+/=]+", "sha256-…", text)
    return text


@pytest.mark.parametrize("format", Format)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_golden(scenario: str, format: Format, golden: Callable[[str, str], None]) -> None:
    out = io.StringIO()
    render(SCENARIOS[scenario](), out, format, width=100)
    golden(f"{scenario}.{ENDINGS[format]}", normal(out.getvalue(), format))
