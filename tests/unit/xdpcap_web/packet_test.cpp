#include "apps/xdpcap_web/api/packet.hpp"

#include <gtest/gtest.h>

#include <future>

#include <nlohmann/json.hpp>

#include "apps/xdpcap_web/host/host_view.hpp"
#include "make.hpp"

namespace xdpcap::web {
namespace {

using nlohmann::json;
using schema::Direction;

using MadeSegment = Made<schema::SegmentRecord>;
using MadeDatagram = Made<schema::DatagramRecord>;

std::vector<std::uint8_t> bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

// SYN from 4000 to 80 with an MSS of 1460: 24 bytes of header.
const std::string kHeader(
    "\x0f\xa0\x00\x50\x00\x00\x00\x01\x00\x00\x00\x00\x61\x02\xfa\xf0\x12\x34\x00\x07\x02\x04\x05"
    "\xb4",
    24);

MadeSegment segment(Direction direction = Direction::to_server, const std::string& header = kHeader,
                    const char* payload = nullptr, std::uint32_t payload_bytes = 0) {
  return MadeSegment([&](flatbuffers::FlatBufferBuilder& builder) {
    const auto header_vector = builder.CreateVector(bytes(header));
    const auto payload_vector = payload == nullptr ? 0 : builder.CreateVector(bytes(payload));
    const schema::Endpoint client = endpoint("10.0.0.1:4000"), server = endpoint("[fd00::2]:80");
    schema::SegmentRecordBuilder record(builder);
    record.add_direction(direction);
    record.add_client(&client);
    record.add_server(&server);
    record.add_arrived_ns(1'732'190'000'123'456'000);
    record.add_seq(1);
    record.add_flags(2 | 64);
    record.add_window(64240);
    record.add_wire_length(74);
    record.add_payload_bytes(payload_bytes);
    record.add_interface(3);
    if (!header.empty()) record.add_header(header_vector);
    if (payload != nullptr) record.add_payload(payload_vector);
    builder.Finish(record.Finish());
  });
}

MadeDatagram datagram(const char* payload = "hi") {
  return MadeDatagram([&](flatbuffers::FlatBufferBuilder& builder) {
    const auto payload_vector = payload == nullptr ? 0 : builder.CreateVector(bytes(payload));
    const schema::Endpoint source = endpoint("10.0.0.1:5000"),
                           destination = endpoint("10.0.0.2:53");
    schema::DatagramRecordBuilder record(builder);
    record.add_source(&source);
    record.add_destination(&destination);
    record.add_arrived_ns(2'000'000);
    record.add_wire_length(44);
    record.add_length(10);
    record.add_checksum(77);
    if (payload != nullptr) record.add_payload(payload_vector);
    builder.Finish(record.Finish());
  });
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

PacketFilter filter(const Pairs& pairs) {
  auto parsed = PacketFilter::parse(pairs);
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed ? *parsed : PacketFilter{};
}
std::string blamed(const Pairs& pairs) {
  auto parsed = PacketFilter::parse(pairs);
  return parsed ? "nothing" : parsed.error().parameter;
}

TEST(Packet, ASegmentIsWrittenAsTheContractSays) {
  EXPECT_EQ(json::parse(packet_json(*segment())), json::parse(R"({
    "timestamp":1732190000123.456,"packet_size":74,"src_ip":"10.0.0.1","dst_ip":"fd00::2",
    "proto":"tcp",
    "tcp":{"src":4000,"dst":80,"seq":1,"ack":0,"data_offset":6,"FIN":false,"SYN":true,"RST":false,
    "PSH":false,"ACK":false,"URG":false,"ECE":true,"CWR":false,"NS":true,"window":64240,
    "checksum":4660,"urgent":7,"payload":"","options":"AgQFtA=="},"udp":null})"));
}

TEST(Packet, TheSourceFollowsTheDirection) {
  const json packet = json::parse(packet_json(*segment(Direction::to_client)));
  EXPECT_EQ(packet["src_ip"], "fd00::2");
  EXPECT_EQ(packet["tcp"]["src"], 80);
  EXPECT_EQ(packet["tcp"]["dst"], 4000);
}

TEST(Packet, WhatTheHeaderHoldsIsNullWithoutIt) {
  for (const std::string& header : {std::string(), kHeader.substr(0, 19)}) {
    const json tcp = json::parse(packet_json(*segment(Direction::to_server, header)))["tcp"];
    for (const char* name : {"data_offset", "NS", "checksum", "urgent", "options"})
      EXPECT_TRUE(tcp[name].is_null()) << name;
    EXPECT_EQ(tcp["SYN"], true) << "flags are in the record";
  }
}

TEST(Packet, OptionsEndWhereTheCapturedHeaderDoes) {
  std::string claims_too_much = kHeader;
  claims_too_much[12] = '\xf0';
  EXPECT_EQ(header_of(*segment(Direction::to_server, claims_too_much))->options.size(), 4u);
  claims_too_much[12] = '\x10';
  const auto facts = header_of(*segment(Direction::to_server, claims_too_much));
  EXPECT_EQ(facts->data_offset, 1u) << "as it was sent";
  EXPECT_EQ(facts->options.size(), 0u);
}

TEST(Packet, APayloadThatWasNotPublishedIsNotAnEmptyOne) {
  EXPECT_TRUE(json::parse(packet_json(
      *segment(Direction::to_server, kHeader, nullptr, 5)))["tcp"]["payload"]
                  .is_null());
  EXPECT_EQ(json::parse(
                packet_json(*segment(Direction::to_server, kHeader, "\xff", 1)))["tcp"]["payload"],
            "/w==");
  EXPECT_TRUE(json::parse(packet_json(*datagram(nullptr)))["udp"]["payload"].is_null());
}

TEST(Packet, ADatagramIsWrittenAsTheContractSays) {
  EXPECT_EQ(json::parse(packet_json(*datagram())), json::parse(R"({
    "timestamp":2,"packet_size":44,"src_ip":"10.0.0.1","dst_ip":"10.0.0.2","proto":"udp","tcp":null,
    "udp":{"src":5000,"dst":53,"length":10,"checksum":77,"payload":"aGk="}})"));
}

TEST(Packet, ARecordWithoutEndsIsWrittenAndMatchesNoEnd) {
  const MadeSegment bare([](flatbuffers::FlatBufferBuilder& builder) {
    schema::SegmentRecordBuilder record(builder);
    builder.Finish(record.Finish());
  });
  EXPECT_EQ(json::parse(packet_json(*bare))["src_ip"], "");
  EXPECT_TRUE(PacketFilter{}.matches(*bare, ""));
  EXPECT_FALSE(filter({{"p", "80"}}).matches(*bare, ""));
  EXPECT_FALSE(filter({{"h", "10.0.0.1"}}).matches(*bare, ""));
}

TEST(PacketFilter, EveryConditionMustHold) {
  const MadeSegment syn = segment();
  const auto passes = [&](const Pairs& pairs) { return filter(pairs).matches(*syn, "eth0"); };
  for (const Pairs& pairs :
       {Pairs{}, Pairs{{"i", "eth0"}}, Pairs{{"i", "3"}}, Pairs{{"p", "tcp"}}, Pairs{{"p", "80"}},
        Pairs{{"p", "4000"}}, Pairs{{"p.src", "4000"}, {"p.dst", "80"}}, Pairs{{"h", "fd00::2"}},
        Pairs{{"h", "[fd00::2]"}}, Pairs{{"h.src", "10.0.0.1"}, {"h.dst", "fd00:0::2"}},
        Pairs{{"p", "tcp"}, {"p", "80"}}, Pairs{{"h", ""}, {"p", ""}}}) {
    EXPECT_TRUE(passes(pairs)) << json(pairs);
  }
  for (const Pairs& pairs : {Pairs{{"i", "eth1"}}, Pairs{{"i", "4"}}, Pairs{{"p", "udp"}},
                             Pairs{{"p", "81"}}, Pairs{{"p.src", "80"}}, Pairs{{"p.dst", "4000"}},
                             Pairs{{"h", "10.0.0.2"}}, Pairs{{"h.src", "fd00::2"}},
                             Pairs{{"h.dst", "10.0.0.1"}}, Pairs{{"p", "80"}, {"i", "x"}}}) {
    EXPECT_FALSE(passes(pairs)) << json(pairs);
  }
}

TEST(PacketFilter, DatagramsAreAskedTheSame) {
  const MadeDatagram query = datagram();
  EXPECT_TRUE(filter({{"p", "udp"}, {"h", "10.0.0.2"}, {"p.dst", "53"}}).matches(*query, ""));
  EXPECT_FALSE(filter({{"p", "tcp"}}).matches(*query, ""));
  EXPECT_FALSE(filter({{"h.src", "10.0.0.2"}}).matches(*query, ""));
}

TEST(PacketFilter, AnIpv4AddressIsItsMappedForm) {
  EXPECT_TRUE(filter({{"h", "::ffff:10.0.0.2"}}).matches(*datagram(), ""));
}

TEST(PacketFilter, AHostIsLookedUp) {
  const std::vector<std::pair<std::string, std::string>> asked{
      {"h", "shop.example"}, {"h.dst", "10.0.0.1"}, {"p", "80"}, {"h.src", "[fd00::1]"}};
  EXPECT_EQ(PacketFilter::names_in(asked), std::vector<std::string>{"shop.example"});
  EXPECT_FALSE(PacketFilter::parse(asked)) << "parse() itself asks nobody";
  const auto parsed = PacketFilter::parse(asked, {{"shop.example", {endpoint("10.0.0.7:0")}}});
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->host.size(), 1u);
  EXPECT_TRUE(same_endpoint(parsed->host[0], endpoint("10.0.0.7:0")));
}

TEST(NameLookup, ANameIsLookedUpAsideAndNobodyIsCalledAfterTheEnd) {
  NameLookup names;
  std::promise<HostAddresses> found;
  // A name that is known without a server, and without /etc/hosts, which a bare Debian lacks.
  const std::string name = "0x7f.1";
  ASSERT_TRUE(
      names.start({name}, [&found](HostAddresses all) { found.set_value(std::move(all)); }));
  EXPECT_FALSE(found.get_future().get()[name].empty());
  names.close();
  EXPECT_FALSE(names.start({name}, [](const HostAddresses&) { FAIL() << "called after close()"; }));
}

TEST(PacketFilter, AnErrorNamesItsParameter) {
  EXPECT_EQ(blamed({{"p", "icmp"}}), "p");
  EXPECT_EQ(blamed({{"p", "0"}}), "p");
  EXPECT_EQ(blamed({{"p", "80"}, {"p.src", "65536"}}), "p.src");
  EXPECT_EQ(blamed({{"p.dst", "tcp"}}), "p.dst");
  EXPECT_EQ(blamed({{"h.src", "10.0.0.256"}}), "h.src");
  EXPECT_EQ(blamed({{"h.dst", std::string(300, 'a')}}), "h.dst");
  EXPECT_EQ(blamed({{"h", "no such host"}}), "h");
}

} // namespace
} // namespace xdpcap::web
