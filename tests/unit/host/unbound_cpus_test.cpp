// SPDX-License-Identifier: MIT
// A command's affinity on machines that restrict everything: who has bound it?
#include "host/cpu_sets.hpp"

#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"

namespace krun
{
namespace
{

using Cpus = std::vector<int>;

TEST(BoundCpus, WhoMayRunEverywhereIsNotBound)
{
    const UnboundCpus machine{{0, 1, 2, 3}, {0, 1, 2, 3}, {}, {}};
    EXPECT_EQ(bound_cpus({0, 1, 2, 3}, machine), Cpus());
    EXPECT_EQ(bound_cpus({0, 1, 2, 3, 4, 5}, machine), Cpus()); // two of which are offline
    EXPECT_EQ(bound_cpus({}, machine), Cpus());                 // the kernel does not say
    EXPECT_EQ(bound_cpus({2, 3}, machine), (Cpus{2, 3}));
    EXPECT_EQ(bound_cpus({3}, machine), Cpus{3});
}

TEST(BoundCpus, WhereTheMachineSaysNothingAnAffinityIsABinding) { EXPECT_EQ(bound_cpus({0, 1}, {}), (Cpus{0, 1})); }

TEST(BoundCpus, WithIsolatedCpusTheOthersAreNobodysOwn)
{
    const UnboundCpus machine{{0, 1, 2, 3}, {}, {}, {2, 3}};
    EXPECT_EQ(bound_cpus({0, 1}, machine), Cpus());
    EXPECT_EQ(bound_cpus({2, 3}, machine), (Cpus{2, 3}));
    EXPECT_EQ(bound_cpus({0, 2}, machine), (Cpus{0, 2}));
}

TEST(BoundCpus, WhatTheFirstProcessHasEverybodyHas)
{
    EXPECT_EQ(bound_cpus({0, 1}, {{0, 1, 2, 3}, {0, 1}, {}, {}}), Cpus());
}

TEST(BoundCpus, ACpusetIsNoBinding)
{
    const UnboundCpus container{{0, 1, 2, 3, 4, 5, 6, 7}, {}, {4, 5, 6, 7}, {7}};
    EXPECT_EQ(bound_cpus({4, 5, 6, 7}, container), Cpus());
    EXPECT_EQ(bound_cpus({4, 5, 6}, container), Cpus());
    EXPECT_EQ(bound_cpus({4, 5}, container), (Cpus{4, 5}));
}

TEST(BoundCpus, ASingleCpuIsABindingWhoeverMadeIt)
{
    EXPECT_EQ(bound_cpus({0}, {{0}, {0}, {0}, {}}), Cpus{0});
    EXPECT_EQ(bound_cpus({1}, {{0, 1}, {1}, {1}, {0}}), Cpus{1});
}

class UnboundCpusOfMachine : public testing::Test
{
  protected:
    void SetUp() override { files.add("/sys/devices/system/cpu/online", "0-7\n"); }
    UnboundCpus found() { return find_unbound_cpus(files); }
    FakeFilesystem files;
};

TEST_F(UnboundCpusOfMachine, AreOnlineAndIsolatedOnesAndThoseOfInit)
{
    EXPECT_EQ(found().online, (Cpus{0, 1, 2, 3, 4, 5, 6, 7}));
    EXPECT_EQ(found().isolated, Cpus());
    EXPECT_EQ(found().cpuset, Cpus());
    EXPECT_FALSE(found().of_init.empty());
    files.add("/sys/devices/system/cpu/isolated", "6-7\n");
    EXPECT_EQ(found().isolated, (Cpus{6, 7}));
}

TEST_F(UnboundCpusOfMachine, ACpusetIsThatOfTheNearestGroupThatHasOne)
{
    files.add("/proc/self/cgroup", "0::/user.slice/session-1.scope\n");
    files.add("/sys/fs/cgroup/cpuset.cpus.effective", "0-7\n");
    EXPECT_EQ(found().cpuset, (Cpus{0, 1, 2, 3, 4, 5, 6, 7}));
    files.add("/sys/fs/cgroup/user.slice/cpuset.cpus.effective", "0-3\n");
    EXPECT_EQ(found().cpuset, (Cpus{0, 1, 2, 3}));
    files.add("/sys/fs/cgroup/user.slice/session-1.scope/cpuset.cpus.effective", "2-3\n");
    EXPECT_EQ(found().cpuset, (Cpus{2, 3}));
}

TEST_F(UnboundCpusOfMachine, AContainersGroupMayHaveAPathOfTheHost)
{
    files.add("/proc/self/cgroup", "0::/../../docker/0123\n");
    files.add("/sys/fs/cgroup/cpuset.cpus.effective", "4-5\n");
    EXPECT_EQ(found().cpuset, (Cpus{4, 5}));
}

TEST_F(UnboundCpusOfMachine, VersionOneOfControlGroupsHasAFolderOfItsOwn)
{
    files.add("/proc/self/cgroup", "12:cpu,cpuset:/docker/0123\n1:name=systemd:/\n0::/\nnonsense\n");
    files.add("/sys/fs/cgroup/cpuset.cpus.effective", "0-7\n");
    EXPECT_EQ(found().cpuset, Cpus());
    files.add("/sys/fs/cgroup/cpuset/docker/0123/cpuset.effective_cpus", "1,3\n");
    EXPECT_EQ(found().cpuset, (Cpus{1, 3}));
}

TEST_F(UnboundCpusOfMachine, NothingIsGuessedFromFilesThatCannotBeRead)
{
    FakeFilesystem none;
    const auto nothing = find_unbound_cpus(none);
    EXPECT_TRUE(nothing.online.empty() && nothing.isolated.empty() && nothing.cpuset.empty());
}

} // namespace
} // namespace krun
