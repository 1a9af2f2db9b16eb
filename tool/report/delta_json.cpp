// SPDX-License-Identifier: MIT
#include "report/delta_json.hpp"

#include <bit>
#include <cstring>

namespace krun
{

using nlohmann::json;

namespace
{

template <class Name> json names_of(std::uint32_t bits, Name &&name)
{
    json list = json::array();
    for (; bits != 0; bits &= bits - 1)
        list.push_back(name(1u << static_cast<unsigned>(std::countr_zero(bits))));
    return list;
}

void add_counts(json &result, const krunc_delta &delta)
{
    const auto add = [&](std::uint32_t counter, const char *name, std::uint64_t value) {
        if ((delta.valid & counter) != 0)
            result[name] = value;
    };
    add(KRUNC_APERF, "aperf_count", delta.aperf);
    add(KRUNC_MPERF, "mperf_count", delta.mperf);
    add(KRUNC_CYCLES, "cycles_count", delta.cycles);
    add(KRUNC_INSTRUCTIONS, "instructions_count", delta.instructions);
    add(KRUNC_SMI, "smi_count", delta.smi);
    add(KRUNC_SWITCHES, "switches_count", delta.switches);
    for (unsigned n = 0; n < KRUNC_EVENTS; n++)
        add(KRUNC_EVENT(n), krunc_counter_name(KRUNC_EVENT(n)), delta.events[n]);
    if ((delta.valid & KRUNC_INTERRUPTS) != 0)
        result["interrupts_count"] = {{"timer", delta.irq_timer},
                                      {"reschedule", delta.irq_reschedule},
                                      {"call", delta.irq_call},
                                      {"device", delta.irq_device},
                                      {"nmi", delta.irq_nmi},
                                      {"other", delta.irq_other},
                                      {"sampled", delta.sampled_by_others},
                                      {"own", delta.own}};
}

void add_derived(json &result, const krunc_delta &delta)
{
    const auto add = [&](std::uint32_t which, const char *name, auto value) {
        if ((delta.derived & which) != 0)
            result[name] = value;
    };
    add(KRUNC_D_TIME, "elapsed_s", delta.seconds);
    add(KRUNC_D_RATIO, "aperf_mperf_ratio", delta.ratio);
    add(KRUNC_D_RATIO, "aperf_mperf_ratio_error", delta.ratio_error);
    add(KRUNC_D_FREQUENCY, "frequency_hz", delta.frequency);
    add(KRUNC_D_BUSY, "busy_ratio", delta.busy);
    add(KRUNC_D_MPERF_ERROR, "mperf_error_count", delta.mperf_error);
    add(KRUNC_D_CYCLES_ERROR, "cycles_error_count", delta.cycles_error);
    add(KRUNC_D_INSTRUCTIONS_ERROR, "instructions_error_count", delta.instructions_error);
}

} // namespace

json facts_json(const krunc_facts &facts)
{
    json result = {{"way", krunc_way_name(facts.way)},
                   {"counters", names_of(facts.counters, krunc_counter_name)},
                   {"virtual_machine", (facts.features & KRUNC_FEATURE_VIRTUAL) != 0},
                   {"not_usable", json::object()},
                   {"missing", json::object()}};
    if (facts.tsc_hz != 0)
        result["tsc_hz"] = facts.tsc_hz;
    if (facts.tick_hz != 0)
        result["tick_hz"] = facts.tick_hz;
    for (std::uint32_t way = 0; way < KRUNC_WAYS; way++) {
        const int error = facts.way_errors[way];
        if (error != 0)
            result["not_usable"][krunc_way_name(way)] = {{"error", std::strerror(-error)},
                                                         {"reason", krunc_way_reason(way, error)},
                                                         {"remedy", krunc_way_remedy(way, error)}};
    }
    for (unsigned bit = 0; bit < 32; bit++) {
        if (facts.counter_errors[bit] != 0)
            result["missing"][krunc_counter_name(1u << bit)] = std::strerror(-facts.counter_errors[bit]);
    }
    return result;
}

json delta_json(const krunc_delta &delta)
{
    json result = {{"cpu", delta.cpu},
                   {"status", krunc_status_name(delta.status)},
                   {"quality", names_of(delta.quality, krunc_quality_name)},
                   {"unknown", names_of(delta.unknown, krunc_quality_name)}};
    add_counts(result, delta);
    add_derived(result, delta);
    return result;
}

} // namespace krun
