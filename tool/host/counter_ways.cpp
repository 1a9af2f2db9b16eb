// SPDX-License-Identifier: MIT
#include "host/counter_ways.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <ctime>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include <krun/counters.hpp>
#include <krun/thread_counter.h>

#include "host/counter_session.hpp"
#include "util/filesystem.hpp"
#include "util/own_process.hpp"

namespace krun
{
namespace
{

constexpr std::uint32_t core_counters = KRUNC_APERF | KRUNC_MPERF | KRUNC_CYCLES | KRUNC_INSTRUCTIONS;

// The fences keep what is measured between its two time stamps.
inline std::uint64_t fenced_tsc()
{
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    asm volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high)::"memory");
    return std::uint64_t{high} << 32 | low;
}

// `Read` returns 0 or an errno. A template, so that nothing but the reading is measured.
template <class Read> class Timed : public CostSubject
{
  public:
    explicit Timed(Read read) : read_(std::move(read)) {}
    Timing take() override
    {
        const std::uint64_t begin = fenced_tsc();
        const int error = read_();
        const std::uint64_t end = fenced_tsc();
        return {end > begin ? end - begin : 0, error};
    }

  private:
    Read read_;
};

template <class Read> std::unique_ptr<CostSubject> timed(Read read)
{
    return std::make_unique<Timed<Read>>(std::move(read));
}

using Session = std::shared_ptr<krunc::Session>; // several subjects may read through one

// What is measured is the call that programs make, which looks at its arguments.
int take_sample(krunc::Session &session, krunc::Sample &sample)
{
    return -krunc_sample_begin(session.raw(), sample.raw(), sample.size());
}

bool invariant(const krunc_facts &facts) { return (facts.features & KRUNC_FEATURE_TSC_INVARIANT) != 0; }

// What readings really have, which may be less than was promised: all hardware counters may be taken.
void look_into(OpenWay &open, const krunc::Sample &sample)
{
    std::uint32_t most = 0;
    for (const krunc_reading &reading : sample.readings()) {
        if (reading.status != KRUNC_OK && reading.status != KRUNC_IDLE)
            continue;
        open.cpus += open.way.scope == KRUNC_SCOPE_CPUS ? 1 : 0;
        if (std::popcount(reading.valid) > std::popcount(most))
            most = reading.valid;
    }
    open.counters = counter_names(most | sample.raw()->valid);
}

krunc::Result<krunc::Session> open_session(const CounterWay &way, bool all_counters)
{
    krunc::Options options;
    options.scope = static_cast<krunc_scope>(way.scope);
    options.ways = 1U << way.way;
    options.counters = all_counters ? 0 : core_counters;
    options.flags = way.flags | KRUNC_NO_CALIBRATION;
    raise_open_file_limit();
    return krunc::Session::open(options);
}

// Where the thread's cycles are on a hardware counter that RDPMC may read, they are the cheapest reading there is.
void add_in_place(const CounterWay &way, const Session &session, CounterWays &ways)
{
    krunc_thread_counter cycles{};
    std::uint64_t value = 0;
    if (krunc_get_thread_counter(session->raw(), KRUNC_CYCLES, &cycles) != 0 ||
        krunc_read_in_place(&cycles, &value) == 0)
        return;
    const krunc_facts &facts = session->facts();
    OpenWay open{way, counter_names(KRUNC_CYCLES), 0, facts.tsc_hz, invariant(facts), {}};
    open.way.in_place = true;
    open.subject = timed([session, cycles, value]() mutable {
        return krunc_read_in_place(&cycles, &value) != 0 ? 0 : -krunc_read(session->raw(), KRUNC_CYCLES, &value);
    });
    ways.open.push_back(std::move(open));
}

void open_way(const CounterWay &way, bool all_counters, CounterWays &ways)
{
    auto opened = open_session(way, all_counters);
    int error = opened ? 0 : -opened.error().number();
    if (error == 0) {
        const auto session = std::make_shared<krunc::Session>(std::move(*opened));
        auto sample = session->make_sample();
        error = -take_sample(*session, sample);
        if (error == 0) {
            OpenWay open{way, {}, 0, session->facts().tsc_hz, invariant(session->facts()), {}};
            look_into(open, sample);
            open.subject =
                timed([session, sample = std::move(sample)]() mutable { return take_sample(*session, sample); });
            ways.open.push_back(std::move(open));
            add_in_place(way, session, ways);
            return;
        }
    }
    ways.missing.push_back({way, krunc_way_reason(way.way, error), krunc_way_remedy(way.way, error)});
}

class ThisMachine : public CostMachine
{
  public:
    std::uint64_t ticks() override { return fenced_tsc(); }
    void spin(std::uint64_t ticks) override
    {
        const std::uint64_t begin = fenced_tsc();
        while (fenced_tsc() - begin < ticks && !interrupt_requested())
            asm volatile("pause");
    }
    std::optional<std::string> interrupts() override
    {
        const auto text = SystemFilesystem().read("/proc/interrupts");
        return text ? std::optional(*text) : std::nullopt;
    }
    bool stop_requested() override { return interrupt_requested(); }
};

} // namespace

std::string CounterWay::name() const
{
    std::string text = krunc_way_name(way);
    if ((flags & KRUNC_RENDEZVOUS) != 0)
        text += " rendezvous";
    if ((flags & KRUNC_IDLE_SNAPSHOT) != 0)
        text += " idle-snapshot";
    if (in_place)
        text += " in-place";
    return text;
}

std::string CounterWay::scope_name() const { return scope == KRUNC_SCOPE_THREAD ? "thread" : "CPUs"; }

CounterWays open_counter_ways(const std::vector<std::string> &chosen, bool all_counters)
{
    CounterWays ways;
    for (std::uint32_t way = 0; way < KRUNC_WAYS; way++) {
        if (!chosen.empty() && std::find(chosen.begin(), chosen.end(), krunc_way_name(way)) == chosen.end())
            continue;
        open_way({way, KRUNC_SCOPE_CPUS, 0}, all_counters, ways);
        const bool there = !ways.open.empty() && ways.open.back().way.way == way;
        if (way == KRUNC_WAY_DEVICE && there) {
            open_way({way, KRUNC_SCOPE_CPUS, KRUNC_RENDEZVOUS}, all_counters, ways);
            open_way({way, KRUNC_SCOPE_CPUS, KRUNC_IDLE_SNAPSHOT}, all_counters, ways);
        }
        open_way({way, KRUNC_SCOPE_THREAD, 0}, all_counters, ways);
    }
    return ways;
}

std::vector<Baseline> cost_baselines()
{
    std::vector<Baseline> baselines;
    baselines.push_back(
        {"nothing", "the two time stamps around a reading, which every figure contains", timed([] { return 0; })});
    baselines.push_back({"clock", "clock_gettime(CLOCK_MONOTONIC), which need not enter the kernel", timed([] {
                             timespec now{};
                             return clock_gettime(CLOCK_MONOTONIC, &now) == 0 ? 0 : errno;
                         })});
    baselines.push_back({"system call", "getppid(2): entering the kernel and leaving it",
                         timed([] { return syscall(SYS_getppid) >= 0 ? 0 : errno; })});
    return baselines;
}

std::unique_ptr<CostMachine> cost_machine() { return std::make_unique<ThisMachine>(); }

} // namespace krun
