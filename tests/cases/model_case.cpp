// SPDX-License-Identifier: MIT
// The testbed's PMU model, judged by a kernel that knows nothing of us: Debian's own of line 6.1.
#include <fmt/format.h>

#include "cases/case.hpp"
#include "cases/stock_module.hpp"
#include "self/krunctl.hpp"

namespace krun
{

namespace
{

namespace fs = std::filesystem;

constexpr const char *line_of_kernel = "6.1";

struct Model {
    CpuVendor vendor;
    bool perfctr_core;
    unsigned ratio;
    unsigned ipc;
};

const char *word_for(CpuVendor vendor) { return vendor == CpuVendor::amd ? "AMD" : "Intel"; }

const std::vector<Model> models = {
    {CpuVendor::intel, true, 130, 150},
    {CpuVendor::intel, true, 70, 80},
    {CpuVendor::amd, true, 130, 150},
    {CpuVendor::amd, false, 70, 80},
};

} // namespace

Result<CaseResult> run_model_case(const Case &one)
{
    const fs::path output = cache_directory() / "pmu-model";
    TRY(one.files.make_directories(output));
    Command make;
    make.argv = {"make", "-C", (data_directory() / "tests/kernel/pmu-model").string(), "OUT=" + output.string()};
    make.log = one.log;
    TRY(one.runner.run_ok(make));
    const auto line = TRY(find_kernel_line(one.files, data_directory(), line_of_kernel));
    const auto stock = TRY(stock_kernel(one, line));
    const auto msr = TRY(stock_module(one, stock, "arch/x86/kernel/msr"));
    CaseInputs inputs;
    std::vector<MachineRequest> guests;
    for (const Model &model : models) {
        MachineRequest guest = test_guest(stock.image);
        guest.memory_mib = 1024;
        guest.vendor = model.vendor;
        guest.perfctr_core = model.perfctr_core;
        guest.aperf_ratio = model.ratio;
        guest.ipc = model.ipc;
        guest.copy_in = {{output / "pmu_model_test", "/pmu_model_test"}, {msr, "/lib/msr.ko"}};
        guest.command = {
            "/pmu_model_test", "-r", fmt::format("{}", model.ratio), "-i", fmt::format("{}", model.ipc), "-m",
            "/lib/msr.ko"};
        inputs.add_guest(guest);
        guests.push_back(guest);
    }
    return unless_proven(one, inputs, [&]() -> Result<CaseResult> {
        CaseResult result;
        for (const auto &guest : guests) {
            const auto tap = TRY(run_tap_in_guest(
                one, fmt::format("pmu-model {} {}/{}", word_for(guest.vendor), guest.aperf_ratio, guest.ipc), guest));
            result.tally += tap;
        }
        return result;
    });
}

} // namespace krun
