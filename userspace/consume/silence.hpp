#pragma once

#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/result.hpp"

namespace xdpcap::consume {

// The endpoints of a consumer that was given none: this user's where somebody listens there, else
// root's where somebody does, else both, as an engine may still be started. One below /tmp is among
// them only where its directory is this user's: it is made here if need be, so that no other user
// can make it.
std::vector<std::string> default_endpoints();

// Refuses an endpoint that is none, and one where another user than root and this one could have
// put, or could yet put, a publisher of their own: a consumer believes what it gets.
Result<void, Error> check_trust(const std::string& endpoint);

// Why nothing comes from an endpoint, as a sentence with the cure: there is none, its directory may
// not be entered, nobody listens, another user could have put it there. Empty where somebody
// listens: then the capture has nothing to say, or only just begins. Looks anew at each call (it
// connects and leaves, which takes at most 200 ms with tcp), so ask it when a second or more was
// silent, once a second or so, and show what it says beside the endpoint's name:
//
//   for (const std::string& endpoint : sources.connect) {
//     if (const std::string why = consume::explain_silence(endpoint); !why.empty()) show(why);
//   }
std::string explain_silence(const std::string& endpoint);

} // namespace xdpcap::consume
