"""The endpoint, running: the only room with sockets and a database. Needs the extra `server`."""

from restart_engine.server.app import create_app
from restart_engine.server.in_process import Application, ControlRefused, StandIn, application, running
from restart_engine.server.loader import Loader, StepRun
from restart_engine.server.settings import Settings
from restart_engine.server.tokens import SigningKey, issue_token

__all__ = [
    "Application",
    "ControlRefused",
    "Loader",
    "Settings",
    "SigningKey",
    "StandIn",
    "StepRun",
    "application",
    "create_app",
    "issue_token",
    "running",
]
