"""Pacing and retrying, with time that only passes when somebody sleeps."""

from __future__ import annotations

import threading
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from scimdoctor.graph.transport import (
    PacedTransport,
    Pacer,
    RetryTransport,
    graph_pacers,
)
from tests.fakes.microsoft import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://graph.microsoft.com/v1.0/x"


class Answers:
    """Gives one answer after the other, then 200."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.calls = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        answer = self.answers.pop(0) if self.answers else httpx.Response(200)
        if isinstance(answer, Exception):
            raise answer
        return answer


def send(answers: Answers, clock: Clock, method: str = "GET", **options: int) -> httpx.Response:
    transport = RetryTransport(httpx.MockTransport(answers), waiting=clock.waiting, **options)
    with httpx.Client(transport=transport) as client:
        return client.request(method, URL)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_reads_are_tried_again(status: int) -> None:
    clock, answers = Clock(), Answers(httpx.Response(status))
    assert send(answers, clock).status_code == 200
    assert clock.slept == [2.0]


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 501])
def test_other_answers_are_kept(status: int) -> None:
    clock, answers = Clock(), Answers(httpx.Response(status))
    assert send(answers, clock).status_code == status
    assert answers.calls == 1
    assert clock.slept == []


def test_retry_after_in_seconds_is_obeyed() -> None:
    clock = Clock()
    send(Answers(httpx.Response(429, headers={"Retry-After": "17"})), clock)
    assert clock.slept == [17.0]


def test_retry_after_as_a_date_is_obeyed() -> None:
    clock = Clock()
    date = format_datetime(clock.now() + timedelta(seconds=42), usegmt=True)
    send(Answers(httpx.Response(503, headers={"Retry-After": date})), clock)
    assert clock.slept == [pytest.approx(42, abs=1)]


def test_retry_after_in_the_past_and_nonsense() -> None:
    clock = Clock()
    past = format_datetime(clock.now() - timedelta(days=1), usegmt=True)
    send(
        Answers(
            httpx.Response(429, headers={"Retry-After": past}),
            httpx.Response(429, headers={"Retry-After": "soon"}),
            httpx.Response(429, headers={b"Retry-After": "²".encode()}),
        ),
        clock,
    )
    assert clock.slept == [0.0, 4.0, 8.0]


def test_backoff_grows_and_attempts_end() -> None:
    clock, answers = Clock(), Answers(*(httpx.Response(503) for _ in range(20)))
    assert send(answers, clock, attempts=5).status_code == 503
    assert answers.calls == 5
    assert clock.slept == [2.0, 4.0, 8.0, 16.0]


def test_a_wait_beyond_the_bound_is_not_waited() -> None:
    clock, answers = Clock(), Answers(httpx.Response(429, headers={"Retry-After": "9999"}))
    assert send(answers, clock).status_code == 429
    assert clock.slept == []


@pytest.mark.parametrize(
    ("answer", "calls"),
    [
        (httpx.Response(429, headers={"Retry-After": "1"}), 2),
        (httpx.Response(503, headers={"Retry-After": "1"}), 2),
        (httpx.Response(429), 1),
        (httpx.Response(504, headers={"Retry-After": "1"}), 1),
        (httpx.Response(500), 1),
    ],
    ids=["429-when", "503-when", "429", "504-when", "500"],
)
def test_writes_are_tried_again_only_when_told_when(answer: httpx.Response, calls: int) -> None:
    answers = Answers(answer)
    send(answers, Clock(), "POST")
    assert answers.calls == calls


def test_a_broken_connection_is_tried_again_for_reads_only() -> None:
    clock = Clock()
    assert send(Answers(httpx.ReadError("cut")), clock).status_code == 200
    with pytest.raises(httpx.ReadError):
        send(Answers(httpx.ReadError("cut")), clock, "POST")


def test_no_connection_fails_at_once() -> None:
    clock = Clock()
    with pytest.raises(httpx.ConnectError):
        send(Answers(httpx.ConnectError("no route")), clock)
    assert clock.slept == []


def test_a_connection_that_stays_broken_ends_in_its_error() -> None:
    with pytest.raises(httpx.ReadTimeout):
        send(Answers(*(httpx.ReadTimeout("slow") for _ in range(9))), Clock(), attempts=3)


def test_pacer_keeps_to_the_limit_and_to_its_rate() -> None:
    clock = Clock()
    pacer = Pacer(5, 10.0, clock=clock.time, sleep=clock.sleep)
    began, times = clock.seconds, []
    for _ in range(100):
        pacer.wait()
        times.append(clock.seconds)
        clock.seconds += 0.3
    assert all(later - early >= 10 for early, later in zip(times, times[5:], strict=False))
    rate = 95 / (times[-1] - began)
    assert rate >= 0.95 * 0.5


def test_pacer_between_threads() -> None:
    lock, slept = threading.Lock(), []

    def sleep(seconds: float) -> None:
        with lock:
            slept.append(seconds)

    pacer = Pacer(2, 10.0, clock=lambda: 0.0, sleep=sleep)
    threads = [threading.Thread(target=pacer.wait) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(slept) == [10.25, 10.25, 20.5, 20.5]


@pytest.mark.parametrize(
    ("path", "paced"),
    [
        ("/v1.0/auditLogs/provisioning", True),
        ("/beta/auditLogs/provisioning", True),
        ("/v1.0/servicePrincipals/1/synchronization/jobs/2/provisionOnDemand", True),
        ("/v1.0/users/1", False),
    ],
)
def test_only_the_limited_calls_wait(path: str, paced: bool) -> None:
    clock = Clock()
    handler: Callable[[httpx.Request], httpx.Response] = Answers()
    transport = PacedTransport(httpx.MockTransport(handler), graph_pacers(clock.waiting))
    with httpx.Client(transport=transport) as client:
        for _ in range(6):
            client.get(f"https://graph.microsoft.com{path}")
    assert bool(clock.slept) is paced
