// SPDX-License-Identifier: MIT
// See case_inputs.hpp.
#include "cases/case_inputs.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "machine/guest_image.hpp"
#include "machine/testbed_qemu.hpp"
#include "self/krunctl.hpp"
#include "util/digest.hpp"

namespace krun
{

namespace
{

// A folder's files, or the file itself.
Result<std::string> digest_of(ProcessRunner &runner, const std::filesystem::path &path)
{
    std::error_code ignored;
    return std::filesystem::is_directory(path, ignored) ? sha256_of_tree(runner, path) : sha256_of_file(runner, path);
}

} // namespace

CaseInputs &CaseInputs::add(const std::string &text)
{
    texts_.push_back(text);
    return *this;
}

CaseInputs &CaseInputs::add_file(const std::filesystem::path &file)
{
    files_.push_back(file);
    return *this;
}

CaseInputs &CaseInputs::add_guest(const MachineRequest &guest)
{
    has_guest_ = true;
    add(fmt::format("cpus {} memory {} icount {}/{} clock {} append {} pmu {} vendor {}/{} ratio {} ipc {} tsc {} "
                    "command {} environment {}",
                    guest.cpus, guest.memory_mib, guest.icount, guest.icount_turn, guest.trusted_clock, guest.append,
                    guest.pmu_model, static_cast<int>(guest.vendor), guest.perfctr_core, guest.aperf_ratio, guest.ipc,
                    guest.tsc_step, guest.command, guest.environment));
    add_file(guest.kernel);
    for (const GuestFile &file : guest.copy_in)
        add(file.target).add_file(file.source);
    return *this;
}

Result<std::string> CaseInputs::digest(ProcessRunner &runner, const std::filesystem::path &own_program) const
{
    auto all = files_;
    all.push_back(own_program);
    std::string text = fmt::format("{}\n", texts_);
    if (has_guest_) {
        SystemFilesystem files;
        const auto qemu = testbed_qemu_folder(Env{runner, files});
        const auto init = private_program(files, "krun-init");
        const auto busybox = guest_busybox(Env{runner, files});
        if (!qemu)
            return tl::unexpected(qemu.error());
        if (!init)
            return tl::unexpected(init.error());
        if (!busybox)
            return tl::unexpected(busybox.error());
        text += qemu->filename().string() + "\n"; // by version and patches
        all.insert(all.end(), {*init, *busybox, own_executable(), testbed_qemu_in(*qemu).program});
    }
    for (const auto &file : all) {
        const auto digest = TRY(digest_of(runner, file));
        text += digest + "\n";
    }
    return sha256_of_text(runner, text);
}

} // namespace krun
