#!/usr/bin/env python3
"""Topic socket: whose each connection is, on both sides, and the kernel's figures of it;
interfaces; UDP.
"""
import collections
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import subprocess
import time
import unittest

import common

PEER = common.BUILD / "sockets_peer"
NAMES = ("orders", "basket", "payment", "a-long-name-cut")  # the kernel keeps 15 bytes of a name
PORTS = (8001, 8002)
CHILDREN, EACH = (2500, 8) if common.LONG else (1250, 8)


class Topics(common.SystemTest):
    def records(self, subscriber):
        """What 'xdpcap-sub --json' printed so far, whole lines."""
        return [json.loads(line) for line in subscriber.out.splitlines(True) if line.endswith("\n")]

    def listen(self, *topics, name="topics"):
        return common.subscribe(self.lab, self.endpoint, "--json",
                                *(f"--topic={topic}" for topic in topics), name=name, quiet=False)


class Sockets(Topics):
    def serve_peers(self):
        """A server for each port, each under a name of its own; answers their pids."""
        pids = {}
        for port in PORTS:
            program = self.lab.room / f"server-{port}"
            shutil.copy(PEER, program)
            out = open(self.lab.room / f"server-{port}.out", "w+")
            self.addCleanup(out.close)
            child = self.lab.start("server", program, "serve", common.SERVER, port, stdout=out)
            common.wait_until(lambda: "ready" in pathlib.Path(out.name).read_text(),
                              "the start of a server")
            pids[port] = child.pid
        return pids

    def drive(self, children, each):
        """
        Short-lived clients; answers what they did: {(client port, server port): (name, pid,
        token)}, and a count by manner.
        """
        programs = self.lab.room / "programs"
        programs.mkdir()
        for name in NAMES:
            shutil.copy(PEER, programs / name)
        said = self.lab.run("client", PEER, "drive", programs, children, each, common.SERVER,
                            *PORTS)
        did = collections.defaultdict(list)
        for line in said.splitlines():
            name, pid, local, server, _manner = line.split()
            did[(int(local), int(server))].append((name[:15], int(pid)))
        return did

    def test_every_short_connection_has_its_process_on_both_sides(self):
        servers = self.serve_peers()
        run = common.capture(self.lab, "-i", "server0", "--pub", self.endpoint, "--sockets-of",
                             "host", "-v")
        subscriber = self.listen("socket")
        did = self.drive(CHILDREN, EACH)
        connections = sum(len(each) for each in did.values())
        self.assertEqual(connections, CHILDREN * EACH)
        run.stop()
        subscriber.wait()
        self.assertIn("ledger closed", run.said)
        self.assertIsNone(re.search(r"host_events_lost +\d", run.said), run.said)
        self.check_clients(did, subscriber)
        self.check_servers(servers, did, subscriber)

    def sides(self, subscriber, event, server_side):
        """{(client port, server port): [process...]} of one event and one side."""
        reported = collections.defaultdict(list)
        for record in self.records(subscriber):
            wanted = ("socket", event, "tcp")
            if (record["kind"], record.get("event"), record.get("protocol")) != wanted:
                continue
            near, far = record["local"], record["remote"]
            if not server_side:
                near, far = far, near
            if near not in (f"{common.SERVER}:{port}" for port in PORTS) or far.endswith(":0"):
                continue
            reported[(int(far.rsplit(":", 1)[1]), int(near.rsplit(":", 1)[1]))].append(
                record.get("process"))
        return reported

    def check_clients(self, did, subscriber):
        for event in ("opened", "closed"):
            reported = self.sides(subscriber, event, False)
            self.assertEqual(set(reported), set(did), f"{event} on the client's side")
            wrong = []
            for key, processes in reported.items():
                seen = sorted((process["name"], process["pid"]) if process else ("none", 0)
                              for process in processes)
                if seen != sorted(did[key]):
                    wrong.append((key, seen, did[key]))
                for process in filter(None, processes):
                    # Gone since: the kernel side has kept how it was called.
                    if not re.search(
                            rf"/{process['name']}\S* child {common.SERVER} {EACH} 8001 8002 "
                            rf"--token=[*]+$",
                            process["command"]):
                        wrong.append((key, process))
            self.assertEqual(wrong[:5], [], f"{len(wrong)} of {event} are another's")

    def check_servers(self, servers, did, subscriber):
        for event in ("opened", "closed"):
            reported = self.sides(subscriber, event, True)
            self.assertEqual(set(reported), set(did), f"{event} on the server's side")
            wrong = [
                (key, processes)
                for key, processes in reported.items()
                if len(processes) != len(did[key]) or any(
                    not one or (one["name"], one["pid"]) != (f"server-{key[1]}", servers[key[1]])
                    for one in processes)
            ]
            self.assertEqual(wrong[:5], [], f"{len(wrong)} of {event} are another's")

    def test_sockets_that_were_there_before_have_their_process_too(self):
        servers = self.serve_peers()
        waiting = self.lab.start(
            "client", "python3", "-c",
            f"import socket, time; s = socket.create_connection(('{common.SERVER}', 8001)); "
            f"time.sleep(600)"
        )
        self.wait_connected()
        common.capture(self.lab, "-i", "server0", "--pub", self.endpoint, "--sockets-of", "host",
                       "--sockets", "0.2")
        subscriber = self.listen("socket")

        def seen(protocol, local, remote):
            return [
                r for r in self.records(subscriber)
                if r["kind"] == "socket" and r["event"] == "seen" and r["protocol"] == protocol
                and re.fullmatch(local, r["local"]) and re.fullmatch(remote, r["remote"])
            ]

        client = common.wait_until(lambda: seen("tcp", r"10\.77\.0\.1:\d+", r"10\.77\.0\.2:8001"),
                                   "the client's socket")[-1]
        server = common.wait_until(lambda: seen("tcp", r"10\.77\.0\.2:8001", r"10\.77\.0\.1:\d+"),
                                   "the server's socket")[-1]
        listener = common.wait_until(lambda: seen("tcp", r"10\.77\.0\.2:8002", r".*:0"),
                                     "the listener")[-1]
        self.assertEqual(client["process"]["pid"], waiting.pid)
        self.assertEqual((server["process"]["pid"], server["process"]["name"]),
                         (servers[8001], "server-8001"))
        self.assertEqual((listener["process"]["pid"], listener["state"]), (servers[8002], "listen"))
        self.assertEqual(client["state"], "established")
        self.assertGreater(client["tcp"]["rtt_ns"], 0)
        self.assertTrue(client["tcp"]["congestion_control"])
        self.assertNotEqual(client["network_namespace"], server["network_namespace"])

    def wait_connected(self):
        common.wait_until(
            lambda: "ESTAB" in self.lab.run(
                "client", "ss", "-tn", "state", "established", "-H", "-O").upper() or self.lab.run(
                    "client", "ss", "-tnH", "state", "established"), "a connection")

    def test_interfaces_are_told_with_their_addresses_driver_and_program(self):
        common.capture(self.lab, "-i", "server0", "--mode", "mirror", "--pub", self.endpoint)
        subscriber = self.listen("socket")

        def interface():
            return [
                r for r in self.records(subscriber)
                if r["kind"] == "interface" and r["name"] == "server0"
            ]

        reported = common.wait_until(interface, "a record of server0")[-1]
        link = json.loads(
            self.lab.run("server", "ip", "-j", "-d", "address", "show", "dev", "server0"))[0]
        addresses = [(a["family"], a["local"]) for a in link["addr_info"]]
        self.assertEqual(sorted(reported["ipv4"]),
                         sorted(local for family, local in addresses if family == "inet"))
        self.assertEqual(sorted(reported["ipv6"]),
                         sorted(local for family, local in addresses if family == "inet6"))
        self.assertEqual((reported["driver"], reported["mac"], reported["mtu"], reported["index"],
                          reported["number"]),
                         ("veth", link["address"], link["mtu"], link["ifindex"], 0))
        self.assertTrue(reported["up"] and reported["running"])
        self.assertEqual((reported["xdp"], reported["xdp_program"], reported["xdp_name"]),
                         ("native", link["xdp"]["prog"]["id"], "capture"))
        self.assertEqual(reported["network_namespace"],
                         int(self.lab.run("server", "stat", "-Lc", "%i", "/proc/self/ns/net")))

    def exchange_datagrams(self):
        """A question and an answer, over IPv4 and IPv6; the last one larger than a frame."""
        self.lab.start(
            "server", "python3", "-c", "import socket\n"
            "s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)\n"
            "s.bind(('::', 5300))\nwhile True:\n d, a = s.recvfrom(9000)\n s.sendto(b'answer to ' "
            "+ d, a)\n"
        )
        common.wait_until(lambda: self.lab.run("server", "ss", "-ulnH", "sport", "5300"),
                          "the server")
        self.lab.run(
            "client", "python3", "-c", "import socket\n"
            "for family, address in ((socket.AF_INET, '10.77.0.2'), (socket.AF_INET6, "
            "'fd77::2')):\n"
            " s = socket.socket(family, socket.SOCK_DGRAM)\n s.settimeout(10)\n"
            " for question in (b'question', b'x' * 3000):\n"
            "  s.sendto(question, (address, 5300))\n  assert s.recv(9000) == b'answer to ' + "
            "question\n"
        )

    def test_datagrams_are_published_where_they_are_asked_for(self):
        # One worker: the large ones come in fragments, which may be another's, and workers share no
        # order.
        run = common.capture(self.lab, "-i", "server0", "--pub", self.endpoint, "--udp",
                             "--udp-payload", "20", "--reveal", "--workers", "1", "-v")
        subscriber = common.subscribe(self.lab, self.endpoint, "--json", "--body", "text",
                                      "--topic", "udp", name="udp", quiet=False)
        self.exchange_datagrams()
        run.stop()
        subscriber.wait()
        self.assertIn("ledger closed", run.said)
        reported = [(r["src"].rsplit(":", 1)[0], r["dst"].rsplit(":",
                                                                 1)[0], r["len"] - 8, r["payload"])
                    for r in self.records(subscriber)
                    if "5300" in (r["src"] + r["dst"])]
        expected = []
        for client, server in (("10.77.0.1", "10.77.0.2"), ("[fd77::1]", "[fd77::2]")):
            for question in ("question", "x" * 3000):
                answer = "answer to " + question
                expected += [(client, server, len(question), question[:20]),
                             (server, client, len(answer), answer[:20])]
        self.assertEqual(reported, expected)

    def test_without_being_asked_no_datagram_is_published(self):
        run = common.capture(self.lab, "-i", "server0", "--pub", self.endpoint, "-v")
        subscriber = self.listen("udp")
        self.exchange_datagrams()
        run.stop()
        subscriber.wait()
        self.assertEqual(self.records(subscriber), [])
        self.assertIn("ledger closed", run.said)

    def programs_of(self, pid):
        """Ids of the BPF programs that a process holds."""
        found = set()
        for info in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir():
            found.update(re.findall(r"^prog_id:\s+(\d+)", info.read_text(), re.M))
        return found

    def test_nothing_is_left_of_a_killed_capture(self):
        with self.nothing_left():
            run = common.capture(self.lab, "-i", "server0", "--pub", self.endpoint, "--sockets-of",
                                 "host")
            programs = self.programs_of(run.process.pid)
            self.assertGreater(len(programs), 2)
            run.stop(how=signal.SIGKILL, expected=-signal.SIGKILL)
            for file in self.lab.room.glob("live"):
                file.unlink()  # only a process that lives can take its socket's file away

        def left():
            listed = json.loads(
                subprocess.run(["/usr/sbin/bpftool", "-j", "prog"], capture_output=True, text=True,
                               check=True).stdout)
            return programs & {str(one["id"]) for one in listed}
        common.wait_until(lambda: not left(), "that the kernel takes the programs away", 10)

    def test_a_namespace_is_not_held_by_being_looked_at(self):
        run = common.capture(self.lab, "-i", "server0", "--pub", self.endpoint, "--sockets-of",
                             "host", "--sockets", "0.05", "-v")
        subscriber = self.listen("socket")
        guest = self.lab.start("client", "unshare", "--net", "sleep", "600")
        own = self.lab.run("client", "stat", "-Lc", "%i", "/proc/self/ns/net").strip()
        common.wait_until(lambda: f"net:[{own}]" != os.readlink(f"/proc/{guest.pid}/ns/net"),
                          "a namespace of its own")
        # A wire goes with the namespace that one of its ends is in, as soon as nothing holds that.
        self.lab.run("client", "ip", "link", "add", "gone0", "type", "veth", "peer", "name",
                     "gone1", "netns", guest.pid)
        time.sleep(1)
        guest.kill()
        common.wait_until(lambda: "gone0" not in self.lab.run("client", "ip", "link"),
                          "that the namespace goes", 10)
        run.stop()
        subscriber.wait()

    def test_as_another_user_it_sees_the_same(self):
        user = "nobody"
        room = self.lab.room / "open"
        room.mkdir()
        os.chmod(self.lab.room, 0o755)
        room.chmod(0o750)
        shutil.chown(room, user)
        self.endpoint = f"ipc://{room}/live"
        servers = self.serve_peers()
        run = common.capture(self.lab, "-i", "server0", "--pub", self.endpoint, "--sockets-of",
                             "host", "--user", user, "-v")
        self.assertEqual(
            common.threads(run)["xdpcap-host"]["Uid"], {str(pwd.getpwnam(user).pw_uid)})
        subscriber = self.listen("socket")
        did = self.drive(20, EACH)
        run.stop()
        subscriber.wait()
        self.check_clients(did, subscriber)
        self.check_servers(servers, did, subscriber)


