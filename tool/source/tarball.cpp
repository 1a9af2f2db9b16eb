// SPDX-License-Identifier: MIT
// Tarballs; see tarball.hpp.
#include "source/tarball.hpp"

#include <array>
#include <cstdlib>
#include <fmt/format.h>

#include "util/result.hpp"
#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr std::size_t tar_record = 10240;       // bytes; what tar counts its checkpoints in
constexpr std::size_t checkpoint_records = 512; // 5 MiB between two signs of life
constexpr std::size_t mebibyte = std::size_t{1} << 20;

struct Compression {
    std::string_view suffix;
    const char *program;
    const char *package;
};
constexpr std::array compressions = {Compression{".xz", "xz", "xz-utils"}, Compression{".gz", "gzip", "gzip"},
                                     Compression{".bz2", "bzip2", "bzip2"}, Compression{".zst", "zstd", "zstd"}};

bool is_tar(const std::string &file) { return file.ends_with(".tar") && file.size() > 4; }

const Compression *compression_of(const std::string &file)
{
    for (const auto &compression : compressions) {
        if (file.ends_with(compression.suffix) && is_tar(file.substr(0, file.size() - compression.suffix.size())))
            return &compression;
    }
    return nullptr;
}

// The unpacked size in MiB; 0 if unknown.
std::size_t unpacked_size(ProcessRunner &runner, const std::filesystem::path &tarball)
{
    const auto file = tarball.filename().string();
    if (is_tar(file)) {
        std::error_code error;
        const auto size = std::filesystem::file_size(tarball, error);
        return error ? 0 : size / mebibyte;
    }
    if (!file.ends_with(".xz"))
        return 0;
    Command command;
    command.asks = true;
    command.argv = {"xz", "--robot", "--list", tarball.string()};
    const auto listed = runner.run(command);
    if (!listed || !listed->ok())
        return 0;
    for (const auto &line : lines_of(listed->output)) {
        const auto fields = split(line, '\t');
        if (fields.size() > 4 && fields[0] == "totals")
            return std::strtoull(fields[4].c_str(), nullptr, 10) / mebibyte;
    }
    return 0;
}

// If the disk is not full, it is the tarball that makes a decompressor or tar fail.
Result<void> run_on_tarball(ProcessRunner &runner, const Command &command, const std::filesystem::path &tarball,
                            const std::filesystem::path &folder)
{
    const auto result = TRY(runner.run(command));
    if (tells_of_full_disk(result.errors))
        return full_disk("the file system of " + folder.string());
    if (!result.ok())
        return damaged(fmt::format("{} is damaged: {} failed with status {}", tarball.string(), command.argv.front(),
                                   result.status),
                       "fetch it again");
    return {};
}

} // namespace

std::string tar_name(const std::string &file)
{
    if (is_tar(file))
        return file;
    const auto *compression = compression_of(file);
    return compression == nullptr ? std::string() : file.substr(0, file.size() - compression->suffix.size());
}

NeededProgram decompressor_of(const std::string &file)
{
    const auto *compression = compression_of(file);
    return compression == nullptr ? NeededProgram{} : NeededProgram{compression->program, compression->package};
}

Result<std::filesystem::path> decompress(const Env &env, const std::filesystem::path &tarball,
                                         const std::filesystem::path &folder)
{
    const auto file = tarball.filename().string();
    // A copy, because these programs write beside what they read.
    TRY(env.files.copy_file(tarball, folder / file));
    const auto *compression = compression_of(file);
    if (compression == nullptr)
        return folder / file;
    Command command;
    command.argv = {compression->program, "-d", "-q"};
    if (std::string(compression->program) == "zstd")
        command.argv.emplace_back("--rm");
    command.argv.push_back((folder / file).string());
    command.environment = {{"XZ_DEFAULTS", "-T0"}};
    say(fmt::format("decompressing {}", file));
    TRY(run_on_tarball(env.runner, command, tarball, folder));
    return folder / tar_name(file);
}

std::vector<std::filesystem::path> signature_names(const std::filesystem::path &tarball)
{
    const auto tar = tarball.parent_path() / tar_name(tarball.filename().string());
    return {tar.string() + ".sign", tar.string() + ".asc", tar.string() + ".sig"};
}

Command tar_command(const std::filesystem::path &tarball, const std::filesystem::path &folder, int strip)
{
    Command command;
    command.argv = {"tar", "-x", "-f", tarball.string(), "-C", folder.string()};
    if (strip > 0)
        command.argv.push_back(fmt::format("--strip-components={}", strip));
    command.argv.insert(command.argv.end(), {"--no-same-owner", fmt::format("--checkpoint={}", checkpoint_records),
                                             "--checkpoint-action=echo=%u"});
    command.environment["XZ_DEFAULTS"] = "-T0";
    return command;
}

Result<void> unpack_tarball(ProcessRunner &runner, const std::filesystem::path &tarball,
                            const std::filesystem::path &folder)
{
    Progress progress("unpacking " + tarball.filename().string(), unpacked_size(runner, tarball));
    auto command = tar_command(tarball, folder, 1);
    command.on_line = [&progress](const std::string &line) {
        // "tar: 1024": how many records were read
        const auto words = words_of(line);
        if (words.size() == 2 && words[0] == "tar:" && words[1].find_first_not_of("0123456789") == std::string::npos)
            progress.set(std::strtoull(words[1].c_str(), nullptr, 10) * tar_record / mebibyte, "MiB");
    };
    TRY(run_on_tarball(runner, command, tarball, folder));
    progress.finish("done");
    Command modes; // of a tree that nobody may write to
    modes.argv = {"chmod", "-R", "u+rwX", folder.string()};
    TRY(runner.run_ok(modes));
    return {};
}

} // namespace krun
