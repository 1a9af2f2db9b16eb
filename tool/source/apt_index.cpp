// SPDX-License-Identifier: MIT
#include "source/apt_index.hpp"

#include <chrono>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>
#include <unistd.h>

#include "source/apt_settings.hpp"
#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{

std::string first_apt_complaint(const std::string &errors)
{
    for (const auto &line : lines_of(errors)) {
        if (line.starts_with("E: ") || line.starts_with("W: "))
            return trim(line.substr(3));
    }
    return trim(errors);
}

std::string in_file_name(const std::string &version)
{
    return fmt::format("{}", fmt::join(split(version, ':'), "%3a"));
}

std::string value_of_field(const std::string &text, const std::string &field)
{
    for (const auto &line : lines_of(text)) {
        if (line.starts_with(field + ": "))
            return trim(line.substr(field.size() + 2));
    }
    return {};
}

std::vector<std::pair<std::string, std::string>> files_of_source(const std::string &shown, const std::string &version)
{
    std::vector<std::pair<std::string, std::string>> found;
    std::vector<std::pair<std::string, std::string>> of_record;
    bool is_wanted = false;
    bool is_in_list = false;
    auto lines = lines_of(shown);
    lines.emplace_back(); // ends the last record
    for (const auto &line : lines) {
        if (line.empty()) {
            if (is_wanted)
                found = of_record;
            of_record.clear();
            is_wanted = false;
        }
        if (!line.starts_with(' '))
            is_in_list = line.starts_with("Checksums-Sha256:");
        if (line.starts_with("Version: "))
            is_wanted = trim(line.substr(std::string("Version: ").size())) == version;
        if (const auto words = words_of(line); is_in_list && words.size() == 3) // digest, size, name
            of_record.emplace_back(words[2], words[0]);
    }
    return found;
}

