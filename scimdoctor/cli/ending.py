"""Requests to end (SIGTERM, SIGHUP): treated as Ctrl-C, so that what was made is removed."""

from __future__ import annotations

import signal

asked: list[str] = []
"""The signals that came, by name.

What a handler raises is lost where it runs in a destructor; who waits for ever looks here too.
"""


def stop_cleanly() -> None:
    """Treat a request to end, or a closed terminal, as Ctrl-C."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _stop)


def _stop(number: int, _frame: object) -> None:
    name = signal.Signals(number).name
    asked.append(name)
    raise KeyboardInterrupt(name)
