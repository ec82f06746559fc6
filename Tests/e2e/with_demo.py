# SPDX-License-Identifier: Apache-2.0
"""with_demo.py COMMAND...: runs the command with CAIRN_URL set to a server of its own that holds the demo's data."""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import cairn_process
import spans


def fill(cairn):
    """By `cairn demo` where the program has it, else with the small data set of the tests, up to now."""
    helped = subprocess.run([str(cairn_process.binary()), "demo", "--help"], capture_output=True, text=True, timeout=30)
    if helped.returncode == 0 and "--once" in helped.stdout:
        subprocess.run([str(cairn_process.binary()), "demo", "--once", "--rate", "1", "--seed", "7", "--url", cairn.url], check=True, timeout=300)
        return
    window = 3000 * 10**9
    for body in spans.bodies(spans.generate(6000, time.time_ns() - window - 10**9, window_ns=window)):
        reply = cairn.send(body)
        assert reply.status == 200, reply


def main():
    with tempfile.TemporaryDirectory() as folder:
        cairn = cairn_process.Cairn(pathlib.Path(folder)).start()
        try:
            fill(cairn)
            code = subprocess.run(sys.argv[1:], env={**os.environ, "CAIRN_URL": cairn.url}).returncode
        finally:
            cairn.stop()
    sys.exit(code)


if __name__ == "__main__":
    main()
