// SPDX-License-Identifier: MIT
// The testbed's PMU model, judged by a kernel that knows nothing of us: Debian's own of line 6.1.
#include <fmt/format.h>

#include "cases/case.hpp"
#include "source/apt_archive.hpp"
#include "util/paths.hpp"
#include "util/text.hpp"

namespace krun
{

namespace
{

namespace fs = std::filesystem;

const std::vector<std::string> suites = {"bookworm", "bookworm-security"};

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

struct StockKernel {
    fs::path image;
    fs::path msr_module;
};

// The package linux-image-cloud-amd64 only names the current one, linux-image-6.1.0-<ABI>-cloud-amd64.
Result<std::string> current_package(const Case &one, AptArchive &archive)
{
    const auto meta = archive.download("linux-image-cloud-amd64", suites);
    if (!meta)
        return tl::unexpected(meta.error());
    Command command;
    command.argv = {"dpkg-deb", "--field", meta->string(), "Depends"};
    const auto depends = one.runner.run_ok(command);
    if (!depends)
        return tl::unexpected(depends.error());
    const std::string name = trim(depends->output.substr(0, depends->output.find_first_of(" (,\n")));
    if (name.rfind("linux-image-6.1.", 0) != 0)
        return failure("linux-image-cloud-amd64 depends on `" + trim(depends->output) + "`, not on a 6.1 kernel");
    return name;
}

Result<StockKernel> stock_kernel(const Case &one)
{
    AptArchive archive(one.runner, one.files, cache_directory() / "apt");
    const auto package = current_package(one, archive);
    if (!package)
        return tl::unexpected(package.error());
    const auto deb = archive.download(*package, suites);
    if (!deb)
        return tl::unexpected(deb.error());
    const fs::path folder = cache_directory() / "stock" / deb->stem();
    if (!one.files.exists(folder))
        if (const auto unpacked = archive.unpack(*deb, folder); !unpacked)
            return tl::unexpected(unpacked.error());
    const std::string release = package->substr(std::string("linux-image-").size());
    return StockKernel{folder / "boot" / ("vmlinuz-" + release),
                       folder / "lib/modules" / release / "kernel/arch/x86/kernel/msr.ko"};
}

} // namespace

Result<CaseResult> run_model_case(const Case &one)
{
    const fs::path output = cache_directory() / "pmu-model";
    if (const auto made = one.files.make_directories(output); !made)
        return tl::unexpected(made.error());
    Command make;
    make.argv = {"make", "-C", (data_directory() / "tests/kernel/pmu-model").string(), "OUT=" + output.string()};
    make.log = one.log;
    if (const auto built = one.runner.run_ok(make); !built)
        return tl::unexpected(built.error());
    const auto stock = stock_kernel(one);
    if (!stock)
        return tl::unexpected(stock.error());
    CaseInputs inputs;
    std::vector<MachineRequest> guests;
    for (const Model &model : models) {
        MachineRequest guest = test_guest(stock->image);
        guest.memory_mib = 1024;
        guest.vendor = model.vendor;
        guest.perfctr_core = model.perfctr_core;
        guest.aperf_ratio = model.ratio;
        guest.ipc = model.ipc;
        guest.copy_in = {{output / "pmu_model_test", "/pmu_model_test"}, {stock->msr_module, "/lib/msr.ko"}};
        guest.command = {
            "/pmu_model_test", "-r", fmt::format("{}", model.ratio), "-i", fmt::format("{}", model.ipc), "-m",
            "/lib/msr.ko"};
        inputs.add_guest(guest);
        guests.push_back(guest);
    }
    return unless_proven(one, inputs, [&]() -> Result<CaseResult> {
        CaseResult result;
        for (const auto &guest : guests) {
            const auto tap = run_tap_in_guest(
                one, fmt::format("pmu-model {} {}/{}", word_for(guest.vendor), guest.aperf_ratio, guest.ipc), guest);
            if (!tap)
                return tl::unexpected(tap.error());
            result.tally += *tap;
        }
        return result;
    });
}

} // namespace krun
