#include "capture/afxdp/xsk_ladder.hpp"

#include <cerrno>
#include <optional>

#include "core/errors.hpp"

namespace xdpcap::capture {
namespace {

constexpr std::uint32_t kLinkHeaderMax = 22; // Ethernet and two VLAN tags
constexpr std::uint32_t kSmallFrame = 2048, kLargeFrame = 4096;

struct Rung {
  XdpAttach attach;
  bool zero_copy;
  const char* name;
};

constexpr Rung kRungs[] = {
    {XdpAttach::native, true, "native XDP, zero-copy"},
    {XdpAttach::native, false, "native XDP, copy"},
    {XdpAttach::generic, false, "generic XDP, copy"},
};

bool allowed(const Rung& rung, const LiveOptions& options) {
  if (options.xdp == XdpMode::native && rung.attach != XdpAttach::native) return false;
  if (options.xdp == XdpMode::generic && rung.attach != XdpAttach::generic) return false;
  if (options.copy == CopyMode::copy && rung.zero_copy) return false;
  return options.copy != CopyMode::zero_copy || rung.zero_copy;
}

bool is_jumbo(const LadderDevice& device) {
  return device.mtu > single_buffer_mtu_max;
}

// Small where longer ones come in pieces. Else generic XDP, which comes after GRO and
// hands over super-packets, wants all there is; native frames are as on the wire.
std::uint32_t frame_bytes_for(const LadderDevice& device, const Rung& rung, bool in_pieces) {
  const bool fits_small = device.mtu + kLinkHeaderMax <= kSmallFrame - Umem::headroom;
  return in_pieces || (rung.attach == XdpAttach::native && fits_small) ? kSmallFrame : kLargeFrame;
}

// One source for one queue. On failure null and an errno.
std::unique_ptr<XskSource> open_source(const LadderDevice& device, const LiveOptions& options,
                                       const Rung& rung, std::uint32_t queue, bool multi_buffer,
                                       int& error) {
  const std::uint32_t frame_bytes = frame_bytes_for(device, rung, multi_buffer);
  const std::uint32_t frames = options.frames_per_queue / (frame_bytes / kSmallFrame);
  auto umem = Umem::create(frames, frame_bytes, error);
  if (!umem) return nullptr;
  const XskOptions socket_options{.interface = device.name,
                                  .queue = queue,
                                  .ring = std::min(options.ring, frames),
                                  .zero_copy = rung.zero_copy,
                                  .multi_buffer = multi_buffer,
                                  .busy_poll = options.busy_poll};
  auto socket = XskSocket::open(*umem, socket_options, error);
  if (!socket) return nullptr;
  return std::make_unique<XskSource>(std::move(umem), std::move(socket), device.program.interface,
                                     queue);
}

std::string bind_refusal(const LadderDevice& device, std::uint32_t queue, int error) {
  if (is_jumbo(device) && (error == EINVAL || error == EOPNOTSUPP)) {
    return fmt::format(
        "frames of MTU {} need several buffers, which this kernel or driver does not offer to "
        "AF_XDP "
        "(Linux 6.6 does): lower the MTU to {} or less",
        device.mtu, single_buffer_mtu_max);
  }
  switch (error) {
    case EBUSY:
      return fmt::format("queue {} is taken by another AF_XDP socket", queue);
    case ENOBUFS:
      return "no more memory may be locked; grant CAP_IPC_LOCK or raise ulimit -l";
    case EINVAL:
      return fmt::format(
          "queue {} cannot be bound; is it one of the receive queues ethtool -l shows?", queue);
    default:
      return fmt::format("queue {}: {}", queue, errno_text(error));
  }
}

// Either sources for all queues, or why not in words. `multi_buffer`: whether
// frames that are longer than one of the UMEM come in pieces.
Result<std::vector<std::unique_ptr<XskSource>>, std::string> open_sources(
    const LadderDevice& device, const LiveOptions& options, const Rung& rung, bool& multi_buffer) {
  std::vector<std::unique_ptr<XskSource>> sources;
  multi_buffer = true;
  for (const std::uint32_t queue : device.queues) {
    int error = 0;
    auto source = open_source(device, options, rung, queue, multi_buffer, error);
    if (!source && (error == EINVAL || error == EOPNOTSUPP) && multi_buffer && !is_jumbo(device)) {
      // Before kernel 6.6, or a driver without: longer frames will be dropped and counted, the rest
      // works.
      multi_buffer = false;
      source = open_source(device, options, rung, queue, multi_buffer, error);
    }
    if (!source) return bind_refusal(device, queue, error);
    sources.push_back(std::move(source));
  }
  return sources;
}

struct Attempt {
  std::optional<AttachedDevice> device;
  std::string refusal;        // in words, when there is none
  std::optional<Error> fatal; // no other rung will do better
};

Attempt try_rung(const LadderDevice& device, const LiveOptions& options, const Rung& rung) {
  XdpProgramOptions program_options = device.program;
  program_options.multi_buffer = is_jumbo(device);
  auto program = XdpProgram::load(program_options, device.filter);
  if (!program) return {{}, {}, std::move(program).error()};
  const int error = program->attach(device.index, rung.attach);
  if (error == EBUSY || error == EEXIST) {
    return {{},
            {},
            environment("{} already carries an XDP program, and an interface takes one: stop what "
                        "attached it, or "
                        "use --mode tap, which needs none",
                        device.name)};
  }
  if (error != 0) return {{}, fmt::format("the driver says \"{}\"", errno_text(error)), {}};
  bool in_pieces = false;
  auto sources = open_sources(device, options, rung, in_pieces);
  if (!sources) return {{}, std::move(sources).error(), {}};
  for (const auto& source : *sources) {
    if (auto inserted = program->insert_socket(source->queue(), source->fd()); !inserted) {
      return {{}, std::move(inserted).error().message, {}};
    }
  }
  const bool any_length =
      in_pieces && (program_options.multi_buffer || rung.attach == XdpAttach::generic);
  const std::uint32_t mtu_max =
      any_length  ? UINT32_MAX
      : in_pieces ? single_buffer_mtu_max
                  : frame_bytes_for(device, rung, false) - Umem::headroom - kLinkHeaderMax;
  return {AttachedDevice{std::move(*sources), std::move(*program), mtu_max, rung.name, {}}, {}, {}};
}

} // namespace

Result<AttachedDevice, Error> attach_device(const LadderDevice& device,
                                            const LiveOptions& options) {
  std::string tried;
  for (const Rung& rung : kRungs) {
    if (!allowed(rung, options)) continue;
    Attempt attempt = try_rung(device, options, rung);
    if (attempt.fatal) return *std::move(attempt.fatal);
    if (attempt.device) {
      attempt.device->what_was_tried = std::move(tried);
      return *std::move(attempt.device);
    }
    tried += fmt::format("{}{}: {}", tried.empty() ? "" : "; ", rung.name, attempt.refusal);
  }
  if (tried.empty())
    return usage(
        "--xdp generic and --zero-copy exclude each other: only native XDP can do without a copy");
  return environment("no way to capture from {} works: {}", device.name, tried);
}

} // namespace xdpcap::capture
