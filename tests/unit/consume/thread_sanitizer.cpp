// The thread sanitizer sees what libzmq does with memory and not how it makes that
// safe, because Debian's libzmq is not built with it. What happens inside it (and
// inside the libsodium it calls), and in the function it calls when it lets go of a
// message, is left out; our own rings, counters and threads are not.
extern "C" const char* __tsan_default_suppressions();

extern "C" const char* __tsan_default_suppressions() {
  return "called_from_lib:libzmq.so\ncalled_from_lib:libsodium.so\nrace:release_message\n";
}
