// SPDX-License-Identifier: MIT
// What makes the kernel run on a CPU, by its own tracepoints.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace krun
{

struct Cause {
    std::string what; // "timer delayed_work_timer_fn", "task kworker/3:1", "the tick is held by SCHED"
    std::uint64_t times = 0;

    bool operator==(const Cause &) const = default;
};

// Of the text of a `trace` file; the most frequent first. `own`: the task's name that keeps the CPU busy, which is no
// cause.
std::vector<Cause> causes_in_trace(std::string_view trace, int cpu, std::string_view own);
// Of another time: the counts of the same are added, the most frequent first.
void add_causes(std::vector<Cause> &causes, const std::vector<Cause> &more);

// An instance of the kernel's tracing of our own, beside whatever else is traced. Without the permission, or in a
// kernel without event tracing, it finds nothing.
class CauseTrace
{
  public:
    explicit CauseTrace(int cpu, const std::filesystem::path &tracefs = "/sys/kernel/tracing");
    ~CauseTrace();
    CauseTrace(const CauseTrace &) = delete;
    CauseTrace &operator=(const CauseTrace &) = delete;

    [[nodiscard]] bool works() const { return works_; }
    void begin();
    std::vector<Cause> causes(std::string_view own); // from then until now
    // Events were overwritten by later ones.
    [[nodiscard]] bool is_cut() const;

  private:
    bool write(const std::string &file, const std::string &text) const;

    int cpu_;
    std::filesystem::path instance_;
    bool made_ = false;
    bool works_ = false;
};

// What a person can do about what makes the kernel run on a CPU.

// Of the most frequent causes; something general if nothing is known of any.
std::string remedies_for(const std::vector<Cause> &causes);

} // namespace krun
