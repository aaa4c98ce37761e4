#include "host/cgroup.hpp"

#include <gtest/gtest.h>

#include <string>

namespace xdpcap::host {
namespace {

const std::string kId = "4f1d2c3b4a5968778695a4b3c2d1e0f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
const std::string kOther = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

TEST(Containers, AreKnownByThePathsThatTheirRuntimesMake) {
  const std::string pod = "pod8a7b6c5d_4e3f_2a1b_0c9d_8e7f6a5b4c3d";
  for (const std::string& path : {
           "/docker/" + kId,                                    // docker, cgroupfs
           "/system.slice/docker-" + kId + ".scope",            // docker, systemd
           "/../docker-" + kId + ".scope",                      // seen from another cgroup namespace
           "/machine.slice/libpod-" + kId + ".scope",           // podman
           "/machine.slice/libpod-" + kId + ".scope/container", // podman with its own payload
           "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" + kId + ".scope", // rootless
           "/system.slice/containerd.service/kubepods-burstable-" + pod + ".slice:cri-containerd:" + kId,
           "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-" + pod + ".slice/cri-containerd-" + kId +
               ".scope",
           "/kubepods.slice/kubepods-besteffort.slice/" + pod + "/crio-" + kId + ".scope",
           "/kubepods/burstable/pod8a7b6c5d-4e3f-2a1b-0c9d-8e7f6a5b4c3d/" + kId, // kubernetes, cgroupfs
           "/default/" + kId,                                                    // containerd alone
           "/docker/" + kOther + "/docker/" + kId,                               // docker in docker: the inner one
           "/docker/" + kId + "/system.slice/nginx.service",                     // systemd in a container
       }) {
    EXPECT_EQ(container_id(path), kId) << path;
  }
}

TEST(Containers, AreNotSeenWhereThereAreNone) {
  for (const std::string& path : {
           std::string(), std::string("/"), std::string("/user.slice/user-1000.slice/session-2.scope"),
           std::string("/system.slice/nginx.service"), std::string("/lxc.payload.web"),
           "/machine.slice/libpod-conmon-" + kId + ".scope", // watches over one
           "/kubepods.slice/crio-conmon-" + kId + ".scope",
           "/docker/" + kId.substr(1),                      // 63 digits
           "/docker/" + kId + "0",                          // 65
           "/build-" + kId + "x",                           // part of a word
           std::string("/docker/4F1D2C3B") + kId.substr(8), // none of them writes capitals
       }) {
    EXPECT_EQ(container_id(path), "") << path;
  }
}

TEST(Cgroups, ThePathIsThatOfTheUnifiedHierarchy) {
  EXPECT_EQ(cgroup_path("0::/system.slice/nginx.service\n"), "/system.slice/nginx.service");
  EXPECT_EQ(cgroup_path("0::/system.slice/nginx.service"), "/system.slice/nginx.service");
  EXPECT_EQ(cgroup_path("1:name=systemd:/init.scope\n0::/init.scope\n"), "/init.scope");
}

TEST(Cgroups, WhereThatTellsNothingAnOldHierarchySpeaks) {
  const std::string old = "12:pids:/docker/" + kId + "\n11:memory:/docker/" + kId + "\n3:cpu,cpuacct:/docker/" + kId +
                          "\n1:name=systemd:/docker/" + kId + "\n0::/\n";
  EXPECT_EQ(cgroup_path(old), "/docker/" + kId);
  EXPECT_EQ(cgroup_path("4:memory:/user.slice\n1:name=systemd:/\n0::/\n"), "/user.slice");
  EXPECT_EQ(cgroup_path("4:memory:/docker/" + kId + "\n0::/system.slice/containerd.service\n"), "/docker/" + kId)
      << "a container tells more";
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
