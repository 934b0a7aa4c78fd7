"""What the commands that a report prints are completed with."""

from __future__ import annotations

from scimdoctor.causes.match import CHECK
from scimdoctor.cli.known import known_of
from scimdoctor.cli.options import EndpointOptions, Sources
from scimdoctor.cli.session import Session
from scimdoctor.diagnose.remedies import filled

URL = "https://app.example/scim"


def test_a_printed_command_trusts_whom_the_run_trusted() -> None:
    environ = {"SCIMDOCTOR_CA_FILE": "company.pem"}
    session = Session(environ=environ, config_path=None)

    known = known_of(session, Sources(), app=None, url=URL, options=EndpointOptions())

    command = filled(f"{CHECK} --only tls --only reach", known)
    assert command.endswith(f"check-endpoint {URL} --only tls --only reach --ca-file company.pem")


def test_a_printed_command_names_no_authority_where_none_was_given() -> None:
    session = Session(environ={}, config_path=None)

    known = known_of(session, Sources(), app=None, url=URL, options=EndpointOptions())

    assert "--ca-file" not in filled(CHECK, known)
