// SPDX-License-Identifier: MIT
// Configurations made by others; see base_config.hpp.
#include "build/base_config.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <span>
#include <sys/utsname.h>
#include <utility>

#include "build/kconfig_expression.hpp"
#include "self/krunctl.hpp"
#include "source/apt_archive.hpp"
#include "util/input_file.hpp"
#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr InputKind known_config = {"configuration", "name another one with --config"};

// A setting that is a trap, and what it is replaced by.
struct Trap {
    std::string_view symbol;
    const char *cure;
};

// What makes a build depend on files or on chance of the machine where it runs. A certificate that is a file of the
// configuration's builder ("debian/certs/...", or Ubuntu's "debian/canonical-certs.pem", which its packaging makes and
// its git tree does not have) stops the build of everybody else; a key that the build makes is another one each time,
// and so would be every byte that it signs. Even if the base does not mention them: their defaults are the trap.
constexpr std::array signing = {Trap{"SYSTEM_TRUSTED_KEYS", "\"\""}, Trap{"SYSTEM_REVOCATION_KEYS", "\"\""},
                                Trap{"MODULE_SIG_KEY", "\"\""}, Trap{"MODULE_SIG_ALL", "n"},
                                Trap{"MODULE_SIG_FORCE", "n"}};

// In Ubuntu's trees alone: "Ubuntu 6.8.0-31.31-generic 6.8.1" in /proc/version_signature tells people, and programs
// that report bugs or look for live patches, that the kernel is Ubuntu's own build.
constexpr std::array untrue = {Trap{"VERSION_SIGNATURE", "\"\""}};

// What is right for a distribution, which builds with one set of tools. Rust code of a kernel is for the releases of
// rustc and bindgen of its time: of newer ones Linux 6.8 says itself that they "may or may not work". Where there are
// none, kconfig drops it without a word.
constexpr std::array bound_to_tools = {
    Trap{"KVM_WERROR", "n"}, // a warning that only another gcc has would end the build
    Trap{"RUST", "n"}};

const Trap *trap_in(std::span<const Trap> traps, const std::string &symbol)
{
    const auto found = std::ranges::find(traps, symbol, &Trap::symbol);
    return found == traps.end() ? nullptr : &*found;
}

Result<std::string> debian_config(const Env &env, const KernelLine &line)
{
    AptArchive archive(env, cache_directory() / "apt");
    const auto deb = TRY(archive.download(line.config_package, line.suites));
    const auto folder = cache_directory() / "configs" / deb.stem();
    const auto lock = TRY(env.files.lock(cache_directory() / "configs/lock", "Debian's configuration"));
    if (!env.files.exists(folder))
        TRY(archive.unpack({deb}, folder));
    const auto file = folder / "usr/src" / line.config_package / "config.amd64_none_amd64.xz";
    if (env.dry_run() && !env.files.exists(file))
        return std::string();
    if (!env.files.exists(file))
        return failure(fmt::format("the package {} contains no configuration for amd64", line.config_package));
    return read_text_input(env, file, known_config);
}

} // namespace

Result<std::string> running_config(const Env &env)
{
    utsname system = {};
    uname(&system);
    // In the first, both Debian and Ubuntu have it; in the last, their packages of headers, which a container may have
    // without the kernel.
    const auto file = std::filesystem::path("/boot") / fmt::format("config-{}", system.release);
    const auto headers = std::filesystem::path("/lib/modules") / system.release / "build/.config";
    for (const auto &candidate : {file, std::filesystem::path("/proc/config.gz"), headers}) {
        if (env.files.exists(candidate))
            return read_text_input(env, candidate, known_config);
    }
    return host_lacks(fmt::format("the running kernel's configuration is neither {} nor /proc/config.gz nor {}",
                                  file.string(), headers.string()),
                      "name a configuration file with --config, or take --config debian");
}

Result<void> fetch_base_config(const Env &env, const KernelLine &line, const std::string &config, ConfigPlan &plan)
{
    const auto text = TRY(config == "debian"    ? debian_config(env, line)
                          : config == "running" ? running_config(env)
                                                : Result<std::string>(std::move(plan.base_text)));
    const bool has_pahole = program_on_path("pahole");
    if (plan.personal && !has_pahole && asks_for_btf(text))
        say(fmt::format("note: without BTF (DEBUG_INFO_BTF), which {} asks for: `pahole` is not installed (sudo "
                        "apt-get install dwarves)",
                        config));
    plan.base_text = without_traps(text, plan.personal, has_pahole);
    return {};
}

bool asks_for_btf(const std::string &text) { return value_of(parse_config(text), "DEBUG_INFO_BTF") == "y"; }

std::string without_traps(const std::string &base_text, bool personal, bool has_pahole)
{
    const bool drops_btf = personal && !has_pahole && asks_for_btf(base_text);
    std::string text;
    for (const auto &line : lines_of(base_text)) {
        const auto values = parse_config(line);
        const auto symbol = values.empty() ? std::string() : values.begin()->first;
        const auto *trap = trap_in(untrue, symbol);
        if (trap == nullptr && !personal)
            trap = trap_in(bound_to_tools, symbol);
        // Debug information multiplies time and space of a build by five, and nothing of ours reads it.
        const bool debugs =
            (!personal && symbol.starts_with("DEBUG_INFO")) || (drops_btf && symbol == "DEBUG_INFO_BTF");
        if (trap != nullptr)
            text += config_line(symbol, trap->cure) + "\n";
        else if (!debugs && trap_in(signing, symbol) == nullptr)
            text += line + "\n";
    }
    for (const auto &[symbol, cure] : signing)
        text += config_line(std::string(symbol), cure) + "\n";
    // Newer kernels drop it by themselves; in older ones the last step of the build would fail.
    if (drops_btf)
        text += config_line("DEBUG_INFO_BTF", "n") + "\n";
    return personal ? text : text + "CONFIG_DEBUG_INFO_NONE=y\n";
}

} // namespace krun
