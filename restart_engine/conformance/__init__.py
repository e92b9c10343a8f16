"""Does somebody else's implementation decide as the rules say? Needs the extra `conformance`."""

from restart_engine.conformance.judge import Fault
from restart_engine.conformance.plain import report_text
from restart_engine.conformance.profile import OURS, PROFILES, Profile
from restart_engine.conformance.report import Report
from restart_engine.conformance.run import Budget, assert_conforms, check, check_command
from restart_engine.conformance.subject import Subject, reference

__all__ = [
    "OURS",
    "PROFILES",
    "Budget",
    "Fault",
    "Profile",
    "Report",
    "Subject",
    "assert_conforms",
    "check",
    "check_command",
    "reference",
    "report_text",
]
