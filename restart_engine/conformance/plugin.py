"""A pytest plugin, loaded by name: one test for each rule, for the subject that an option names.

pytest -p restart_engine.conformance.plugin --conformance-subject my.module:decide
"""

from __future__ import annotations

from functools import cached_property

import pytest

from restart_engine.conformance.plain import fault_lines, headline
from restart_engine.conformance.report import Report
from restart_engine.conformance.run import check
from restart_engine.conformance.subject import Subject, imported
from restart_engine.core.rule_table import RULES


def pytest_addoption(parser: pytest.Parser) -> None:
    """The subject, and the seed and size of the run."""
    group = parser.getgroup("conformance", "conformance with the rules of restarting")
    group.addoption("--conformance-subject", metavar="MODULE:FUNCTION", help="the function to judge")
    group.addoption("--conformance-seed", type=int, default=0, help="the seed of the run")
    group.addoption("--conformance-examples", type=int, default=3_000, help="scenarios to draw")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add a test for each rule, if a subject is named."""
    name = config.getoption("--conformance-subject")
    if name is not None:
        run: _Run = _Run.from_parent(session, name=f"conformance of {name}")  # pyright: ignore[reportUnknownMemberType]  # pytest's own
        try:
            run.subject = imported(name)
        except ImportError as error:
            raise pytest.UsageError(f"--conformance-subject: {error}") from error
        items.extend(run.collect())


class _Run(pytest.Collector):
    """One run of the kit, made when its first test runs."""

    subject: Subject

    def collect(self) -> list[pytest.Item]:
        """A test for each rule, and one for the verdict."""
        return [_of(_Rule, self, rule) for rule in RULES] + [_of(_Verdict, self, "verdict")]

    @cached_property
    def report(self) -> Report:
        """What the run found."""
        options = self.config.option
        return check(
            self.subject,
            seed=options.conformance_seed,
            examples=options.conformance_examples,
        )


def _of(kind: type[pytest.Item], run: _Run, name: str) -> pytest.Item:
    item: pytest.Item = kind.from_parent(run, name=name)  # pyright: ignore[reportUnknownMemberType]  # pytest's own
    return item


class _Item(pytest.Item):
    def reportinfo(self) -> tuple[str, None, str]:
        """Where pytest says that the test stands."""
        return "conformance", None, self.name

    @property
    def report_of_run(self) -> Report:
        """The report that all tests of the run share."""
        assert isinstance(self.parent, _Run)
        return self.parent.report


class _Rule(_Item):
    """No answer breaks this rule, and some depended on it."""

    def runtest(self) -> None:
        """Fails with the faults that break the rule."""
        report = self.report_of_run
        lines = [f"{self.name}: {RULES[self.name].sentence}"]
        for fault in report.faults:
            if fault.rule == self.name:
                lines += [line.text.rstrip() for line in fault_lines(fault, report)]
        if len(lines) > 1:
            pytest.fail("\n".join(lines), pytrace=False)


class _Verdict(_Item):
    """The subject conforms."""

    def runtest(self) -> None:
        """Fails with the verdict's line."""
        if not self.report_of_run.conforms:
            pytest.fail(headline(self.report_of_run), pytrace=False)
