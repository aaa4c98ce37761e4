// expect: deleted
// Frames live as long as their burst: to ask a temporary one for them is a defect.
#include "capture/file/pcap_source.hpp"

std::size_t count(xdpcap::capture::PcapSource& source) {
#ifdef MUST_NOT_COMPILE
  return source.receive().frames().size();
#else
  const auto burst = source.receive();
  return burst.frames().size();
#endif
}
