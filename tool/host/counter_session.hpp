// SPDX-License-Identifier: MIT
// Sessions of libkruncounters for krunctl: which CPUs they read while CPUs come and go, and what to tell a person about
// the ways that cannot be used.
//
// Theory: /dev/krun can plan every possible CPU, and says which are offline. The other ways have to be opened again for
// every change, and the system calls end at the first CPU that is offline.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "host/cpu_activity.hpp"
#include "host/host.hpp"

namespace krun
{

struct CounterRequest {
    std::vector<int> cpus;            // none: all that are possible
    std::optional<std::uint32_t> way; // none: the best
    std::uint32_t counters = KRUNC_APERF | KRUNC_MPERF | KRUNC_CYCLES | KRUNC_INTERRUPTS | KRUNC_SWITCHES | KRUNC_CLOCK;
};

// For a person.
struct Note {
    std::string text;
    std::string remedy; // may be empty

    bool operator==(const Note &) const = default;
};

// krunc_open() and its like. Replaced in tests.
struct CounterLibrary {
    std::function<int(const krunc_options *, krunc_session **)> open = krunc_open;
    std::function<int(const krunc_session *, krunc_facts *)> get_facts = krunc_get_facts;
    std::function<int(krunc_session *, krunc_sample *, std::size_t)> sample = krunc_sample_end;
    std::function<void(krunc_session *)> close = krunc_close;
    std::function<void()> settle = [] { std::this_thread::sleep_for(std::chrono::milliseconds(20)); };
};

class CounterSession : public CounterSource
{
  public:
    // ExitCode::host_lacks if the way that was asked for cannot be used, usage_error() for a CPU that is not possible.
    static Result<std::unique_ptr<CounterSession>> open(Host &host, CounterRequest request,
                                                        CounterLibrary library = {});
    const krunc_facts &facts() override { return facts_; }
    Result<bool> renew() override;
    Result<bool> sample(krunc::Sample &sample) override;
    [[nodiscard]] std::map<unsigned, std::string> unread() const override { return unread_; }

    // Why it is not a better way, and what would help; and which counters are missing.
    [[nodiscard]] std::vector<Note> notes() const;

  private:
    CounterSession(Host &host, CounterRequest request, CounterLibrary library);
    Result<void> open_best();
    int open_for(const std::vector<int> &cpus, std::uint32_t ways);
    int open_for_online(const std::vector<int> &wanted);
    int open_for_reached(const std::vector<int> &wanted, int error);

    Host &host_;
    CounterRequest request_;
    CounterLibrary library_;
    std::unique_ptr<krunc_session, std::function<void(krunc_session *)>> session_;
    krunc_facts facts_{};
    std::map<unsigned, int> reasons_; // by way: of those that could not be used
    std::vector<int> online_;         // when it was opened
    std::map<unsigned, std::string> unread_;
};

Error cannot_read(std::uint32_t way, int error); // `error`: -errno
// usage_error() if the machine cannot have one of these.
Result<void> expect_possible(Host &host, const std::vector<int> &cpus);

std::vector<std::string> counter_names(std::uint32_t counters); // of a mask: KRUNC_APERF and its like
std::vector<std::string> way_names();                           // best first
std::optional<std::uint32_t> way_named(const std::string &name);

// How many CPUs from CPU 0 on are online without a gap: those that the system calls reach.
int reached_by_calls(const std::vector<int> &online);

} // namespace krun
