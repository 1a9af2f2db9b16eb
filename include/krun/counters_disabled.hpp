// SPDX-License-Identifier: MIT
//
// The names of <krun/counters.hpp> for files that define KRUNC_DISABLE. Classes without members, of which no compiler
// leaves an instruction, stand where the library would be called. Opening and sampling "succeed", so that no path of
// errors remains in the program either; there are no readings, no differences and no texts.
#ifndef KRUN_COUNTERS_DISABLED_HPP
#define KRUN_COUNTERS_DISABLED_HPP

#include <span>

#include <krun/counters_values.hpp>

namespace krunc
{

inline namespace disabled
{

class [[maybe_unused]] Sample
{
  public:
    constexpr Sample() = default;
    explicit constexpr Sample(std::size_t) {}
    constexpr Sample(Sample &&) = default;
    constexpr Sample &operator=(Sample &&) = default;

    [[nodiscard]] constexpr explicit operator bool() const { return false; }
    [[nodiscard]] constexpr std::span<const Reading> readings() const { return {}; }
    [[nodiscard]] constexpr unsigned cpu() const { return 0; }
    [[nodiscard]] constexpr std::uint64_t edge() const { return 0; }
    [[nodiscard]] constexpr std::optional<std::uint64_t> clock() const { return std::nullopt; }
    [[nodiscard]] constexpr std::optional<std::uint32_t> index_of(unsigned) const { return std::nullopt; }
    [[nodiscard]] constexpr krunc_sample *raw() { return nullptr; }
    [[nodiscard]] constexpr const krunc_sample *raw() const { return nullptr; }
    [[nodiscard]] constexpr std::size_t size() const { return 0; }
};

class [[maybe_unused]] ThreadCounter
{
  public:
    [[nodiscard]] constexpr std::optional<std::uint64_t> read() const { return std::nullopt; }
};

class [[maybe_unused]] Session
{
  public:
    static constexpr Result<Session> open(const Options & = {}) { return Session(); }
    constexpr explicit Session(const Options & = {}) {}
    constexpr Session(Session &&) = default;
    constexpr Session &operator=(Session &&) = default;

    [[nodiscard]] const Facts &facts() const
    {
        static constexpr Facts none{};
        return none;
    }
    [[nodiscard]] constexpr Sample make_sample() const { return {}; }
    [[nodiscard]] constexpr Error begin(Sample &) { return {}; }
    [[nodiscard]] constexpr Error end(Sample &) { return {}; }
    [[nodiscard]] constexpr std::optional<std::uint64_t> read(std::uint32_t) { return std::nullopt; }
    [[nodiscard]] constexpr Result<ThreadCounter> thread_counter(std::uint32_t) const { return ThreadCounter(); }
    [[nodiscard]] constexpr Result<Delta> difference(const Sample &, const Sample &, std::uint32_t = 0,
                                                     std::uint32_t = 0) const
    {
        return Delta();
    }
    [[nodiscard]] constexpr Result<Verdict> judge(const Delta &, const Criteria & = {}) const
    {
        Verdict verdict;
        verdict.raw().kind = KRUNC_UNDECIDED;
        return verdict;
    }
    [[nodiscard]] constexpr krunc_session *raw() { return nullptr; }
};

class [[maybe_unused]] Measurement
{
  public:
    constexpr explicit Measurement(Session &, std::uint32_t = 0) {}

    [[nodiscard]] constexpr Error error() const { return {}; }
    [[nodiscard]] constexpr const Sample &before() const { return none; }
    [[nodiscard]] constexpr const Sample &after() const { return none; }
    [[nodiscard]] constexpr std::span<const Delta> deltas() { return {}; }
    [[nodiscard]] constexpr const Delta *own() { return nullptr; }

  private:
    static constexpr Sample none{};
};

class [[maybe_unused]] Region
{
  public:
    constexpr explicit Region(Measurement &) {}
    Region(const Region &) = delete;
    Region &operator=(const Region &) = delete;
    constexpr void end() {}
};

constexpr const char *version() { return ""; }
constexpr const char *way_name(std::uint32_t) { return ""; }
constexpr const char *way_reason(std::uint32_t, int) { return ""; }
constexpr const char *way_remedy(std::uint32_t, int) { return ""; }
constexpr const char *counter_name(std::uint32_t) { return ""; }
constexpr const char *status_name(std::uint32_t) { return ""; }
constexpr const char *quality_name(std::uint32_t) { return ""; }
constexpr const char *verdict_name(std::uint32_t) { return ""; }
constexpr const char *cause_name(std::uint32_t) { return ""; }
constexpr const char *cause_remedy(std::uint32_t) { return ""; }
inline std::string text(const Verdict &) { return {}; }

} // namespace disabled
} // namespace krunc

#endif // KRUN_COUNTERS_DISABLED_HPP
