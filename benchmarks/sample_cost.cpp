// SPDX-License-Identifier: MIT
// What one sample of all CPUs costs and disturbs, by every way, while the other CPUs idle.
//
// A cost is the instructions of all CPUs together, from the call to its return. Beside it: the interrupts that the
// other CPUs got for one sample, and the skew, which is the distance of the earliest and the latest time stamp of
// one sample.
//
// Where the device is a module's, a sample is the ioctl; beside it "bare-call" is smp_call_function_many() of a
// function that does nothing, to all other CPUs, by an ioctl of the module tests/kernel/module/bare_call.c.
//
// Prints one line a figure: name, tab, number; "-" where the kernel does not have it. Prefixes: none is a cost,
// "interrupts-" is of 100 samples on all other CPUs, "skew-" is the median in TSC ticks, "late-" is how many of 100
// samples had a CPU that missed the rendezvous, "gap-" is how much the counters of a snapshot were behind what waking
// its CPU read right after: the most of any counter and CPU, and the median of that.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

#include "krun-syscall.h"
#include "measure.hpp"

namespace
{

using measure::address;
using measure::print;
using measure::raw_syscall;

constexpr int repetitions = 100;
constexpr int max_cpus = 64;
constexpr std::array<off_t, 3> msrs = {0xe8, 0xe7, 0x30a};

int cpus() { return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)); }

// Long enough for the others to go idle again.
void rest() { usleep(2000); }

template <class F> std::uint64_t cost_of(F &&call) { return measure::cost_of(repetitions, rest, call); }

// Function-call interrupts on every CPU but 0.
std::uint64_t interrupts_of_others()
{
    FILE *file = std::fopen("/proc/interrupts", "re");
    std::array<char, 4096> line{};
    std::uint64_t sum = 0;
    while (file != nullptr && std::fgets(line.data(), line.size(), file) != nullptr) {
        char *name = std::strstr(line.data(), "CAL:");
        if (name == nullptr)
            continue;
        char *at = name + std::strlen("CAL:");
        std::strtoull(at, &at, 10); // CPU 0
        for (int cpu = 1; cpu < cpus(); cpu++)
            sum += std::strtoull(at, &at, 10);
    }
    if (file != nullptr)
        std::fclose(file);
    return sum;
}

template <class F> std::uint64_t interrupts_of(F &&call)
{
    const std::uint64_t before = interrupts_of_others();
    for (int i = 0; i < repetitions; i++) {
        rest();
        call();
    }
    return interrupts_of_others() - before;
}

template <class F> std::uint64_t late_of(const krun_slot *slots, F &&call)
{
    std::uint64_t late = 0;
    for (int i = 0; i < repetitions; i++) {
        rest();
        call();
        late += std::any_of(slots, slots + cpus(), [](const krun_slot &slot) { return slot.flags == KRUN_SLOT_LATE; });
    }
    return late;
}

// Outliers, caused by the kernel's own interrupts, do not show.
std::uint64_t median_of(std::vector<std::uint64_t> figures)
{
    std::sort(figures.begin(), figures.end());
    return figures[figures.size() / 2];
}

template <class F> std::uint64_t skew_of(const krun_slot *slots, F &&call)
{
    std::vector<std::uint64_t> skews;
    for (int i = 0; i < repetitions; i++) {
        rest();
        call();
        const auto [first, last] = std::minmax_element(
            slots, slots + cpus(), [](const krun_slot &a, const krun_slot &b) { return a.tsc < b.tsc; });
        skews.push_back(last->tsc - first->tsc);
    }
    return median_of(skews);
}

// An open file with a plan, its slots, and a sample of it.
struct Sampler {
    explicit Sampler(std::uint32_t flags, std::uint32_t more_counters = 0)
        : fd(measure::open_plan(flags, more_counters))
    {
        void *mapped = fd < 0 ? MAP_FAILED : mmap(nullptr, sizeof(krun_slot) * cpus(), PROT_READ, MAP_SHARED, fd, 0);
        if (mapped != MAP_FAILED && (*this)() >= 0)
            slots = static_cast<const krun_slot *>(mapped);
    }
    ~Sampler()
    {
        if (slots != nullptr)
            munmap(const_cast<krun_slot *>(slots), sizeof(krun_slot) * cpus()); // NOLINT(*-const-cast)
        close(fd);
    }
    Sampler(const Sampler &) = delete;
    Sampler &operator=(const Sampler &) = delete;
    // NOLINTNEXTLINE(modernize-use-nodiscard): called for what it does
    long operator()() const
    {
        return has_call ? raw_syscall(SYSCALL_KRUN_SAMPLE, fd, 0) : raw_syscall(SYS_ioctl, fd, KRUN_IOC_SAMPLE, 0);
    }

