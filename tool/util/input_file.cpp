// SPDX-License-Identifier: MIT
// Files that a person names; see input_file.hpp.
#include "util/input_file.hpp"

#include <array>
#include <fmt/format.h>
#include <string_view>

#include "util/own_process.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using namespace std::string_view_literals;

// A configuration has 300 KiB, all keys of a distribution's developers 10 MiB; /dev/zero has no end.
constexpr std::size_t largest_input = std::size_t{64} << 20;

struct CompressionMagic {
    std::string_view magic;
    const char *program;
    const char *package;
};
constexpr std::array compression_magics = {
    CompressionMagic{"\x1f\x8b"sv, "gzip", "gzip"}, CompressionMagic{"\3757zXZ\0"sv, "xz", "xz-utils"},
    CompressionMagic{"\x28\xb5\x2f\xfd"sv, "zstd", "zstd"}, CompressionMagic{"BZh"sv, "bzip2", "bzip2"}};

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

tl::unexpected<Error> refused(const std::filesystem::path &path, const InputKind &kind, const std::string &why)
{
    return usage_error(fmt::format("the {} {} {}", kind.what, shell_quoted(path.string()), why), kind.hint);
}

Result<std::string> decompressed_input(ProcessRunner &runner, std::string data, const NeededProgram &decompressor,
                                       const std::filesystem::path &path, const InputKind &kind)
{
    TRY(expect_programs({decompressor}));
    auto result = TRY(runner.run({.argv = {decompressor.program, "-dc"}, .input = std::move(data), .asks = true}));
    if (!result.ok())
        return refused(path, kind, fmt::format("is damaged: {} cannot decompress it", decompressor.program));
    return std::move(result.output);
}

std::string without_carriage_returns(const std::string &text)
{
    std::string result;
    result.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '\r' || (at + 1 < text.size() && text[at + 1] != '\n'))
            result += text[at];
    }
    return result;
}

} // namespace

NeededProgram decompressor_for(std::string_view data)
{
    for (const auto &[magic, program, package] : compression_magics) {
        if (data.starts_with(magic))
            return {program, package};
    }
    return {};
}

std::string input_name(const std::filesystem::path &path)
{
    const auto text = path.string();
    return text.starts_with("/dev/") || text.starts_with("/proc/") ? text : path.filename().string();
}

Result<std::string> read_input(Filesystem &files, const std::filesystem::path &path, const InputKind &kind)
{
    if (!files.exists(path))
        return usage_error(fmt::format("there is no {} {}", kind.what, shell_quoted(path.string())), kind.hint);
    if (files.is_directory(path))
        return refused(path, kind, "is a folder");
    auto data = files.read_at_most(path, largest_input + 1);
    if (!data && interrupt_requested())
        return interrupted();
    if (!data)
        return usage_error(fmt::format("the {} cannot be used: {}", kind.what, data.error().message), kind.hint);
    if (data->empty())
        return refused(path, kind, "is empty");
    if (data->size() > largest_input)
        return refused(path, kind, fmt::format("has more than {} MiB", largest_input >> 20U));
    return data;
}

Result<std::string> read_text_input(const Env &env, const std::filesystem::path &path, const InputKind &kind)
{
    auto text = read_input(env.files, path, kind);
    if (!text)
        return text;
    if (const auto decompressor = decompressor_for(*text); !decompressor.program.empty()) {
        text = decompressed_input(env.runner, std::move(*text), decompressor, path, kind);
        if (!text)
            return text;
    }
    if (text->starts_with(byte_order_mark))
        text->erase(0, byte_order_mark.size());
    if (text->find('\0') != std::string::npos)
        return refused(path, kind, "is no text");
    if (trim(*text).empty())
        return refused(path, kind, "is empty");
    return without_carriage_returns(*text);
}

Result<void> expect_regular_file(const std::filesystem::path &path, const InputKind &kind)
{
    std::error_code ignored;
    const auto status = std::filesystem::status(path, ignored);
    if (std::filesystem::is_directory(status))
        return refused(path, kind, "is a folder");
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
        return usage_error(fmt::format("the {} {} is a pipe or a device, and has to be read more than once", kind.what,
                                       shell_quoted(path.string())),
                           "save it in a file, and name that");
    return {};
}

} // namespace krun
