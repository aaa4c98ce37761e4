// Both ends of many short connections, for sockets_test.py. What really happened goes
// to standard output, so that what was published of it can be compared.
//
//   sockets_peer serve ADDRESS PORT            says "ready", then serves until it is killed
//   sockets_peer drive DIRECTORY CHILDREN EACH ADDRESS PORT...
//       starts so many short-lived children, one after the other of the programs in
//       DIRECTORY (copies of this one), each of which makes EACH connections and says
//       "NAME PID LOCAL_PORT SERVER_PORT MANNER" of each
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

namespace {

// How a connection ends, so that each way of closing is seen.
constexpr std::array<const char*, 4> kManners{"client-first", "server-first", "silent", "reset"};

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

sockaddr_in address_of(const char* address, const char* port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  if (::inet_pton(AF_INET, address, &name.sin_addr) != 1) fail(address);
  return name;
}

int serve(const char* address, const char* port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in name = address_of(address, port);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) fail("bind");
  if (::listen(listener, 512) != 0) fail("listen");
  std::puts("ready");
  std::fflush(stdout);
  for (;;) {
    const int connection = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    std::array<char, 64> text{};
    // It says how it wants to end; "server-first" is answered and closed at once.
    const ssize_t bytes = ::read(connection, text.data(), text.size());
    if (bytes > 0) {
      (void)!::write(connection, "answer\n", 7);
      if (std::strncmp(text.data(), "server-first", 12) != 0)
        (void)!::read(connection, text.data(), text.size());
    }
    ::close(connection);
  }
}

void connect_once(const char* own_name, const sockaddr_in& server, const char* manner) {
  const int connection = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(connection, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0)
    fail("connect");
  sockaddr_in local{};
  socklen_t bytes = sizeof local;
  ::getsockname(connection, reinterpret_cast<sockaddr*>(&local), &bytes);
  std::array<char, 64> text{};
  if (std::strcmp(manner, "silent") != 0) {
    (void)!::write(connection, manner, std::strlen(manner));
    (void)!::read(connection, text.data(), text.size());
    if (std::strcmp(manner, "server-first") == 0)
      (void)!::read(connection, text.data(), text.size()); // its end
  }
  if (std::strcmp(manner, "reset") == 0) {
    const linger at_once{1, 0};
    ::setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  ::close(connection);
  std::printf("%s %d %d %d %s\n", own_name, ::getpid(), ntohs(local.sin_port),
              ntohs(server.sin_port), manner);
}

// Arguments: address, connections, then ports.
int be_child(const char* program, int argc, char** argv) {
  const char* own_name = std::strrchr(program, '/') + 1;
  const int connections = std::atoi(argv[1]);
  for (int i = 0; i < connections; ++i) {
    const sockaddr_in server = address_of(argv[0], argv[2 + i % (argc - 2)]);
    connect_once(own_name, server,
                 kManners[static_cast<std::size_t>(i / (argc - 2)) % kManners.size()]);
  }
  return 0;
}

int drive(int argc, char** argv) {
  std::vector<std::string> programs;
  for (const auto& file : std::filesystem::directory_iterator(argv[0]))
    programs.push_back(file.path());
  std::sort(programs.begin(), programs.end());
  const int children = std::atoi(argv[1]);
  for (int i = 0; i < children; ++i) {
    std::string program = programs[static_cast<std::size_t>(i) % programs.size()];
    std::string token = "--token=" + std::to_string(i);
    std::vector<char*> arguments{program.data(), const_cast<char*>("child"), argv[3], argv[2]};
    for (int port = 4; port < argc; ++port) arguments.push_back(argv[port]);
    arguments.push_back(token.data());
    arguments.push_back(nullptr);
    const pid_t child = ::fork();
    if (child == 0) {
      ::execv(program.c_str(), arguments.data());
      ::_exit(127);
    }
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0) fail("a child");
  }
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  const std::string task = argc > 1 ? argv[1] : "";
  if (task == "serve" && argc == 4) return serve(argv[2], argv[3]);
  if (task == "drive" && argc > 6) return drive(argc - 2, argv + 2);
  if (task == "child" && argc > 5)
    return be_child(argv[0], argc - 3, argv + 2); // the token is for the command line
  std::fputs("sockets_peer: see the top of its source\n", stderr);
  return 1;
}
