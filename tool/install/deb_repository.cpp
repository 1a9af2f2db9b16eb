// SPDX-License-Identifier: MIT

#include "install/deb_repository.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <optional>
#include <tuple>

#include "install/kernel_package.hpp"
#include "install/staged_repository.hpp"
#include "self/krunctl.hpp"
#include "source/kernel_tree.hpp"
#include "util/scratch_folder.hpp"
#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{
std::optional<RepositoryPackage> next_line_package(const std::string &line, const std::string &kernel_version,
                                                   const std::string &depends,
                                                   const std::optional<RepositoryPackage> &present)
{
    const std::string separator = "+krun"; // between the kernel's version and the number of its publication
    unsigned long number = 1;
    if (present) {
        const auto end = present->version.find(separator);
        const auto version = present->version.substr(0, end);
        if (present->depends == depends || numbers_of(version) > numbers_of(kernel_version))
            return std::nullopt;
        if (version == kernel_version && end != std::string::npos)
            number = std::strtoul(present->version.c_str() + end + separator.size(), nullptr, 10) + 1;
    }
    return RepositoryPackage{"linux-image-krun-" + line, kernel_version + separator + std::to_string(number), depends};
}

Result<std::filesystem::path> make_line_package(const Env &env, const RepositoryPackage &package,
                                                const std::filesystem::path &folder)
{
    const auto root = folder / package.name;
    TRY(env.files.make_directories(root / "DEBIAN"));
    TRY(env.files.write(root / "DEBIAN/control",
                        fmt::format("Package: {}\n"
                                    "Version: {}\n"
                                    "Architecture: amd64\n"
                                    "Maintainer: krun <krun@localhost>\n"
                                    "Section: kernel\n"
                                    "Priority: optional\n"
                                    "Depends: {}\n"
                                    "Description: newest Krun Linux kernel of its line\n"
                                    " Depends on the newest kernel, so that upgrading brings it.\n",
                                    package.name, package.version, package.depends)));
    // Whatever our umask is, and also in a folder that hands its group down.
    TRY(env.runner.run_ok({.argv = {"chmod", "-R", "u=rwX,go=rX,ug-s", root.string()}}));
    const auto deb = folder / fmt::format("{}_{}_amd64.deb", package.name, package.version);
    TRY(env.runner.run_ok({.argv = {"dpkg-deb", "--root-owner-group", "--build", root.string(), deb.string()}}));
    return deb;
}