class RoundTrip(Topics):
    lab_options = ("--feed",)  # a third namespace
    FAR_CLIENT, FAR_SERVER = "10.78.0.1", "10.78.0.2"

    def lay_long_wire(self):
        """
        Two more interfaces, and between them a program that holds each frame for 25 ms: not every
        kernel can delay by itself.
        """
        for node, near, far, address in (("client", "far0", "end0", self.FAR_CLIENT),
                                         ("server", "far1", "end1", self.FAR_SERVER)):
            self.lab.run(node, "ip", "link", "add", near, "type", "veth", "peer", "name", far,
                         "netns", f"xdpcap-{self.lab.name}-sensor")
            # Frames leave as they look on a wire: whole checksums, no super-packets.
            self.lab.run(node, "ethtool", "-K", near, "tx", "off", "tso", "off", "gso", "off")
            self.lab.run(node, "ip", "link", "set", near, "up")
            self.lab.run("sensor", "ip", "link", "set", far, "up")
            self.lab.run(node, "ip", "address", "add", f"{address}/24", "dev", near)
        said = open(self.lab.room / "wire.out", "w+")
        self.addCleanup(said.close)
        self.lab.start("sensor", "python3",
                       pathlib.Path(__file__).parent / "long_wire.py", "end0", "end1", "0.025",
                       stdout=said)
        common.wait_until(lambda: "ready" in pathlib.Path(said.name).read_text(), "the long wire")

    def test_the_kernels_round_trip_is_that_of_the_wire(self):
        """50 ms there and back: both clocks measure it."""
        self.lay_long_wire()
        self.lab.start(
            "server", "python3", "-c", "import socket\n"
            f"s = socket.create_server(('{self.FAR_SERVER}', 9000))\n"
            "c = s.accept()[0]\nwhile d := c.recv(4096): c.sendall(d)\n")
        common.wait_until(lambda: self.lab.run("server", "ss", "-tlnH", "sport", "9000"),
                          "the server")
        run = common.capture(self.lab, "-i", "far1", "--pub", self.endpoint, "--sockets-of", "host",
                             "--sockets", "0.3", "-v")
        subscriber = self.listen("socket", "flow")
        # Not in one beat with acknowledgements that are delayed: each byte is answered before the
        # next.
        self.lab.run("client", "python3", "-c", "import socket, time\n"
                     f"c = socket.create_connection(('{self.FAR_SERVER}', 9000))\n"
                     "for i in range(60): c.sendall(b'x'); c.recv(1)\n"
                     "time.sleep(1.5)\n")
        run.stop()
        subscriber.wait()
        records = self.records(subscriber)
        kernel = {
            side: [
                r["tcp"]["rtt_ns"] / 1e6
                for r in records
                if r["kind"] == "socket" and r["event"] == "seen" and r.get("tcp")
                and r["state"] == "established" and r[side].endswith(":9000")
            ][-1] for side in ("local", "remote")
        }
        flows = [r for r in records if r["kind"] == "flow"]
        self.assertTrue([r for r in flows if r["event"] == "update"],
                        "an active connection is published as it goes on")
        last = flows[-1]
        # The capture is at the server: what the server sends is acknowledged a whole round trip
        # later, and the handshake shows both parts.
        wire = last["to_client"]["rtt_ns"] / 1e6
        handshake = (last["handshake_server_ns"] + last["handshake_client_ns"]) / 1e6
        figures = (f"kernel: server {kernel['local']} ms, client {kernel['remote']} ms; "
                   f"wire: {wire} ms, handshake {handshake} ms")
        print(figures)
        for one, other in ((kernel["local"], wire), (kernel["remote"], handshake)):
            self.assertLess(abs(one - other) / other, 0.2, figures)
        self.assertGreater(last["to_server"]["window"], 0)
        self.assertGreater(last["to_client"]["window"], 0)


if __name__ == "__main__":
    unittest.main()
