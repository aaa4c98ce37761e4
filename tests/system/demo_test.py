#!/usr/bin/env python3
"""tools/demo keeps its promises: it ends well with equal numbers, and Ctrl-C leaves nothing behind.
"""
import os
import pathlib
import re
import signal
import subprocess
import time
import unittest

import common

DEMO = common.SOURCE / "tools" / "demo"


def labs():
    return {
        name for name in subprocess.run(["ip", "netns"], capture_output=True, text=True,
                                        check=True).stdout.split() if name.startswith("xdpcap-demo")
    }


class Demo(unittest.TestCase):
    def setUp(self):
        self.before = labs()
        self.rooms = set(pathlib.Path("/tmp").iterdir())

    def assert_nothing_left(self):
        common.wait_until(lambda: labs() <= self.before, "the removal of the lab")
        left = [
            room for room in set(pathlib.Path("/tmp").iterdir()) - self.rooms
            if (room / "web").is_dir()
        ]
        self.assertEqual(left, [])

    def test_it_proves_that_nothing_was_missed(self):
        done = subprocess.run([DEMO, "--seconds", "3", "--rate", "1000"], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-3000:])
        numbers = dict(re.findall(r"^(.*\S) +(\d+)$", done.stdout.split("The proof")[1], re.M))
        self.assertEqual(numbers["xdpcap saw requests"], "3024")
        self.assertIn("/shop/order", done.stdout, "the visitor's requests are shown")
        self.assert_nothing_left()

    def test_control_c_takes_everything_away(self):
        with open(os.devnull, "w") as nowhere:
            # A session of its own: as in a terminal, the signal goes to the whole group.
            demo = subprocess.Popen([DEMO, "--seconds", "30"], stdout=nowhere, stderr=nowhere,
                                    stdin=subprocess.DEVNULL, start_new_session=True)
        common.wait_until(lambda: labs() - self.before, "the start of the lab", 120)
        time.sleep(3)
        os.killpg(demo.pid, signal.SIGINT)
        self.assertEqual(demo.wait(30), 130)
        self.assert_nothing_left()


if __name__ == "__main__":
    unittest.main()
