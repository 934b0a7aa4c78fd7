"""Measure `logs --summary` on one file beside raw DuckDB, plain Python and jq, in one run.

    python -m tests.bench.logs 100000 [--folder DIR] [--keep] [--quick]

Raw DuckDB reads the same columns with the same settings and does the simplest job that answers
the question: group failures and skips, count days, find each object's newest state. Plain Python
does the same with the standard library. Peak memory is each process's own maximum.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench.log_generator import write_json_lines

OURS = """
import sys
from scimdoctor.sources.event_filter import EVERYTHING
from scimdoctor.sources.event_set import open_events
with open_events([sys.argv[1]]) as events:
    summary = events.summary(EVERYTHING)
    print(summary.counts.read, len(summary.signatures))
"""
ARCHIVE = """
import sys
from pathlib import Path
from scimdoctor.sources.archive import Archive
from scimdoctor.sources.event_filter import EVERYTHING
from scimdoctor.sources.event_set import new_event_set
archive = Archive(Path(sys.argv[1]).parent / "archive", "bench")
with new_event_set() as events:
    events.add_parquet(archive.files())
    summary = events.summary(EVERYTHING)
    print(summary.counts.read, len(summary.signatures))
"""
RAW = """
import sys, duckdb
from scimdoctor.sources.shapes import GRAPH, columns_of
with duckdb.connect(config={"memory_limit": "512MB", "temp_directory": sys.argv[1] + ".tmp"}) as c:
    c.execute("SET preserve_insertion_order = false")
    c.execute(f'''CREATE TEMP TABLE e AS SELECT id, activityDateTime::TIMESTAMP AS time,
        servicePrincipal.displayName AS app, sourceIdentity.id AS object,
        provisioningStatusInfo.status AS status,
        provisioningStatusInfo.errorInformation.errorCode AS code, provisioningAction AS action,
        jobId, servicePrincipal.id AS app_id, sourceIdentity.displayName AS name,
        sourceIdentity.details.UserPrincipalName AS upn, targetIdentity.id AS target,
        targetIdentity.displayName AS target_name,
        CASE WHEN provisioningStatusInfo.status <> 'success' THEN provisioningSteps[-1] END AS step,
        CASE WHEN provisioningStatusInfo.status <> 'success' THEN regexp_replace(
            coalesce(provisioningStatusInfo.errorInformation.reason,
                provisioningSteps[-1].details.SkipReason), '[0-9A-Fa-f-]{{8,}}|[0-9]+', '#', 'g')
        END AS words
        FROM read_json('{sys.argv[1]}', columns={columns_of(GRAPH.kinds)}, format='newline_delimited')''')
    groups = c.execute('''SELECT status, app, code, action, words, count(*), count(DISTINCT object),
        min(time), max(time) FROM e WHERE status <> 'success' GROUP BY ALL''').fetchall()
    days = c.execute("SELECT time::DATE, status, count(*) FROM e GROUP BY ALL").fetchall()
    last = c.execute('''SELECT status, count(*) FROM (SELECT arg_max(status, time) AS status
        FROM e GROUP BY app, object) GROUP BY ALL''').fetchall()
    print(len(groups), len(days), last)
"""
PYTHON = """
import json, re, sys
from collections import Counter
number = re.compile("[0-9A-Fa-f-]{8,}|[0-9]+")
groups, objects, days, last = Counter(), {}, Counter(), {}
for line in open(sys.argv[1], encoding="utf-8"):
    e = json.loads(line)
    info, app, who = e["provisioningStatusInfo"], e["servicePrincipal"]["displayName"], e["sourceIdentity"]["id"]
    status, time = info["status"], e["activityDateTime"]
    days[time[:10], status] += 1
    if last.get((app, who), ("",))[0] < time:
        last[app, who] = (time, status)
    if status != "success":
        error = info["errorInformation"] or {}
        words = error.get("reason") or e["provisioningSteps"][-1]["details"].get("SkipReason") or ""
        key = status, app, error.get("errorCode"), e["provisioningAction"], number.sub("#", words)
        groups[key] += 1
        objects.setdefault(key, set()).add(who)
