// SPDX-License-Identifier: MIT
// Many threads that sample all CPUs at once, while one CPU runs a benchmark: how many samples there are, how long the
// slowest call took, and how often the benchmark is interrupted, with and without a shield.
//
// Each mode lasts a fixed number of TSC ticks. Prints one line a figure: name, tab, number. Prefixes: "samples-" of all
// threads, "fewest-" of one thread, "longest-" ticks of one call, the time without a CPU included, "interrupts-" is
// Krun's on the benchmark's CPU.
#include <array>
#include <atomic>
#include <cstdlib>
#include <string>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "measure.hpp"

namespace
{

constexpr int threads = 64;
constexpr std::uint64_t duration = 200'000'000; // ticks

int cpus() { return static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN)); }

bool pin_to(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return sched_setaffinity(0, sizeof(set), &set) == 0;
}

struct Sampler {
    std::uint64_t samples = 0;
    std::uint64_t longest = 0;
};

void sample(int fd, std::atomic<int> &ready, const std::atomic<bool> &go, const std::atomic<bool> &stop,
            Sampler &result)
{
    // The benchmark has its CPU for itself.
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int cpu = 0; cpu < cpus() - 1; cpu++)
        CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof(set), &set);
    ready++;
    while (!go)
        sched_yield();
    while (!stop) {
        const std::uint64_t before = measure::tsc();
        if (measure::raw_syscall(SYSCALL_KRUN_SAMPLE, fd) < 0)
            return;
        result.longest = std::max(result.longest, measure::tsc() - before);
        result.samples++;
    }
}

// On the last CPU.
void benchmark()
{
    for (const std::uint64_t end = measure::tsc() + duration; measure::tsc() < end;)
        for (int i = 0; i < 100; i++)
            asm volatile("" : "+r"(i));
}

// A file whose slots count our interrupts, and which shields the last CPU if that is wanted.
class Observer
{
  public:
    explicit Observer(bool shield) : fd_(measure::open_plan(KRUN_SAMPLE_LOCAL, KRUN_COUNTER_INTERRUPTS))
    {
        std::uint64_t last = std::uint64_t{1} << (cpus() - 1);
        krun_plan plan{};
        plan.flags = KRUN_SAMPLE_LOCAL | (shield ? KRUN_PLAN_SHIELD : 0);
        plan.counters = KRUN_COUNTER_INTERRUPTS;
        plan.cpus = reinterpret_cast<std::uintptr_t>(&last);
        plan.cpus_size = sizeof(last);
        void *mapped = mmap(nullptr, cpus() * sizeof(krun_slot), PROT_READ, MAP_SHARED, fd_, 0);
        if (fd_ < 0 || mapped == MAP_FAILED || ioctl(fd_, KRUN_IOC_PLAN, &plan) != 0)
            std::exit(1);
        slots_ = static_cast<const krun_slot *>(mapped);
    }
    ~Observer()
    {
        munmap(const_cast<krun_slot *>(slots_), cpus() * sizeof(krun_slot)); // NOLINT(*-const-cast)
        close(fd_);
    }
    Observer(const Observer &) = delete;
    Observer &operator=(const Observer &) = delete;
    [[nodiscard]] std::uint32_t interrupts() const
    {
        measure::raw_syscall(SYSCALL_KRUN_SAMPLE, fd_);
        return slots_[cpus() - 1].own;
    }

  private:
    int fd_;
    const krun_slot *slots_ = nullptr;
};

void print_mode(const std::string &name, std::uint32_t flags, bool shield)
{
    const Observer observer(shield);
    std::atomic<int> ready{0};
    std::atomic<bool> go{false};
    std::atomic<bool> stop{false};
    std::array<Sampler, threads> results;
    std::vector<std::thread> running;
    std::vector<int> files;
    for (Sampler &result : results) {
        files.push_back(measure::open_plan(flags));
        running.emplace_back([&, fd = files.back()] { sample(fd, ready, go, stop, result); });
    }
    while (ready < threads) // they begin where they were made
        sched_yield();
    const auto before = observer.interrupts();
    go = true;
    benchmark();
    const auto interrupts = observer.interrupts() - before;
    stop = true;
    for (std::thread &thread : running)
        thread.join();
    for (const int fd : files)
        close(fd);
    Sampler all;
    std::uint64_t fewest = ~std::uint64_t{0};
    for (const Sampler &result : results) {
        all.samples += result.samples;
        all.longest = std::max(all.longest, result.longest);
        fewest = std::min(fewest, result.samples);
    }
    const auto show = [&](const char *what, std::uint64_t figure) { measure::print((what + name).c_str(), figure); };
    show("samples-", all.samples);
    show("fewest-", fewest);
    show("longest-", all.longest);
    show("interrupts-", interrupts);
}

} // namespace

int main()
{
    if (cpus() < 2 || !pin_to(cpus() - 1) || measure::open_plan(0) < 0) {
        std::fprintf(stderr, "many_samplers: needs /dev/krun and at least two CPUs\n");
        return 1;
    }
    print_mode("plain", 0, false);
    print_mode("rendezvous", KRUN_SAMPLE_RENDEZVOUS, false);
    print_mode("shielded", 0, true);
    print_mode("shielded-rendezvous", KRUN_SAMPLE_RENDEZVOUS, true);
    return 0;
}
