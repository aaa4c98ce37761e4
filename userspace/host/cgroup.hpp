#pragma once

#include <string>
#include <string_view>

namespace xdpcap::host {

// From the text of /proc/PID/cgroup (cgroups(7)): the path in the unified hierarchy,
// or, where that is the root, the one of the old hierarchies that says most.
std::string cgroup_path(std::string_view text);

// The id of the container that a cgroup belongs to: 64 hex digits as docker,
// containerd, CRI-O and podman put them into its path, below Kubernetes' pods too.
// Empty where there is none; what watches over a container (conmon) is not in it.
std::string container_id(std::string_view path);

} // namespace xdpcap::host
