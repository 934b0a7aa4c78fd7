"""A comparison of everybody that is cut short, at any request, and gone on with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.compare import all_groups, everyone
from scimdoctor.compare.everyone import Keeping, compare_everyone
from scimdoctor.compare.object_index import KEPT_FOR, ObjectIndex, forget_old
from scimdoctor.compare.one import BothEnds
from scimdoctor.errors import ScimDoctorError, SourceError
from scimdoctor.graph.directory import find_app
from scimdoctor.progress import SILENT
from tests.fakes.events import custom_app_schema
from tests.fakes.microsoft import Microsoft
from tests.fakes.scim_app import ScimApp, open_app, scim_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from scimdoctor.compare.outcome import EveryoneCompared
    from scimdoctor.lab.http import LabRequest, LabResponse

PEOPLE = 650


class Impatient(Microsoft):
    """Somebody presses Ctrl-C when Graph has given so many pages of people."""

    pages_left: int | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.pages_left is not None and request.url.path.endswith("/users"):
            self.pages_left -= 1
            if self.pages_left < 0:
                raise KeyboardInterrupt
        return super().__call__(request)


class Company:
    """More people than fit a page: every tenth differs, every hundredth is missing, some too many."""

    def __init__(self) -> None:
        self.microsoft = Impatient(page_size=100)
        self.app = ScimApp()
        self.app.rules.append(self._stop)
        self.principal = self.microsoft.tenant.service_principals[0]
        self.stop_at: int | None = None
        self.refusing = False
        self.asked = 0
        for number in range(PEOPLE):
            self._hire(number)
            if number % 100:
                self._provision(number)
        for number in range(PEOPLE, PEOPLE + 3):
            self._provision(number)

    def _hire(self, number: int) -> None:
        name, identity = f"u{number}@example.com", f"00000000-0000-4000-8000-{number:012d}"
        self.microsoft.tenant.users[identity] = {
            "id": identity,
            "userPrincipalName": name,
            "displayName": f"U {number}",
            "accountEnabled": number % 50 != 7,
            "department": "Marketing",
        }
        self.principal.assignments.append({"principalId": identity, "principalType": "User"})

    def _provision(self, number: int) -> None:
        shown = "another" if number % 10 == 0 else f"U {number}"
        self.app.add_user(f"u{number}@example.com", displayName=shown, active=True)

    def _stop(self, _request: LabRequest) -> LabResponse | None:
        self.asked += 1
        if self.asked == self.stop_at:
            raise KeyboardInterrupt
        return scim_error(401) if self.refusing else None


@contextmanager
def both(company: Company) -> Iterator[BothEnds]:
    with company.microsoft.connect() as graph, open_app(company.app) as endpoint:
        principal = find_app(graph, company.principal.id)
        yield BothEnds(graph=graph, app=principal, schema=custom_app_schema(), endpoint=endpoint)


def compared(company: Company, **keeping: Any) -> EveryoneCompared:
    with both(company) as ends:
        return compare_everyone(ends, progress=SILENT, keeping=Keeping(**keeping))


@pytest.fixture(scope="module")
def company() -> Company:
    return Company()


def test_going_on_finds_what_one_run_finds(company: Company, tmp_path: Path) -> None:
    whole = compared(company)
    assert len(whole.comparisons) > 60
    for stop_at in (2, 3, 5):
        path = tmp_path / f"{stop_at}"
        company.asked, company.stop_at = 0, stop_at
        with pytest.raises(KeyboardInterrupt):
            compared(company, path=path)
        company.asked, company.stop_at = 0, None
        resumed = compared(company, path=path, resume=True)
        assert resumed.in_order() == whole.in_order()
        assert resumed.counts == whole.counts
        assert "interrupted and gone on with" in " ".join(resumed.limits)
        assert company.asked < 12 - stop_at
        assert not path.exists()


def test_nothing_is_begun_where_the_app_lists_nobody(company: Company, tmp_path: Path) -> None:
    path = tmp_path / "state"
    company.asked, company.stop_at, company.refusing = 0, None, True
    company.microsoft.pages_left = 0
    with pytest.raises(ScimDoctorError, match="could not be listed"):
        compared(company, path=path)
    company.refusing, company.microsoft.pages_left = False, None
    assert company.asked == 1
    assert not path.exists()


def test_a_stop_while_people_are_read(company: Company, tmp_path: Path) -> None:
    whole = compared(company)
    path = tmp_path / "state"
    company.microsoft.pages_left = 6
    with pytest.raises(KeyboardInterrupt):
        compared(company, path=path)
    company.microsoft.pages_left = None
    resumed = compared(company, path=path, resume=True)
    assert resumed.in_order() == whole.in_order()
    assert resumed.counts.people == PEOPLE


def cut_short(path: Path, *, checkpoint_last: bool) -> None:
    """A run about `a` that meets one person and is stopped."""
    with ObjectIndex(path, about="a") as index:
        if checkpoint_last:
            index.meet("1")
        index.put(collected="yes")
        index.meet("1")
        raise KeyboardInterrupt


def test_state_about_something_else_is_not_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with pytest.raises(KeyboardInterrupt):
        cut_short(path, checkpoint_last=True)
    assert path.stat().st_mode & 0o077 == 0
    with ObjectIndex(path, about="b", resume=True) as index:
        assert not index.resumed
        assert index.get("collected") is None
        assert index.meet("1")


@pytest.mark.parametrize("checkpoint_last", [True, False])
def test_what_came_after_the_last_checkpoint_is_done_again(
    tmp_path: Path, *, checkpoint_last: bool
) -> None:
    path = tmp_path / "state"
    with pytest.raises(KeyboardInterrupt):
        cut_short(path, checkpoint_last=checkpoint_last)
    with ObjectIndex(path, about="a", resume=True) as index:
        assert index.resumed
        assert index.meet("1") is not checkpoint_last
    assert not path.exists()


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with (
        ObjectIndex(path, about="a"),
        pytest.raises(SourceError, match="cannot keep"),
        ObjectIndex(path, about="a"),
    ):
        pass


class Mortal:
    """A small company both of whose ends end the process at the n-th request."""

    def __init__(self) -> None:
        self.microsoft = Microsoft(page_size=5)
        self.app = ScimApp()
        self.asked = 0
        self.die_at: int | None = None
        self.app.rules.append(lambda _: self._count())
        tenant = self.microsoft.tenant
        principal = tenant.service_principals[0]
        for team in range(3):
            group = f"99999999-0000-4000-8000-{team:012d}"
            tenant.groups[group] = {"id": group, "displayName": f"team {team}"}
            members = [self._hire(team * 10 + n) for n in range(8)]
            tenant.members[group] = [member for member, _ in members]
            principal.assignments.append({"principalId": group, "principalType": "Group"})
            own = self.app.add_group(f"team {team}", tuple(i for _, i in members[1:] if i))
            self.app.provider.groups[own]["externalId"] = group
        self.app.add_user("stray@example.com", active=True)

    def _hire(self, number: int) -> tuple[str, str | None]:
        name, identity = f"u{number}@example.com", f"00000000-0000-4000-8000-{number:012d}"
        self.microsoft.tenant.users[identity] = {
            "id": identity,
            "userPrincipalName": name,
            "displayName": f"U {number}",
            "accountEnabled": number % 10 != 3,
            "department": "Marketing",
        }
        held = {"displayName": "another" if number % 10 == 2 else f"U {number}", "active": True}
        return identity, self.app.add_user(name, **held) if number % 10 != 5 else None

    def _count(self) -> None:
        self.asked += 1
        if self.asked == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def compared(self, path: Path, *, resume: bool = False) -> EveryoneCompared:
        self.asked = 0
        with self.microsoft.connect() as graph, open_app(self.app) as endpoint:
            principal = find_app(graph, self.microsoft.tenant.service_principals[0].id)
            self.microsoft.heard = self._count
            ends = BothEnds(
                graph=graph, app=principal, schema=custom_app_schema(), endpoint=endpoint
            )
            keeping = Keeping(path=path, resume=resume)
            return compare_everyone(ends, progress=SILENT, keeping=keeping)


def kill_at_every_request(folder: str) -> None:
    """Compare in a child that kills itself at the first, second … request, and go on from there."""
    everyone._BETWEEN_CHECKPOINTS = all_groups._BETWEEN_CHECKPOINTS = 2
    company = Mortal()
    whole = company.compared(Path(folder) / "whole")
    requests, fewer = company.asked, 0
    for number in range(1, requests + 1):
        path = Path(folder) / str(number)
        child = os.fork()
        if not child:
            company.die_at = number
            company.compared(path)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        resumed = company.compared(path, resume=True)
        assert resumed.in_order() == whole.in_order(), number
        assert resumed.counts == whole.counts, number
        fewer += company.asked < requests
    sys.stdout.write(f"{requests} {fewer} {len(whole.comparisons)}")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_every_request(tmp_path: Path) -> None:
    code = "from tests.compare.test_resume import kill_at_every_request as run; import sys;"
    done = subprocess.run(
        [sys.executable, "-c", f"{code} run(sys.argv[1])", str(tmp_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    requests, fewer, findings = map(int, done.stdout.split())
    assert requests > 15
    assert findings > 10
    assert fewer > 3


def test_what_was_cut_short_long_ago_is_forgotten(tmp_path: Path) -> None:
    old, new = tmp_path / "a.sqlite", tmp_path / "b.sqlite"
    now = datetime(2026, 7, 1, tzinfo=UTC)
    for path, age in ((old, KEPT_FOR + timedelta(hours=1)), (new, KEPT_FOR - timedelta(hours=1))):
        path.touch()
        written = (now - age).timestamp()
        os.utime(path, (written, written))
    forget_old(tmp_path, now=now)
    assert not old.exists()
    assert new.exists()
    forget_old(tmp_path / "absent", now=now)
