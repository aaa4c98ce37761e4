#include "host/cgroup.hpp"

#include <gtest/gtest.h>

#include <string>

namespace xdpcap::host {
namespace {

const std::string kId = "4f1d2c3b4a5968778695a4b3c2d1e0f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

// A path in which @ stands for the id.
std::string with_id(std::string path) {
  for (std::size_t at = path.find('@'); at != std::string::npos; at = path.find('@', at))
    path.replace(at, 1, kId);
  return path;
}

TEST(Containers, AreKnownByThePathsThatTheirRuntimesMake) {
  for (const char* path : {
           "/docker/@",                           // docker, cgroupfs
           "/system.slice/docker-@.scope",        // docker, systemd
           "/../docker-@.scope",                  // seen from another cgroup namespace
           "/machine.slice/libpod-@.scope",       // podman
           "/machine.slice/libpod-@.scope/inner", // podman with its own payload
           "/user.slice/user-1000.slice/user_1000.service/user.slice/libpod-@.scope", // rootless
           "/system.slice/containerd.service/"
           "kubepods-burstable-pod8a7b_6c5d.slice:cri-containerd:@",
           "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod8a7b_6c5d.slice/"
           "cri-containerd-@.scope",
           "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod8a7b_6c5d.slice/"
           "crio-@.scope",
           "/kubepods/burstable/pod8a7b6c5d-4e3f-2a1b-0c9d-8e7f6a5b4c3d/@", // kubernetes, cgroupfs
           "/default/@",                                                    // containerd alone
           // docker in docker
           "/docker/00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff/docker/@",
           "/docker/@/system.slice/nginx.service", // systemd in a container
       }) {
    EXPECT_EQ(container_id(with_id(path)), kId) << path;
  }
}

TEST(Containers, AreNotSeenWhereThereAreNone) {
  for (const char* path : {
           "", "/", "/user.slice/user-1000.slice/session-2.scope", "/system.slice/nginx.service",
           "/lxc.payload.web",
           "/machine.slice/libpod-conmon-@.scope", // watches over one
           "/kubepods.slice/crio-conmon-@.scope",
           "/docker/@0",                                                              // 65 digits
           "/docker/4f1d2c3b4a5968778695a4b3c2d1e0f00f1e2d3c4b5a69788796a5b4c3d2e1f", // 63
           "/build-@x", // part of a word
           "/docker/4F1D2C3B4A5968778695A4B3C2D1E0F00F1E2D3C4B5A69788796A5B4C3D2E1F0", // none of
                                                                                       // them
                                                                                       // writes
                                                                                       // capitals
       }) {
    EXPECT_EQ(container_id(with_id(path)), "") << path;
  }
}

TEST(Cgroups, ThePathIsThatOfTheUnifiedHierarchy) {
  EXPECT_EQ(cgroup_path("0::/system.slice/nginx.service\n"), "/system.slice/nginx.service");
  EXPECT_EQ(cgroup_path("0::/system.slice/nginx.service"), "/system.slice/nginx.service");
  EXPECT_EQ(cgroup_path("1:name=systemd:/init.scope\n0::/init.scope\n"), "/init.scope");
}

TEST(Cgroups, WhereThatSaysNothingAnOldHierarchyDoes) {
  EXPECT_EQ(cgroup_path(with_id(
                "12:pids:/docker/@\n11:memory:/docker/@\n1:name=systemd:/docker/@\n0::/\n")),
            with_id("/docker/@"));
  EXPECT_EQ(cgroup_path("4:memory:/user.slice\n1:name=systemd:/\n0::/\n"), "/user.slice");
  EXPECT_EQ(cgroup_path(with_id("4:memory:/docker/@\n0::/system.slice/containerd.service\n")),
            with_id("/docker/@"))
      << "a container says more";
  EXPECT_EQ(cgroup_path("5:devices:/\n0::/\n"), "/");
}

TEST(Cgroups, AnythingElseIsNoPath) {
  EXPECT_EQ(cgroup_path(""), "");
  EXPECT_EQ(cgroup_path("nonsense\n\n::\n:"), "");
  EXPECT_EQ(cgroup_path("0::"), "");
  EXPECT_EQ(cgroup_path("3:name=with:/a:colon\n"), "/a:colon");
}

} // namespace
} // namespace xdpcap::host
