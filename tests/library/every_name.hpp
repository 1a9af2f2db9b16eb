// SPDX-License-Identifier: MIT
// Uses every name of <krun/counters.hpp>, in whichever of its two modes the file that includes this has chosen.
#pragma once

#include <krun/counters.hpp>

#include <type_traits>

namespace
{

struct EveryName {
    bool opened = false;
    bool sampled = false;
    std::size_t readings = 0;
    std::size_t deltas = 0;
    bool has_own = false;
    std::string texts;
};

static_assert(std::is_move_constructible_v<krunc::Session> && std::is_move_assignable_v<krunc::Session>);
static_assert(!std::is_copy_constructible_v<krunc::Session> && !std::is_copy_assignable_v<krunc::Session>);
static_assert(std::is_move_constructible_v<krunc::Sample> && !std::is_copy_constructible_v<krunc::Sample>);
static_assert(!std::is_copy_constructible_v<krunc::Region> && !std::is_move_constructible_v<krunc::Region>);

inline std::string texts_of(const krunc::Facts &facts, const krunc::Verdict &verdict)
{
    return std::string(krunc::version()) + krunc::way_name(facts.way) + krunc::way_reason(KRUNC_WAY_DEVICE, -ENOENT) +
           krunc::way_remedy(KRUNC_WAY_DEVICE, -ENOENT) + krunc::counter_name(KRUNC_CYCLES) +
           krunc::status_name(KRUNC_OK) + krunc::quality_name(KRUNC_Q_SMI) + krunc::verdict_name(KRUNC_CLEAN) +
           krunc::cause_name(KRUNC_CAUSE_SMI) + krunc::cause_remedy(KRUNC_CAUSE_SMI) + krunc::text(verdict);
}

inline EveryName use_every_name()
{
    EveryName used;
    auto opened = krunc::Session::open({.ways = 1U << KRUNC_WAY_TSC, .flags = KRUNC_NO_CALIBRATION});
    used.opened = static_cast<bool>(opened) && !opened.error();
    if (!used.opened)
        return used;
    krunc::Session session(std::move(*opened));
    session = krunc::Session({.scope = KRUNC_SCOPE_THREAD, .ways = 1U << KRUNC_WAY_TSC});

    krunc::Measurement measured(session);
    {
        krunc::Region region(measured);
        region.end();
    }
    used.sampled = !measured.error();
    used.readings = measured.before().readings().size();
    used.deltas = measured.deltas().size();
    used.has_own = measured.own() != nullptr;

    krunc::Sample before = session.make_sample();
    krunc::Sample after = session.make_sample();
    used.sampled = used.sampled && !session.begin(before) && !session.end(after);
    const auto delta = session.difference(before, after, before.index_of(before.cpu()).value_or(0));
    const auto verdict = session.judge(*delta, {.interrupt_seconds = 1e-6, .share = 0.01});
    used.texts = texts_of(session.facts(), *verdict);
    used.sampled = used.sampled && after.edge() >= before.edge() && after.clock() >= before.clock() &&
                   after.size() == before.size() && (after.raw() == nullptr) == !after &&
                   (session.raw() == nullptr) == !krunc::enabled && !session.read(KRUNC_APERF);
    if (const auto counter = session.thread_counter(KRUNC_CYCLES))
        used.sampled = used.sampled && !counter->read();
    return used;
}

} // namespace
