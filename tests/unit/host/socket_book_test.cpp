#include "host/socket_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace xdpcap::host {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

record::Endpoint endpoint(std::uint8_t last, std::uint16_t port) {
  return {0, 0xffff'0a00'0000U | last, port, 4}; // 10.0.0.last
}

class Book : public ::testing::Test {
 protected:
  static ProcessRef process(std::uint32_t pid, std::string name) {
    Process made;
    made.serial = made.pid = pid;
    made.name = std::move(name);
    return std::make_shared<const Process>(std::move(made));
  }
  SocketNews news(std::uint64_t cookie, SocketState state, ProcessRef by = nullptr) const {
    SocketNews made;
    made.at = now_;
    made.cookie = cookie;
    made.network_namespace = 1;
    made.state = state;
    made.local = endpoint(1, 4000);
    made.remote = endpoint(2, 80);
    made.process = std::move(by);
    return made;
  }
  // A server's: its addresses, and no process.
  SocketNews arriving(std::uint64_t cookie, SocketState state) const {
    SocketNews made = news(cookie, state);
    std::swap(made.local, made.remote);
    return made;
  }
  SocketNews owned(std::uint64_t cookie, ProcessRef by) const {
    SocketNews made = arriving(cookie, SocketState::established);
    made.changed_state = false;
    made.process = std::move(by);
    return made;
  }
  static Socket there(std::uint64_t cookie, SocketState state) {
    Socket socket;
    socket.cookie = cookie;
    socket.state = state;
    socket.network_namespace = 1;
    socket.local = endpoint(2, 80);
    socket.inode = 9;
    return socket;
  }

  // What is published once that time has passed: "opened 1 established shop".
  std::vector<std::string> after(Duration time) {
    std::vector<std::string> published;
    for (const Socket& socket : sockets_after(time)) published.push_back(sentence(socket));
    return published;
  }
  std::vector<Socket> sockets_after(Duration time) {
    now_ += time;
    std::vector<Socket> published;
    book_.publish_due(now_, [&](const Socket& socket) { published.push_back(socket); });
    return published;
  }
  static std::string sentence(const Socket& socket) {
    std::string text = socket.event == SocketEvent::opened ? "opened " : "closed ";
    text += std::to_string(socket.cookie);
    if (socket.state == SocketState::established) text += " established";
    if (socket.state == SocketState::syn_sent) text += " syn_sent";
    if (socket.state == SocketState::listen) text += " listen";
    return text + (socket.process == nullptr ? " nobody" : " " + socket.process->name);
  }

  Instant now_ = instant_from_ns(1'700'000'000'000'000'000);
  SocketBook book_{16};
};

TEST_F(Book, AClientsSocketIsItsProcesssFromItsFirstMoment) {
  SocketNews first = news(1, SocketState::syn_sent, process(5, "curl"));
  first.local.port = 0; // not chosen yet
  book_.apply(first);
  book_.apply(news(1, SocketState::established));
  EXPECT_THAT(after(milliseconds{50}), IsEmpty()) << "more may come with it";
  EXPECT_THAT(after(milliseconds{50}), ElementsAre("opened 1 established curl"));
  SocketNews last = news(1, SocketState::closed);
  last.local.port = 0; // given back already
  last.tcp.emplace().bytes_sent = 7;
  book_.apply(last);
  const std::vector<Socket> published = sockets_after(SocketBook::kGathering);
  ASSERT_EQ(published.size(), 1U);
  EXPECT_EQ(published[0].local.port, 4000);
  EXPECT_EQ(published[0].state, SocketState::closed);
  EXPECT_EQ(published[0].tcp->bytes_sent, 7U);
  EXPECT_EQ(book_.size(), 0U);
}

TEST_F(Book, AServersSocketWaitsForWhoAcceptsIt) {
  book_.apply(arriving(1, SocketState::established));
  EXPECT_THAT(after(milliseconds{200}), IsEmpty());
  book_.apply(owned(1, process(7, "nginx")));
  EXPECT_THAT(after(seconds{1}), ElementsAre("opened 1 established nginx"));
}

TEST_F(Book, OneThatLivesForAMomentIsOpenedAndClosedByTheSameProcess) {
  book_.apply(arriving(1, SocketState::established));
  book_.apply(news(1, SocketState::last_ack, process(7, "nginx"))); // it closes it: a system call
  book_.apply(arriving(1, SocketState::closed));
  EXPECT_THAT(after(milliseconds{100}),
              ElementsAre("opened 1 established nginx", "closed 1 nginx"));
  EXPECT_EQ(book_.counters().get(BookCount::without_process), 0U);
}

