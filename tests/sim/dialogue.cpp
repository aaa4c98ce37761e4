#include "sim/dialogue.hpp"

#include <fmt/core.h>

#include <utility>

namespace xdpcap::sim {
namespace {

class Writer {
 public:
  Writer(Random& random, std::string name, const DialogueTraits& traits)
      : random_(random), traits_(traits) {
    dialogue_.name = std::move(name);
  }

  Dialogue write() {
    dialogue_.pipelined = random_.chance(0.2);
    dialogue_.closes_first = random_.below(2);
    if (traits_.odd_endings && random_.chance(0.06)) {
      write_other_protocol();
      return std::move(dialogue_);
    }
    const std::size_t exchanges = random_.between(1, traits_.exchanges_max);
    for (std::uint32_t i = 0; i + 1 < exchanges; ++i) write_exchange(i, false);
    write_exchange(static_cast<std::uint32_t>(exchanges - 1), true);
    return std::move(dialogue_);
  }

 private:
  using Framing = schema::Framing;

  std::size_t said(std::size_t side) const { return dialogue_.stream[side].size(); }

  // Bytes that wait until `needs` bytes of the other side were received.
  void say(std::size_t side, const std::string& text, std::size_t needs) {
    dialogue_.stream[side] += text;
    dialogue_.releases[side].push_back({said(side), needs});
  }
  std::string noise() { return random_.text(random_.skewed(traits_.body_max)); }

  ExpectedMessage begin(std::size_t side, std::uint32_t number, const char* kind) {
    ExpectedMessage message;
    message.id = fmt::format("{}.{}{}", dialogue_.name, number, kind);
    message.index = number;
    message.begin = said(side);
    return message;
  }
  std::string fields(const ExpectedMessage& message) {
    std::string text = fmt::format("\r\nX-Id: {}", message.id);
    for (std::size_t i = random_.skewed(8); i > 0; --i)
      text += fmt::format("\r\nX-{}: {}", i, random_.next());
    return text;
  }
  void say_head(std::size_t side, ExpectedMessage& message, std::string head, std::size_t needs) {
    message.head = std::move(head) + "\r\n";
    say(side, message.head + "\r\n", needs);
  }
  void end(std::size_t side, ExpectedMessage message) {
    message.end = said(side);
    dialogue_.messages[side].push_back(std::move(message));
  }

  void say_plain_body(std::size_t side, ExpectedMessage& message, std::size_t needs) {
    message.pieces.push_back({0, said(side), message.body.size()});
    say(side, message.body, needs);
  }
  void say_chunked_body(std::size_t side, ExpectedMessage& message, std::size_t needs) {
    for (std::size_t at = 0; at < message.body.size();) {
      const std::size_t length = std::min(message.body.size() - at, 1 + random_.skewed(8000));
      say(side,
          (random_.chance(0.5) ? fmt::format("{:x}", length) : fmt::format("{:X}", length)) +
              "\r\n",
          needs);
      message.pieces.push_back({at, said(side), length});
      say(side, message.body.substr(at, length) + "\r\n", needs);
      at += length;
    }
    say(side, "0\r\n", needs);
    if (random_.chance(0.3)) message.trailers = fmt::format("X-Sum: {}\r\n", random_.next());
    say(side, message.trailers + "\r\n", needs);
  }

  // How the two streams go on behind the last exchange.
  void end_reading(std::size_t side) { dialogue_.readable[side] = said(side); }

  void write_exchange(std::uint32_t number, bool is_last) {
    const std::size_t asks_after = dialogue_.pipelined ? 0 : said(kServer);
    if (is_last && traits_.odd_endings && random_.chance(0.05))
      return write_malformed(number, asks_after);
    ExpectedMessage request = begin(kClient, number, "q");
    const bool upgrades = is_last && traits_.odd_endings && random_.chance(0.08);
    const std::size_t kind = upgrades ? 0 : random_.below(traits_.heads_only ? 10 : 9);
    const bool is_head = kind == 9, posts = kind >= 4 && kind < 9;
    const bool chunked = posts && random_.chance(0.4);
    const bool expects = posts && !dialogue_.pipelined && random_.chance(0.2);
    if (posts) request.body = noise();
    std::string head = fmt::format("{} /{} HTTP/1.1\r\nHost: sim.test",
                                   posts     ? "POST"
                                   : is_head ? "HEAD"
                                             : "GET",
                                   request.id);
    if (upgrades) head += "\r\nConnection: upgrade\r\nUpgrade: websocket";
    head += fields(request);
    if (expects) head += "\r\nExpect: 100-continue";
    if (posts)
      head += chunked ? "\r\nTransfer-Encoding: chunked"
                      : fmt::format("\r\nContent-Length: {}", request.body.size());
    say_head(kClient, request, head, asks_after);
    std::size_t needs = asks_after;
    if (expects) {
      write_interim(number, "100 Continue");
      needs = said(kServer);
    }
    if (posts) {
      request.framing = chunked ? Framing::chunked : Framing::content_length;
      if (chunked) say_chunked_body(kClient, request, needs);
      if (!chunked) say_plain_body(kClient, request, needs);
    }
    end(kClient, std::move(request));
    if (random_.chance(0.05)) write_interim(number, "103 Early Hints");
    if (upgrades) return write_upgrade(number);
    write_response(number, is_head, is_last);
  }

