"""Does somebody else's implementation decide as the rules say? Needs the extra `conformance`."""

from restart_engine.conformance.chain import assert_host_conforms, check_host
from restart_engine.conformance.host import Host, ReferenceHost
from restart_engine.conformance.host_report import HostReport, host_report_text
from restart_engine.conformance.judge import Fault
from restart_engine.conformance.plain import report_text
from restart_engine.conformance.profile import OURS, PROFILES, Profile
from restart_engine.conformance.report import Report
from restart_engine.conformance.run import assert_conforms, check, check_command
from restart_engine.conformance.subject import Subject, reference

__all__ = [
    "OURS",
    "PROFILES",
    "Fault",
    "Host",
    "HostReport",
    "Profile",
    "ReferenceHost",
    "Report",
    "Subject",
    "assert_conforms",
    "assert_host_conforms",
    "check",
    "check_command",
    "check_host",
    "host_report_text",
    "reference",
    "report_text",
]
