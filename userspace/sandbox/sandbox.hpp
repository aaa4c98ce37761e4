#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/result.hpp"

// What a thread gives up once everything it needs is open, so that whoever takes it over by what
// it parses has gained nothing. All of it is a thread's own and for good; threads that it starts
// later inherit it, threads that are there already do not change.
namespace xdpcap::sandbox {

// A place in the file system and what may still be done below it.
struct Place {
  enum class Access {
    read,        // files and lists of directories
    write,       // read, and files that are there
    change,      // write, and make and remove files
    remove,      // remove files (a socket that is ours)
    remove_dirs, // remove directories that are empty
  };
  std::string path;
  Access access = Access::read;
};

struct User {
  uid_t uid = 0;
  gid_t gid = 0;
};

struct Rights {
  std::vector<unsigned> capabilities; // CAP_..., as far as the thread has them; no others
  std::optional<User> user;           // become this one
  bool sockets = false;               // make sockets: local, IP, netlink
  bool capture = false;               // AF_XDP and packet sockets, BPF programs and maps
  bool namespaces = false;            // enter namespaces
  bool leak_check = false;            // what LeakSanitizer does at the end: trace this process
  bool every_call = false;            // no seccomp
  bool every_file = false;            // no Landlock: no limit but what the user may
  std::vector<Place>
      places; // else these; what is open stays open. A path that is not there is left out
};

// Gives up every capability, for the calling thread and those it starts from now on, whatever a
// program they might start has: bounding, inheritable and ambient sets empty, securebits locked,
// no_new_privs. For a program that needs no privilege at all: the first call of main(). Never fails
// for a user without privileges.
Result<void, Error> drop_all_privileges();

// All of that, and: the user, capabilities, Landlock and seccomp that `rights` name. Afterwards no
// program can be started (execve, fork), nothing be traced, mounted, loaded; a system call that is
// not on the list answers ENOSYS. Where the kernel has no Landlock or no seccomp, the sentences
// that are returned say so, once for a program to show. Fails where something of it is refused.
Result<std::vector<std::string>, Error> confine(const Rights& rights);

// The same for a thread that must not go on otherwise: a failure ends the process with its
// sentence.
void confine_or_abort(const Rights& rights) noexcept;

// Whether the calling thread has a capability in its permitted or effective set.
[[nodiscard]] bool has_any_capability();

} // namespace xdpcap::sandbox
