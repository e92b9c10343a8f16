"""Exit statuses and messages, as a shell sees them."""

from __future__ import annotations

import json
import resource
from functools import partial
from pathlib import Path

import pytest
from cli.processes import NIGHTLY, assert_refused, nightly, nightly_with, run, started

from restart_engine import explain, plan_restart, restart_options
from restart_engine.wire import answer, decode_scenario, encode_options, schema_text

REJECTED = nightly_with('recentLoadPlanExecution": 4711', 'recentLoadPlanExecution": 1')
RUNNING = nightly_with('"id": 4711, "status": "Failed"', '"id": 4711, "status": "In Progress"')
MEMORY = 400 * 1024 * 1024


@pytest.mark.parametrize("command", [["decide"], ["decide", "--json"], ["explain"]])
def test_the_status_tells_the_decision(command: list[str]) -> None:
    """0 is planned and 1 is rejected; nothing is said on standard error."""
    accepted, rejected = run(*command, NIGHTLY), run(*command, "-", stdin=REJECTED)
    assert (accepted.returncode, accepted.stderr) == (0, b"")
    assert (rejected.returncode, rejected.stderr) == (1, b"")
    assert accepted.stdout
    assert rejected.stdout


@pytest.mark.parametrize("scenario", [NIGHTLY.read_bytes(), REJECTED])
def test_json_is_the_decision_of_the_wire(scenario: bytes) -> None:
    """Exactly its bytes, and a newline."""
    assert run("decide", "--json", "-", stdin=scenario).stdout == answer(scenario) + b"\n"


@pytest.mark.parametrize("scenario", [NIGHTLY.read_bytes(), REJECTED])
def test_explain_is_the_explanation(scenario: bytes) -> None:
    """Exactly its text, and a newline."""
    facts = decode_scenario(scenario)
    decision = plan_restart(facts.plan, facts.request, facts.latest)
    assert run("explain", "-", stdin=scenario).stdout.decode() == explain(decision) + "\n"


def test_a_name_begins_no_sentence() -> None:
    """Line breaks in a name are escaped, wherever `explain` names the step."""
    scenario = nightly()
    first, third = scenario["plan"]["groups"][2]["steps"], scenario["latest"]["groups"][2]["steps"]
    first += ["X.run\nNo restart runs.", "X.skip\r\nNo restart runs.", "X.skip", "X.\x1b[2J\u2028\u202e"]
    third |= {"X.skip\r\nNo restart runs.": "Succeeded", "X.gone\nNo restart runs.": "Failed"}
    explained = run("explain", "-", stdin=json.dumps(scenario).encode()).stdout.decode()
    assert [sentence.split(":")[0] for sentence in explained.splitlines()] == [
        "The restart begins at group 30",
        "It runs, side by side",
        "It skips, as completed before",
        "Then it runs whole, one after another",
        "It does not run",
        "Note",
    ]
    for escaped in (r"X.run\nNo", r"X.skip\r\nNo", r"X.\x1b[2J\u2028\u202e", r"removed X.gone\nNo"):
        assert escaped in explained


def test_options_has_the_status_of_whether_there_are_any() -> None:
    """0 with a restart to choose, 1 with none; the JSON is the wire's, the request is not looked at."""
    assert run("options", NIGHTLY).returncode == 0
    facts = decode_scenario(NIGHTLY.read_bytes())
    expected = encode_options(restart_options(facts.plan, facts.latest)) + b"\n"
    for scenario in (NIGHTLY.read_bytes(), REJECTED):
        done = run("options", "--json", "-", stdin=scenario)
        assert (done.returncode, done.stdout) == (0, expected)
    rejected, refused = run("options", "-", stdin=RUNNING), run("options", "--json", "-", stdin=RUNNING)
    assert (rejected.returncode, refused.returncode) == (1, 1)
    assert b"\nNo restart runs.\nR1: execution 4711 of the load plan is In Progress.\n" in rejected.stdout
    assert json.loads(refused.stdout)["rules"] == ["R1"]


