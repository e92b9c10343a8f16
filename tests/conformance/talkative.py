"""Answers every scenario rightly, and says one thing more when nobody asks any longer."""

import sys

from restart_engine.wire import Oracle

oracle = Oracle()
for line in sys.stdin.buffer:
    sys.stdout.buffer.write(oracle.answer(line) + b"\n")
    sys.stdout.buffer.flush()
sys.stdout.write("bye\n")