TEST_F(Book, WhereNobodyAcceptsTheListenerStandsIn) {
  SocketNews listening = arriving(9, SocketState::listen);
  listening.process = process(6, "master");
  book_.apply(listening);
  EXPECT_THAT(after(milliseconds{100}), ElementsAre("opened 9 listen master"));
  book_.apply(arriving(1, SocketState::established));
  book_.apply(arriving(2, SocketState::established));
  book_.apply(arriving(2, SocketState::closed)); // reset by its client
  EXPECT_THAT(after(milliseconds{100}),
              ElementsAre("opened 2 established master", "closed 2 master"));
  EXPECT_THAT(after(seconds{1}), ElementsAre("opened 1 established master"));
  book_.apply(owned(1, process(7, "worker"))); // at last; who uses it is to be believed
  book_.apply(arriving(1, SocketState::closed));
  EXPECT_THAT(after(milliseconds{100}), ElementsAre("closed 1 worker"));
}

TEST_F(Book, OneThatIsNobodysIsPublished) {
  book_.apply(arriving(1, SocketState::established));
  book_.apply(arriving(1, SocketState::closed));
  EXPECT_THAT(after(milliseconds{100}),
              ElementsAre("opened 1 established nobody", "closed 1 nobody"));
  EXPECT_EQ(book_.counters().get(BookCount::without_process), 1U);
}

TEST_F(Book, AConnectionThatFailedWasNeverEstablished) {
  book_.apply(news(1, SocketState::syn_sent, process(5, "curl")));
  book_.apply(news(1, SocketState::closed));
  EXPECT_THAT(after(milliseconds{100}), ElementsAre("opened 1 syn_sent curl", "closed 1 curl"));
}

TEST_F(Book, OneThatWasThereBeforeIsPublishedOnlyWhenItCloses) {
  EXPECT_EQ(book_.process_of(there(1, SocketState::established)), nullptr);
  EXPECT_TRUE(book_.lacks_owner(1));
  book_.set_owner(1, process(7, "nginx"));
  EXPECT_EQ(book_.process_of(there(1, SocketState::established))->name, "nginx");
  book_.apply(arriving(1, SocketState::closed));
  EXPECT_THAT(after(seconds{2}), ElementsAre("closed 1 nginx"));
}

TEST_F(Book, OneThatARoundMetBeforeItsNewsIsOpenedAllTheSame) {
  book_.process_of(there(1, SocketState::established));
  book_.apply(news(1, SocketState::syn_sent, process(5, "curl")));
  book_.apply(news(1, SocketState::established));
  EXPECT_THAT(after(milliseconds{100}), ElementsAre("opened 1 established curl"));
}

TEST_F(Book, WhoWasSeenUsingASocketKnowsBetterThanWhoHasItOpen) {
  book_.process_of(there(1, SocketState::established));
  book_.apply(owned(1, process(7, "worker")));
  book_.set_owner(1, process(6, "master"));
  EXPECT_EQ(book_.process_of(there(1, SocketState::established))->name, "worker");
}

TEST_F(Book, WhatHasNoProcessAnyMoreIsNotLookedFor) {
  EXPECT_EQ(book_.process_of(there(1, SocketState::time_wait)), nullptr);
  EXPECT_EQ(book_.size(), 0U);
  EXPECT_FALSE(book_.should_search(1, now_));
}

TEST_F(Book, ASearchThatFailedIsNotRepeatedEachTime) {
  book_.process_of(there(1, SocketState::established));
  int searches = 0;
  for (int second = 0; second < 600; ++second, now_ += seconds{1})
    searches += book_.should_search(1, now_) ? 1 : 0;
  EXPECT_GE(searches, 8);
  EXPECT_LE(searches, 20);
}

TEST_F(Book, WhatIsGoneWithoutAWordIsForgotten) {
  const std::array<std::uint32_t, 1> here{1}, elsewhere{2};
  book_.process_of(there(1, SocketState::established));
  book_.apply(news(2, SocketState::syn_sent, process(5, "curl"))); // still to be published
  for (int round = 0; round < 10; ++round) book_.end_round(elsewhere);
  EXPECT_EQ(book_.size(), 2U) << "nobody looked where they are";
  for (int round = 0; round < 10; ++round) book_.end_round(here);
  EXPECT_EQ(book_.size(), 1U);
}

