// SPDX-License-Identifier: MIT
// Downloads by curl(1); see download.hpp.
#include "source/download.hpp"

#include <fmt/format.h>

#include "util/progress.hpp"
#include "util/system_error.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

// curl's exit statuses.
constexpr int write_error = 23;
constexpr int http_error = 22;
constexpr int no_ranges = 33;
constexpr int cannot_resume = 36;
constexpr int no_such_file = 37;

// "curl: (22) The requested URL returned error: 404" without its head.
std::string words_of_curl(const ProcessResult &result)
{
    for (const auto &line : lines_of(result.errors)) {
        if (line.starts_with("curl: (") && line.find(") ") != std::string::npos)
            return trim(line.substr(line.find(") ") + 2));
    }
    return fmt::format("curl failed with status {}", result.status);
}

tl::unexpected<Error> download_error(const ProcessResult &result, const std::string &name,
                                     const std::filesystem::path &file)
{
    if (result.status == write_error || tells_of_full_disk(result.errors))
        return full_disk("the file system of " + file.string());
    const bool missing = result.status == http_error || result.status == no_such_file;
    return failure(fmt::format("cannot download {}: {}", name, words_of_curl(result)),
                   missing ? "is the URL right?" : "is there a network, and does the server answer?");
}

} // namespace

Command download_command(const std::string &url, const std::filesystem::path &file)
{
    Command command;
    // What was asked for over https does not come over http because a server says so.
    const char *redirections = url.starts_with("https:") ? "=https" : "=http,https";
    command.argv = {"curl", "--fail", "--location", "--silent", "--show-error", "--globoff", "--proto",
                    "=http,https,file", "--proto-redir", redirections, "--connect-timeout", "30",
                    // Do not wait all night for a silent server.
                    "--speed-limit", "1", "--speed-time", "60", "--continue-at", "-", "--output", file.string(), "--",
                    url};
    command.environment["LC_ALL"] = "C";
    return command;
}

Result<void> download(const Env &env, const std::string &url, const std::string &name,
                      const std::filesystem::path &file)
{
    if (env.files.exists(file))
        return {};
    TRY(env.files.make_directories(file.parent_path()));
    auto partial = file;
    partial += ".partial";
    for (;;) {
        const bool resumed = env.files.exists(partial);
        say(fmt::format("{} {}", resumed ? "resuming the download of" : "downloading", name));
        // An Error usually means Ctrl-C: the next run resumes the download.
        const auto result = TRY(env.runner.run(download_command(url, partial)));
        if (result.ok())
            return env.files.rename(partial, file);
        const bool refused = result.status == http_error || result.status == no_such_file;
        const bool start_over = resumed && (refused || result.status == no_ranges || result.status == cannot_resume);
        if (refused || start_over)
            TRY(env.files.remove_all(partial));
        if (!start_over)
            return download_error(result, name, file);
    }
}

} // namespace krun
