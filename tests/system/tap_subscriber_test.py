#!/usr/bin/env python3
"""A subscriber that stands still loses its own batches, counts them, and disturbs neither the other
one nor the capture.
"""
import signal
import subprocess
import time
import unittest

import common

# Enough that what the sockets hold for a subscriber overflows while it stands still.
RATE, SECONDS = (20000, 15) if common.LONG else (10000, 10)
STOPPED_SECONDS = 10 if common.LONG else 7


class Subscriber(common.SystemTest):
    def test_a_stopped_subscriber_disturbs_nobody(self):
        self.lab.serve()
        run = common.capture(self.lab, "-i", "server0", "--pub", self.endpoint, "-v")
        good = common.subscribe(self.lab, self.endpoint, name="good")
        stopped = common.subscribe(self.lab, self.endpoint, name="stopped")
        loader = self.lab.start("client", "h2load", "--h1", "-c", 50, "-n", RATE * SECONDS, "--rps",
                                RATE // 50, f"http://{common.SERVER}/load",
                                stdout=subprocess.DEVNULL)
        stopped.process.send_signal(signal.SIGSTOP)
        time.sleep(STOPPED_SECONDS)
        stopped.process.send_signal(signal.SIGCONT)
        self.assertEqual(loader.wait(60), 0)
        # The heartbeat of the next second reports losses at the end as well.
        time.sleep(2)
        run.stop()
        good.wait()
        stopped.wait()
        self.assertIn("ledger closed", run.said)
        self.assertEqual(common.totals(good), (RATE * SECONDS, RATE * SECONDS, 0))
        requests, responses, lost = common.totals(stopped)
        self.assertLess(requests + responses, 2 * RATE * SECONDS)
        self.assertGreater(lost, 0)


if __name__ == "__main__":
    unittest.main()
