#!/usr/bin/env python3
"""xdpcap-web's API on real traffic: every field of the examples, bad parameters, streams, history,
what an attacker tries.

XDPCAP_LONG=1: 20,000 messages/s for 10 minutes with a history, under 300 MB.
"""
import base64
import json
import pathlib
import re
import resource
import signal
import socket
import subprocess
import time
import unittest

import common
import web


class WebApi(common.SystemTest):
    def setUp(self):
        super().setUp()
        self.lab.serve()

    def start(self, *arguments, engine=()):
        self.run_ = common.capture(self.lab, "-i", "server0", "--pub", self.endpoint, *engine)
        self.gateway = web.Gateway(self.lab, self.endpoint, *arguments)
        common.wait_until(lambda: self.gateway.request("/healthz")[0] == 200,
                          "the first statistics")
        return self.gateway

    def ask(self, path, *options):
        self.lab.run("client", "curl", "-gsS", "-o", "/dev/null", *options,
                     f"http://{common.SERVER}{path}")

    def exchange(self, path):
        def found():
            rows = self.gateway.get(f"/api/messages?path={path}")["data"]
            return next((row for row in rows if row["target"] == path and row["status"]), None)
        return common.wait_until(found, f"the exchange of {path}")

    def test_an_exchange_is_told_with_everything_about_it(self):
        gateway = self.start(engine=("--segments", "headers"))
        self.ask("/shop/order?a=1", "-d", "item=teapot&count=2", "-H", "X-Note: a 'quoted' one")
        row = self.exchange("/shop/order?a=1")
        self.assertEqual((row["method"], row["host"], row["status"], row["reason"], row["version"]),
                         ("POST", "10.77.0.2", 201, "Created", "1.1"))
        self.assertEqual(
            (row["request_bytes"], row["response_bytes"], row["complete"], row["flags"]),
            (19, 15, True, []))
        self.assertLess(abs(row["time"] / 1000 - time.time()), 60)
        self.assertGreater(row["latency_ms"], 0)
        self.assertGreaterEqual(row["duration_ms"], row["latency_ms"])

        whole = gateway.get(f"/api/messages/{row['id']}")["data"]
        self.assertEqual(whole["request"]["start_line"], "POST /shop/order?a=1 HTTP/1.1")
        self.assertIn(["X-Note", "a 'quoted' one"], whole["request"]["headers"])
        self.assertEqual(whole["request"]["body"]["text"], "item=teapot&count=2")
        self.assertEqual(whole["response"]["body"]["text"], '{"order":4711}\n')
        self.assertEqual(whole["response"]["declared_length"], 15)
        self.assertEqual(whole["timing"]["wait_ms"], row["latency_ms"])
        self.assertIsNotNone(whole["timing"]["handshake_client_ms"])
        self.assertEqual(whole["tcp"]["id"], row["connection"])

        har = gateway.get(f"/api/messages/{row['id']}.har")["log"]["entries"]
        self.assertEqual((har[0]["request"]["method"], har[0]["response"]["status"]), ("POST", 201))
        status, fields, command = gateway.request(f"/api/messages/{row['id']}/curl")
        self.assertEqual((status, fields["content-type"]), (200, "text/plain; charset=utf-8"))
        self.lab.run("client", "sh", "-c", command.decode())
        common.wait_until(lambda: len(gateway.get("/api/messages?path=/shop/order")["data"]) == 2,
                          "the request sent again")

        def segments():
            got = gateway.get(f"/api/connections/{row['connection']}/segments")
            return got if sum(1 for each in got["data"] if "FIN" in each["flags"]) >= 2 else None
        got = common.wait_until(segments, "the last segment")
        self.assertTrue(got["published"])
        self.assertEqual([each["flags"] for each in got["data"][:2]], ["SYN", "SYN,ACK"])
        payload = sum(each["length"] for each in got["data"] if each["direction"] == "to_client")

        def reported(): # by the record of the connection, which comes after its messages
            data = gateway.get(f"/api/messages/{row['id']}")["data"]
            return data["tcp"]["to_client"]["payload_bytes"] == payload
        common.wait_until(reported, f"{payload} bytes to the client")

    def test_filters_find_what_they_name_and_nothing_else(self):
        gateway = self.start()
        self.ask("/shop/basket")
        self.ask("/shop/missing")
        self.ask("/shop/order", "-d", "needle in a body")
        self.exchange("/shop/order")

        def found(query):
            return sorted(row["target"] for row in gateway.get(f"/api/messages?{query}")["data"])
        self.assertEqual(found("status=4xx"), ["/shop/missing"])
        self.assertEqual(found("method=post"), ["/shop/order"])
        self.assertEqual(found("text=NEEDLE"), ["/shop/order"])
        self.assertEqual(found("path=/shop/*et"), ["/shop/basket"])
        self.assertEqual(found("host=10.77.*&status=200&status=404"),
                         ["/shop/basket", "/shop/missing"])
        self.assertEqual(found("latency=10s"), [])
        self.assertEqual(found("status=none"), [])
        first = gateway.get("/api/messages?limit=2")
        second = gateway.get(f"/api/messages?limit=2&before={first['next']}")
        self.assertEqual([len(first["data"]), len(second["data"]), second["next"]], [2, 1, None])

    def test_a_bad_parameter_is_named(self):
        gateway = self.start()
        for path, parameter in (("/api/messages?limit=0",
                                 "limit"), ("/api/messages?before=x",
                                            "before"), ("/api/messages?nonsense=1", "nonsense"),
                                ("/api/messages?status=99",
                                 "status"), ("/api/messages?latency=soon",
                                             "latency"), ("/api/messages?source=history", "source"),
                                ("/api/connections?sort=up", "sort"), ("/api/graph?ports=http",
                                                                       "ports"),
                                ("/api/stats?x=1", "x"), ("/api/capture?p=99999", "p"),
                                ("/api/capture?p=icmp", "p"), ("/api/capture?p.src=x", "p.src"),
                                ("/api/capture?h=no.such.host.invalid",
                                 "h"), ("/api/capture?i=nowhere0", "i"), ("/api/capture?q=1", "q")):
            error = gateway.refused(path)
            self.assertEqual(error["parameter"], parameter, path)
            self.assertGreater(len(error["message"]), 10)
        for path in ("/api/messages/zz", "/api/messages/1-1-1", "/api/connections/1-1",
                     "/api/nothing", "/nothing"):
            self.assertIsNone(gateway.refused(path, 404)["parameter"])

    def test_a_live_view_follows_its_filter(self):
        gateway = self.start()
        events = gateway.follow("/api/messages?status=404")
        self.addCleanup(events.close)
        self.ask("/shop/basket")
        self.ask("/shop/missing")
        self.assertEqual(events.next("message")["target"], "/shop/missing")
        state = events.next("state")
        self.assertEqual((state["sensors"], state["stale"], state["lost_batches"]), (1, False, 0))
        figures = gateway.follow("/api/stats")
        self.addCleanup(figures.close)
        stats = figures.next("stats")
        counters = {each["name"]: each["value"] for each in stats["data"]["sensors"][0]["counters"]}
        self.assertGreater(counters["frames_received"], 0)

    def test_a_capture_shows_packets_field_by_field(self):
        gateway = self.start(engine=("--segments", "payload", "--reveal", "--udp"))
        events = gateway.follow("/api/capture?p=80&h.dst=10.77.0.2")
        self.addCleanup(events.close)
        time.sleep(0.3)
        self.ask("/shop/basket")
        syn = events.next("packet")
        self.assertEqual(set(syn),
                         {"timestamp", "packet_size", "src_ip", "dst_ip", "proto", "tcp", "udp"})
        self.assertEqual(
            set(syn["tcp"]), {
                "src", "dst", "seq", "ack", "data_offset", "FIN", "SYN", "RST", "PSH", "ACK", "URG",
                "ECE", "CWR", "NS", "window", "checksum", "urgent", "payload", "options"
            })
        tcp = syn["tcp"]
        self.assertEqual((syn["src_ip"], syn["dst_ip"], syn["proto"], syn["udp"]),
                         ("10.77.0.1", "10.77.0.2", "tcp", None))
        self.assertEqual((tcp["dst"], tcp["SYN"], tcp["ACK"], tcp["data_offset"]),
                         (80, True, False, 10))
        self.assertEqual(len(base64.b64decode(tcp["options"])), 20)
        request = events.next("packet", lambda packet: packet["tcp"]["payload"])
        self.assertIn(b"GET /shop/basket HTTP/1.1", base64.b64decode(request["tcp"]["payload"]))
        self.assertLess(abs(request["timestamp"] / 1000 - time.time()), 60)

        datagrams = gateway.follow("/api/capture?p=udp")
        self.addCleanup(datagrams.close)
        time.sleep(0.3)
        self.lab.run(
            "client", "python3", "-c",
            "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); "
            "s.bind(('10.77.0.1', 5555)); s.sendto(b'hello', ('10.77.0.2', 7777))")
        udp = datagrams.next("packet")
        self.assertEqual((udp["proto"], udp["tcp"]), ("udp", None))
        self.assertEqual({key: udp["udp"][key] for key in ("src", "dst", "length")},
                         {"src": 5555, "dst": 7777, "length": 13})
        self.assertEqual(base64.b64decode(udp["udp"]["payload"]), b"hello")

    def test_a_capture_without_segments_says_how_to_get_them(self):
        gateway = self.start()
        for path, cure in (("/api/capture", "--segments"), ("/api/capture?p=udp", "--udp")):
            events = gateway.follow(path)
            self.assertIn(cure, events.next("error")["message"])
            events.close()

    def test_interfaces_have_the_names_of_the_contract(self):
        gateway = self.start()

        def server0():
            return next((each for each in gateway.get("/api/interfaces")["data"]
                         if each["Name"] == "server0"), None)

        got = common.wait_until(server0, "the interfaces")
        self.assertEqual((got["IpV4Address"], got["IpV6Address"]), ("10.77.0.2", "fd77::2"))
        self.assertEqual((got["Driver"], got["Captured"], got["Up"]), ("veth", True, True))

    def test_many_followers_of_whom_some_stand_still(self):
        gateway = self.start()
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, before[1]), before[1]))
        followers = [gateway.follow("/api/messages?rate=200") for _ in range(200)]
        common.wait_until(lambda: gateway.get("/api/stats")["data"]["gateway"]["streams"] == 200,
                          "the start of the streams")
        load = self.lab.start("client", "h2load", "--h1", "-n", 30000, "-c", 10, "--rps", 500,
                              f"http://{common.SERVER}/load", stdout=common.subprocess.DEVNULL)
        # The first 20 are never read; of the others each gets its share, and the API answers
        # meanwhile.
        counts = [0] * 200
        deadline = time.monotonic() + 6
        while time.monotonic() < deadline:
            for at in range(20, 200):
                found, _ = followers[at].count("message", 0.001)
                counts[at] += found
            gateway.get("/api/connections?limit=5")
        load.wait()
        self.assertGreater(min(counts[20:]), 200)
        self.assertLess(max(counts[20:]), 200 * 30)
        stats = gateway.get("/api/stats")["data"]["gateway"]
        self.assertEqual(stats["lost_batches"], 0)
        for each in followers:
            each.close()
        common.wait_until(lambda: gateway.get("/api/stats")["data"]["gateway"]["streams"] == 0,
                          "the end of the streams")

    def test_a_history_survives_the_gateway(self):
        file = self.lab.room / "history.sqlite"
        gateway = self.start("--history", file)
        self.ask("/shop/order", "-d", "kept for later")
        row = self.exchange("/shop/order")
        common.wait_until(
            lambda: gateway.get("/api/stats")["data"]["gateway"]["history"]["exchanges"] == 1,
            "the row")
        gateway.stop()
        self.gateway = gateway = web.Gateway(self.lab, self.endpoint, "--history", file,
                                             name="again")
        self.assertEqual(gateway.get("/api/messages")["data"], [])
        found = gateway.get("/api/messages?source=history&text=kept+for")["data"]
        self.assertEqual([each["id"] for each in found], [row["id"]])
        whole = gateway.get(f"/api/messages/{row['id']}")["data"]
        self.assertEqual(whole["request"]["body"]["text"], "kept for later")
        self.assertEqual(gateway.get("/api/messages?source=history&status=5xx")["data"], [])
        self.assertEqual(
            gateway.refused("/api/messages?source=history&before=nonsense")["parameter"], "before")

    def test_hostile_content_is_data_and_nothing_else(self):
        gateway = self.start()
        markup = "<img src=x onerror=alert(1)>"
        self.ask("/shop/%3Cscript%3E", "-H", f"X-Evil: {markup}", "-H", f"Host: {markup}", "-d",
                 f"{markup}</script>")
        rows = common.wait_until(lambda: gateway.get("/api/messages?method=POST")["data"],
                                 "the exchange")
        status, fields, body = gateway.request(f"/api/messages/{rows[0]['id']}")
        self.assertEqual(json.loads(body)["data"]["host"], markup)
        self.assertEqual((fields["content-type"], fields["x-content-type-options"]),
                         ("application/json", "nosniff"))
        page = gateway.request("/")
        self.assertEqual(page[0], 200)
        self.assertIn("script-src 'self'", page[1]["content-security-policy"])
        self.assertNotIn("unsafe", page[1]["content-security-policy"])

    def test_what_an_attacker_sends_is_refused_and_ends_the_connection(self):
        gateway = self.start()
        host = b"Host: localhost\r\n" + gateway.bearer.encode()
        second = b"GET /healthz HTTP/1.1\r\n" + host + b"\r\n"
        for name, request, status in (
            ("both framings", b"GET / HTTP/1.1\r\n" + host +
             b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"4"),
            ("chunked",
             b"GET / HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"413"),
            ("a body", b"GET / HTTP/1.1\r\n" + host + b"Content-Length: 5\r\n\r\nhello", b"413"),
            ("two lengths",
             b"GET / HTTP/1.1\r\n" + host + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello",
             b"4"), ("a blank before the colon",
                     b"GET / HTTP/1.1\r\n" + host + b"Content-Length : 5\r\n\r\nhello", b"400"),
            ("a folded field",
             b"GET / HTTP/1.1\r\n" + host + b"X: a\r\n b\r\nTransfer-Encoding:\r\n chunked\r\n\r\n",
             b"4"), ("no host", b"GET / HTTP/1.1\r\n\r\n", b"400"),
            ("two hosts", b"GET / HTTP/1.1\r\n" + host + b"Host: evil\r\n\r\n",
             b"400"), ("a stranger's host", b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
                       b"403"), ("an absolute target",
                                 b"GET http://evil/ HTTP/1.1\r\n" + host + b"\r\n", b"400"),
            ("a large head", b"GET / HTTP/1.1\r\n" + host + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
             b"431"), ("a long target",
                       b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + host + b"\r\n", b"4"),
            ("POST", b"POST /api/messages HTTP/1.1\r\n" + host + b"Content-Length: 2\r\n\r\n{}",
             b"405"), ("DELETE", b"DELETE /api/messages HTTP/1.1\r\n" + host + b"\r\n",
                       b"405"), ("no HTTP", b"\x16\x03\x01\x02\x00\x01\x00", b"400")):
            answer = gateway.raw(request + second)
            self.assertTrue(answer.startswith(b"HTTP/1.1 " + status), (name, answer[:200]))
            self.assertEqual(answer.count(b"HTTP/1.1 "), 1,
                             f"{name}: nothing after it is another request: {answer!r}")
        for path in ("/../../etc/passwd", "/..%2f..%2fetc/passwd", "/assets/../../../etc/passwd",
                     "/%2e%2e/%2e%2e/etc/passwd"):
            answer = gateway.raw(
                f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{gateway.bearer}Connection: close\r\n"
                f"\r\n"
                .encode())
            self.assertTrue(answer.startswith(b"HTTP/1.1 404"), (path, answer[:100]))
            self.assertNotIn(b"root:", answer)
        self.assertEqual(
            gateway.raw(second.replace(b"\r\n\r\n",
                                       b"\r\nConnection: close\r\n\r\n")).count(b"200 OK"), 1)
        self.assertIsNone(gateway.process.poll())

    def test_without_the_token_nothing_that_was_captured_is_to_be_had(self):
        gateway = self.start("--grpc", "127.0.0.1:0")
        self.assertRegex(gateway.link, r"/\?token=[0-9a-f]{64}$")
        for path in ("/api/messages", "/api/stats", "/api/health", "/metrics", "/api/capture",
                     "/api/messages/1-1-1.har"):
            self.assertEqual(gateway.request(path, Authorization=None)[0], 401, path)
        for path in ("/", "/healthz"):
            self.assertEqual(gateway.request(path, Authorization=None)[0], 200, path)
        self.assertEqual(json.loads(gateway.request("/healthz", Authorization=None)[2]),
                         {"status": "ok"})
        self.assertEqual(
            gateway.request("/api/stats", Authorization=f"bearer {gateway.token}")[0], 200)
        status, fields, _ = gateway.request(f"/?token={gateway.token}", Authorization=None)
        self.assertEqual((status, fields["location"]), (303, "./"))
        self.assertRegex(fields["set-cookie"],
                         rf"^xdpcap_{gateway.port}=\w+; HttpOnly; SameSite=Strict; Path=/$")
        cookie = fields["set-cookie"].split(";")[0]
        self.assertEqual(gateway.request("/api/stats", Authorization=None, Cookie=cookie)[0], 200)
        for foreign in ({"Sec_Fetch_Site": "cross-site"}, {"Origin": "http://evil.example"}, {
                "Host": "localhost:80@evil.com"
        }, {"Host": "[::1].evil.com"}, {"Host": "evil.example"}):
            self.assertEqual(gateway.request("/api/stats", **foreign)[0], 403, foreign)
        self.assertEqual(
            {
                gateway.request("/api/stats", Authorization="Bearer wrong-wrong-wrong")[0]
                for _ in range(30)
            }, {401, 429})
        self.assertEqual(gateway.request("/api/stats")[0], 200)

    def test_it_has_no_privilege_left(self):
        gateway = self.start("--grpc", "127.0.0.1:0")
        for thread in pathlib.Path(f"/proc/{gateway.process.pid}/task").iterdir():
            status = dict(
                line.split(":\t", 1)
                for line in (thread / "status").read_text().splitlines()
                if ":\t" in line)
            for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
                self.assertEqual(int(status[kind], 16), 0, f"{status['Name']}: {kind}")
            self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"), status["Name"])
        self.assertIn("runs as root", gateway.err)

    def test_beyond_loopback_it_speaks_tls(self):
        self.start()
        pem = self.lab.room / "pem"
        self.lab.run(None, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
                     "/CN=xdpcap", "-addext", "subjectAltName=IP:10.77.0.2", "-keyout", pem, "-out",
                     f"{pem}.cert")
        beyond = common.Program(self.lab, "server", web.XDPCAP_WEB, "--connect", self.endpoint,
                                "--listen", "0.0.0.0:0", "--tls-cert", f"{pem}.cert", "--tls-key",
                                pem, name="beyond").wait_ready(r"listening on https://")
        # The link is one that another machine can open.
        url, token = re.search(r"(https://10\.77\.0\.2:\d+)/\?token=(\w+)", beyond.err).groups()

        def ask(*options):
            return self.lab.run("client", "curl", "-sS", "--cacert", f"{pem}.cert", "-o",
                                "/dev/null", "-w", "%{http_code}", *options)

        self.assertEqual(ask(f"{url}/api/messages"), "401")
        self.assertEqual(ask("-H", f"Authorization: Bearer {token}", f"{url}/api/messages"), "200")
        self.assertEqual(ask("-L", "-c", "/dev/null", f"{url}/?token={token}"), "200")

        # Answers longer than what TLS sends at once come whole, as the dashboard's program is.
        def whole(path):
            return self.lab.run("client", "curl", "-sSf", "--max-time", "10",
                                "--cacert", f"{pem}.cert", f"{url}{path}")
        paths = re.findall(r'"\.(/assets/[^"]+\.(?:js|css))"', whole("/"))
        self.assertTrue(paths)
        for path in paths:
            built = common.BUILD / f"userspace/apps/xdpcap_web/ui/dist{path}"
            self.assertEqual(whole(path).strip(), built.read_text().strip(), path)

    def test_wrong_use_gets_a_sentence_and_its_exit_code(self):
        gateway = self.start()
        readable = self.lab.room / "token"
        readable.write_text("0123456789abcdef\n")
        readable.chmod(0o644)
        for arguments, code, words in ((("--listen", f"127.0.0.1:{gateway.port}"), 2,
                                        "cannot listen"), (("--listen", "nonsense"), 1,
                                                           "ADDRESS:PORT"),
                                       (("--listen", "192.0.2.77:8080", "--insecure"), 2,
                                        "cannot listen"), (("--connect", "nonsense"), 1,
                                                           "nonsense"),
                                       (("--rules", "/no/such/file"), 1, "/no/such/file"),
                                       (("--history", "/no/such/dir/file"), 5,
                                        "/no/such/dir"), (("--token-file", "/no/such/file"), 1,
                                                          "--token-file"), (("--memory", "1"), 1,
                                                                            "8M"),
                                       (("--token-file", readable), 1,
                                        "chmod 600"), (("--listen", "0.0.0.0:0"), 1, "--tls-cert"),
                                       (("--listen", "0.0.0.0:0", "--tls-cert", "/no/such",
                                         "--tls-key", "/no/such"), 1,
                                        "/no/such"), (("--cors", "*"), 1,
                                                      "--cors"), (("--user", "no-such-user"), 1,
                                                                  "--user"), (("--unknown", ), 1,
                                                                              "--help")):
            wrong = common.Program(self.lab, None, web.XDPCAP_WEB, *arguments, name="wrong")
            wrong.wait(code)
            self.assertIn(words, wrong.err)
            self.assertEqual(wrong.err.count("\n"), 1, wrong.err)

    def test_it_ends_at_once_and_says_goodbye(self):
        gateway = self.start()
        events = gateway.follow("/api/capture")
        self.addCleanup(events.close)
        gateway.process.send_signal(signal.SIGINT)
        events.next("close")
        gateway.wait(0, seconds=5)

    def container_check(self, file, before):
        """The exit codes of a health check of docker/: run by Docker, and by podman 4.3, which
        splits it at blanks."""
        text = (common.SOURCE / "docker" / file).read_text()
        words = json.loads(re.search(before + r"(\[.*?\])", text)[1])
        words = [word.replace(":8080", f":{self.gateway.port}") for word in words if word != "CMD"]
        image = (common.SOURCE / "docker/Dockerfile").read_text().split("\nFROM ")[-1]
        self.assertRegex(image, rf" {words[0]} ", "the image has no such program")
        return [subprocess.run(command, capture_output=True).returncode
                for command in (words, " ".join(words).split())]

    def test_an_engine_that_goes_and_comes_back_is_seen(self):
        healthy = "compose.yaml", "test: "
        alive = "pod.yaml", r"livenessProbe:\s+exec: {command: "
        gateway = self.start()
        self.assertEqual(
            self.container_check(*healthy) + self.container_check(*alive), [0, 0, 0, 0])
        self.run_.stop()
        common.wait_until(lambda: gateway.request("/healthz")[0] == 503, "the news of the end")
        self.assertNotIn(0, self.container_check(*healthy))
        self.assertEqual(self.container_check(*alive), [0, 0])
        self.run_ = common.capture(self.lab, "-i", "server0", "--pub", self.endpoint, name="again")
        common.wait_until(lambda: gateway.request("/healthz")[0] == 200, "the news of the start")
        self.ask("/shop/basket")
        self.exchange("/shop/basket")

    def test_memory_stays_within_its_bound(self):
        rate, seconds = (10_000, 600) if common.LONG else (2_000, 10)
        gateway = self.start("--history", self.lab.room / "history.sqlite")
        answered = self.lab.load(rate * seconds, connections=20, rate=rate)
        self.assertEqual(answered, rate * seconds)
        with open(f"/proc/{gateway.process.pid}/status") as status:
            peak_kib = int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1])
        print(f"{answered} exchanges, xdpcap-web {peak_kib // 1024} MB at most")

        def figures():
            return gateway.get("/api/stats")["data"]["gateway"]

        # The last ones are still under way.
        common.wait_until(
            lambda: figures()["exchanges"] + figures()["dropped_exchanges"] >= answered,
            "the last exchange")
        stats = figures()
        self.assertEqual(stats["lost_batches"], 0)
        self.assertEqual(stats["history"]["dropped"], 0)
        if b"__asan_init" not in web.XDPCAP_WEB.read_bytes():  # whose shadow counts as well
            self.assertLess(peak_kib, 300 * 1024)
        self.assertEqual(stats["exchanges"] + stats["dropped_exchanges"], answered)


if __name__ == "__main__":
    unittest.main()
