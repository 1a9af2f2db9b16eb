// SPDX-License-Identifier: MIT
#include "report/delta_json.hpp"

#include <bit>
#include <cstring>
#include <string>

#include "host/cpu_activity.hpp"

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

std::uint32_t qualities_named(const json &list)
{
    std::uint32_t bits = 0;
    for (unsigned number = 0; number < 32; number++)
        for (const auto &name : list)
            bits |= name == krunc_quality_name(1u << number) ? 1u << number : 0;
    return bits;
}

// `visit` is called with the mask that says whether there is a value, its bit there, its name and the value itself; so
// that there is one list for both directions.
template <class Delta, class Visit> void for_all_values(Delta &delta, Visit &&visit)
{
    visit(delta.valid, KRUNC_APERF, "aperf_count", delta.aperf);
    visit(delta.valid, KRUNC_MPERF, "mperf_count", delta.mperf);
    visit(delta.valid, KRUNC_CYCLES, "cycles_count", delta.cycles);
    visit(delta.valid, KRUNC_INSTRUCTIONS, "instructions_count", delta.instructions);
    visit(delta.valid, KRUNC_SMI, "smi_count", delta.smi);
    visit(delta.valid, KRUNC_SWITCHES, "switches_count", delta.switches);
    for (unsigned n = 0; n < KRUNC_EVENTS; n++)
        visit(delta.valid, KRUNC_EVENT(n), krunc_counter_name(KRUNC_EVENT(n)) + std::string("_count"), delta.events[n]);
    visit(delta.derived, KRUNC_D_TIME, "elapsed_s", delta.seconds);
    visit(delta.derived, KRUNC_D_RATIO, "aperf_mperf_ratio", delta.ratio);
    visit(delta.derived, KRUNC_D_RATIO, "aperf_mperf_error_ratio", delta.ratio_error);
    visit(delta.derived, KRUNC_D_FREQUENCY, "frequency_hz", delta.frequency);
    visit(delta.derived, KRUNC_D_BUSY, "busy_ratio", delta.busy);
    visit(delta.derived, KRUNC_D_MPERF_ERROR, "mperf_error_count", delta.mperf_error);
    visit(delta.derived, KRUNC_D_CYCLES_ERROR, "cycles_error_count", delta.cycles_error);
    visit(delta.derived, KRUNC_D_INSTRUCTIONS_ERROR, "instructions_error_count", delta.instructions_error);
}

constexpr const char *interrupts = "interrupts_count";

template <class Delta, class Visit> void for_all_interrupts(Delta &delta, Visit &&visit)
{
    visit("timer", delta.irq_timer);
    visit("reschedule", delta.irq_reschedule);
    visit("call", delta.irq_call);
    visit("device", delta.irq_device);
    visit("nmi", delta.irq_nmi);
    visit("other", delta.irq_other);
    visit("sampled", delta.sampled_by_others);
    visit("own", delta.own);
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
    for_all_values(delta, [&](std::uint32_t mask, std::uint32_t bit, const std::string &name, auto value) {
        if ((mask & bit) != 0)
            result[name] = value;
    });
    if ((delta.valid & KRUNC_INTERRUPTS) != 0)
        for_all_interrupts(delta, [&](const char *kind, std::uint32_t count) { result[interrupts][kind] = count; });
    if (const auto rate = interrupts_per_second(delta))
        result["interrupts_per_s"] = *rate;
    if (const auto rate = switches_per_second(delta))
        result["switches_per_s"] = *rate;
    return result;
}

krunc_facts facts_from(const json &json)
{
    krunc_facts facts{};
    facts.size = sizeof(facts);
    const std::string way = json.at("way");
    while (facts.way < KRUNC_WAYS && way != krunc_way_name(facts.way))
        facts.way++;
    facts.features = json.at("virtual_machine") ? KRUNC_FEATURE_VIRTUAL : 0;
    return facts;
}

krunc_delta delta_from(const json &json)
{
    krunc_delta delta{};
    delta.size = sizeof(delta);
    delta.cpu = json.at("cpu");
    delta.quality = qualities_named(json.at("quality"));
    delta.unknown = qualities_named(json.at("unknown"));
    for (std::uint32_t status = KRUNC_EMPTY; status <= KRUNC_SHIELDED; status++)
        if (json.at("status") == krunc_status_name(status))
            delta.status = status;
    for_all_values(delta, [&](std::uint32_t &mask, std::uint32_t bit, const std::string &name, auto &value) {
        if (const auto found = json.find(name); found != json.end()) {
            found->get_to(value);
            mask |= bit;
        }
    });
    if (const auto found = json.find(interrupts); found != json.end()) {
        for_all_interrupts(delta, [&](const char *kind, std::uint32_t &count) { found->at(kind).get_to(count); });
        delta.valid |= KRUNC_INTERRUPTS;
    }
    return delta;
}

} // namespace krun
