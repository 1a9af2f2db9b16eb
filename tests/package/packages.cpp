// SPDX-License-Identifier: MIT
#include "packages.hpp"

#include <chrono>
#include <cstdlib>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <regex>
#include <stdexcept>
#include <system_error>

#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto longest_run = 900s;

struct Built {
    OwnFolder folder;
    Packages packages;
    std::string error; // empty: all is there
};

fs::path only_file(const fs::path &folder, const std::string &beginning, const std::string &ending)
{
    std::vector<fs::path> found;
    for (const auto &entry : fs::directory_iterator(folder)) {
        const auto name = entry.path().filename().string();
        if (name.starts_with(beginning) && name.ends_with(ending))
            found.push_back(entry.path());
    }
    if (found.size() != 1)
        throw std::runtime_error(
            fmt::format("{} files {}*{} in {}, not one", found.size(), beginning, ending, folder.string()));
    return found.front();
}

void build(Built &built)
{
    built.packages = {built.folder.path() / "out", built.folder.path() / "root"};
    if (const auto result = build_debs({built.packages.folder.string()}); !result.ok()) {
        built.error = "packaging/build-debs failed:\n" + result.output + result.errors;
        return;
    }
    for (const char *name : package_names) {
        const auto unpacked =
            run_program({"dpkg-deb", "-x", built.packages.deb(name).string(), built.packages.root.string()});
        if (!unpacked.ok())
            built.error = unpacked.errors;
    }
}

// The folder of the built packages goes with the program, and not with a test.
Built &built_once()
{
    static Built built;
    static const bool done = [] {
        build(built);
        return true;
    }();
    static_cast<void>(done);
    return built;
}

std::vector<std::string> matches(const std::string &text, const std::regex &pattern)
{
    std::vector<std::string> found;
    for (const auto &line : lines_of(text)) {
        std::smatch match;
        if (std::regex_search(line, match, pattern))
            found.push_back(match[1]);
    }
    return found;
}

} // namespace

OwnFolder::OwnFolder()
{
    auto name = (fs::temp_directory_path() / "krun-package-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
        throw std::runtime_error("no temporary folder");
    path_ = name;
}

OwnFolder::~OwnFolder()
{
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

ProcessResult run_program(std::vector<std::string> argv, const fs::path &directory,
                          const std::map<std::string, std::string> &environment)
{
    static const OwnFolder home;
    SystemProcessRunner runner;
    Command command;
    command.argv = {"env", "-u", "KRUN_DATA", "-u", "XDG_CACHE_HOME", "LC_ALL=C.UTF-8"};
    // ccache's folder is found from HOME.
    if (!environment.contains("HOME"))
        command.argv.push_back("HOME=" + home.path().string());
    for (const auto &[name, value] : environment)
        command.argv.push_back(name + "=" + value);
    command.argv.insert(command.argv.end(), argv.begin(), argv.end());
    command.directory = directory;
    command.timeout = longest_run;
    auto result = runner.run(command);
    if (!result)
        throw std::runtime_error(result.error().message);
    if (result->timed_out)
        throw std::runtime_error(argv.front() + " did not end");
    return *result;
}

ProcessResult build_debs(const std::vector<std::string> &arguments,
                         const std::map<std::string, std::string> &environment)
{
    std::vector<std::string> argv = {KRUN_SOURCE_DIR "/packaging/build-debs"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    auto all = environment;
    if (const char *home = std::getenv("HOME"); home != nullptr)
        all.emplace("HOME", home);
    return run_program(std::move(argv), "/", all);
}

fs::path copy_source_to(const fs::path &folder)
{
    const auto copied = run_program({"sh", "-c",
                                     "mkdir \"$1\" && tar -C \"$0\" --exclude=./build --exclude=./out --exclude=./.git "
                                     "-c . | tar -C \"$1\" -x",
                                     KRUN_SOURCE_DIR, folder.string()});
    if (!copied.ok())
        throw std::runtime_error("the source could not be copied: " + copied.errors);
    return folder;
}

fs::path Packages::deb(const std::string &name) const { return only_file(folder, name + "_", ".deb"); }

fs::path Packages::changes() const { return only_file(folder, "krun_", ".changes"); }

ProcessResult Packages::krunctl(std::vector<std::string> arguments,
                                const std::map<std::string, std::string> &environment) const
{
    arguments.insert(arguments.begin(), (root / "usr/bin/krunctl").string());
    return run_program(std::move(arguments), "/", environment);
}

const Packages &packages()
{
    const Built &built = built_once();
    if (!built.error.empty())
        throw std::runtime_error(built.error);
    return built.packages;
}

std::vector<std::string> commands_of_help()
{
    const auto help = packages().krunctl({"--help"}).output;
    return matches(help.substr(std::min(help.find("Commands:"), help.size())), std::regex("^  ([a-z][a-z-]*)( |$)"));
}

std::vector<std::string> options_of_help(const std::string &command)
{
    std::vector<std::string> arguments = {"--help"};
    if (!command.empty())
        arguments.insert(arguments.begin(), command);
    std::vector<std::string> options;
    for (const auto &names : matches(packages().krunctl(arguments).output, std::regex("^  ((-[a-z], )?--?[a-z-]+)")))
        for (const auto &name : split(names, ','))
            options.push_back(trim(name));
    return options;
}

} // namespace krun
