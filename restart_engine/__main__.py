"""`python -m restart_engine` is the command line."""

from restart_engine.cli import main

main()
