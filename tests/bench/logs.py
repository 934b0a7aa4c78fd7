"""Measure `logs --summary` on one file beside raw DuckDB, plain Python and jq, in one run.

    python -m tests.bench.logs 1000000 [--large 10000000] [--folder DIR] [--keep] [--quick]

Raw DuckDB reads the same columns and does the simplest job that answers the question: group
failures and skips, count days, find each object's newest state. Plain Python does the same with
the standard library; jq only groups, which is less. All must come to the same groups and days,
else the run fails. Peak memory is each process's own maximum. `--large` tells how the time grows.
On a busy machine wall time says little: then compare the CPU seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench.log_generator import START, write_json_lines

OURS = """
import json, sys
from scimdoctor.sources.event_filter import EVERYTHING
from scimdoctor.sources.event_set import open_events
with open_events([sys.argv[1]]) as events:
    summary = events.summary(EVERYTHING)
groups = [[s.status, s.app, s.error_code or "", s.action, s.count] for s in summary.signatures]
states = ("failure", "skipped", "warning", "success")
days = [[d.day, state, getattr(d, state)] for d in summary.days for state in states]
print(json.dumps({"groups": groups, "days": days}))
"""
RAW = """
import json, sys, duckdb
from scimdoctor.sources.shapes import GRAPH, columns_of
with duckdb.connect(config={"memory_limit": "512MB", "temp_directory": sys.argv[1] + ".tmp"}) as c:
    c.execute("SET preserve_insertion_order = false")
    c.execute("SET enable_progress_bar = false")
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
                provisioningSteps[-1].details.SkipReason), '[0-9A-Fa-f-]{{8,}}|[0-9]+(?:[.][0-9]+)?', '#', 'g')
        END AS words
        FROM read_json('{sys.argv[1]}', columns={columns_of(GRAPH.kinds)}, format='newline_delimited')''')
    groups = c.execute('''SELECT status, app, code, action, words, count(*), count(DISTINCT object),
        min(time), max(time) FROM e WHERE status <> 'success' GROUP BY ALL''').fetchall()
    days = c.execute("SELECT time::DATE, status, count(*) FROM e GROUP BY ALL").fetchall()
    last = c.execute('''SELECT status, count(*) FROM (SELECT arg_max(status, time) AS status
        FROM e GROUP BY app, object) GROUP BY ALL''').fetchall()
    print(json.dumps({"groups": [[*g[:2], g[2] or "", g[3], g[5]] for g in groups],
        "days": [[str(day), status, count] for day, status, count in days]}))
"""
PYTHON = """
import json, re, sys
from collections import Counter
number = re.compile("[0-9A-Fa-f-]{8,}|[0-9]+(?:[.][0-9]+)?")
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
print(json.dumps({"groups": [[*k[:2], k[2] or "", k[3], n] for k, n in groups.items()],
    "days": [[*k, n] for k, n in days.items()]}))
"""
JQ = r"""
jq -r 'select(.provisioningStatusInfo.status != "success") | .provisioningStatusInfo as $info
    | (.provisioningSteps[-1].details.SkipReason // "") as $skip
    | [$info.status, .servicePrincipal.displayName, $info.errorInformation.errorCode // "",
       .provisioningAction,
       (($info.errorInformation.reason // $skip) | gsub("[0-9A-Fa-f-]{8,}|[0-9]+(?:[.][0-9]+)?"; "#"))] | @tsv' "$0" |
    sort | uniq -c
"""
"""Prints a line for each group; counting days and newest states would cost it more still."""

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
name = Path(sys.argv[1]).stem.replace("events", "archive")
archive = Archive(Path(sys.argv[1]).with_name(name), "bench")
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
    """One run, and what it came to."""

    name: str
    wall: float
    cpu: float
    peak_in_megabytes: float
    groups: Groups
    days: Days

    def line(self, base: Measured) -> str:
        """Return it as a line of the table, with its ratios to raw DuckDB."""
        return (
            f"| {self.name} | {self.wall:.2f} | {self.cpu:.2f} | {self.peak_in_megabytes:.0f} "
            f"| {self.wall / base.wall:.2f} | {self.cpu / base.cpu:.2f} | {len(self.groups)} |"
        )


Groups = list[tuple[object, ...]]
Days = list[tuple[object, ...]]


def read_answer(text: str) -> tuple[Groups, Days]:
    """Return groups (status, app, code, action, events) and days (day, status, events)."""
    if not text.startswith("{"):
        lines = [line.strip().partition(" ") for line in text.splitlines()]
        return sorted((*rest.split("\t")[:4], int(count)) for count, _, rest in lines), []
    answer = json.loads(text)
    if "signatures" in answer:
        names = ("status", "app", "error_code", "action", "count")
        groups = [[one.get(name) or "" for name in names] for one in answer["signatures"]]
        states = ("failure", "skipped", "warning", "success")
        days = [[one["day"], state, one[state]] for one in answer["days"] for state in states]
    else:
        groups, days = answer["groups"], answer["days"]
    return sorted(map(tuple, groups)), sorted(tuple(one) for one in days if one[2])


def measure(name: str, command: list[str], **environ: str) -> Measured:
    """Run `command` once and read its answer."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, env={**installed(), **environ})
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - started
        if process.returncode:
            sys.exit(f"{name} ended with {process.returncode}")
        out.seek(0)
        groups, days = read_answer(out.read())
    cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    return Measured(name, wall, cpu, peak, groups, days)


def installed() -> dict[str, str]:
    """Return the environment without what keeps Python from storing byte code.

    An installed package has its byte code; here the first run of several writes it.
    """
    return {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def best(name: str, command: list[str], runs: int, **environ: str) -> Measured:
    """Return the quickest of several runs."""
    return min((measure(name, command, **environ) for _ in range(runs)), key=lambda one: one.wall)


def compare(runs: list[Measured]) -> str:
    """Stop if one comes to other groups or days than raw DuckDB."""
    for one in runs:
        if one.groups != runs[0].groups or (one.days and one.days != runs[0].days):
            sys.exit(f"{one.name} comes to something else than {runs[0].name}")
    return f"all came to the same {len(runs[0].groups)} groups and {len(runs[0].days)} days"


def enlarge(path: Path, large: Path, times: int) -> None:
    """Write the events of `path` so many times, with other ids each time."""
    with large.open("wb") as out:
        for number in range(times):
            mark = f"{number + 16:08x}-".encode()
            with path.open("rb") as stream:
                for line in stream:
                    fresh = line.replace(b'"id":"00000001-', b'"id":"' + mark, 1)
                    out.write(fresh.replace(b'"changeId":"00000005-', b'"changeId":"' + mark, 1))


def growth(path: Path, small: Measured, raw: Measured, times: int) -> str:
    """Return how the command's time grows with `times` as many events, and raw DuckDB's.

    Where the larger file does not fit into memory, both wait for the disk.
    """
    large = path.with_name(f"large-{path.name}")
    if shutil.disk_usage(path.parent).free < 1.3 * times * path.stat().st_size:
        return f"growth was not measured: the disk has no room for {times} times as many events"
    enlarge(path, large, times)
    try:
        run = measure("large", [*COMMAND, "--from", str(large)])
        base = measure("raw, large", [sys.executable, "-c", RAW, str(large)])
    finally:
        large.unlink()
    return (
        f"{times} times as many events: {run.wall:.1f} s, CPU {run.cpu:.1f} s, peak "
        f"{run.peak_in_megabytes:.0f} MB: {run.wall / small.wall:.1f} times the time, "
        f"{run.cpu / small.cpu:.1f} times the CPU (target: 11 for 10); raw DuckDB "
        f"{base.wall:.1f} s, CPU {base.cpu:.1f} s: {base.wall / raw.wall:.1f} and "
        f"{base.cpu / raw.cpu:.1f} times; command / raw DuckDB: {run.wall / base.wall:.2f} by "
        f"wall, {run.cpu / base.cpu:.2f} by CPU"
    )


def verdicts(raw: Measured, ours: Measured, archive: Measured, jq: Measured | None) -> list[str]:
    """Return each figure beside its target."""
    lines = [
        f"command / raw DuckDB: {ours.wall / raw.wall:.2f} by wall, {ours.cpu / raw.cpu:.2f} by CPU "
        "(target: at most 1.3)",
        f"peak memory: {ours.peak_in_megabytes:.0f} MB (target: at most 1000)",
        f"from the archive: {archive.wall:.2f} s, CPU {archive.cpu:.2f} s (target for 1 M: at most 1.5 s)",
    ]
    if jq:
        lines.append(
            f"jq / command: {jq.wall / ours.wall:.1f} by wall, {jq.cpu / ours.cpu:.1f} by CPU "
            "(target: at least 10 by wall)"
        )
    return lines


def main() -> None:
    """Generate the events, measure, compare, print a Markdown table and the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("count", type=int, nargs="?", default=100_000)
    options.add_argument("--large", type=int, default=0, help="also this many events")
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
    raw = best("raw DuckDB, the same columns", [*python, RAW, str(path)], chosen.runs)
    library = best("scimdoctor, library", [*python, OURS, str(path)], chosen.runs)
    ours = best("scimdoctor, command", [*COMMAND, "--from", str(path)], chosen.runs)
    archive = best(
        "scimdoctor, command, from the archive",
        [*COMMAND, "--offline", "--since", f"{START:%Y-%m-%d}"],
        chosen.runs,
        SCIMDOCTOR_ARCHIVE=str(folder / f"archive-{chosen.count}"),
    )
    runs, jq = [raw, library, ours, archive], None
    if not chosen.quick:
        runs.append(measure("Python, json", [*python, PYTHON, str(path)]))
        if shutil.which("jq"):
            runs.append(jq := measure("jq, sort, uniq", ["sh", "-c", JQ, str(path)]))
    out = [
        f"{chosen.count} events, {size / 1e9:.2f} GB, {os.cpu_count()} CPUs, "
        f"load {os.getloadavg()[0]:.1f}",
        "",
        "| way | wall s | CPU s | peak MB | wall ratio | CPU ratio | groups |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        *(one.line(raw) for one in runs),
        "",
        compare(runs),
        *verdicts(raw, ours, archive, jq),
    ]
    if chosen.large:
        out.append(growth(path, ours, raw, round(chosen.large / chosen.count)))
    sys.stdout.write("\n".join(out) + "\n")
    if not chosen.keep:
        shutil.rmtree(folder) if chosen.folder is None else path.unlink()


if __name__ == "__main__":
    main()