  void write_interim(std::uint32_t number, const char* status) {
    ExpectedMessage interim = begin(kServer, number, fmt::format("i{}", said(kServer)).c_str());
    interim.interim = true;
    interim.status = static_cast<std::uint16_t>(std::stoi(status));
    const std::string start = fmt::format("HTTP/1.1 {}", status);
    say_head(kServer, interim, start + fields(interim), said(kClient));
    end(kServer, std::move(interim));
  }

  void write_response(std::uint32_t number, bool to_head, bool is_last) {
    ExpectedMessage response = begin(kServer, number, "p");
    const std::size_t needs = said(kClient);
    const bool to_close = is_last && traits_.odd_endings && !to_head && random_.chance(0.1);
    const std::size_t kind = to_close ? 2 : random_.below(8);
    response.status = kind == 0   ? 204
                      : kind == 1 ? 304
                                  : random_.one_of<std::uint16_t>({200, 200, 404, 500});
    std::string head = fmt::format("HTTP/1.1 {} Words", response.status) + fields(response);
    if (kind >= 2 && !to_head) response.body = noise();
    const bool chunked = !to_close && kind >= 5;
    const bool counted = !to_close && !chunked && kind >= 1;
    response.needs_request = to_head;
    if (chunked) head += "\r\nTransfer-Encoding: chunked";
    if (counted)
      head += fmt::format("\r\nContent-Length: {}",
                          to_head || kind == 1 ? random_.below(5000) : response.body.size());
    say_head(kServer, response, head, needs);
    if (to_head || kind < 2) {
      response.framing = Framing::none;
    } else if (chunked) {
      response.framing = Framing::chunked;
      say_chunked_body(kServer, response, needs);
    } else {
      response.framing = to_close ? Framing::until_close : Framing::content_length;
      say_plain_body(kServer, response, needs);
    }
    if (to_close) dialogue_.closes_first = kServer;
    dialogue_.half_closes = is_last && !to_close && random_.chance(0.05);
    end(kServer, std::move(response));
  }

  void write_upgrade(std::uint32_t number) {
    ExpectedMessage response = begin(kServer, number, "p");
    response.status = 101;
    const std::string head =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket";
    say_head(kServer, response, head + fields(response), said(kClient));
    end(kServer, std::move(response));
    end_reading(kClient);
    end_reading(kServer);
    const std::size_t agreed = said(kServer);
    for (std::size_t i = random_.below(6); i > 0; --i) {
      const std::size_t side = random_.below(2);
      say(side, "\x81" + noise(), side == kClient ? agreed : said(kClient));
    }
  }

  // Nothing is promised of it but that it is nobody else's.
  void write_malformed(std::uint32_t number, std::size_t asks_after) {
    end_reading(kClient);
    end_reading(kServer);
    const ExpectedMessage request = begin(kClient, number, "x");
    const std::string start = random_.one_of<std::string>(
        {"GET  /two-blanks HTTP/1.1", "GET /no-version",
         "GET / HTTP/1.1\r\nTransfer-Encoding: nonsense", "POST / HTTP/1.1\r\nContent-Length: 5, 6",
         "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"});
    say(kClient, start + fields(request) + "\r\n\r\n" + noise(), asks_after);
    say(kServer, "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\n\r\nbad", said(kClient));
    dialogue_.closes_first = kServer;
  }

  void write_other_protocol() {
    dialogue_.is_http = false;
    dialogue_.readable = {0, 0};
    for (std::size_t i = random_.between(1, 8); i > 0; --i) {
      const std::size_t side = random_.below(2);
      say(side, "\x16\x03\x01" + noise(), random_.chance(0.5) ? 0 : said(1 - side));
    }
  }

  Random& random_;
  DialogueTraits traits_;
  Dialogue dialogue_;
};

} // namespace

Dialogue make_dialogue(Random& random, std::string name, const DialogueTraits& traits) {
  return Writer{random, std::move(name), traits}.write();
}

} // namespace xdpcap::sim
