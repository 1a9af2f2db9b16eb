// SPDX-License-Identifier: MIT
#include "commands/json_report.hpp"

#include <cstdio>
#include <string_view>

#include "util/dry_run.hpp"

namespace krun
{
namespace
{

using nlohmann::ordered_json;

ordered_json or_null(const std::string &text) { return text.empty() ? ordered_json() : ordered_json(text); }

const char *kind_of(const Error &error)
{
    if (error.kind == ErrorKind::damaged)
        return "damaged";
    if (error.kind == ErrorKind::no_space)
        return "no-space";
    switch (error.code) {
    case ExitCode::done:
        return "done";
    case ExitCode::answer_is_no:
        return "answer-is-no";
    case ExitCode::usage:
        return "usage";
    case ExitCode::host_lacks:
        return "host-lacks";
    case ExitCode::interrupted:
        return "interrupted";
    case ExitCode::failure:
        break;
    }
    return "failure";
}

} // namespace

ordered_json with_schema(const ordered_json &object)
{
    ordered_json all = {{"schema", 1}};
    all.update(object);
    return all;
}

void print_json(const ordered_json &object, int indent)
{
    const auto text = with_schema(object).dump(indent, ' ', false, ordered_json::error_handler_t::replace);
    std::fputs((text + "\n").c_str(), stdout); // fmt::print() throws when stdout is closed
}

void show_steps(const Env &env, bool json, const std::function<void(const Env &)> &work)
{
    DryRun dry(env, json);
    work(dry.env());
    if (json)
        print_json({{"result", "dry-run"}, {"steps", dry.lines()}});
}

ordered_json error_json(const std::string &command, const ordered_json &found, const Error &error, int status)
{
    ordered_json all = {{"command", or_null(command)}};
    if (found.is_object())
        all.update(found);
    all["error"] = {{"kind", kind_of(error)},
                    {"message", error.message},
                    {"hint", or_null(error.hint)},
                    {"log", or_null(error.log)}};
    all["exit_status"] = status;
    return all;
}

bool asks_for_json(int argc, const char *const *argv)
{
    for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; i++) {
        if (std::string_view(argv[i]) == "--json")
            return true;
    }
    return false;
}

} // namespace krun
