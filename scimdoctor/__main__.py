"""The entry point. Everything heavy is imported only once it is needed."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line; return the exit status."""
    if sys.argv[1:] == ["--version"]:
        # Answered before typer is imported: scripts ask this often, and it must be instant.
        from scimdoctor import __version__

        sys.stdout.write(f"scimdoctor {__version__}\n")
        return 0
    # httpx brings its own command line, and with it click, rich and pygments; nobody calls it
    # here. `None` makes that import fail, which httpx takes as "not installed".
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
    from scimdoctor.cli.app import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
