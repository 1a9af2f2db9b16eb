// SPDX-License-Identifier: MIT
// A Debian package, packed once more; see repacked_deb.hpp.
#include "build/repacked_deb.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fmt/format.h>
#include <utility>

#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr const char *elf_magic = "\177ELF";

Result<void> run_logged(ProcessRunner &runner, const Repacking &repacking, std::vector<std::string> argv)
{
    Command command;
    command.argv = std::move(argv);
    command.environment = {{"SOURCE_DATE_EPOCH", fmt::format("{}", package_epoch)}};
    command.log = repacking.log;
    TRY(runner.run_ok(command));
    return {};
}

// What linux-headers brings for building modules. The build system's notes and by-products are full of absolute paths,
// and no external module's build reads them. Its programs are compiled with debug information (objtool), and their
// build's identity is a digest over that, so it goes too.
Result<void> clean_headers(const Env &env, const Repacking &repacking)
{
    const auto headers = repacking.work / "usr/src";
    if (!env.files.exists(headers))
        return {};
    TRY(run_logged(
        env.runner, repacking,
        {"find", headers.string(), "(", "-name", "*.cmd", "-o", "-name", "*.[os]", ")", "-type", "f", "-delete"}));
    Command find;
    find.argv = {"find", headers.string(), "-type", "f", "-perm", "/111", "-print0"};
    const auto found = TRY(env.runner.run_ok(find));
    std::vector<std::string> strip = {"strip", "--strip-all", "--remove-section=.note.gnu.build-id", "--"};
    const auto fixed_words = strip.size();
    for (const auto &file : split(found.output, '\0')) {
        if (!file.empty() && env.files.read(file).value_or(std::string()).starts_with(elf_magic))
            strip.push_back(file);
    }
    return strip.size() == fixed_words ? Result<void>() : run_logged(env.runner, repacking, std::move(strip));
}

Result<void> replace_changelog(const Env &env, const Repacking &repacking)
{
    const auto doc = repacking.work / "usr/share/doc";
    for (const auto &package : env.files.list(doc).value_or(std::vector<std::string>())) {
        const auto file = doc / package / "changelog.Debian";
        TRY(env.files.write(file, repacking.changelog));
        TRY(run_logged(env.runner, repacking, {"gzip", "-9nf", file.string()}));
    }
    return {};
}

Result<void> add_what_is_ours(const Env &env, const Repacking &repacking)
{
    for (const auto &[path, text] : repacking.added) {
        TRY(env.files.make_directories((repacking.work / path).parent_path()));
        TRY(env.files.write(repacking.work / path, text));
    }
    for (const auto &[path, from] : repacking.programs) {
        const auto target = repacking.work / path;
        TRY(env.files.make_directories(target.parent_path()));
        TRY(run_logged(env.runner, repacking, {"strip", "-o", target.string(), from.string()}));
    }
    return {};
}

struct Entry {
    char type = ' '; // as find(1) has it
    std::uintmax_t size = 0;
    std::string path;
};

// All that will be installed, by name.
Result<std::vector<Entry>> entries_of(ProcessRunner &runner, const Repacking &repacking)
{
    Command find;
    find.argv = {"find", ".", "-mindepth", "1", "-path", "./DEBIAN", "-prune", "-o", "-printf", R"(%y %s %P\0)"};
    find.directory = repacking.work;
    const auto found = TRY(runner.run_ok(find));
    std::vector<Entry> entries;
    for (const auto &text : split(found.output, '\0')) {
        Entry entry;
        const auto blank = text.find(' ', 2);
        if (text.size() < 4 || text[1] != ' ' || blank == std::string::npos)
            continue;
        entry.type = text[0];
        std::from_chars(text.data() + 2, text.data() + blank, entry.size);
        entry.path = text.substr(blank + 1);
        entries.push_back(std::move(entry));
    }
    std::ranges::sort(entries, {}, &Entry::path);
    return entries;
}

Result<void> write_digests(const Env &env, const Repacking &repacking, const std::vector<Entry> &entries)
{
    Command digest;
    digest.argv = {"xargs", "-0", "-r", "md5sum", "--"};
    digest.directory = repacking.work;
    for (const auto &entry : entries) {
        if (entry.type == 'f')
            digest.input += entry.path + '\0';
    }
    const auto digests = TRY(env.runner.run_ok(digest));
    return env.files.write(repacking.work / "DEBIAN/md5sums", digests.output);
}

// As dpkg-gencontrol(1) counts: KiB, each file rounded up, everything that is no file one.
std::uintmax_t installed_size(const std::vector<Entry> &entries)
{
    constexpr std::uintmax_t kibibyte = 1024;
    std::uintmax_t size = 0;
    for (const auto &entry : entries)
        size += entry.type == 'f' || entry.type == 'l' ? (entry.size + kibibyte - 1) / kibibyte : 1;
    return size;
}

Result<void> write_installed_size(Filesystem &files, const Repacking &repacking, const std::vector<Entry> &entries)
{
    const auto file = repacking.work / "DEBIAN/control";
    const auto control = TRY(files.read(file));
    std::string text;
    for (const auto &line : lines_of(control))
        text += line.starts_with("Installed-Size:") ? fmt::format("Installed-Size: {}\n", installed_size(entries))
                                                    : line + "\n";
    return files.write(file, text);
}

Result<void> change(const Env &env, const Repacking &repacking)
{
    TRY(clean_headers(env, repacking));
    TRY(replace_changelog(env, repacking));
    TRY(add_what_is_ours(env, repacking));
    const auto entries = TRY(entries_of(env.runner, repacking));
    TRY(write_digests(env, repacking, entries));
    TRY(write_installed_size(env.files, repacking, entries));
    // Whatever the builder's umask was, and also in a folder that hands its group down.
    return run_logged(env.runner, repacking, {"chmod", "-R", "u+rwX,go+rX,go-w,ug-s", repacking.work.string()});
}

Result<void> pack(const Env &env, const Repacking &repacking)
{
    const auto partial = with_suffix(repacking.target, ".partial");
    // An explicit level, because a variable of the caller could set another.
    auto packed =
        run_logged(env.runner, repacking,
                   {"dpkg-deb", "--root-owner-group", "-Zxz", "-z6", "-b", repacking.work.string(), partial.string()});
    if (packed)
        packed = env.files.rename(partial, repacking.target);
    if (!packed)
        static_cast<void>(env.files.remove_all(partial));
    return packed;
}

} // namespace

Result<void> repack_deb(const Env &env, const Repacking &repacking)
{
    TRY(env.files.remove_all(repacking.work));
    TRY(env.files.make_directories(repacking.target.parent_path()));
    auto done = run_logged(env.runner, repacking, {"dpkg-deb", "-R", repacking.deb.string(), repacking.work.string()});
    if (done && !env.dry_run())
        done = change(env, repacking);
    if (done)
        done = pack(env, repacking);
    static_cast<void>(env.files.remove_all(repacking.work));
    return done;
}

} // namespace krun
