#!/usr/bin/env python3
"""Wrong use: one sentence with the cure, the documented exit code, and nothing left behind.
"""
import pathlib
import re
import select
import signal
import subprocess
import unittest

import common
import foreign_program
import recording

# Of programs that a cure names: xdpcap-sub makes keys.
FOREIGN_OPTIONS = {"--curve-keygen", "--pub-group"}
USAGE, ENVIRONMENT, PRIVILEGE, INPUT, OUTPUT = 1, 2, 3, 4, 5


class WrongUse(common.SystemTest):
    def refused(self, code, *arguments, mentions=(), node="server", before=()):
        """Runs to its end; answers what it said."""
        with self.nothing_left():
            done = subprocess.run(self.lab.command(node, *before, common.XDPCAP_RUN,
                                                   *arguments), capture_output=True, text=True,
                                  timeout=30, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, code, done.stderr)
        lines = done.stderr.strip().splitlines()
        self.assertTrue(lines, "a refusal says why")
        for word in mentions:
            self.assertIn(word, lines[-1])
        self.assertNotIn("terminate called", done.stderr)
        return done.stderr

    def recorded(self):
        path = self.lab.room / "recording.pcap"
        recording.keep_alive(path, 50)
        return path

    def test_neither_interface_nor_file(self):
        self.refused(USAGE)

    def test_an_unknown_option(self):
        self.refused(USAGE, "--frobnicate", mentions=["frobnicate"])

    def test_the_options_that_sentences_name_are_there(self):
        """
        A floor below the programs names an option by its cure: every program that may print it has
        to have it.
        """
        helps = {
            program: subprocess.run([common.BUILD / program, "--help"], capture_output=True,
                                    text=True, check=True).stdout
            for program in ("xdpcap-run", "xdpcap-sub")
        }
        floors = {
            "xdpcap-run": ("publish", "engine", "capture", "host", "wire"),
            "xdpcap-sub": ("consume", )
        }
        for program, folders in floors.items():
            for path in (path for folder in folders
                         for path in (common.SOURCE / "userspace" / folder).glob("*.cpp")
                         if path.name != "masking_arguments.cpp"):  # options of other programs
                for literal in re.findall(r'"(?:\\.|[^"\\\n])*"', path.read_text()):
                    for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", literal):
                        known = option in helps[program] or option in FOREIGN_OPTIONS
                        self.assertTrue(
                            known, f"{path.name} names {option}, which {program} does not have")

    def test_a_filter_in_tcpdump_s_words_names_the_options(self):
        self.refused(USAGE, "-i", "server0", "port", "80",
                     mentions=["'port 80'", "--port 80", "--host"])

    def test_the_doctor_ends_as_a_start_would_end(self):
        def doctor(code, *arguments, mentions=""):
            done = subprocess.run(
                self.lab.command("server", common.XDPCAP_RUN, "--doctor", *arguments),
                capture_output=True, text=True)
            self.assertEqual(done.returncode, code, done.stdout)
            self.assertIn(mentions, done.stdout)
        with self.nothing_left():
            doctor(0, "-i", "server0", "--pub", self.endpoint, mentions="is free to publish at")
        first = common.capture(self.lab, "-i", "server0", "--pub", self.endpoint)
        doctor(OUTPUT, "-i", "server0", "--pub", self.endpoint,
               mentions="in use by a running process")
        self.refused(ENVIRONMENT, "-i", "xdpcap0", "--json",
                     mentions=["xdpcap0 is the tap of a running capture"])
        doctor(ENVIRONMENT, "-i", "xdpcap0", "--json",
               mentions="xdpcap0 is the tap of a running capture")
        doctor(ENVIRONMENT, "-i", "eth99", "--json", mentions="eth99")
        self.assertNotIn("xdpcap0", self.lab.run("server", common.XDPCAP_RUN, "-D"))
        first.stop()
        self.lab.run("server", "ip", "link", "set", "server0", "xdp", "obj",
                     foreign_program.build(self.lab.room / "pass.bpf.o", "xdp", 2), "sec", "xdp")
        doctor(0, "-i", "server0", "--json", mentions="server0: carries the XDP program foreign")
        doctor(ENVIRONMENT, "-i", "server0", "--json", "--mode", "mirror", mentions="foreign")

    def test_a_number_that_is_none(self):
        self.refused(USAGE, "-r", self.recorded(), "--json", "-c", "many")

    def test_a_mode_that_is_none(self):
        self.refused(USAGE, "-i", "server0", "--mode", "sideways",
                     mentions=["sideways", "auto, mirror, tap"])

    def test_payloads_of_segments_cannot_be_masked(self):
        self.refused(USAGE, "-i", "server0", "--segments", "payload",
                     mentions=["--reveal", "--segments headers"])

    def test_what_is_written_as_sent_wants_the_word(self):
        recorded = self.recorded()
        for source in (("-i", "server0"), ("-r", recorded)):
            self.refused(USAGE, *source, "-w", self.lab.room / "out.pcapng", "--json",
                         mentions=["--reveal", "-w"])
        self.refused(USAGE, "-r", recorded, "--json", "--udp", "--udp-payload", "9",
                     mentions=["--reveal", "--udp-payload"])
        self.refused(USAGE, "-r", recorded, "--json", "--reveal", "--mask", "X-A",
                     mentions=["--mask", "--reveal"])
        self.assertFalse((self.lab.room / "out.pcapng").exists())

    def test_no_root(self):
        self.refused(PRIVILEGE, "-i", "server0", "--json", mentions=["CAP_"],
                     before=["setpriv", "--reuid=65534", "--clear-groups"])

    def test_an_unknown_interface_names_those_there_are(self):
        self.refused(ENVIRONMENT, "-i", "eth99", "--json", mentions=["eth99", "server0"])

    def test_an_interface_that_carries_another_xdp_program(self):
        program = foreign_program.build(self.lab.room / "pass.bpf.o", "xdp", 2)
        self.lab.run("server", "ip", "link", "set", "server0", "xdp", "obj", program, "sec", "xdp")
        self.refused(ENVIRONMENT, "-i", "server0", "--mode", "mirror", "--json",
                     mentions=["server0"])

    def test_mirror_on_the_interface_of_the_default_route(self):
        self.lab.run("server", "ip", "route", "add", "default", "via", "10.77.0.1")
        self.refused(ENVIRONMENT, "-i", "server0", "--mode", "mirror", "--json",
                     mentions=["--steal"])

    def test_a_second_instance_at_the_same_endpoint(self):
        first = common.capture(self.lab, "-i", "server0", "--pub", self.endpoint)
        self.refused(OUTPUT, "-i", "server0", "--pub", self.endpoint, mentions=[str(self.lab.room)])
        self.assertIsNone(first.process.poll(), "the first goes on")
        first.stop()

    def test_what_a_capture_does_not_need_is_given_up(self):
        """
        No thread but the one that puts settings back has a capability, and none may start a
        program.
        """
        run = common.capture(self.lab, "-i", "server0", "--pub", self.endpoint, "-w",
                             self.lab.room / "frames.pcapng", "--reveal")
        net_admin, nothing = {f"{1 << 12:016x}"}, {f"{0:016x}"}
        names = ("xdpcap-worker", "xdpcap-host", "publisher", "ZMQbg/IO/0", "ZMQbg/Reaper",
                 "xdpcap-log")

        # A thread drops its capabilities before it does anything else.
        def dropped():
            threads = common.threads(run)
            if all(threads.get(name, {}).get("CapPrm") == nothing for name in names):
                return threads
        threads = common.wait_until(dropped, "every thread without capabilities")
        self.assertEqual(threads["xdpcap-run"]["CapPrm"], net_admin)
        for name, facts in threads.items():
            self.assertEqual(facts["CapBnd"] | facts["CapInh"] | facts["CapAmb"], nothing, name)
            self.assertEqual((facts["NoNewPrivs"], facts["Seccomp"]), ({"1"}, {"2"}), name)
        run.stop()

    def test_an_address_in_use(self):
        script = ("import socket,time; s=socket.create_server(('127.0.0.1', 5599)); "
                  "print('there', flush=True); time.sleep(60)")
        holder = self.lab.start("server", "python3", "-c", script, stdout=subprocess.PIPE)
        holder.stdout.readline()
        self.refused(OUTPUT, "-i", "server0", "--pub", "tcp://127.0.0.1:5599", mentions=["5599"])
        holder.kill()
        holder.wait()
        holder.stdout.close()

    def test_an_endpoint_for_all_the_world_without_keys(self):
        self.refused(USAGE, "-i", "server0", "--pub", "tcp://*:5599", mentions=["--insecure"])

    def test_a_file_that_is_not_there_or_no_recording_or_not_readable(self):
        self.refused(INPUT, "-r", self.lab.room / "nowhere.pcap", "--json",
                     mentions=["nowhere.pcap"])
        text = self.lab.room / "text.pcap"
        text.write_text("this is no recording\n" * 20)
        self.refused(INPUT, "-r", text, "--json", mentions=["text.pcap"])
        self.refused(INPUT, "-r", self.lab.room, "--json")
        empty = self.lab.room / "empty.pcap"
        empty.touch()
        self.refused(INPUT, "-r", empty, "--json", mentions=["empty.pcap"])

    def test_a_truncated_file_gives_what_is_whole_and_says_so(self):
        path = self.recorded()
        cut = self.lab.room / "cut.pcap"
        cut.write_bytes(path.read_bytes()[:-700])
        done = subprocess.run([common.XDPCAP_RUN, "-r", cut, "--json"], capture_output=True,
                              text=True, timeout=30)
        self.assertEqual(done.returncode, INPUT, done.stderr)
        self.assertIn("cut.pcap", done.stderr)
        complete = [
            line for line in done.stdout.splitlines() if '"complete":true' in line.replace(" ", "")
        ]
        self.assertGreaterEqual(len(complete), 96)

    def test_traffic_without_http_is_in_the_report(self):
        path = self.lab.room / "tls.pcap"
        with recording.Recording(path) as recorded:
            for port, words in ((40001, b"\x16\x03\x01\0\x05hello"),
                                (40002, b"\x16\x03\x03\0\x05hello"),
                                (40003, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
                                (40004, b"EHLO a\r\n")):
                connection = recorded.connect("10.1.0.1", port, "10.1.0.2", 443)
                for _ in range(3):
                    connection.transaction(words, words)
                connection.close()
            recorded.connect("10.1.0.1", 40005, "10.1.0.2", 443).close()
        done = subprocess.run([common.XDPCAP_RUN, "-r", path, "--json"], capture_output=True,
                              text=True, timeout=30)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        self.assertIn("\nno HTTP/1 message in 4 connections with data (2 begin with TLS, 1 with "
                      "HTTP/2, 1 with something else): TLS is not decrypted", "\n" + done.stderr)
        done = subprocess.run([common.XDPCAP_RUN, "-r", self.recorded(), "--json"],
                              capture_output=True, text=True, timeout=30)
        self.assertNotIn("no HTTP/1 message", done.stderr)

    def test_a_full_disk_for_the_written_file(self):
        small = self.lab.room / "small"
        small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], check=True)
        self.addCleanup(subprocess.run, ["umount", small], check=True)
        path = self.lab.room / "recording.pcap"
        recording.keep_alive(path, 2000)
        said = self.refused(OUTPUT, "-r", path, "--json", "--reveal", "-w", small / "out.pcapng",
                            mentions=["out.pcapng"])
        self.assertIn("ledger closed", said)
        self.assertRegex(said, r"4000 messages|2000 requests", "the capture itself goes on")

    def test_a_limit_of_memory_that_no_host_has(self):
        for size in ("-1", "1000T", "100000G"):
            self.refused(USAGE, "-r", self.recorded(), "--json", "--memory-limit", size,
                         mentions=["--memory-limit"])

    def test_a_pipe_that_nobody_reads_does_not_hold_up_the_end(self):
        path = self.lab.room / "recording.pcap"
        recording.keep_alive(path, 20000)
        program = subprocess.Popen([common.XDPCAP_RUN, "-r", path, "--json"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        common.wait_until(lambda: select.select([program.stdout], [], [], 0)[0], "the first line")
        for signal_of_log_rotation in (signal.SIGHUP, signal.SIGUSR1):
            program.send_signal(signal_of_log_rotation)
            for line in iter(program.stderr.readline, ""):
                if line.startswith("ledger"):
                    break
        for ignored in (signal.SIGUSR2, signal.SIGALRM):
            program.send_signal(ignored)
        program.send_signal(signal.SIGTERM)
        said = program.stderr.read()
        self.assertEqual(program.wait(30), OUTPUT, said)
        self.assertIn("packets captured", said)
        self.assertIn("took nothing", said)
        program.stdout.close()
        program.stderr.close()

    def blocked_with_the_file_read(self):
        """A program that has read its whole file and waits for whoever reads its lines."""
        path = self.lab.room / "short.pcap"
        recording.keep_alive(path, 600)
        program = subprocess.Popen([common.XDPCAP_RUN, "-r", path, "--json"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(program.communicate)
        common.wait_until(lambda: select.select([program.stdout], [], [], 0)[0], "the first line")
        tasks = pathlib.Path(f"/proc/{program.pid}/task")
        names = lambda: [task.read_text() for task in tasks.glob("*/comm")]
        common.wait_until(lambda: "xdpcap-worker\n" not in names(), "the end of the file")
        return program

    def test_a_signal_after_the_end_of_the_file_still_gives_the_report(self):
        program = self.blocked_with_the_file_read()
        program.send_signal(signal.SIGUSR1)
        common.wait_until(lambda: program.stderr.readline().startswith("ledger"),
                          "the report in between")
        program.send_signal(signal.SIGTERM)
        self.assertEqual(program.wait(30), OUTPUT)
        said = program.stderr.read()
        self.assertIn("packets captured", said)
        self.assertIn("took nothing", said)

    def test_a_second_signal_ends_the_process_at_once(self):
        program = self.blocked_with_the_file_read()
        blocked = pathlib.Path(f"/proc/{program.pid}/status")
        for _ in range(2):
            program.send_signal(signal.SIGTERM)
            common.wait_until(lambda: program.poll() is not None or
                              "ShdPnd:\t0000000000000000" in blocked.read_text(),
                              "the signal was taken")
        self.assertEqual(program.wait(30), -signal.SIGTERM)

    def test_a_receiver_that_is_not_there_is_in_the_report(self):
        done = subprocess.run(
            [common.XDPCAP_RUN, "-r",
             self.recorded(), "--push", self.endpoint, "-c", "100"], capture_output=True, text=True,
            timeout=30)
        self.assertRegex(done.stderr, r"live: 0 records sent, [1-9]\d* dropped")
        self.assertIn("\n100 packets captured", done.stderr)

    def test_standard_output_that_is_closed(self):
        """'xdpcap-run --json | head -1' ends, and quickly."""
        path = self.lab.room / "recording.pcap"
        recording.keep_alive(path, 20000)
        program = subprocess.Popen([common.XDPCAP_RUN, "-r", path, "--json"],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        program.stdout.readline()
        program.stdout.close()
        self.assertIn(program.wait(30), (0, OUTPUT, -signal.SIGPIPE))

    def test_a_configuration_with_a_misspelt_key(self):
        config = pathlib.Path(self.lab.room / "xdpcap.toml")
        config.write_text("mod = 'tap'\n")
        self.refused(USAGE, "-i", "server0", "--config", config, mentions=["mod"])


if __name__ == "__main__":
    unittest.main()