@pytest.mark.slow
def test_options_of_very_many_groups_need_little() -> None:
    """The JSON of 30,000 failed groups, and the memory that it takes, grows with the plan and no faster."""
    groups = [(number, f"S.T{number}") for number in range(1, 30_001)]
    outcomes = [{"sequence": n, "status": "Failed", "steps": {name: "Succeeded"}} for n, name in groups]
    scenario = {
        "plan": {"name": "N", "groups": [{"sequence": n, "steps": [name]} for n, name in groups]},
        "latest": {"id": 7, "status": "Failed", "groups": outcomes},
        "request": {"loadPlanName": "N", "groupSequence": 0},
    }
    limited = partial(resource.setrlimit, resource.RLIMIT_AS, (MEMORY, MEMORY))
    with started("options", "--json", "-", stderr=None, prepared=limited) as process:
        printed, _ = process.communicate(json.dumps(scenario).encode(), timeout=300)
    assert process.returncode == 0
    assert len(json.loads(printed)["options"]) == 60_000
    assert len(printed) < 10_000_000


def test_bad_input_is_one_line(tmp_path: Path) -> None:
    """Whatever a file is, the error says which file, what it is and what is accepted."""
    inside_a_file = NIGHTLY / "x"
    assert_refused(run("decide", tmp_path / "no"), f"cannot read `{tmp_path}/no`: no such file or directory")
    assert_refused(run("decide", ""), "cannot read ``: no such file or directory")
    assert_refused(run("decide", tmp_path), f"cannot read `{tmp_path}`: is a directory")
    assert_refused(run("options", inside_a_file), f"cannot read `{inside_a_file}`: not a directory")
    assert_refused(run("explain", "/proc/self/mem"), "cannot read `/proc/self/mem`: input/output error")
    huge = "longer than 33554432 bytes, accepted is a shorter one"
    assert_refused(run("decide", "/dev/zero"), f"`/dev/zero`: the text is {huge}")
    escaped = r"cannot read `a\nb\x1b[31m\u202e`: no such file or directory"
    assert_refused(run("decide", "a\nb\x1b[31m\u202e"), escaped)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "the text is not JSON: expecting value at line 1 column 1, accepted is one JSON object"),
        (b"{}", "`plan` is missing, accepted is a member of this name"),
        (b"\xff", "the text is not UTF-8: byte 0xff at offset 0, accepted is JSON in UTF-8"),
        (b"[" * 200_000, "the text is nested too deeply, accepted is at most 6 levels of nesting"),
    ],
)
def test_standard_input_is_refused_by_its_name(text: bytes, message: str) -> None:
    """The line names it, the place in it, what is found there and what is accepted."""
    assert_refused(run("decide", "--json", "-", stdin=text), f"standard input: {message}")


@pytest.mark.parametrize(
    ("arguments", "message", "command"),
    [
        ([], "missing command", ""),
        (["bogus"], "no such command `bogus`", ""),
        (["decide"], "missing argument `FILE`", " decide"),
        (["decide", "a", "b"], "got unexpected extra argument (b)", " decide"),
        (["decide", "a", "b\nc"], r"got unexpected extra argument (b\nc)", " decide"),
        (["decide", "--bogus", "a"], "no such option", " decide"),
        (["decide", "--color", "red", "a"], "invalid value for `--color`: `red` is not one of", " decide"),
        (["schema"], "missing argument `{scenario|decision|plan|execution}`", " schema"),
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], message: str, command: str) -> None:
    """The line says what is wrong and where to read more, with what was typed in backticks."""
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.count(b"\n") == 1
    line = done.stderr.decode()
    assert line.startswith(f"restart-engine: {message}")
    assert line.endswith(f"; see `restart-engine{command} --help`\n")


def test_version_help_schema_and_completion() -> None:
    """Each prints what it is asked for and succeeds."""
    assert run("--version").stdout.startswith(b"restart-engine ")
    help_text = run("--help").stdout.decode()
    for documented in ("decide", "options", "explain", "oracle", "schema", "bash_source", "Exit status"):
        assert documented in help_text
    for done, text in (
        (run("schema", "scenario"), schema_text("scenario")),
        (run("schema", "decision"), schema_text("decision")),
    ):
        assert (done.returncode, done.stdout.decode()) == (0, text)
    for shell in ("bash", "zsh", "fish"):
        completion = run(_RESTART_ENGINE_COMPLETE=f"{shell}_source")
        assert (completion.returncode, b"_restart_engine_completion" in completion.stdout) == (0, True)