    int fd;
    const bool has_call = raw_syscall(SYSCALL_KRUN_SAMPLE, -1, 0) != -ENOSYS;
    const krun_slot *slots = nullptr;
};

void print_sample(const std::string &name, std::uint32_t flags)
{
    const Sampler sample(flags);
    const bool works = sample.slots != nullptr;
    const auto show = [&](const std::string &what, auto &&figure) {
        print((what + name).c_str(), works ? std::optional<std::uint64_t>(figure()) : std::nullopt);
    };
    show("", [&] { return cost_of(sample); });
    show("interrupts-", [&] { return interrupts_of(sample); });
    // A snapshot is as old as its CPU has been idle, on purpose.
    if ((flags & KRUN_SAMPLE_IDLE_SNAPSHOT) == 0)
        show("skew-", [&] { return skew_of(sample.slots, sample); });
    if ((flags & KRUN_SAMPLE_RENDEZVOUS) != 0)
        show("late-", [&] { return late_of(sample.slots, sample); });
}

// The price of counting what disturbs, which only plans pay that ask for it.
void print_disturbance()
{
    const Sampler sample(0, KRUN_COUNTER_INTERRUPTS | KRUN_COUNTER_SWITCHES);
    const bool works = sample.slots != nullptr;
    print("disturbance", works ? std::optional<std::uint64_t>(cost_of(sample)) : std::nullopt);
}

// What the kernel itself takes for an interrupt to every other CPU.
void print_bare_call()
{
    const int fd = open("/dev/krun_bare_call", O_RDWR | O_CLOEXEC);
    const auto call = [&] { return raw_syscall(SYS_ioctl, fd, 0, 0); };
    print("bare-call", fd < 0 || call() != 0 ? std::nullopt : std::optional<std::uint64_t>(cost_of(call)));
    close(fd);
}

void print_gap()
{
    const Sampler snapshot(KRUN_SAMPLE_IDLE_SNAPSHOT);
    const Sampler waking(0);
    if (snapshot.slots == nullptr || waking.slots == nullptr) {
        print("gap-snapshot", {});
        return;
    }
    std::vector<std::uint64_t> gaps;
    for (int i = 0; i < repetitions; i++) {
        rest();
        snapshot();
        waking();
        std::uint64_t gap = 0;
        for (int cpu = 1; cpu < cpus(); cpu++) {
            const krun_slot &idle = snapshot.slots[cpu];
            const krun_slot &woken = waking.slots[cpu];
            if (idle.status == KRUN_STATUS_IDLE)
                gap = std::max<std::uint64_t>(
                    {gap, woken.aperf - idle.aperf, woken.mperf - idle.mperf, woken.cycles - idle.cycles});
        }
        gaps.push_back(gap);
    }
    print("gap-snapshot", median_of(gaps));
}

void print_legacy()
{
    static std::array<std::array<std::uint64_t, max_cpus>, 3> values;
    const int count = cpus(); // queries the file system each time
    const auto call = [&] {
        return raw_syscall(SYSCALL_KRUN_READ_MSRS, count, 0, address(&values[0]), address(&values[1]),
                           address(&values[2]));
    };
    if (syscall(SYSCALL_KRUN_CONFIGURE, count) != 0 || syscall(SYSCALL_KRUN_RESET_MSRS, count) != 0 || call() != 0) {
        print("krun", {});
        print("interrupts-krun", {});
        return;
    }
    print("krun", cost_of(call));
    print("interrupts-krun", interrupts_of(call));
}

void print_msr()
{
    std::vector<int> nodes;
    std::uint64_t value = 0;
    for (int cpu = 0; cpu < cpus(); cpu++) {
        const std::string path = "/dev/cpu/" + std::to_string(cpu) + "/msr";
        nodes.push_back(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    }
    const auto call = [&] {
        long least = sizeof(value);
        for (const int node : nodes)
            for (const off_t msr : msrs)
                least = std::min(least, raw_syscall(SYS_pread64, node, address(&value), sizeof(value), msr));
        return least;
    };
    if (call() != sizeof(value)) {
        print("msr", {});
        print("interrupts-msr", {});
        return;
    }
    print("msr", cost_of(call));
    print("interrupts-msr", interrupts_of(call));
}

} // namespace

int main()
{
    if (!measure::pin_to_cpu0() || cpus() > max_cpus) {
        std::fprintf(stderr, "sample_cost: needs CPU 0, and at most %d CPUs\n", max_cpus);
        return 1;
    }
    print("null", cost_of([] { raw_syscall(SYS_getppid); }));
    print_bare_call();
    print_sample("sample", 0);
    print_disturbance();
    print_sample("rendezvous", KRUN_SAMPLE_RENDEZVOUS);
    print_sample("snapshot", KRUN_SAMPLE_IDLE_SNAPSHOT);
    print_gap();
    print_legacy();
    print_msr();
    return 0;
}
