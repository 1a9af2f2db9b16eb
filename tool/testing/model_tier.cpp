// SPDX-License-Identifier: MIT
// The testbed's PMU model, judged by a kernel that knows nothing of us: Debian's own of line 6.1.
#include <fmt/format.h>

#include "source/apt_archive.hpp"
#include "testing/guest_run.hpp"
#include "util/paths.hpp"
#include "util/text.hpp"

namespace krun
{

namespace
{

namespace fs = std::filesystem;

const std::vector<std::string> suites = {"bookworm", "bookworm-security"};

struct StockKernel {
    fs::path image;
    fs::path msr_module;
};

// The package linux-image-cloud-amd64 only names the current one, linux-image-6.1.0-<ABI>-cloud-amd64.
Result<std::string> current_package(TierContext &context, AptArchive &archive)
{
    const auto meta = archive.download("linux-image-cloud-amd64", suites);
    if (!meta)
        return tl::unexpected(meta.error());
    Command command;
    command.argv = {"dpkg-deb", "--field", meta->string(), "Depends"};
    const auto depends = context.runner.run_ok(command);
    if (!depends)
        return tl::unexpected(depends.error());
    const std::string name = trim(depends->output.substr(0, depends->output.find_first_of(" (,\n")));
    if (name.rfind("linux-image-6.1.", 0) != 0)
        return failure("linux-image-cloud-amd64 depends on `" + trim(depends->output) + "`, not on a 6.1 kernel");
    return name;
}

Result<StockKernel> stock_kernel(TierContext &context)
{
    AptArchive archive(context.runner, context.files, cache_directory() / "apt");
    const auto package = current_package(context, archive);
    if (!package)
        return tl::unexpected(package.error());
    const auto deb = archive.download(*package, suites);
    if (!deb)
        return tl::unexpected(deb.error());
    const fs::path folder = cache_directory() / "stock" / deb->stem();
    if (!context.files.exists(folder))
        if (const auto unpacked = archive.unpack(*deb, folder); !unpacked)
            return tl::unexpected(unpacked.error());
    const std::string release = package->substr(std::string("linux-image-").size());
    return StockKernel{folder / "boot" / ("vmlinuz-" + release),
                       folder / "lib/modules" / release / "kernel/arch/x86/kernel/msr.ko"};
}

} // namespace

Result<Tally> run_model_tier(TierContext &context)
{
    const fs::path output = cache_directory() / "pmu-model";
    if (const auto made = context.files.make_directories(output); !made)
        return tl::unexpected(made.error());
    Command make;
    make.argv = {"make", "-C", (data_directory() / "tests/kernel/pmu-model").string(), "OUT=" + output.string()};
    make.log = context.log;
    if (const auto built = context.runner.run_ok(make); !built)
        return tl::unexpected(built.error());
    const auto stock = stock_kernel(context);
    if (!stock)
        return tl::unexpected(stock.error());

    Tally tally;
    struct Setting {
        unsigned ratio;
        unsigned ipc;
    };
    for (const Setting setting : {Setting{130, 150}, Setting{70, 80}}) {
        MachineRequest guest = test_guest(stock->image);
        guest.memory_mib = 1024;
        guest.aperf_ratio = setting.ratio;
        guest.ipc = setting.ipc;
        guest.copy_in = {{output / "pmu_model_test", "/pmu_model_test"}, {stock->msr_module, "/lib/msr.ko"}};
        guest.command = {
            "/pmu_model_test", "-r", fmt::format("{}", setting.ratio), "-i", fmt::format("{}", setting.ipc), "-m",
            "/lib/msr.ko"};
        const auto one = run_tap_in_guest(context, fmt::format("pmu-model {}/{}", setting.ratio, setting.ipc), guest);
        if (!one)
            return tl::unexpected(one.error());
        tally += *one;
    }
    return tally;
}

} // namespace krun
