#include "apps/xdpcap_web/api/curl_command.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "core/owned_fd.hpp"
#include "make.hpp"

namespace xdpcap::web {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A server on loopback that takes one request, records it as it came and answers it.
class Listener {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_.get(), 4), 0);
    ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // What the shell's command sends.
  std::string receive_from(const std::string& command) {
    std::string received;
    std::thread serving([&] { received = serve(); });
    const auto script = std::filesystem::temp_directory_path() /
                        ("curl_command_test." + std::to_string(::getpid()));
    std::ofstream(script, std::ios::binary) << "set -e\n" << command;
    const std::string run = "sh " + script.string() + " >/dev/null 2>&1";
    status_ =
        std::system(run.c_str()); // NOLINT(bugprone-command-processor): a shell is what is tested
    std::filesystem::remove(script);
    if (status_ != 0) ::shutdown(socket_.get(), SHUT_RDWR); // nobody may have come
    serving.join();
    return received;
  }
  [[nodiscard]] int status() const { return status_; }

 private:
  std::string serve() const {
    const OwnedFd peer(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (peer.get() < 0) return "nobody came";
    std::string request;
    std::size_t wanted = std::string::npos;
    std::string buffer(65536, '\0');
    while (request.size() < wanted) {
      const ssize_t got = ::recv(peer.get(), buffer.data(), buffer.size(), 0);
      if (got <= 0) break;
      request.append(buffer, 0, static_cast<std::size_t>(got));
      const std::size_t end = request.find("\r\n\r\n");
      if (end == std::string::npos || wanted != std::string::npos) continue;
      const std::size_t length = request.find("\r\nContent-Length: ");
      wanted = end + 4 + (length < end ? std::stoul(request.substr(length + 18)) : 0);
    }
    constexpr std::string_view kAnswer =
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(::send(peer.get(), kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(kAnswer.size()));
    return request;
  }

  OwnedFd socket_;
  int port_ = 0;
  int status_ = -1;
};

class CurlCommand : public ::testing::Test {
 protected:
  // The request with the server's address in it for HERE, sent again.
  std::string sent_again(std::string head, const std::string& body = "") {
    return sent_again(MadeMessage{.head = with_address(std::move(head)), .body = body});
  }
  std::string sent_again(MadeMessage made) {
    made.server = server_.address();
    command_ = curl_command(exchange_of(made));
    std::string received = server_.receive_from(command_);
    EXPECT_EQ(server_.status(), 0) << command_;
    return received;
  }
  std::string with_address(std::string text) const {
    for (std::size_t at = 0; (at = text.find("HERE", at)) != std::string::npos;)
      text.replace(at, 4, server_.address());
    return text;
  }

  Listener server_;
  std::string command_;
};

constexpr const char* kOrdinary =
    "GET /a/../b//c?x={1,2}&y=[a] HTTP/1.1\r\nHost: HERE\r\nUser-Agent: probe\r\nAccept: */*";

TEST_F(CurlCommand, SendsTheSameRequestAgain) {
  EXPECT_EQ(sent_again(kOrdinary), with_address(kOrdinary) + "\r\n\r\n");
  EXPECT_THAT(command_, EndsWith("'http://" + server_.address() + "/a/../b//c?x={1,2}&y=[a]'\n"));
}

TEST_F(CurlCommand, AddsNothingThatWasNotSent) {
  EXPECT_EQ(sent_again("GET / HTTP/1.1\r\nHost: HERE"),
            with_address("GET / HTTP/1.1\r\nHost: HERE\r\n\r\n"));
  EXPECT_EQ(sent_again("GET / HTTP/1.0"), "GET / HTTP/1.0\r\n\r\n");
}

TEST_F(CurlCommand, FieldLinesKeepTheirOrderTheirCaseAndTheirEmptiness) {
  const std::string head =
      "GET / HTTP/1.1\r\nHost: HERE\r\nx-B: 1\r\nX-a: 2\r\nX-B: 3\r\nX-Empty:\r\nUser-Agent: "
      "u\r\nAccept: a";
  EXPECT_EQ(sent_again(head), with_address(head) + "\r\n\r\n");
}

TEST_F(CurlCommand, AHostThatIsNotTheServersAddressIsKept) {
  for (const std::string host :
       {"shop", "shop:8080", "a b", "127.1", "[::1", "[fd00::1]:80", "x'; echo y; '", "$(id)"}) {
    const std::string head = "GET / HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: u\r\nAccept: a";
    EXPECT_EQ(sent_again(head), head + "\r\n\r\n") << command_;
  }
}

TEST_F(CurlCommand, AHostNameWithTheServersPortStandsInTheUrl) {
  const MadeMessage made{.head = "GET /x HTTP/1.1\r\nHost: shop.example"};
  const std::string command = curl_command(exchange_of(made));
  EXPECT_THAT(command,
              StartsWith("# It was sent to 10.0.0.2:80: where the name does not lead there add "
                         "--connect-to ::10.0.0.2:80\ncurl "));
  EXPECT_THAT(command, EndsWith("'http://shop.example/x'\n"));
  EXPECT_THAT(command, Not(HasSubstr("Host")));
}

TEST_F(CurlCommand, TargetsThatCurlWouldChangeAreSentAsTheyWere) {
  for (const char* target : {"*", "http://other.example/x", "other.example:443", "/a#b", "/a b",
                             "/caf\xe9", "/q?", "/'\"`$(id)\\", "//h/x", "?x"}) {
    const std::string head =
        "OPTIONS " + std::string(target) + " HTTP/1.1\r\nHost: HERE\r\nUser-Agent: u\r\nAccept: a";
    EXPECT_EQ(sent_again(head), with_address(head) + "\r\n\r\n") << command_;
  }
}

TEST_F(CurlCommand, ConnectIsSentAndTheTunnelSpokenOf) {
  const std::string head = "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nUser-Agent: u\r\nAccept: a";
  EXPECT_EQ(sent_again(head), head + "\r\n\r\n");
  EXPECT_THAT(command_, StartsWith("# CONNECT opened a tunnel"));
}

TEST_F(CurlCommand, HeadWaitsForNoBody) {
  const std::string head = "HEAD /x HTTP/1.1\r\nHost: HERE\r\nUser-Agent: u\r\nAccept: a";
  EXPECT_EQ(sent_again(head), with_address(head) + "\r\n\r\n");
}

TEST_F(CurlCommand, BodiesArriveByteForByte) {
  std::mt19937 random(3);
  std::string noise(3000, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  const std::string head =
      "POST /x HTTP/1.1\r\nHost: HERE\r\nUser-Agent: u\r\nAccept: a\r\nContent-Type: t";
  for (const std::string& body :
       {std::string("{\"it's\": \"$HOME `id` \\n %s !\"}\n"), std::string("@/etc/passwd"),
        std::string("caf\xc3\xa9\n"), std::string("-n %d \\ \x1b[31m"),
        std::string("a\0b\r\n\n", 6), noise, std::string(300'000, 'x'), std::string("\xff")}) {
    EXPECT_EQ(sent_again(head, body), with_address(head) + "\r\nContent-Length: " +
                                          std::to_string(body.size()) + "\r\n\r\n" + body);
  }
}

TEST_F(CurlCommand, AnEmptyBodyAndABodyWithGetAreSentAsSuch) {
  MadeMessage empty{.head = with_address("POST / HTTP/1.1\r\nHost: HERE\r\nContent-Length: 0"),
                    .framing = schema::Framing::content_length,
                    .has_declared_length = true};
  EXPECT_EQ(sent_again(empty),
            with_address("POST / HTTP/1.1\r\nHost: HERE\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_EQ(sent_again("GET / HTTP/1.1\r\nHost: HERE", "x"),
            with_address("GET / HTTP/1.1\r\nHost: HERE\r\nContent-Length: 1\r\n\r\nx"));
}

TEST_F(CurlCommand, HostileValuesAreValuesAndNothingElse) {
  const std::string file = std::filesystem::temp_directory_path() /
                           ("curl_command_test.made." + std::to_string(::getpid()));
  std::string head = with_address("GET / HTTP/1.1\r\nHost: HERE\r\nUser-Agent: u\r\nAccept: a");
  const std::string hostile =
      "'; touch " + file + "; '\"$(touch " + file + ")`touch " + file + "`\\";
  head +=
      "\r\nA: " + hostile + "\r\nB: caf\xe9 \xc3\xa9 \x01 !x\r\nC: @/etc/passwd\r\nD: -o " + file;
  EXPECT_EQ(sent_again(head), head + "\r\n\r\n");
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(CurlCommand, FoldsAndWhatNoLineMayHoldBecomeSpaces) {
  const std::string head =
      with_address("GET / HTTP/1.1\r\nHost: HERE\r\nUser-Agent: u\r\nAccept: a\r\nA: ");
  EXPECT_EQ(sent_again(head + "one\r\n   two\r\n\tthree"), head + "one two three\r\n\r\n");
  EXPECT_THAT(command_, Not(HasSubstr("#")));
  EXPECT_EQ(sent_again(head + std::string("x\0y\rz", 5)), head + "x y z\r\n\r\n");
  EXPECT_THAT(command_, StartsWith("# CR, LF or NUL"));
}

TEST_F(CurlCommand, WhatCurlCannotSendIsSaid) {
  EXPECT_EQ(sent_again("GET / HTTP/1.1\r\nHost: HERE\r\nHost: other\r\n@file: x\r\nbad name: "
                       "x\r\nno colon\r\nAccept: a"),
            with_address("GET / HTTP/1.1\r\nHost: HERE\r\nAccept: a\r\n\r\n"));
  EXPECT_THAT(command_, StartsWith("# 4 field line(s) were left out"));
}

TEST_F(CurlCommand, AnIncompleteRequestIsSaidToBeOne) {
  const std::string command = curl_command(exchange_of(
      {.head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nCookie: ****",
       .body = "abc",
       .full_body_length = 10,
       .complete = false,
       .masked = true,
       .trailers = true}));
  EXPECT_THAT(command, HasSubstr("# The request was not captured to its end.\n"));
  EXPECT_THAT(command, HasSubstr("# Of its body 3 of 10 bytes were kept"));
  EXPECT_THAT(command, HasSubstr("# Its trailers were left out"));
  EXPECT_THAT(command, HasSubstr("# Secret values were masked"));
  EXPECT_THAT(command, Not(HasSubstr("chunked")));
}

TEST_F(CurlCommand, WithoutARequestThereIsNothingToRun) {
  EXPECT_EQ(curl_command(exchange_of({.head = "HTTP/1.1 200 OK"})),
            "# The request was not captured: there is nothing to send again.\n");
}

} // namespace
} // namespace xdpcap::web
