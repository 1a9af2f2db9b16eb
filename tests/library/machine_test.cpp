// SPDX-License-Identifier: MIT
// What the library finds out about a machine, from a sysfs made up by the test.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <linux/perf_event.h>
#include <sched.h>
#include <sys/syscall.h>

#include "answered_calls.hpp"
#include "machine.hpp"

namespace
{

namespace fs = std::filesystem;

class MadeUpSysfs : public testing::Test
{
  protected:
    void SetUp() override
    {
        std::string name = (fs::temp_directory_path() / "krun-sysfs-XXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        root_ = name;
    }
    ~MadeUpSysfs() override { fs::remove_all(root_); }

    void write(const std::string &file, const std::string &text) const
    {
        fs::create_directories((root_ / file).parent_path());
        std::ofstream(root_ / file) << text;
    }
    [[nodiscard]] const char *root() const { return root_.c_str(); }

  private:
    fs::path root_;
};

using SysfsCpus = MadeUpSysfs;

TEST_F(SysfsCpus, AreThoseOfSysfs)
{
    write("devices/system/cpu/possible", "0-7\n");
    write("devices/system/cpu/online", "0-3,6\n");
    write("devices/system/cpu/nohz_full", "1-7\n");
    write("devices/system/cpu/cpu2/topology/thread_siblings_list", "2,6\n");
    const auto machine = std::make_unique<krunc::Machine>();
    ASSERT_EQ(krunc::examine(*machine, root()), 0);
    EXPECT_EQ(machine->possible.count(), 8U);
    EXPECT_EQ(machine->online.count(), 5U);
    const std::unique_ptr<krunc_cpu, decltype(&std::free)> table(krunc::describe_cpus(*machine), std::free);
    ASSERT_NE(table, nullptr);
    EXPECT_EQ(table.get()[0].flags, 0U);
    EXPECT_EQ(table.get()[2].flags, KRUNC_CPU_NOHZ_FULL);
    EXPECT_EQ(table.get()[2].sibling, 6);
    EXPECT_EQ(table.get()[3].sibling, -1);
    EXPECT_TRUE(krunc::is_online(root(), 6));
    EXPECT_FALSE(krunc::is_online(root(), 4));
}

// As on a machine of so many CPUs.
TEST_F(SysfsCpus, WithoutSysfsAreThoseThatTheThreadMayUseHoweverLongTheKernelsMask)
{
    cpu_set_t allowed;
    ASSERT_EQ(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
    const auto examined = [&] {
        const auto machine = std::make_unique<krunc::Machine>();
        EXPECT_EQ(krunc::examine(*machine, root()), 0);
        EXPECT_EQ(machine->online.count(), static_cast<unsigned>(CPU_COUNT(&allowed)));
        EXPECT_EQ(machine->possible.end(), machine->online.end());
        EXPECT_TRUE(krunc::is_online(root(), 0)); // nobody says that it is not
    };
    if (!with_answered_calls({{SYS_sched_getaffinity, EINVAL, 1, krunc::max_cpus / 8}}, nullptr, examined))
        GTEST_SKIP() << "the test cannot answer system calls here";
}

TEST_F(SysfsCpus, AreNotGuessedForWantOfDescriptors)
{
    const auto examined = [&] {
        const auto machine = std::make_unique<krunc::Machine>();
        EXPECT_EQ(krunc::examine(*machine, root()), -ENFILE);
    };
    if (!with_answered_calls({{SYS_openat, ENFILE}}, nullptr, examined))
        GTEST_SKIP() << "the test cannot answer system calls here";
}

TEST_F(SysfsCpus, OfATextThatDoesNotFitAreUnknown)
{
    char text[8];
    write("long", "12345678");
    EXPECT_EQ(krunc::read_sysfs(root(), text, sizeof(text), "%s", "long"), -EFBIG);
    write("short", "1234567");
    EXPECT_EQ(krunc::read_sysfs(root(), text, sizeof(text), "%s", "short"), 0);
    EXPECT_STREQ(text, "1234567");
    EXPECT_EQ(krunc::read_sysfs(root(), text, sizeof(text), "%s", "missing"), -ENOENT);
    EXPECT_EQ(krunc::read_sysfs(root(), text, sizeof(text), "%s", std::string(300, 'x').c_str()), -ENAMETOOLONG);
    krunc::CpuSet cpus;
    EXPECT_EQ(krunc::read_cpu_list(root(), cpus, "short"), -EINVAL); // no CPU has that number
}

using KernelsDevice = MadeUpSysfs;

TEST_F(KernelsDevice, IsFoundInSysfsOrInProcMisc)
{
    const std::string misc = std::string(root()) + "/misc";
    EXPECT_FALSE(krunc::kernel_has_device(root(), misc.c_str()));
    write("misc", "123 krunchy\n 60 cpu_dma_latency\n");
    EXPECT_FALSE(krunc::kernel_has_device(root(), misc.c_str()));
    write("misc", " 60 cpu_dma_latency\n125 krun\n");
    EXPECT_TRUE(krunc::kernel_has_device(root(), misc.c_str()));
    write("misc", "");
    write("class/misc/krun/dev", "10:125\n");
    EXPECT_TRUE(krunc::kernel_has_device(root(), misc.c_str()));
}

using CorePmus = MadeUpSysfs;

TEST_F(CorePmus, OfAHybridProcessorAreOneForEachKindOfCore)
{
    write("bus/event_source/devices/cpu_core/type", "4\n");
    write("bus/event_source/devices/cpu_core/cpus", "0-15\n");
    write("bus/event_source/devices/cpu_atom/type", "10\n");
    write("bus/event_source/devices/cpu_atom/cpus", "16-23\n");
    write("bus/event_source/devices/cpu_strange/type", "11\n"); // without a list
    write("bus/event_source/devices/uncore_imc_0/type", "12\n");
    write("bus/event_source/devices/uncore_imc_0/cpus", "0-23\n");
    const auto pmus = std::make_unique<krunc::CorePmus>();
    ASSERT_EQ(krunc::find_core_pmus(root(), *pmus), 0);
    EXPECT_EQ(pmus->count, 2U);
    EXPECT_EQ(pmus->of(0), 4U);
    EXPECT_EQ(pmus->of(15), 4U);
    EXPECT_EQ(pmus->of(16), 10U);
    EXPECT_EQ(pmus->of(24), 0U);
}

TEST_F(CorePmus, OfOtherMachinesNeedNotBeNamed)
{
    const auto pmus = std::make_unique<krunc::CorePmus>();
    ASSERT_EQ(krunc::find_core_pmus(root(), *pmus), 0); // no sysfs
    EXPECT_EQ(pmus->of(0), 0U);
    write("bus/event_source/devices/cpu/type", "4\n");
    ASSERT_EQ(krunc::find_core_pmus(root(), *pmus), 0);
    EXPECT_EQ(pmus->of(0), 0U);
}

TEST(CorePmuEvents, AreOfTheCpusOwnPmu)
{
    const auto taken = [](std::uint32_t type, std::uint64_t config, std::uint32_t pmu) {
        const krunc_event event = krunc::event_of_pmu({type, 0, config}, pmu);
        return std::pair(event.type, event.config);
    };
    using Event = std::pair<std::uint32_t, std::uint64_t>;
    EXPECT_EQ(taken(PERF_TYPE_HARDWARE, 1, 0), Event(PERF_TYPE_HARDWARE, 1));
    EXPECT_EQ(taken(PERF_TYPE_RAW, 0xc0, 0), Event(PERF_TYPE_RAW, 0xc0));
    EXPECT_EQ(taken(PERF_TYPE_HARDWARE, 1, 10), Event(PERF_TYPE_HARDWARE, 0xa00000001));
    EXPECT_EQ(taken(PERF_TYPE_HW_CACHE, 0x10002, 10), Event(PERF_TYPE_HW_CACHE, 0xa00010002));
    EXPECT_EQ(taken(PERF_TYPE_RAW, 0xc0, 10), Event(10, 0xc0));
    // Those that name a PMU, or are of none.
    EXPECT_EQ(taken(PERF_TYPE_HARDWARE, 0x400000001, 10), Event(PERF_TYPE_HARDWARE, 0x400000001));
    EXPECT_EQ(taken(PERF_TYPE_SOFTWARE, 3, 10), Event(PERF_TYPE_SOFTWARE, 3));
    EXPECT_EQ(taken(12, 5, 10), Event(12, 5));
}

} // namespace
