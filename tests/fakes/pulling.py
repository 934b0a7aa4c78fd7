"""A pull in a process of its own, which ends itself by SIGKILL at a step.

python -m tests.fakes.pulling URL TOKEN ARCHIVE SINCE UNTIL [STEP NUMBER [BYTES]]

The environment's LAB_CA is the PEM of the authority that the server's certificate is from.
"""

from __future__ import annotations

import os
import resource
import signal
import ssl
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

from scimdoctor.errors import ScimDoctorError
from scimdoctor.graph.client import GraphClient
from scimdoctor.redaction import Secret
from scimdoctor.sources.archive import Archive
from scimdoctor.sources.archive_manifest import Span
from scimdoctor.sources.graph import GraphLog, Pull


@dataclass
class Token:
    """A token that was handed in."""

    text: str

    def token(self, scopes: object, *, claims_challenge: str | None = None) -> Secret:
        return Secret(self.text)


@dataclass
class KillAt:
    """Ends the process for good after a step has been reached so many times."""

    step: str
    left: int

    def __call__(self, step: str) -> None:
        self.left -= step == self.step
        if step == self.step and self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def main(arguments: list[str]) -> int:
    """Pull once; 3 and a message if that does not work."""
    url, token, root, since, until, *rest = arguments
    step, number, most_bytes = (*rest, *("", "0", "0")[len(rest) :])
    if int(most_bytes):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(most_bytes), int(most_bytes)))
    archive = Archive(Path(root), "t", KillAt(step, int(number)))
    span = Span(datetime.fromisoformat(since), datetime.fromisoformat(until))
    with httpx.Client(verify=ssl.create_default_context(cadata=os.environ["LAB_CA"])) as http:
        graph = GraphClient(http, Token(token), base_url=url)
        try:
            print(Pull(log=GraphLog(graph), archive=archive).run(span))  # noqa: T201
        except ScimDoctorError as error:
            print(f"{error.message} | {error.hint}", file=sys.stderr)  # noqa: T201
            return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
