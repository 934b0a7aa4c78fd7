"""What the process's exit status says. "Found problems" and "failed to run" never share one."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """The ways a command ends."""

    OK = 0
    """Nothing found."""

    PROBLEMS = 1
    """Problems found, at or above `--fail-on`."""

    USAGE = 2
    """Wrong options, settings, or a write that nothing allowed."""

    FAILED = 3
    """Could not get the facts: sign-in, permission, network, file."""

    INTERRUPTED = 130
    """Stopped by the user."""

    BROKEN_PIPE = 141
    """Nobody reads the result any more, as shells say it (128 + SIGPIPE)."""
