// SPDX-License-Identifier: MIT
// Sessions that follow the CPUs; see counter_session.hpp.
#include "host/counter_session.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "host/cpu_sets.hpp"
#include "util/own_process.hpp"

namespace krun
{
namespace
{

constexpr int attempts = 3;            // of a sample during which a CPU went offline
constexpr int attempts_to_follow = 10; // CPUs that have come

std::vector<int> common(const std::vector<int> &some, const std::vector<int> &others)
{
    std::vector<int> both;
    std::ranges::set_intersection(some, others, std::back_inserter(both));
    return both;
}

bool contains(const std::vector<int> &cpus, int cpu) { return std::ranges::binary_search(cpus, cpu); }

} // namespace

Error cannot_read(std::uint32_t way, int error)
{
    return {ExitCode::host_lacks,
            fmt::format("cannot read the counters using {}: {}", krunc_way_name(way), krunc_way_reason(way, error)),
            krunc_way_remedy(way, error),
            {}};
}

Result<void> expect_possible(Host &host, const std::vector<int> &cpus)
{
    const std::vector<int> possible = host.possible_cpus();
    for (const int cpu : cpus) {
        if (!possible.empty() && !contains(possible, cpu))
            return usage_error(fmt::format("this machine has no CPU {}", cpu),
                               fmt::format("its possible CPUs are {}", format_cpu_list(possible)));
    }
    return {};
}

std::vector<std::string> counter_names(std::uint32_t counters)
{
    std::vector<std::string> names;
    for (std::uint32_t bit = 1; bit != 0; bit <<= 1)
        if ((counters & bit) != 0)
            names.emplace_back(krunc_counter_name(bit));
    return names;
}

std::vector<std::string> way_names()
{
    std::vector<std::string> names;
    for (std::uint32_t way = 0; way < KRUNC_WAYS; way++)
        names.emplace_back(krunc_way_name(way));
    return names;
}

std::optional<std::uint32_t> way_named(const std::string &name)
{
    for (std::uint32_t way = 0; way < KRUNC_WAYS; way++)
        if (name == krunc_way_name(way))
            return way;
    return {};
}

int reached_by_calls(const std::vector<int> &online)
{
    int cpus = 0;
    while (static_cast<std::size_t>(cpus) < online.size() && online[static_cast<std::size_t>(cpus)] == cpus)
        cpus++;
    return cpus;
}

CounterSession::CounterSession(Host &host, CounterRequest request, CounterLibrary library)
    : host_(host), request_(std::move(request)), library_(std::move(library)), session_(nullptr, library_.close)
{
}

Result<std::unique_ptr<CounterSession>> CounterSession::open(Host &host, CounterRequest request, CounterLibrary library)
{
    std::sort(request.cpus.begin(), request.cpus.end());
    TRY(expect_possible(host, request.cpus));
    raise_open_file_limit();
    std::unique_ptr<CounterSession> session(new CounterSession(host, std::move(request), std::move(library)));
    TRY(session->open_best());
    return session;
}

// 0 or -errno. What is found out about ways that cannot be used is kept. Without /sys, the library finds the CPUs.
int CounterSession::open_for(const std::vector<int> &cpus, std::uint32_t ways)
{
    session_.reset();
    krunc::Cpus mask;
    for (const int cpu : cpus)
        mask.add(static_cast<unsigned>(cpu));
    krunc_options options{};
    options.size = sizeof(options);
    options.ways = ways;
    options.counters = request_.counters;
    options.flags = KRUNC_PROC_INTERRUPTS | KRUNC_NO_CALIBRATION;
    options.cpus = mask.data();
    options.cpus_size = mask.size();
    krunc_session *opened = nullptr;
    int error = mask.possible() ? library_.open(&options, &opened) : -EINVAL;
    session_.reset(opened);
    facts_ = {};
    facts_.size = sizeof(facts_);
    if (error == 0)
        error = library_.get_facts(session_.get(), &facts_);
    for (unsigned way = 0; error == 0 && way < KRUNC_WAYS; way++) {
        if (facts_.way_errors[way] != 0)
            reasons_[way] = facts_.way_errors[way];
    }
    return error;
}

// By any way that was allowed, of which the device would have been tried for all that are wanted.
int CounterSession::open_for_online(const std::vector<int> &wanted)
{
    const std::uint32_t ways = request_.way ? 1U << *request_.way : 0;
    const bool device = !request_.way || *request_.way == KRUNC_WAY_DEVICE;
    if (device && open_for(wanted, 1U << KRUNC_WAY_DEVICE) == 0)
        return 0;
    const std::vector<int> now = online_.empty() ? wanted : common(wanted, online_);
    return now.empty() && !wanted.empty() ? -ENXIO : open_for(now, ways);
}

// By the system calls, up to the first CPU that is offline, where nothing better than the time can be had.
int CounterSession::open_for_reached(const std::vector<int> &wanted, int error)
{
    std::vector<int> reached = online_;
    reached.resize(static_cast<std::size_t>(reached_by_calls(online_)));
    reached = common(wanted, reached);
    const auto told = reasons_.find(KRUNC_WAY_CALLS);
    const bool stopped_short = error == -ENXIO || (error == 0 && told != reasons_.end() && told->second == -ENXIO);
    if (!stopped_short || reached.empty())
        return error;
    if (open_for(reached, 1U << KRUNC_WAY_CALLS) != 0)
        return open_for_online(wanted);
    reasons_.erase(KRUNC_WAY_CALLS);
    return 0;
}

Result<void> CounterSession::open_best()
{
    reasons_.clear();
    unread_.clear();
    online_ = host_.online_cpus();
    const std::vector<int> wanted = request_.cpus.empty() ? host_.possible_cpus() : request_.cpus;
    int error = open_for_online(wanted);
    const bool only_time = error == 0 && facts_.way == KRUNC_WAY_TSC && !request_.way;
    if (only_time || (error != 0 && request_.way == KRUNC_WAY_CALLS))
        error = open_for_reached(wanted, error);
    if (error != 0 && !wanted.empty() && !online_.empty() && common(wanted, online_).empty())
        return host_lacks(fmt::format("CPU {} is offline", format_cpu_list(wanted)),
                          "bring it online: echo 1 > /sys/devices/system/cpu/cpuN/online");
    if (error != 0)
        return tl::unexpected(cannot_read(request_.way.value_or(KRUNC_WAY_TSC), error));
    for (const auto &[way, reason] : reasons_)
        facts_.way_errors[way] = way < facts_.way ? reason : 0;
    for (const int cpu : wanted) {
        if (contains(online_, cpu) && facts_.way == KRUNC_WAY_CALLS && cpu >= reached_by_calls(online_))
            unread_[static_cast<unsigned>(cpu)] = "not reached";
        else if (!contains(online_, cpu) && !request_.cpus.empty())
            unread_[static_cast<unsigned>(cpu)] = krunc_status_name(KRUNC_OFFLINE);
    }
    return {};
}

Result<bool> CounterSession::renew()
{
    const std::vector<int> online = host_.online_cpus();
    if (online == online_)
        return false;
    if (facts_.way == KRUNC_WAY_DEVICE) {
        online_ = online;
        return false;
    }
    // A CPU is online before all that belongs to it is there: the msr driver's node comes a little later.
    const std::uint32_t before = facts_.way;
    auto opened = open_best();
    for (int attempt = 1; attempt < attempts_to_follow && (!opened || facts_.way > before); attempt++) {
        library_.settle();
        opened = open_best();
    }
    TRY(opened);
    return true;
}

Result<bool> CounterSession::sample(krunc::Sample &sample)
{
    int error = 0;
    bool is_new = false;
    for (int attempt = 0; attempt < attempts; attempt++) {
        error = library_.sample(session_.get(), sample.raw(), sample.size());
        if (error != -ENXIO)
            break;
        // A CPU has gone since the last look.
        is_new = TRY(renew()) || is_new;
        sample = krunc::Sample(facts_.sample_size);
    }
    if (error == 0)
        return is_new;
    return tl::unexpected(cannot_read(facts_.way, error));
}

std::vector<Note> CounterSession::notes() const
{
    std::vector<Note> notes;
    for (const auto &[way, error] : reasons_) {
        if (way >= facts_.way)
            break;
        notes.push_back({fmt::format("not using {}: {}", krunc_way_name(way), krunc_way_reason(way, error)),
                         krunc_way_remedy(way, error)});
    }
    if (const auto missing = counter_names(facts_.wanted & ~facts_.counters); !missing.empty())
        notes.push_back(
            {fmt::format("{} does not count {}", krunc_way_name(facts_.way), fmt::join(missing, ", ")), {}});
    return notes;
}

} // namespace krun
