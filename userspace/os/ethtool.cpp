#include "os/ethtool.hpp"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>

namespace xdpcap::os {
namespace {

constexpr std::uint32_t kFeaturesMax = 512; // kernel 6.18 has 66
constexpr std::uint32_t kKeyBytesMax = 256, kIndirectionMax = 4096;

// ethtool commands end in arrays; this is their room, zeroed and aligned.
template <class Command>
class CommandRoom {
 public:
  CommandRoom(std::uint32_t command, std::size_t extra_bytes)
      : words_((sizeof(Command) + extra_bytes) / 8 + 1) {
    std::memcpy(words_.data(), &command, sizeof command);
  }
  Command* operator->() { return reinterpret_cast<Command*>(words_.data()); }
  void* get() { return words_.data(); }
  std::byte* tail() { return reinterpret_cast<std::byte*>(words_.data()) + sizeof(Command); }

 private:
  std::vector<std::uint64_t> words_;
};

} // namespace

bool RssSettings::symmetric() const noexcept {
  return transform != 0 || (!key.empty() && key == symmetric_key(key.size()));
}

std::vector<std::uint8_t> symmetric_key(std::size_t bytes) {
  std::vector<std::uint8_t> key(bytes);
  for (std::size_t i = 0; i < bytes; ++i) key[i] = i % 2 == 0 ? 0x6D : 0x5A;
  return key;
}

Ethtool::Ethtool(std::string interface)
    : interface_(std::move(interface)), socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}

int Ethtool::call(void* command) const {
  ifreq request{};
  if (interface_.size() >= sizeof request.ifr_name) return ENODEV;
  std::memcpy(request.ifr_name, interface_.c_str(), interface_.size());
  request.ifr_data = static_cast<char*>(command);
  // Setters answer bits about what they could not do in full; that is no failure.
  return ::ioctl(socket_.get(), SIOCETHTOOL, &request) >= 0 ? 0 : errno;
}

std::string Ethtool::driver() const {
  ethtool_drvinfo info{};
  info.cmd = ETHTOOL_GDRVINFO;
  if (call(&info) != 0) return {};
  return {info.driver, ::strnlen(info.driver, sizeof info.driver)};
}

std::optional<std::uint32_t> Ethtool::speed() const {
  // The kernel says first how many words its masks of modes take, then answers.
  CommandRoom<ethtool_link_settings> link(ETHTOOL_GLINKSETTINGS, std::size_t{3} * 128 * 4);
  if (call(link.get()) != 0 || link->link_mode_masks_nwords >= 0) return std::nullopt;
  link->link_mode_masks_nwords = static_cast<std::int8_t>(-link->link_mode_masks_nwords);
  link->cmd = ETHTOOL_GLINKSETTINGS;
  if (call(link.get()) != 0 || link->speed == static_cast<std::uint32_t>(SPEED_UNKNOWN))
    return std::nullopt;
  return link->speed;
}

std::uint32_t Ethtool::receive_queues() const {
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (call(&channels) != 0) return 1;
  return std::max(1U, channels.rx_count + channels.combined_count);
}

int Ethtool::set_queues(std::uint32_t count) const {
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (const int error = call(&channels); error != 0) return error;
  channels.cmd = ETHTOOL_SCHANNELS;
  if (channels.max_combined != 0) {
    channels.combined_count = count;
  } else {
    channels.rx_count = count;
    channels.tx_count = count;
  }
  return call(&channels);
}

std::vector<std::string> Ethtool::feature_names() const {
  CommandRoom<ethtool_sset_info> info(ETHTOOL_GSSET_INFO, sizeof(std::uint32_t));
  info->sset_mask = 1ULL << ETH_SS_FEATURES;
  if (call(info.get()) != 0 || info->sset_mask == 0) return {};
  std::uint32_t count = 0;
  std::memcpy(&count, info.tail(), sizeof count);
  count = std::min(count, kFeaturesMax);
  CommandRoom<ethtool_gstrings> strings(ETHTOOL_GSTRINGS, std::size_t{count} * ETH_GSTRING_LEN);
  strings->string_set = ETH_SS_FEATURES;
  strings->len = count;
  if (call(strings.get()) != 0) return {};
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < count; ++i) {
    const char* name =
        reinterpret_cast<const char*>(strings.tail()) + std::size_t{i} * ETH_GSTRING_LEN;
    names.emplace_back(name, ::strnlen(name, ETH_GSTRING_LEN));
  }
  return names;
}

std::map<std::string, bool, std::less<>> Ethtool::features() const {
  const std::vector<std::string> names = feature_names();
  const std::size_t blocks = (names.size() + 31) / 32;
  CommandRoom<ethtool_gfeatures> features(ETHTOOL_GFEATURES,
                                          blocks * sizeof(ethtool_get_features_block));
  features->size = static_cast<std::uint32_t>(blocks);
  if (call(features.get()) != 0) return {};
  const auto* block = reinterpret_cast<const ethtool_get_features_block*>(features.tail());
  std::map<std::string, bool, std::less<>> result;
  for (std::size_t i = 0; i < names.size(); ++i)
    result[names[i]] = (block[i / 32].active >> (i % 32) & 1U) != 0;
  return result;
}

int Ethtool::disable_features(bool (*which)(std::string_view name)) const {
  const std::vector<std::string> names = feature_names();
  const std::size_t blocks = (names.size() + 31) / 32;
  CommandRoom<ethtool_sfeatures> features(ETHTOOL_SFEATURES,
                                          blocks * sizeof(ethtool_set_features_block));
  features->size = static_cast<std::uint32_t>(blocks);
  auto* block = reinterpret_cast<ethtool_set_features_block*>(features.tail());
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (which(names[i])) block[i / 32].valid |= 1U << (i % 32);
  }
  return call(features.get());
}

std::optional<RssSettings> Ethtool::rss() const {
  ethtool_rxfh sizes{};
  sizes.cmd = ETHTOOL_GRSSH;
  if (call(&sizes) != 0 || sizes.key_size > kKeyBytesMax || sizes.indir_size > kIndirectionMax)
    return std::nullopt;
  const std::size_t indirection_bytes = std::size_t{sizes.indir_size} * sizeof(std::uint32_t);
  CommandRoom<ethtool_rxfh> room(ETHTOOL_GRSSH, indirection_bytes + sizes.key_size);
  room->indir_size = sizes.indir_size;
  room->key_size = sizes.key_size;
  if (call(room.get()) != 0) return std::nullopt;
  RssSettings settings;
  settings.hash_function = room->hfunc;
  settings.transform = room->rsvd8[0];
  settings.indirection.resize(sizes.indir_size);
  std::memcpy(settings.indirection.data(), room.tail(), indirection_bytes);
  settings.key.resize(sizes.key_size);
  std::memcpy(settings.key.data(), room.tail() + indirection_bytes, sizes.key_size);
  return settings;
}

int Ethtool::set_rss(const RssSettings& settings) const {
  const std::size_t indirection_bytes = settings.indirection.size() * sizeof(std::uint32_t);
  CommandRoom<ethtool_rxfh> room(ETHTOOL_SRSSH, indirection_bytes + settings.key.size());
  room->indir_size = static_cast<std::uint32_t>(settings.indirection.size());
  room->key_size = static_cast<std::uint32_t>(settings.key.size());
  room->hfunc = settings.hash_function;
  room->rsvd8[0] = settings.transform;
  std::memcpy(room.tail(), settings.indirection.data(), indirection_bytes);
  std::memcpy(room.tail() + indirection_bytes, settings.key.data(), settings.key.size());
  return call(room.get());
}

} // namespace xdpcap::os
