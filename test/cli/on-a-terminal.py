"""Runs a command on a pseudo-terminal: waits for a text, types a line, and so on; prints all that the terminal showed.

usage: on-a-terminal.py JSON COMMAND…, where JSON is a list of [text to wait for, what to type then, seconds to wait before].
"""

import json
import os
import pty
import select
import sys
import time

steps = json.loads(sys.argv[1])
child, terminal = pty.fork()
if child == 0:
    os.environ["TERM"] = "xterm"
    os.execvp(sys.argv[2], sys.argv[2:])

shown = b""
seen = 0
deadline = time.time() + 120
while time.time() < deadline:
    if steps:
        at = shown.find(steps[0][0].encode(), seen)
        if at >= 0:
            seen = at + len(steps[0][0].encode())
            time.sleep(steps[0][2] if len(steps[0]) > 2 else 0)
            os.write(terminal, steps[0][1].encode())
            steps.pop(0)
            continue
    ready, _, _ = select.select([terminal], [], [], 0.2)
    if ready:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
_, status = os.waitpid(child, os.WNOHANG if time.time() >= deadline else 0)
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(status) if not steps else 99)