print(len(groups), len(days), Counter(state for _, state in last.values()))
"""
JQ = (
    'jq -r \'select(.provisioningStatusInfo.status != "success") | [.provisioningStatusInfo.status, '
    '.servicePrincipal.displayName, .provisioningStatusInfo.errorInformation.errorCode // "", '
    '((.provisioningStatusInfo.errorInformation.reason // "") | gsub("[0-9A-Fa-f-]{8,}|[0-9]+"; "#"))'
    '] | @tsv\' "$0" | sort | uniq -c | wc -l'
)
TO_ARCHIVE = """
import sys, duckdb
from datetime import UTC, datetime, timedelta
from pathlib import Path
from scimdoctor.sources.archive import Archive
from scimdoctor.sources.archive_manifest import Span
from scimdoctor.sources.rows import COLUMNS
from scimdoctor.sources.shapes import TidyFile
rows = Path(sys.argv[1] + ".rows")
with duckdb.connect(config={"memory_limit": "1GB", "temp_directory": sys.argv[1] + ".tmp"}) as c:
    c.execute("SET enable_progress_bar = false")
    c.execute("SET preserve_insertion_order = false")
    c.execute(f"COPY (SELECT {', '.join(COLUMNS)}, text::VARCHAR AS raw, 'bench' AS origin "
        f"FROM ({TidyFile(path=sys.argv[1]).rows_with_text()})) TO '{rows}' (FORMAT json)")
archive = Archive(Path(sys.argv[1]).parent / "archive", "bench")
start = datetime(2026, 3, 1, tzinfo=UTC)
if not archive.files():
    with archive.writing():
        archive.add(rows, pull="bench", app_id=None, span=Span(start, start + timedelta(days=31)))
rows.unlink()
"""
"""Adds the events as a pull does, once its pages are read."""


COMMAND = (
    sys.executable, "-m", "scimdoctor", "--quiet", "logs", "--summary", "-f", "json",
    "--fail-on", "never",
)  # fmt: skip
"""The real process; it also reads samples and names the cause of each fault."""


@dataclass(frozen=True)
class Measured:
    """One run."""

    name: str
    wall: float
    cpu: float
    peak_in_megabytes: float

    def line(self, base: float) -> str:
        """Return it as a line of the table, with its ratio to raw DuckDB."""
        return (
            f"| {self.name} | {self.wall:.2f} | {self.cpu:.2f} | {self.peak_in_megabytes:.0f} "
            f"| {self.wall / base:.2f} |"
        )


def measure(name: str, command: list[str]) -> Measured:
    """Run `command` once; its output is thrown away."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=dict(os.environ))
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode:
        sys.exit(f"{name} ended with {process.returncode}")
    return Measured(name, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def best(name: str, command: list[str], runs: int) -> Measured:
    """Return the quickest of several runs."""
    return min((measure(name, command) for _ in range(runs)), key=lambda one: one.wall)


def main() -> None:
    """Generate the events, measure, print a Markdown table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("count", type=int, nargs="?", default=100_000)
    options.add_argument("--folder", type=Path, default=None)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--keep", action="store_true", help="keep the generated file")
    options.add_argument("--quick", action="store_true", help="leave plain Python and jq out")
    chosen = options.parse_args()
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="scimdoctor-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"events-{chosen.count}.jsonl"
    size = path.stat().st_size if path.exists() else write_json_lines(path, chosen.count)
    python = [sys.executable, "-c"]
    subprocess.run([*python, TO_ARCHIVE, str(path)], check=True)
    runs = [
        best("raw DuckDB, the same columns", [*python, RAW, str(path)], chosen.runs),
        best("scimdoctor, library", [*python, OURS, str(path)], chosen.runs),
        best("scimdoctor, command", [*COMMAND, "--from", str(path)], chosen.runs),
        best("scimdoctor, from the archive", [*python, ARCHIVE, str(path)], chosen.runs),
    ]
    if not chosen.quick:
        runs.append(best("Python, json", [*python, PYTHON, str(path)], 1))
    if shutil.which("jq") and not chosen.quick:
        runs.append(best("jq, sort, uniq", ["sh", "-c", JQ, str(path)], 1))
    out = [
        f"{chosen.count} events, {size / 1e9:.2f} GB, {os.cpu_count()} CPUs",
        "",
        "| way | wall s | CPU s | peak MB | ratio |",
        "| --- | ---: | ---: | ---: | ---: |",
        *(one.line(runs[0].wall) for one in runs),
    ]
    sys.stdout.write("\n".join(out) + "\n")
    if not chosen.keep:
        shutil.rmtree(folder) if chosen.folder is None else path.unlink()


if __name__ == "__main__":
    main()
