#!/usr/bin/env python3
"""The dashboard of xdpcap-web in a real browser, beside a real web server: web_browser.mjs has the
checks.

XDPCAP_SHOTS=DIRECTORY keeps a picture of each page. XDPCAP_LONG=1: a tab is open for 10 minutes of
20,000 messages/s.
"""
import base64
import os
import pathlib
import subprocess
import threading
import unittest

import common
import web

# Where the build left the dashboard, with the packages of its tests.
UI = next((path for path in (common.BUILD.parent / "ui", common.BUILD / "ui")
           if (path / "node_modules/playwright-core").is_dir()), None)
PATIENCE = 420

EVIL_PATH = "/shop/<img/src=x/onerror=window.xss=1>"
EVIL_HEADER = "X-Evil: <img src=x onerror=window.xss=2>"
EVIL_BODY = "<script>window.xss=3</script>"
EVIL_PAGE = "<p>hello<img src=x onerror=window.xss=4>\n"
# 16 x 16, one colour.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAYAAAAf8/9hAAAAGklEQVR4nGNk+M/wn4ECwESJ5lED"
    "Rg0YLgYAAGgeAh8vV6bKAAAAAElF"
    "TkSuQmCC")


class Dashboard(common.SystemTest):
    def setUp(self):
        super().setUp()
        self.assertIsNotNone(
            UI,
            "the dashboard and what its tests need are not there: install nodejs and npm, and "
            "build the target all"
        )
        self.lab.serve()
        pages = self.lab.room / "web" / "www"
        (pages / "data.json").write_text('{"teapot":"blue","cups":[1,2,3]}\n')
        (pages / "evil.html").write_text(EVIL_PAGE)
        (pages / "logo.png").write_bytes(PNG)

    def curl(self, *arguments):
        self.lab.run("client", "curl", "-gsS", "--max-time", "10", "-o", "/dev/null", *arguments)

    def ask_on(self, ended):
        """A visitor who asks for all that the checks look for, again and again."""
        url = f"http://{common.SERVER}"
        while not ended.is_set():
            self.curl("-H", EVIL_HEADER, f"{url}{EVIL_PATH}", "--next", "-d", EVIL_BODY, "-gsS",
                      "-o", "/dev/null", f"{url}/shop/order")
            for path in ("/data.json", "/logo.png", "/evil.html", "/shop/missing", "/shop/broken",
                         "/256-KiB.txt"):
                self.curl(f"{url}{path}")

    def node(self, script, address, timeout):
        """A script of the browser, started."""
        environment = os.environ | {"XDPCAP_WEB_URL": address, "XDPCAP_UI": str(UI)}
        node = subprocess.Popen(["node", pathlib.Path(__file__).with_name(script)],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                env=environment)
        self.addCleanup(node.wait)
        self.addCleanup(node.kill)
        watch = threading.Timer(timeout, node.kill)
        watch.start()
        self.addCleanup(watch.cancel)
        return node

    def browse(self, address, when_quiet):
        """Runs the checks; `when_quiet` ends the traffic when they ask for it."""
        node = self.node("web_browser.mjs", address, PATIENCE)
        said = []
        for line in node.stdout:
            print(line, end="", flush=True)
            said.append(line)
            if line == "be quiet\n":
                when_quiet()
                node.stdin.write("quiet\n")
                node.stdin.flush()
        node.stdin.close()
        node.stdout.close()
        self.assertEqual(node.wait(), 0, "".join(said))

    def test_the_dashboard_shows_what_passes(self):
        common.capture(self.lab, "-i", "server0", "--pub", self.endpoint, "--segments", "payload",
                       "--reveal", "--udp", "--sockets-of", "host")
        gateway = web.Gateway(self.lab, self.endpoint)
        ended = threading.Event()
        visitor = threading.Thread(target=self.ask_on, args=[ended])
        visitor.start()
        self.addCleanup(visitor.join)
        self.addCleanup(ended.set)
        # A burst first, so that the view has to be sampled; then a few connections that go on.
        self.lab.run("client", "wrk", "-t", 1, "-c", 20, "-d", 2, f"http://{common.SERVER}/load")
        steady = self.lab.start("client", "wrk", "-t", "1", "-c", "2", "-d", "600", "-s",
                                self.slowly(), f"http://{common.SERVER}/load",
                                stdout=subprocess.DEVNULL)

        def quiet():
            ended.set()
            visitor.join()
            steady.terminate()
            steady.wait()
        self.browse(gateway.link, quiet)
        gateway.stop()

    def test_a_tab_stays_small(self):
        rate, seconds = (10_000, 600) if common.LONG else (2_000, 20)
        common.capture(self.lab, "-i", "server0", "--pub", self.endpoint)
        gateway = web.Gateway(self.lab, self.endpoint)
        node = self.node("web_memory.mjs", gateway.link, seconds + PATIENCE)
        answered = self.lab.load(rate * seconds, connections=20, rate=rate)
        said, _ = node.communicate()
        print(said, end="", flush=True)
        self.assertEqual(node.returncode, 0, said)
        self.assertEqual(answered, rate * seconds)
        gateway.stop()

    def slowly(self):
        """A script for wrk: each connection waits between two requests."""
        path = self.lab.room / "slowly.lua"
        path.write_text("function delay() return 50 end\n")
        return path


if __name__ == "__main__":
    unittest.main(verbosity=2)
