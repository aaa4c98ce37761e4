// Debian's libraries are not built with the thread sanitizer: it sees what gRPC and Abseil do with
// memory, and not how they make that safe. What is done inside of such libraries is left out; what
// our code does, called by them or not, is looked at.
extern "C" const char* __tsan_default_options();

extern "C" const char* __tsan_default_options() {
  return "ignore_noninstrumented_modules=1";
}