TEST_F(Book, WhatOpenedAndIsGoneWithoutAnEventIsPublishedAsClosed) {
  const std::array<std::uint32_t, 1> here{1};
  book_.apply(news(1, SocketState::syn_sent, process(5, "curl")));
  EXPECT_THAT(after(seconds{1}), ElementsAre("opened 1 syn_sent curl"));
  for (int round = 0; round < 10; ++round) book_.end_round(here);
  EXPECT_THAT(after(seconds{0}), ElementsAre("closed 1 curl"));
  EXPECT_EQ(book_.size(), 0U);
}

TEST_F(Book, WhatWaitsInVainForLateSegmentsHasClosed) {
  book_.apply(news(1, SocketState::syn_sent, process(5, "curl")));
  EXPECT_THAT(after(seconds{1}), ElementsAre("opened 1 syn_sent curl"));
  Socket waiting = there(1, SocketState::time_wait);
  waiting.at = now_;
  EXPECT_EQ(book_.process_of(waiting), nullptr);
  book_.process_of(waiting);
  // The news may be on its way, and has figures.
  SocketNews last = news(1, SocketState::closed);
  last.tcp.emplace().bytes_sent = 7;
  book_.apply(last);
  const std::vector<Socket> published = sockets_after(SocketBook::kGathering);
  ASSERT_EQ(published.size(), 1U);
  EXPECT_EQ(published[0].tcp->bytes_sent, 7U);
  EXPECT_EQ(book_.size(), 0U);
}

TEST_F(Book, WhoListenedBeforeDoesNotStandInAfterItsSocketHasGone) {
  const std::array<std::uint32_t, 1> here{1};
  SocketNews listens = arriving(1, SocketState::listen);
  listens.process = process(7, "old");
  book_.apply(listens);
  EXPECT_THAT(after(seconds{1}), ElementsAre("opened 1 listen old"));
  book_.apply(arriving(1, SocketState::closed));
  EXPECT_THAT(after(seconds{1}), ElementsAre("closed 1 old"));
  book_.apply(arriving(2, SocketState::established));
  EXPECT_THAT(after(seconds{2}), ElementsAre("opened 2 established nobody"));
  // One that only rounds have met.
  book_.process_of(there(3, SocketState::listen));
  book_.set_owner(3, process(8, "older"));
  for (int round = 0; round < 10; ++round) {
    book_.process_of(there(2, SocketState::established));
    book_.end_round(here);
  }
  book_.apply(arriving(4, SocketState::established));
  EXPECT_THAT(after(seconds{2}), ElementsAre("opened 4 established nobody"));
}

TEST_F(Book, EachNewListenerOfAPortTakesTheOldOnesPlaceHoweverManyThereWere) {
  for (std::uint64_t cookie = 1; cookie <= 70'000; ++cookie) {
    SocketNews listens = arriving(cookie, SocketState::listen);
    listens.local.port = static_cast<std::uint16_t>(cookie);
    listens.network_namespace = cookie <= 65'536 ? 1 : 2;
    listens.process = process(7, "many");
    book_.apply(listens);
    (void)after(seconds{1});
    listens.state = SocketState::closed;
    book_.apply(listens);
    (void)after(seconds{1});
  }
  SocketNews listens = arriving(100'000, SocketState::listen);
  listens.process = process(8, "shop");
  book_.apply(listens);
  book_.apply(arriving(100'001, SocketState::established));
  EXPECT_THAT(after(seconds{2}),
              ElementsAre("opened 100000 listen shop", "opened 100001 established shop"));
}

TEST_F(Book, WhatItHasNoRoomForIsCounted) {
  for (std::uint64_t cookie = 1; cookie <= 20; ++cookie)
    book_.apply(news(cookie, SocketState::syn_sent));
  EXPECT_EQ(book_.size(), 16U);
  EXPECT_EQ(book_.counters().get(BookCount::not_kept), 4U);
}

TEST_F(Book, AtTheEndEverythingIsPublished) {
  book_.apply(arriving(1, SocketState::established));
  book_.apply(news(2, SocketState::syn_sent, process(5, "curl")));
  std::vector<std::string> published;
  book_.publish_all([&](const Socket& socket) { published.push_back(sentence(socket)); });
  EXPECT_THAT(published, ::testing::UnorderedElementsAre("opened 1 established nobody",
                                                         "opened 2 syn_sent curl"));
}

} // namespace
} // namespace xdpcap::host
