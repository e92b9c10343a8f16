"""Nights of a load plan, simulated: which way of restarting gets it ready, and at what cost.

The only room with SimPy, and with pictures. Needs the extra `simulate`. What is here runs nights; a
simulation file is read by `restart_engine.simulate.reading`, which needs the server's room.
"""

from restart_engine.simulate.durations import Constant, Duration, Lognormal, Observed
from restart_engine.simulate.failures import Failure, Independent, Outage, Persistent
from restart_engine.simulate.laws import check_night
from restart_engine.simulate.night import run_night
from restart_engine.simulate.nights import run_nights
from restart_engine.simulate.policies import Policy, Restart, StatedPolicy, request_from
from restart_engine.simulate.selection import Hours, Where
from restart_engine.simulate.simulation import Simulation
from restart_engine.simulate.story import Ending, Result, Run, StepRun, Story
from restart_engine.simulate.summary import Comparison, Report, Summary, report_of

__all__ = [
    "Comparison",
    "Constant",
    "Duration",
    "Ending",
    "Failure",
    "Hours",
    "Independent",
    "Lognormal",
    "Observed",
    "Outage",
    "Persistent",
    "Policy",
    "Report",
    "Restart",
    "Result",
    "Run",
    "Simulation",
    "StatedPolicy",
    "StepRun",
    "Story",
    "Summary",
    "Where",
    "check_night",
    "report_of",
    "request_from",
    "run_night",
    "run_nights",
]
