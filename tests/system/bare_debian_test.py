#!/usr/bin/env python3
"""The dashboard builds with the Node.js and npm of Debian 12 itself, wherever those of this machine
come from.

Debian's nodejs, npm and cmake, and all that they depend on, are unpacked into a folder; they are
not installed, which would take minutes. With that folder as root, build.cmake runs as it does in
every build, and then the unit tests and ESLint. Packages are fetched once and kept beside the build
folder. Needs Debian's mirror and npm's registry.
"""
import os
import pathlib
import shutil
import subprocess
import unittest

import common

SOURCE = pathlib.Path(os.environ["XDPCAP_SOURCE"])
KEPT = pathlib.Path(os.environ["XDPCAP_BUILD"]).parent / "bare-debian"
UI = "userspace/apps/xdpcap_web/ui"
RELEASE = "bookworm"
PACKAGES = ["dash", "coreutils", "nodejs", "npm", "cmake"]
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
# Private to the command: nothing stays mounted.
ENTER = (common.MAKE_PRIVATE + 'mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc" && '
         'exec chroot "$0" "$@"')


def run(*command, **options):
    """Runs to the end and answers its standard output; a failure is a failed test."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          **options)
    if done.returncode:
        raise AssertionError(
            f"{' '.join(map(str, command))}: exit code {done.returncode}\n"
            f"{done.stdout}{done.stderr}"
        )
    return done.stdout


class Apt:
    """
    apt-get in a world of its own: one release, from this machine's mirror, and nothing is installed
    there.
    """

    def __init__(self, home):
        for folder in ("lists/partial", "archives/partial"):
            (home / folder).mkdir(parents=True, exist_ok=True)
        (home / "status").touch()
        sites = [
            site for site, release in map(
                str.split,
                run("apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)",
                    "Created-By: Packages").splitlines()) if release == RELEASE
        ]
        assert sites, (f"apt-get has no source of Debian's {RELEASE}: "
                       "this test wants to run on Debian 12")
        (home / "sources").write_text(f"deb {sites[0]} {RELEASE} main\n")
        self.command = ["apt-get", "-qq", "--yes"]
        for setting in (f"State::status={home}/status", f"State::lists={home}/lists",
                        f"Cache={home}", f"Etc::sourcelist={home}/sources", "Etc::sourceparts=-"):
            self.command += ["-o", f"Dir::{setting}"]
        self.archives = home / "archives"

    def fetch(self):
        """The packages and what they depend on, as files."""
        wanted = [*self.command, "--download-only", "--no-install-recommends", "install", *PACKAGES]
        # The lists are not there yet, or are too old.
        if subprocess.run(wanted, capture_output=True).returncode:
            run(*self.command, "-o", "Acquire::Languages=none", "update")
            run(*wanted)
        run(*self.command, "autoclean")
        return sorted(self.archives.glob("*.deb"))


def unpack(packages, root):
    for folder in ("usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "dev", "proc", "tmp",
                   "etc/ssl/certs"):
        (root / folder).mkdir(parents=True)
    for folder in ("bin", "sbin", "lib", "lib64"):
        (root / folder).symlink_to(f"usr/{folder}")
    for package in packages:
        archive = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE)
        run("tar", "--extract", "--directory", root, "--keep-directory-symlink", "--no-same-owner",
            "--exclude=./usr/share/doc", "--exclude=./usr/share/man",
            "--exclude=./usr/share/locale", stdin=archive.stdout)
        archive.stdout.close()
        assert archive.wait() == 0, package
    for name in ("/etc/resolv.conf", "/etc/hosts", CERTIFICATES):
        if os.path.exists(name):  # a bare Debian has no /etc/hosts
            shutil.copy(name, root / name[1:])


def write_settings(root):
    """What the dashboard's CMakeLists.txt would write for build.cmake."""
    ui = root / "source" / UI
    names = [
        str(path.relative_to(ui))
        for folder in ("src", "test")
        for path in sorted((ui / folder).rglob("*"))
        if path.is_file()
    ]
    names += [
        ".npmrc", "eslint.config.js", "index.html", "package.json", "package-lock.json",
        "tsconfig.build.json", "tsconfig.json", "vite.config.ts"
    ]
    (root / "made").mkdir()
    (root / "made/settings.cmake").write_text("".join(
        f'set({name} "{value}")\n' for name, value in {
            "SOURCE": f"/source/{UI}", "ROOM": "/room", "WORK": "/made", "INPUTS": ";".join(names),
            "NPM": "/usr/bin/npm", "MISSING": ""
        }.items()))


class BareDebian(unittest.TestCase):
    def setUp(self):
        self.root = KEPT / "root"
        shutil.rmtree(self.root, ignore_errors=True)
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        unpack(Apt(KEPT).fetch(), self.root)
        shutil.copytree(SOURCE / UI, self.root / "source" / UI, ignore=shutil.ignore_patterns(
            "node_modules", "dist"))
        write_settings(self.root)

    def inside(self, *command, folder="/"):
        environment = {"PATH": "/usr/bin", "HOME": "/made", "npm_config_cafile": CERTIFICATES}
        if shutil.which("npm"):  # of this machine's npm only where it fetches from
            environment["npm_config_registry"] = run("npm", "config", "get", "registry").strip()
        environment |= {
            name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")
        }
        return run(*common.OWN_MOUNTS, "/bin/sh", "-c", ENTER, self.root, "/usr/bin/env",
                   "-i", f"--chdir={folder}",
                   *(f"{name}={value}" for name, value in environment.items()), *command)

    def test_the_dashboard_builds_with_debians_own_npm(self):
        self.assertRegex(self.inside("node", "--version"), r"^v18\.")
        self.assertRegex(self.inside("npm", "--version"), r"^9\.2\.")
        self.inside("cmake", "-P", f"/source/{UI}/build.cmake", "/made/settings.cmake")
        built = (self.root / "made/assets.cpp").read_text()
        for wanted in ('"/index.html"', "/assets/index-"):
            self.assertIn(wanted, built)
        self.inside("cmake", "-P", f"/source/{UI}/build.cmake", "/made/settings.cmake",
                    "test-tools")
        self.inside("npm", "test", folder="/room")
        self.inside("node", "/room/node_modules/eslint/bin/eslint.js", "-c",
                    "/room/eslint.config.js", UI, folder="/source")


if __name__ == "__main__":
    unittest.main(verbosity=2)
