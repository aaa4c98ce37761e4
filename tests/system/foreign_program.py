"""Programs of others beside a capture: built from a line of C, attached by tc, or as tcx links by a
process of this file.
"""
import ctypes
import subprocess
import sys

TCX = {"ingress": 46, "egress": 47}
BEFORE = 1 << 3  # BPF_F_BEFORE: the head of the row


def build(path, kind="tc", answer=0):
    """
    An object with a program that answers a number for every packet: 0 ends the row (TCX_PASS).
    """
    context = {"tc": "__sk_buff", "xdp": "xdp_md"}[kind]
    source = (f'#include <linux/bpf.h>\n__attribute__((section("{kind}"), used)) '
              f'int foreign(struct {context} *c) {{ return {answer}; }}\n')
    machine = subprocess.run(["gcc", "-print-multiarch"], capture_output=True, text=True,
                             check=True).stdout.strip()
    subprocess.run([
        "clang", "-O2", "-target", "bpf", f"-I/usr/include/{machine}", "-x", "c", "-", "-c", "-o",
        path
    ], input=source, text=True, check=True)
    return path


def attach_tcx(lab, program, interface, first=False, node="server"):
    """Until the answered process ends, which it does when its input is closed."""
    process = lab.start(node, "python3", __file__, program, interface, str(BEFORE if first else 0),
                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if process.stdout.readline().strip() != "attached":
        raise AssertionError("the tcx program is not attached")
    return process


def detach(process):
    process.communicate("")


def hold(program, interface, flags):
    libbpf = ctypes.CDLL("libbpf.so.1")
    for name in ("bpf_object__open", "bpf_object__next_program"):
        getattr(libbpf, name).restype = ctypes.c_void_p
    loaded = ctypes.c_void_p(libbpf.bpf_object__open(program.encode()))
    if libbpf.bpf_object__load(loaded) != 0:
        raise OSError("the kernel refuses the program")
    descriptor = libbpf.bpf_program__fd(
        ctypes.c_void_p(libbpf.bpf_object__next_program(loaded, None)))
    options = (ctypes.c_uint32 * 4)(16, 0, flags, 0)  # struct bpf_link_create_opts: its size, flags
    for side in TCX.values():
        if libbpf.bpf_link_create(descriptor, libc_index(interface), side, options) < 0:
            raise OSError("the kernel refuses the link")
    print("attached", flush=True)
    sys.stdin.read()


def libc_index(interface):
    return ctypes.CDLL(None).if_nametoindex(interface.encode())


if __name__ == "__main__":
    hold(sys.argv[1], sys.argv[2], int(sys.argv[3]))
