// SPDX-License-Identifier: MIT
//
// libkruncounters for C++20: counters around a stretch of time, and whether it was disturbed.
//
//     krunc::Session session;
//     krunc::Measurement measured(session);
//     {
//         krunc::Region region(measured);
//         work();
//     }
//     for (const krunc::Delta &delta : measured.deltas())
//         if (const auto cycles = delta.cycles())
//             ...
//
// What is missing is std::nullopt, never 0. Only the constructor of Session and Result::value() throw, and whoever
// finds no memory. See libkruncounters(3); the masks and numbers are those of <krun/counters.h>.
//
// With KRUNC_DISABLE defined before it is included, this header has the same names, and none of them does anything: no
// sample is taken, no instruction is left of them, and the library need not be linked.
#ifndef KRUN_COUNTERS_HPP
#define KRUN_COUNTERS_HPP

#include <krun/counters_values.hpp>

#ifdef KRUNC_DISABLE
#include <krun/counters_disabled.hpp>
#else

#include <memory>
#include <span>
#include <vector>

#include <krun/thread_counter.h>

namespace krunc
{

inline namespace measuring
{

// Memory for one sample of a session, to be used again and again.
class Sample
{
  public:
    Sample() = default; // has no memory; no session samples into it
    // For a session that krunc_open() has opened: krunc_facts.sample_size bytes.
    explicit Sample(std::size_t size) : memory_(std::make_unique<std::byte[]>(size)), size_(size) {}

    [[nodiscard]] explicit operator bool() const { return memory_ != nullptr; }
    [[nodiscard]] std::span<const Reading> readings() const
    {
        if (!memory_)
            return {};
        return {krunc_const_reading_at(raw(), 0), raw()->readings};
    }
    [[nodiscard]] unsigned cpu() const { return memory_ ? raw()->cpu : 0; } // that the caller ran on
    [[nodiscard]] std::uint64_t edge() const { return memory_ ? raw()->edge : 0; }
    [[nodiscard]] std::optional<std::uint64_t> clock() const // ns
    {
        return memory_ && (raw()->valid & KRUNC_CLOCK) != 0 ? std::optional(raw()->clock) : std::nullopt;
    }
    // Where a CPU's reading is, for Session::difference().
    [[nodiscard]] std::optional<std::uint32_t> index_of(unsigned cpu) const
    {
        const auto all = readings();
        for (std::uint32_t index = 0; index < all.size(); ++index)
            if (all[index].cpu == cpu)
                return index;
        return std::nullopt;
    }

    [[nodiscard]] krunc_sample *raw() { return static_cast<krunc_sample *>(static_cast<void *>(memory_.get())); }
    [[nodiscard]] const krunc_sample *raw() const
    {
        return static_cast<const krunc_sample *>(static_cast<const void *>(memory_.get()));
    }
    [[nodiscard]] std::size_t size() const { return size_; } // in bytes

  private:
    std::unique_ptr<std::byte[]> memory_;
    std::size_t size_ = 0;
};

// A counter of the thread that has opened the session, for that thread: RDPMC in place, or a system call if the event
// is on no hardware counter at the moment. The session must live longer.
class ThreadCounter
{
  public:
    [[nodiscard]] std::optional<std::uint64_t> read() const
    {
        std::uint64_t value = 0;
        if (krunc_read_in_place(&counter_, &value) != 0 || krunc_read(session_, counter_.counter, &value) == 0)
            return value;
        return std::nullopt;
    }

  private:
    friend class Session;
    ThreadCounter(krunc_session *session, const krunc_thread_counter &counter) : session_(session), counter_(counter) {}

    krunc_session *session_;
    krunc_thread_counter counter_;
};

// An open session. It is for one thread at a time; one whose contents have been moved away answers EBADF.
class Session
{
  public:
    static Result<Session> open(const Options &options = {})
    {
        Session session{nullptr};
        if (const Error error = session.open_with(options))
            return error;
        return session;
    }
#ifdef __cpp_exceptions
    // Throws std::system_error.
    explicit Session(const Options &options = {}) : Session(open(options).value()) {}
#endif
    Session(Session &&other) noexcept { take(other); }
    Session &operator=(Session &&other) noexcept
    {
        if (this != &other) {
            close();
            take(other);
        }
        return *this;
    }
    Session(const Session &) = delete;
    Session &operator=(const Session &) = delete;
    ~Session() { close(); }

    // All 0 in an empty session.
    [[nodiscard]] const Facts &facts() const
    {
        static constexpr Facts none{};
        return facts_ ? *facts_ : none;
    }
    [[nodiscard]] Sample make_sample() const { return session_ != nullptr ? Sample(facts().sample_size) : Sample(); }

    // Right before what is measured, and right after.
    [[nodiscard]] Error begin(Sample &sample) { return sample_at(begin_, sample); }
    [[nodiscard]] Error end(Sample &sample) { return sample_at(end_, sample); }

    // One counter of the calling thread: see krunc_read(3).
    [[nodiscard]] std::optional<std::uint64_t> read(std::uint32_t counter)
    {
        std::uint64_t value = 0;
        if (session_ != nullptr && krunc_read(session_, counter, &value) == 0)
            return value;
        return std::nullopt;
    }

    // The same for code that reads it often.
    [[nodiscard]] Result<ThreadCounter> thread_counter(std::uint32_t counter) const
    {
        krunc_thread_counter found{};
        if (session_ == nullptr)
            return Error(EBADF);
        if (const Error error{krunc_get_thread_counter(session_, counter, &found)})
            return error;
        return ThreadCounter(session_, found);
    }

    // `index`: of a reading in both samples. `flags`: KRUNC_SUBTRACT_COST.
    [[nodiscard]] Result<Delta> difference(const Sample &before, const Sample &after, std::uint32_t index = 0,
                                           std::uint32_t flags = 0) const
    {
        if (session_ == nullptr)
            return Error(EBADF);
        if (!before || !after)
            return Error(EINVAL);
        Delta delta;
        if (const Error error{krunc_difference(&*facts_, before.raw(), after.raw(), index, flags, &delta.raw())})
            return error;
        return delta;
    }

    [[nodiscard]] Result<Verdict> judge(const Delta &delta, const Criteria &criteria = {}) const
    {
        if (session_ == nullptr)
            return Error(EBADF);
        krunc_criteria raw{};
        raw.size = sizeof(raw);
        raw.flags =
            (criteria.interrupt_seconds ? KRUNC_SET_INTERRUPT_SECONDS : 0) | (criteria.share ? KRUNC_SET_SHARE : 0);
        raw.interrupt_seconds = criteria.interrupt_seconds.value_or(0);
        raw.share = criteria.share.value_or(0);
        Verdict verdict;
        if (const Error error{krunc_judge(&*facts_, &delta.raw(), &raw, &verdict.raw())})
            return error;
        return verdict;
    }

    [[nodiscard]] krunc_session *raw() { return session_; }

  private:
    explicit Session(std::nullptr_t) {}

    [[nodiscard]] Error open_with(const Options &options)
    {
        if (!options.cpus.possible())
            return Error(EINVAL);
        krunc_options raw{};
        raw.size = sizeof(raw);
        raw.scope = options.scope;
        raw.ways = options.ways;
        raw.counters = options.counters;
        raw.required = options.required;
        raw.flags = options.flags;
        raw.cpus = options.cpus.data();
        raw.cpus_size = options.cpus.size();
        for (std::size_t number = 0; number < options.events.size(); ++number)
            raw.events[number] = options.events[number];
        raw.max_ratio = options.max_ratio;
        if (const Error error{krunc_open(&raw, &session_)}) {
            session_ = nullptr;
            return error;
        }
        facts_ = std::make_unique<Facts>();
        facts_->size = sizeof(Facts);
        if (const Error error{krunc_get_facts(session_, facts_.get())})
            return error;
        if (const Error error{krunc_get_samplers(session_, &begin_, &end_)})
            return error;
        sample_size_ = facts_->sample_size;
        return {};
    }

    // One comparison finds every mistake: a session without contents wants samples that nobody can have.
    Error sample_at(krunc_sampler sampler, Sample &sample)
    {
        if (sample.size() < sample_size_)
            return Error(session_ == nullptr ? EBADF : EINVAL);
        return Error(sampler(session_, sample.raw()));
    }

    void take(Session &other)
    {
        session_ = std::exchange(other.session_, nullptr);
        sample_size_ = std::exchange(other.sample_size_, nothing);
        begin_ = other.begin_;
        end_ = other.end_;
        facts_ = std::move(other.facts_);
    }

    void close()
    {
        if (session_ != nullptr)
            krunc_close(session_);
        session_ = nullptr;
        sample_size_ = nothing;
        facts_.reset();
    }

    static constexpr std::size_t nothing = SIZE_MAX;
    krunc_session *session_ = nullptr;
    std::size_t sample_size_ = nothing;
    krunc_sampler begin_ = nullptr;
    krunc_sampler end_ = nullptr;
    std::unique_ptr<Facts> facts_; // stays where it is when the session is moved
};

// What a Region finds: two samples, and what they say. It can be used for one region after another.
class Measurement
{
  public:
    // The session must live longer. `flags`: KRUNC_SUBTRACT_COST.
    explicit Measurement(Session &session, std::uint32_t flags = 0)
        : session_(session), before_(session.make_sample()), after_(session.make_sample()), flags_(flags)
    {
    }

    // Of the last region; ENODATA before its end. There are no differences after an error.
    [[nodiscard]] Error error() const { return error_; }
    [[nodiscard]] const Sample &before() const { return before_; }
    [[nodiscard]] const Sample &after() const { return after_; }

    // One for each reading. They are worked out here, so that the end of a region costs no more than its sample.
    [[nodiscard]] std::span<const Delta> deltas()
    {
        if (!worked_out_)
            work_out();
        return deltas_;
    }

    // That of the calling thread, or of the CPU that it ran on when the region began; nullptr: that CPU is not
    // measured.
    [[nodiscard]] const Delta *own()
    {
        const auto all = deltas();
        if (all.empty())
            return nullptr;
        if (session_.facts().scope == KRUNC_SCOPE_THREAD)
            return all.data();
        const auto index = before_.index_of(before_.cpu());
        return index ? &all[*index] : nullptr;
    }

  private:
    friend class Region;

    void begin()
    {
        worked_out_ = true;
        deltas_.clear();
        error_ = session_.begin(before_);
    }
    void end()
    {
        if (error_)
            return;
        error_ = session_.end(after_);
        worked_out_ = static_cast<bool>(error_);
    }
    void work_out()
    {
        worked_out_ = true;
        for (std::uint32_t index = 0; index < before_.readings().size(); ++index) {
            auto delta = session_.difference(before_, after_, index, flags_);
            if (!delta) {
                error_ = delta.error();
                deltas_.clear();
                return;
            }
            deltas_.push_back(*delta);
        }
    }

    Session &session_;
    Sample before_;
    Sample after_;
    std::uint32_t flags_;
    Error error_{ENODATA};
    bool worked_out_ = true;
    std::vector<Delta> deltas_;
};

// What is measured begins after its constructor and ends before its destructor, or at end().
class Region
{
  public:
    explicit Region(Measurement &measurement) : measurement_(&measurement) { measurement.begin(); }
    ~Region() { end(); }
    Region(const Region &) = delete;
    Region &operator=(const Region &) = delete;

    void end()
    {
        if (auto *measurement = std::exchange(measurement_, nullptr))
            measurement->end();
    }

  private:
    Measurement *measurement_;
};

// Names and texts, in English.
inline const char *version() { return krunc_version(); }
inline const char *way_name(std::uint32_t way) { return krunc_way_name(way); }
inline const char *way_reason(std::uint32_t way, int error) { return krunc_way_reason(way, error); }
inline const char *way_remedy(std::uint32_t way, int error) { return krunc_way_remedy(way, error); }
inline const char *counter_name(std::uint32_t counter) { return krunc_counter_name(counter); }
inline const char *status_name(std::uint32_t status) { return krunc_status_name(status); }
inline const char *quality_name(std::uint32_t quality) { return krunc_quality_name(quality); }
inline const char *verdict_name(std::uint32_t kind) { return krunc_verdict_name(kind); }
inline const char *cause_name(std::uint32_t cause) { return krunc_cause_name(cause); }
inline const char *cause_remedy(std::uint32_t cause) { return krunc_cause_remedy(cause); }

// "disturbed: device interrupts (3), throttling".
inline std::string text(const Verdict &verdict)
{
    // These are so, or not: there is nothing to count.
    constexpr std::uint32_t uncounted = 1U << KRUNC_CAUSE_EPOCH | 1U << KRUNC_CAUSE_OFFLINE | 1U << KRUNC_CAUSE_TORN |
                                        1U << KRUNC_CAUSE_MISSING | 1U << KRUNC_CAUSE_THROTTLED |
                                        1U << KRUNC_CAUSE_MIGRATED | 1U << KRUNC_CAUSE_SUSPENDED;
    std::string line = verdict_name(verdict.kind());
    const char *separator = ": ";
    for (unsigned number = 0; number < KRUNC_CAUSES; ++number) {
        const auto cause = static_cast<krunc_cause>(number);
        if (!verdict.caused_by(cause))
            continue;
        line += separator;
        line += cause_name(cause);
        if ((uncounted & 1U << number) == 0)
            line += " (" + std::to_string(verdict.count(cause)) + ")";
        separator = ", ";
    }
    return line;
}

} // namespace measuring
} // namespace krunc

#endif // KRUNC_DISABLE
#endif // KRUN_COUNTERS_HPP