namespace
{

namespace fs = std::filesystem;

constexpr const char *first_line = "# Made by krunctl publish: a repository of Krun kernels.\n";

Result<std::string> fingerprint_of(ProcessRunner &runner, const std::string &key)
{
    const auto listed =
        TRY(runner.run({.argv = {"gpg", "--batch", "--with-colons", "--list-secret-keys", key}, .asks = true}));
    std::string found;
    unsigned keys = 0;
    for (const auto &line : lines_of(listed.output)) {
        const auto fields = split(line, ':');
        keys += fields[0] == "sec" ? 1 : 0;
        // The first fingerprint behind "sec" is the primary key's own; those of subkeys follow.
        if (fields[0] == "fpr" && fields.size() > 9 && found.empty())
            found = fields[9];
    }
    if (found.empty())
        return host_lacks(fmt::format("you have no secret key {}", shell_quoted(key)),
                          "gpg --list-secret-keys shows yours; gpg --quick-generate-key NAME makes one");
    if (keys > 1)
        return usage_error(fmt::format("{} of your secret keys match {}", keys, shell_quoted(key)),
                           "name one by its fingerprint");
    return found;
}

constexpr const char *signing_key = "SignWith: ";
constexpr const char *validity = "ValidFor: ";

// What the repository's settings say; empty when they do not.
std::string setting(const std::string &distributions, std::string_view name)
{
    for (const auto &line : lines_of(distributions)) {
        if (line.starts_with(name))
            return trim(line.substr(name.size()));
    }
    return {};
}

// `valid_for` as reprepro has it, "30d"; empty: for ever.
std::string distributions_file(const std::string &fingerprint, const std::string &valid_for)
{
    auto text =
        fmt::format("{}Codename: {}\nComponents: main\nArchitectures: amd64\nDescription: Krun Linux kernels\n{}{}\n",
                    first_line, repository_suite, signing_key, fingerprint);
    if (!valid_for.empty())
        text += validity + valid_for + "\n";
    return text;
}

fs::path distributions_of(const PublishRequest &request) { return request.folder / "conf/distributions"; }

std::string distributions_text(Filesystem &files, const PublishRequest &request)
{
    return files.read(distributions_of(request)).value_or("");
}

// A typo must not turn some other folder into a repository.
Result<void> expect_ours_or_new(Filesystem &files, const PublishRequest &request)
{
    if (!files.exists(request.folder))
        return {};
    if (!files.is_directory(request.folder))
        return usage_error(fmt::format("{} is not a folder", request.folder.string()));
    const auto names = TRY(files.list(request.folder));
    const bool empty = std::ranges::all_of(names, is_beside_repository);
    if (empty || distributions_text(files, request).starts_with(first_line))
        return {};
    return usage_error(fmt::format("{} contains something other than a repository of ours", request.folder.string()),
                       "name a new folder");
}

// Machines trust the key that they were given: with another one, their next `apt update` fails.
Result<void> expect_same_key(Filesystem &files, const PublishRequest &request, const std::string &fingerprint)
{
    const auto present = setting(distributions_text(files, request), signing_key);
    if (present.empty() || present == fingerprint || request.change_key)
        return {};
    return usage_error(fmt::format("the repository is signed with the key {}, not with {}", present, fingerprint),
                       "sign with that key, or change it with --change-key and give the machines the new one");
}

Command reprepro(const PublishRequest &request, const std::vector<std::string> &arguments)
{
    const auto folder = fs::absolute(request.folder);
    // Both are said, because a variable of the caller's could name another for each.
    Command command{.argv = {"reprepro", "--basedir", folder.string(), "--confdir", (folder / "conf").string()},
                    .dies_with_us = true};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    return command;
}

// Those that are in the repository, or of them those called `name`.
Result<std::vector<RepositoryPackage>> list_repository(ProcessRunner &runner, const PublishRequest &request,
                                                       const std::string &name)
{
    std::vector<std::string> arguments = {"--list-format", "${package} ${version} ${Depends}\n", "list",
                                          repository_suite};
    if (!name.empty())
        arguments.push_back(name);
    const auto listed = TRY(runner.run_ok(reprepro(request, arguments)));
    std::vector<RepositoryPackage> packages;
    for (const auto &line : lines_of(listed.output)) {
        if (const auto words = words_of(line); words.size() >= 2)
            packages.push_back({words[0], words[1], fmt::format("{}", fmt::join(words.begin() + 2, words.end(), " "))});
    }
    return packages;
}

// The line package for this kernel, if it is a kernel and the newest of its line.
Result<std::optional<RepositoryPackage>> line_package_for(const Env &env, const PublishRequest &request,
                                                          const KernelPackage &deb)
{
    const std::string prefix = "linux-image-";
    const auto version = deb.version.substr(0, deb.version.find('-'));
    const auto numbers = split(version, '.');
    if (!deb.name.starts_with(prefix + version) || deb.name.ends_with("-dbg") || numbers.size() < 2)
        return std::optional<RepositoryPackage>();
    const auto line = numbers[0] + "." + numbers[1];
    std::optional<RepositoryPackage> present;
    if (env.files.exists(distributions_of(request))) {
        if (const auto found = TRY(list_repository(env.runner, request, prefix + "krun-" + line)); !found.empty())
            present = found.front();
    }
    return next_line_package(line, version, fmt::format("{} (= {})", deb.name, deb.version), present);
}

Result<void> write_settings(Filesystem &files, const PublishRequest &request, const std::string &fingerprint)
{
    TRY(files.make_directories(request.folder / "conf"));
    const auto before = setting(distributions_text(files, request), validity);
    const auto days = request.valid_days.value_or(0) == 0 ? "" : fmt::format("{}d", *request.valid_days);
    // Without it, what is in the repository has no meaning: it must not be lost with the power.
    return files.write_durably(distributions_of(request),
                               distributions_file(fingerprint, request.valid_days ? days : before), 0644);
}

// The public key, which the machines need to trust the repository.
Result<void> export_key(const Env &env, const PublishRequest &request, const std::string &fingerprint)
{
    const auto exported = TRY(env.runner.run_ok({.argv = {"gpg", "--batch", "--armor", "--export", fingerprint}}));
    return env.files.write(request.folder / repository_key_file, exported.output);
}

Result<void> include(const Env &env, const PublishRequest &request, const fs::path &deb)
{
    std::vector<std::string> arguments;
    // reprepro takes no package without these two; dpkg-deb makes them, and apt takes them.
    for (const auto &[field, option, value] :
         {std::tuple{"Section", "--section", "misc"}, std::tuple{"Priority", "--priority", "optional"}}) {
        const auto answer = TRY(env.runner.run_ok({.argv = {"dpkg-deb", "-f", deb.string(), field}, .asks = true}));
        if (trim(answer.output).empty())
            arguments.insert(arguments.end(), {option, value});
    }
    arguments.insert(arguments.end(),
                     {"--component", "main", "includedeb", repository_suite, fs::absolute(deb).string()});
    const auto result = TRY(env.runner.run(reprepro(request, arguments)));
    if (result.ok())
        return {};
    if (result.errors.find("can only be included again, if they are the same") != std::string::npos)
        return failure("the repository has a package of the same name and version, but with other contents",
                       "build with another --local-version; published packages are never replaced");
    return failure(fmt::format("reprepro failed with status {}, the repository is as it was:\n{}", result.status,
                               trim(last_lines(result.errors, 10))));
}

// reprepro skips a package that is older than the one it has, and is content.
Result<void> expect_included(ProcessRunner &runner, const PublishRequest &request, const KernelPackage &package)
{
    const auto present = TRY(list_repository(runner, request, package.name));
    if (std::ranges::find(present, package.version, &RepositoryPackage::version) != present.end())
        return {};
    return failure(fmt::format("reprepro did not take {} {}{}", package.name, package.version,
                               present.empty() ? "" : ": the repository has " + present.front().version),
                   "build it with a higher version");
}

Result<void> include_all(const Env &env, const PublishRequest &request, const std::vector<KernelPackage> &packages)
{
    const auto scratch = TRY(ScratchFolder::make(env.files, cache_directory() / "run", "publish"));
    for (const auto &package : packages) {
        say(fmt::format("publishing {} {}", package.name, package.version));
        const auto line = TRY(line_package_for(env, request, package)); // of what was there before
        TRY(include(env, request, package.deb));
        TRY(expect_included(env.runner, request, package));
        if (line) { // last: it depends on the other
            const auto made = TRY(make_line_package(env, *line, scratch.path()));
            TRY(include(env, request, made));
        }
    }
    return {};
}

} // namespace

