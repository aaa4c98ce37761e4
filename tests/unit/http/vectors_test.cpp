// The byte-stream vectors of a conformance corpus, where one is at hand: in the
// directory XDPCAP_CORPUS names, or beside the repository.
#include <gtest/gtest.h>
#include <nettle/base64.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "script.hpp"

namespace xdpcap::http::test {
namespace {

using nlohmann::json;

std::filesystem::path vectors_file() {
  const char* named = std::getenv("XDPCAP_CORPUS"); // NOLINT(concurrency-mt-unsafe)
  if (named != nullptr) return std::filesystem::path{named} / "http1_vectors.jsonl";
  return std::filesystem::path{XDPCAP_SOURCE_DIR} / "../shared/corpus/http1_vectors.jsonl";
}

std::string decode_base64(const std::string& text) {
  base64_decode_ctx context;
  base64_decode_init(&context);
  std::string decoded(BASE64_DECODE_LENGTH(text.size()), '\0');
  std::size_t length = decoded.size();
  if (base64_decode_update(&context, &length, reinterpret_cast<std::uint8_t*>(decoded.data()),
                           text.size(), text.data()) == 0) {
    ADD_FAILURE() << "not base64: " << text;
  }
  decoded.resize(length);
  return decoded;
}

std::string hex(const std::string& bytes) {
  std::string digits;
  for (const char c : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    digits += kDigits[static_cast<unsigned char>(c) >> 4];
    digits += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return digits;
}

json as_json(const Seen& seen) {
  json message{
      {"kind", seen.kind == Kind::request ? "request" : "response"},
      {"version", std::to_string(seen.version / 10) + "." + std::to_string(seen.version % 10)},
      {"header_count", seen.fields.size()},
      {"body_len", seen.body_length},
      {"body_sha256", hex(seen.sha256)}};
  if (seen.kind == Kind::response) {
    message["status"] = seen.status;
  } else {
    message["method"] = seen.method;
    message["target"] = seen.target;
  }
  return message;
}

// What the corpus says nothing about is not compared.
void expect_message(const json& expected, const Seen& seen) {
  const json actual = as_json(seen);
  for (const auto& [name, value] : expected.items()) {
    if (name == "flags") {
      EXPECT_TRUE(seen.has(Anomaly::te_cl_conflict));
    } else {
      EXPECT_EQ(actual.value(name, json{}), value) << name;
    }
  }
}

Script script_of(const json& vector) {
  const std::string data = decode_base64(vector["data"]);
  Script script;
  if (vector["kind"] == "request") return script.client(data).client_close().server_close();
  const bool upgrades = data.substr(0, 20).find(" 101 ") != std::string::npos;
  const std::string extra = upgrades ? "Connection: Upgrade\r\nUpgrade: h2c\r\n" : "";
  for (std::size_t i = 0; i <= vector["messages"].size(); ++i) {
    script.client("GET /v HTTP/1.1\r\nHost: v\r\n" + extra + "\r\n");
    if (upgrades) break;
  }
  return script.server(data).server_close().client_close();
}

TEST(Vectors, EveryFirmVectorOfTheCorpusComesOutExactHoweverItIsCut) {
  std::ifstream file{vectors_file()};
  if (!file) {
    ASSERT_EQ(std::getenv("XDPCAP_CORPUS"), nullptr) // NOLINT(concurrency-mt-unsafe)
        << "named, and not there: " << vectors_file();
    GTEST_SKIP() << "no corpus at " << vectors_file();
  }
  Limits limits;
  limits.hash_bodies = true;
  std::size_t compared = 0;
  for (std::string line; std::getline(file, line);) {
    const json vector = json::parse(line);
    if (vector["verdict"] != "firm") continue;
    SCOPED_TRACE(vector["id"].get<std::string>());
    const Direction direction =
        vector["kind"] == "request" ? Direction::to_server : Direction::to_client;
    std::vector<Seen> complete;
    for (const Seen& seen : script_of(vector).messages(limits)) {
      if (seen.direction == direction && seen.complete) complete.push_back(seen);
    }
    ASSERT_EQ(complete.size(), vector["messages"].size());
    for (std::size_t i = 0; i < complete.size(); ++i)
      expect_message(vector["messages"][i], complete[i]);
    ++compared;
  }
  EXPECT_GT(compared, 50U);
}

} // namespace
} // namespace xdpcap::http::test
