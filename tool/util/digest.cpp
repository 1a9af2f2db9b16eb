// SPDX-License-Identifier: MIT
// SHA-256 by sha256sum(1); see digest.hpp.
#include "util/digest.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr std::size_t digest_length = 64;

Result<std::string> first_digest(ProcessRunner &runner, const Command &command)
{
    const auto result = TRY(runner.run_ok(command));
    // GNU sha256sum puts a backslash before a line whose file name it had to escape.
    auto text = result.output;
    if (!text.empty() && text.front() == '\\')
        text.erase(0, 1);
    if (text.size() < digest_length)
        return failure(fmt::format("sha256sum printed no digest: {}", trim(text)));
    return text.substr(0, digest_length);
}

} // namespace

Result<std::string> sha256_of_text(ProcessRunner &runner, const std::string &text)
{
    return first_digest(runner, {.argv = {"sha256sum", "-"}, .input = text, .asks = true});
}

Result<std::string> sha256_of_file(ProcessRunner &runner, const std::filesystem::path &file)
{
    return first_digest(runner, {.argv = {"sha256sum", "--", file.string()}, .asks = true});
}

Result<std::string> sha256_of_tree(ProcessRunner &runner, const std::filesystem::path &folder)
{
    const auto found =
        TRY(runner.run_ok({.argv = {"find", ".", "-type", "f", "-print0"}, .directory = folder, .asks = true}));
    auto names = split(found.output, '\0');
    std::sort(names.begin(), names.end()); // find's order is the directory's

    Command digest{.argv = {"xargs", "-0", "-r", "sha256sum", "--"}, .directory = folder, .asks = true};
    for (const auto &name : names) {
        if (!name.empty())
            digest.input += name + '\0';
    }
    const auto digests = TRY(runner.run_ok(digest));
    return sha256_of_text(runner, digests.output);
}

} // namespace krun