Result<Published> publish(const Env &env, const PublishRequest &request)
{
    TRY(expect_programs({{"reprepro", "reprepro"}, {"gpg", "gnupg"}, {"dpkg-deb", "dpkg"}}));
    std::vector<KernelPackage> packages;
    for (const auto &deb : request.debs) {
        auto package = TRY(read_package(env, deb));
        if (package.architecture != "amd64" && package.architecture != "all")
            return usage_error(fmt::format("{} is for {}, not for amd64", deb.string(), package.architecture));
        packages.push_back(std::move(package));
    }
    TRY(expect_ours_or_new(env.files, request));
    Published published;
    published.fingerprint = TRY(fingerprint_of(env.runner, request.key));
    TRY(expect_same_key(env.files, request, published.fingerprint));
    if (env.dry_run()) {
        for (const auto &deb : request.debs)
            TRY(include(env, request, deb));
        return published;
    }
    const auto change = [&](const fs::path &copy) -> Result<void> {
        auto staged = request;
        staged.folder = copy;
        TRY(write_settings(env.files, staged, published.fingerprint));
        TRY(include_all(env, staged, packages));
        TRY(export_key(env, staged, published.fingerprint));
        published.packages = TRY(list_repository(env.runner, staged, {}));
        return {};
    };
    TRY(change_repository(env, fs::absolute(request.folder), change));
    return published;
}

} // namespace krun
