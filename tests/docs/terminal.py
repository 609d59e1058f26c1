"""Run a command in a terminal, answer each of its questions with y, print what it showed, end as it ended."""

import os
import re
import shutil
import sys

import pexpect

QUESTION = r"\[y/N\]:? ?"
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\r")


def main() -> int:
    program = shutil.which(sys.argv[1])
    assert program, f"{sys.argv[1]} is not on PATH"
    # One wide enough that no line is broken where the page does not break it.
    child = pexpect.spawn(
        program, sys.argv[2:], encoding="utf-8", timeout=120, dimensions=(60, 120), env=os.environ | {"TERM": "dumb"}
    )
    said = ""
    while child.expect([QUESTION, pexpect.EOF]) == 0:
        said += child.before + child.after.strip() + " "
        child.sendline("y")
    child.wait()
    sys.stdout.write(CONTROL.sub("", said + child.before))
    return child.exitstatus if child.exitstatus is not None else 128 + child.signalstatus


if __name__ == "__main__":
    sys.exit(main())
