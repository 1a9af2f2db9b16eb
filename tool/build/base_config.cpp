// SPDX-License-Identifier: MIT
// Configurations made by others; see base_config.hpp.
#include "build/base_config.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <utility>

#include "build/config_values.hpp"
#include "build/kernel_config.hpp"
#include "util/file_lock.hpp"
#include "util/input_file.hpp"
#include "util/paths.hpp"
#include "util/progress.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr InputKind known_config = {"configuration", "name another one with --config"};

// What makes a build depend on files or on chance of the machine where it runs. A certificate that is a file of the
// configuration's builder ("debian/certs/...") stops the build of everybody else; a key that the build makes is another
// one each time, and so would be every byte that it signs.
constexpr std::array<std::pair<const char *, const char *>, 5> signing = {{
    {"SYSTEM_TRUSTED_KEYS", "\"\""},
    {"SYSTEM_REVOCATION_KEYS", "\"\""},
    {"MODULE_SIG_KEY", "\"\""},
    {"MODULE_SIG_ALL", "n"},
    {"MODULE_SIG_FORCE", "n"},
}};

} // namespace

bool is_tiny_config(const std::string &config)
{
    return config == "vm" || config == "disk" || config == "debug" || config == "kcsan";
}

bool is_named_config(const std::string &config)
{
    return is_tiny_config(config) || config == "debian" || config == "running";
}

Result<std::string> debian_config(ProcessRunner &runner, Filesystem &files, AptArchive &archive, const KernelLine &line)
{
    const auto deb = archive.download(line.config_package, line.suites);
    if (!deb)
        return tl::unexpected(deb.error());
    const auto folder = cache_directory() / "configs" / deb->stem();
    const auto lock = FileLock::acquire(cache_directory() / "configs/lock", "Debian's configuration");
    if (!lock)
        return tl::unexpected(lock.error());
    if (!files.exists(folder)) {
        if (auto unpacked = archive.unpack({*deb}, folder); !unpacked)
            return tl::unexpected(unpacked.error());
    }
    const auto file = folder / "usr/src" / line.config_package / "config.amd64_none_amd64.xz";
    if (!files.exists(file))
        return failure(fmt::format("the package {} contains no configuration for amd64", line.config_package));
    return read_text_input(runner, files, file, known_config);
}

Result<std::string> running_config(ProcessRunner &runner, Filesystem &files)
{
    utsname system = {};
    uname(&system);
    const auto file = std::filesystem::path("/boot") / fmt::format("config-{}", system.release);
    for (const auto &candidate : {file, std::filesystem::path("/proc/config.gz")}) {
        if (files.exists(candidate))
            return read_text_input(runner, files, candidate, known_config);
    }
    return host_lacks(
        fmt::format("the running kernel's configuration is neither {} nor /proc/config.gz", file.string()),
        "name a configuration file with --config, or take --config debian");
}

Result<void> fetch_base_config(ProcessRunner &runner, Filesystem &files, AptArchive &archive, const KernelLine &line,
                               const std::string &config, ConfigPlan &plan)
{
    if (plan.tiny)
        return {};
    const auto text = config == "debian"    ? debian_config(runner, files, archive, line)
                      : config == "running" ? running_config(runner, files)
                                            : Result<std::string>(std::move(plan.base_text));
    if (!text)
        return tl::unexpected(text.error());
    const bool keeps_debug_info = !is_named_config(config);
    const bool has_pahole = program_on_path("pahole");
    if (keeps_debug_info && !has_pahole && asks_for_btf(*text))
        say(fmt::format("note: without BTF (DEBUG_INFO_BTF), which {} asks for: `pahole` is not installed (sudo "
                        "apt-get install dwarves)",
                        config));
    plan.base_text = without_traps(*text, keeps_debug_info, has_pahole);
    return {};
}

bool asks_for_btf(const std::string &text) { return value_of(parse_config(text), "DEBUG_INFO_BTF") == "y"; }

std::string without_traps(const std::string &base_text, bool keep_debug_info, bool has_pahole)
{
    const bool drops_btf = keep_debug_info && !has_pahole && asks_for_btf(base_text);
    std::string text;
    for (const auto &line : lines_of(base_text)) {
        const auto values = parse_config(line);
        const auto symbol = values.empty() ? std::string() : values.begin()->first;
        const bool signs = std::any_of(signing.begin(), signing.end(),
                                       [&symbol](const auto &setting) { return symbol == setting.first; });
        // Debug information multiplies time and space of a build by five, and nothing of ours reads it.
        const bool debugs =
            (!keep_debug_info && symbol.starts_with("DEBUG_INFO")) || (drops_btf && symbol == "DEBUG_INFO_BTF");
        if (!signs && !debugs)
            text += line + "\n";
    }
    // Even if the base does not mention them: their defaults are the trap.
    for (const auto &[symbol, value] : signing)
        text += config_line(symbol, value) + "\n";
    // Newer kernels drop it by themselves; in older ones the last step of the build would fail.
    if (drops_btf)
        text += config_line("DEBUG_INFO_BTF", "n") + "\n";
    return keep_debug_info ? text : text + "CONFIG_DEBUG_INFO_NONE=y\n";
}

} // namespace krun
