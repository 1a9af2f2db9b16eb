// SPDX-License-Identifier: MIT
//
// What the C++ interface of libkruncounters takes and gives: options, errors, differences, verdicts. Include
// <krun/counters.hpp>, which has the rest.
#ifndef KRUN_COUNTERS_VALUES_HPP
#define KRUN_COUNTERS_VALUES_HPP

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <krun/counters.h>

namespace krunc
{

// One program may have files that measure and files that do not: they must not share one inline function.
#ifdef KRUNC_DISABLE
inline namespace disabled
{
inline constexpr bool enabled = false;
#else
inline namespace measuring
{
inline constexpr bool enabled = true;
#endif

using Facts = krunc_facts;
using Reading = krunc_reading;

// An error number, or none: then it is false.
class Error
{
  public:
    constexpr Error() = default;
    constexpr explicit Error(int number)
        : number_(number < 0 ? -number : number) {} // as the library returns it, or errno

    constexpr explicit operator bool() const { return number_ != 0; }
    [[nodiscard]] constexpr int number() const { return number_; } // ENOENT, ..., or 0
    [[nodiscard]] std::string message() const { return std::generic_category().message(number_); }

  private:
    int number_ = 0;
};

// A value, or why there is none.
template <class T> class [[nodiscard]] Result
{
  public:
    constexpr Result(T value) : value_(std::move(value)) {}
    constexpr Result(Error error) : error_(error) {}

    constexpr explicit operator bool() const { return value_.has_value(); }
    [[nodiscard]] constexpr Error error() const { return error_; }
    constexpr T &operator*() & { return *value_; }
    constexpr const T &operator*() const & { return *value_; }
    constexpr T &&operator*() && { return std::move(*value_); }
    constexpr T *operator->() { return &*value_; }
    constexpr const T *operator->() const { return &*value_; }

    // Throws std::system_error, or aborts in a program without exceptions.
    constexpr T &value() &
    {
        check();
        return *value_;
    }
    constexpr T &&value() &&
    {
        check();
        return std::move(*value_);
    }

  private:
    constexpr void check() const
    {
        if (value_)
            return;
#ifdef __cpp_exceptions
        throw std::system_error(error_.number(), std::generic_category(), "libkruncounters");
#else
        std::abort();
#endif
    }

    std::optional<T> value_;
    Error error_;
};

// A set of CPU numbers; the empty one stands for every online CPU.
class Cpus
{
  public:
    static constexpr unsigned limit = 8192; // Linux has no more on x86-64

    constexpr Cpus() = default;
    constexpr Cpus(std::initializer_list<unsigned> cpus)
    {
        for (const unsigned cpu : cpus)
            add(cpu);
    }

    constexpr void add(unsigned cpu)
    {
        if constexpr (enabled) {
            if (cpu >= limit) {
                impossible_ = true;
                return;
            }
            mask_[cpu / bits] |= 1UL << cpu % bits;
            if (words_ <= cpu / bits)
                words_ = cpu / bits + 1;
        }
    }
    [[nodiscard]] constexpr bool empty() const { return words_ == 0 && !impossible_; }
    [[nodiscard]] constexpr bool possible() const { return !impossible_; } // no CPU is beyond the limit
    [[nodiscard]] constexpr const void *data() const { return words_ == 0 ? nullptr : mask_.data(); }
    [[nodiscard]] constexpr std::size_t size() const { return words_ * sizeof(unsigned long); } // in bytes

  private:
    static constexpr unsigned bits = 8 * sizeof(unsigned long);
    std::array<unsigned long, enabled ? limit / bits : 1> mask_{};
    std::size_t words_ = 0;
    bool impossible_ = false;
};

// See struct krunc_options.
struct Options {
    krunc_scope scope = KRUNC_SCOPE_CPUS;
    Cpus cpus = {};
    std::uint32_t counters = 0;
    std::uint32_t required = 0;
    std::uint32_t ways = 0;
    std::uint32_t flags = 0;
    std::array<krunc_event, KRUNC_EVENTS> events = {};
    double max_ratio = 0;
};

// See struct krunc_criteria; std::nullopt stands for the library's defaults.
struct Criteria {
    std::optional<double> interrupt_seconds = {};
    std::optional<double> share = {};
};

struct Interrupts {
    std::uint32_t timer = 0;
    std::uint32_t reschedule = 0;
    std::uint32_t call = 0;
    std::uint32_t device = 0;
    std::uint32_t nmi = 0;
    std::uint32_t other = 0;
    std::uint32_t own = 0;               // Krun's; not in `call`
    std::uint32_t sampled_by_others = 0; // at least so many of `own`

    // All but those of the session's own samples.
    [[nodiscard]] constexpr std::uint64_t total() const
    {
        return std::uint64_t{timer} + reschedule + call + device + nmi + other + sampled_by_others;
    }
};

// The difference of two readings of a CPU or a thread.
class Delta
{
  public:
    constexpr Delta() { delta_.size = sizeof(delta_); }

    [[nodiscard]] constexpr unsigned cpu() const { return delta_.cpu; }
    [[nodiscard]] constexpr krunc_status status() const { return static_cast<krunc_status>(delta_.status); }

    [[nodiscard]] constexpr auto aperf() const { return counted(KRUNC_APERF, delta_.aperf); }
    [[nodiscard]] constexpr auto mperf() const { return counted(KRUNC_MPERF, delta_.mperf); }
    [[nodiscard]] constexpr auto cycles() const { return counted(KRUNC_CYCLES, delta_.cycles); }
    [[nodiscard]] constexpr auto instructions() const { return counted(KRUNC_INSTRUCTIONS, delta_.instructions); }
    [[nodiscard]] constexpr auto smi() const { return counted(KRUNC_SMI, delta_.smi); }
    [[nodiscard]] constexpr auto switches() const { return counted(KRUNC_SWITCHES, delta_.switches); }
    [[nodiscard]] constexpr auto clock() const { return counted(KRUNC_CLOCK, delta_.clock); } // ns
    [[nodiscard]] constexpr auto voluntary() const { return counted(KRUNC_THREAD_SWITCHES, delta_.voluntary); }
    [[nodiscard]] constexpr auto involuntary() const { return counted(KRUNC_THREAD_SWITCHES, delta_.involuntary); }
    [[nodiscard]] constexpr std::optional<std::uint64_t> event(unsigned number) const
    {
        if (number >= KRUNC_EVENTS)
            return std::nullopt;
        return counted(KRUNC_EVENT(number), delta_.events[number]);
    }
    [[nodiscard]] constexpr std::optional<Interrupts> interrupts() const
    {
        return counted(KRUNC_INTERRUPTS,
                       Interrupts{delta_.irq_timer, delta_.irq_reschedule, delta_.irq_call, delta_.irq_device,
                                  delta_.irq_nmi, delta_.irq_other, delta_.own, delta_.sampled_by_others});
    }

    [[nodiscard]] constexpr auto seconds() const { return derived(KRUNC_D_TIME, delta_.seconds); }
    [[nodiscard]] constexpr auto ratio() const { return derived(KRUNC_D_RATIO, delta_.ratio); } // APERF / MPERF
    [[nodiscard]] constexpr auto ratio_error() const { return derived(KRUNC_D_RATIO, delta_.ratio_error); }
    [[nodiscard]] constexpr auto frequency() const { return derived(KRUNC_D_FREQUENCY, delta_.frequency); } // Hz
    [[nodiscard]] constexpr auto busy() const { return derived(KRUNC_D_BUSY, delta_.busy); }                // 0 to 1
    [[nodiscard]] constexpr auto mperf_error() const { return derived(KRUNC_D_MPERF_ERROR, delta_.mperf_error); }
    [[nodiscard]] constexpr auto cycles_error() const // of APERF, too
    {
        return derived(KRUNC_D_CYCLES_ERROR, delta_.cycles_error);
    }
    [[nodiscard]] constexpr auto instructions_error() const
    {
        return derived(KRUNC_D_INSTRUCTIONS_ERROR, delta_.instructions_error);
    }

    // Whether one of KRUNC_Q_* is so; std::nullopt: that could not be told.
    [[nodiscard]] constexpr std::optional<bool> is(std::uint32_t quality) const
    {
        if ((delta_.quality & quality) != 0)
            return true;
        return (delta_.unknown & quality) != 0 ? std::nullopt : std::optional(false);
    }

    // For the C interface, and for what has no accessor.
    [[nodiscard]] constexpr const krunc_delta &raw() const { return delta_; }
    [[nodiscard]] constexpr krunc_delta &raw() { return delta_; }

  private:
    template <class T> [[nodiscard]] constexpr std::optional<T> counted(std::uint32_t counter, T value) const
    {
        return (delta_.valid & counter) != 0 ? std::optional<T>(value) : std::nullopt;
    }
    template <class T> [[nodiscard]] constexpr std::optional<T> derived(std::uint32_t what, T value) const
    {
        return (delta_.derived & what) != 0 ? std::optional<T>(value) : std::nullopt;
    }

    krunc_delta delta_{};
};

// What krunc_judge() says of a difference.
class Verdict
{
  public:
    constexpr Verdict() { verdict_.size = sizeof(verdict_); }

    [[nodiscard]] constexpr krunc_verdict_kind kind() const { return static_cast<krunc_verdict_kind>(verdict_.kind); }
    [[nodiscard]] constexpr bool clean() const { return verdict_.kind == KRUNC_CLEAN; }
    [[nodiscard]] constexpr unsigned cpu() const { return verdict_.cpu; }
    // The verdict rests on it; `noted`: it was seen, but is within the criteria.
    [[nodiscard]] constexpr bool caused_by(krunc_cause cause) const { return (verdict_.causes & 1U << cause) != 0; }
    [[nodiscard]] constexpr bool noted(krunc_cause cause) const { return (verdict_.notes & 1U << cause) != 0; }
    [[nodiscard]] constexpr std::uint64_t count(krunc_cause cause) const { return verdict_.counts[cause]; }
    [[nodiscard]] constexpr std::uint32_t unknown() const { return verdict_.unknown; } // KRUNC_Q_*

    [[nodiscard]] constexpr const krunc_verdict &raw() const { return verdict_; }
    [[nodiscard]] constexpr krunc_verdict &raw() { return verdict_; }

  private:
    krunc_verdict verdict_{};
};

} // inline namespace
} // namespace krunc

#endif // KRUN_COUNTERS_VALUES_HPP