namespace
{

constexpr long index_lifetime = 24L * 60 * 60; // seconds

long now_in_seconds()
{
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

// A dry run leaves no trace of what it has shown, and would show it again for each package.
bool was_shown(const std::filesystem::path &what)
{
    static std::set<std::filesystem::path> shown;
    return !shown.insert(what).second;
}

} // namespace

tl::unexpected<Error> archive_unreachable(const std::string &what, const std::string &errors)
{
    return failure(
        fmt::format("cannot {}: {}", what, first_apt_complaint(errors)),
        "is there a network, and is apt's proxy right? what was downloaded before is kept and not needed again");
}

AptIndex::AptIndex(const Env &env, const std::filesystem::path &state, const std::string &types,
                   const std::vector<std::string> &suites)
    : env_(env), folder_(state / fmt::format("{}-{}", types, fmt::join(suites, "+"))), of_sources_(types == "deb-src")
{
}

Result<AptIndex> AptIndex::open(const Env &env, const std::filesystem::path &state, const std::string &types,
                                const std::vector<std::string> &suites)
{
    AptIndex index(env, state, types, suites);
    if (!env.dry_run()) {
        TRY(index.prepare(types, suites));
        return index;
    }
    if (was_shown(index.folder_))
        return index;
    // A machine that could not build may still show how.
    if (const auto prepared = index.prepare(types, suites); !prepared)
        say("note: " + prepared.error().message);
    return index;
}

std::optional<AptIndex> AptIndex::existing(const Env &env, const std::filesystem::path &state, const std::string &types,
                                           const std::vector<std::string> &suites)
{
    AptIndex index(env, state, types, suites);
    return env.files.exists(index.folder_ / "apt.conf") ? std::optional(index) : std::nullopt;
}

Result<void> AptIndex::prepare(const std::string &types, const std::vector<std::string> &suites)
{
    for (const auto *folder : {"state/lists/partial", "cache/archives/partial"})
        TRY(env_.files.make_directories(folder_ / folder));
    auto mirrors = TRY(find_apt_mirrors(env_));
    const auto sources = TRY(sources_for(mirrors, suites, types));
    // Another mirror than last time: what we have is not its index.
    if (env_.files.read(folder_ / "krun.sources").value_or(std::string()) != sources)
        TRY(env_.files.remove_all(stamp()));
    TRY(env_.files.write(folder_ / "krun.sources", sources));
    const auto configuration = TRY(apt_configuration(env_.runner, folder_));
    TRY(env_.files.write(folder_ / "state/status", ""));
    TRY(env_.files.write(folder_ / "apt.conf", configuration));
    return {};
}

Result<std::optional<AptSandbox>> AptIndex::sandbox()
{
    return AptSandbox::make(env_, env_.files.read(folder_ / "krun.sources").value_or(std::string()));
}

Command AptIndex::command(std::vector<std::string> argv) const
{
    Command result;
    result.argv = std::move(argv);
    result.environment = {{"APT_CONFIG", (folder_ / "apt.conf").string()}};
    return result;
}

Command AptIndex::question(std::vector<std::string> argv) const
{
    auto result = command(std::move(argv));
    result.asks = true;
    return result;
}

Command AptIndex::networked(const std::optional<AptSandbox> &sandbox, std::vector<std::string> arguments) const
{
    arguments.insert(arguments.begin(), {"apt-get", "-q"});
    if (sandbox)
        arguments.insert(arguments.end(), {"-o", "Dir::Cache::archives=" + sandbox->archives().string()});
    else if (geteuid() == 0)
        arguments.insert(arguments.end(), {"-o", "APT::Sandbox::User=root"});
    return command(std::move(arguments));
}

Result<void> AptIndex::update()
{
    if (env_.dry_run() && was_shown(stamp()))
        return {};
    say("reading the index of the Debian archive ...");
    const auto apart = TRY(sandbox());
    auto update = networked(apart, {"update"});
    if (apart)
        update.argv.insert(update.argv.end(), {"-o", "Dir::State::lists=" + apart->lists().string()});
    const auto lists = folder_ / "state/lists";
    const auto copy_lists = [&](const std::filesystem::path &from, const std::filesystem::path &to) -> Result<void> {
        Command copy;
        copy.argv = {"cp", "-rT", "--preserve=timestamps", "--", from.string(), to.string()};
        TRY(env_.runner.run_ok(copy));
        return {};
    };
    // apt asks the mirror only for what is newer.
    TRY(apart ? copy_lists(lists, apart->lists()) : Result<void>());
    const auto result = TRY(env_.runner.run(update));
    // Also when some of it could not be had.
    if (apart) {
        const auto fresh = folder_ / "state/lists.new";
        TRY(env_.files.remove_all(apart->lists() / "partial"));
        TRY(env_.files.remove_all(fresh));
        TRY(copy_lists(apart->lists(), fresh));
        TRY(env_.files.remove_all(lists));
        TRY(env_.files.rename(fresh, lists));
    }
    if (!result.ok())
        return archive_unreachable("update the index of the Debian archive", result.errors);
    return env_.files.write(stamp(), fmt::format("{}\n", now_in_seconds()));
}

Result<std::string> AptIndex::maximum(const std::vector<std::string> &versions)
{
    std::string newest;
    for (const auto &version : versions) {
        Command compare;
        compare.asks = true;
        compare.argv = {"dpkg", "--compare-versions", version, "gt", newest};
        if (newest.empty() || TRY(env_.runner.run(compare)).ok())
            newest = version;
    }
    return newest;
}

Result<std::string> AptIndex::known(const std::string &package)
{
    // Without a configuration of ours, apt would answer from the machine's.
    if (env_.dry_run() && !env_.files.exists(folder_ / "apt.conf"))
        return std::string();
    std::vector<std::string> versions;
    if (of_sources_) {
        const auto shown = TRY(env_.runner.run(question({"apt-cache", "showsrc", "--only-source", package})));
        for (const auto &line : lines_of(shown.output)) {
            if (line.starts_with("Version: "))
                versions.push_back(trim(line.substr(9)));
        }
    } else {
        const auto listed = TRY(env_.runner.run(question({"apt-cache", "madison", package})));
        for (const auto &line : lines_of(listed.output)) {
            const auto fields = split(line, '|');
            if (fields.size() == 3 && trim(fields[0]) == package && !fields[2].ends_with(" Sources"))
                versions.push_back(trim(fields[1]));
        }
    }
    return maximum(versions);
}

Result<std::string> AptIndex::newest(const std::string &package)
{
    auto version = TRY(known(package));
    const auto updated_at = env_.files.read(stamp()).value_or(std::string());
    const auto age = now_in_seconds() - std::strtol(updated_at.c_str(), nullptr, 10);
    if (!version.empty() && age >= 0 && age < index_lifetime)
        return version;
    const auto updated = update();
    if (!updated && updated.error().code == ExitCode::interrupted)
        return tl::unexpected(updated.error());
    // Some of the suites may have been reached; and an old index is better than none.
    auto now_known = known(package);
    if (!updated && now_known.value_or(std::string()).empty())
        return tl::unexpected(updated.error());
    version = TRY(std::move(now_known));
    if (!updated)
        say(fmt::format("note: {}; going on with {} {}, the newest known", updated.error().message, package, version));
    if (version.empty() && env_.dry_run())
        return "NEWEST";
    if (version.empty())
        return failure(fmt::format("the Debian archive has no package {}", package),
                       "the suites in line.toml may have dropped it");
    return version;
}

std::string AptIndex::checksum(const std::string &package, const std::string &version)
{
    const auto shown = env_.runner.run(question({"apt-cache", "show", "--no-all-versions", package + "=" + version}));
    return shown && shown->ok() ? value_of_field(shown->output, "SHA256") : std::string();
}

} // namespace krun
