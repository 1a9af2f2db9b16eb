// SPDX-License-Identifier: MIT
// `krunctl lines`: the kernel lines that we have patched.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "build/output_folder.hpp"
#include "commands/command.hpp"
#include "source/kernel_line.hpp"
#include "source/kernel_source.hpp"
#include "util/paths.hpp"

namespace krun
{
namespace
{

struct Row {
    std::string line;
    std::string version; // of the newest tree in the cache, else the tested one
    std::string source;
    std::string state;
};

// "linux-source-6.12_6.12.117-1-0123456789ab" is the folder of a tree; its version stands between.
std::string version_of_tree(const std::string &name, const std::string &package)
{
    const auto begin = package.size() + 1;
    return name.substr(begin, name.rfind('-') - begin);
}

Row describe(Filesystem &files, const KernelLine &line)
{
    Row row{line.name, line.tested, line.package, "not fetched"};
    for (const auto &name : files.list(source_cache()).value_or(std::vector<std::string>())) {
        if (name.starts_with(line.package + "_") && files.exists(source_cache() / name / "Makefile")) {
            row.version = version_of_tree(name, line.package);
            row.state = "fetched";
        }
    }
    std::string built;
    const auto kernels = cache_directory() / "kernels";
    for (const auto &name : files.list(kernels).value_or(std::vector<std::string>())) {
        const auto metadata = read_metadata(files, kernels / name);
        if (metadata && metadata->value("line", "") == line.name)
            built += (built.empty() ? "" : ", ") + metadata->value("config", "");
    }
    if (!built.empty())
        row.state = "built: " + built;
    return row;
}

void print(const std::vector<Row> &rows, bool json)
{
    if (json) {
        auto array = nlohmann::ordered_json::array();
        for (const auto &row : rows)
            array.push_back(
                {{"line", row.line}, {"version", row.version}, {"source", row.source}, {"state", row.state}});
        fmt::print("{}\n", array.dump(2));
        return;
    }
    fmt::print("{:<8} {:<24} {:<22} {}\n", "LINE", "VERSION", "SOURCE", "STATE");
    for (const auto &row : rows)
        fmt::print("{:<8} {:<24} {:<22} {}\n", row.line, row.version, row.source, row.state);
}

} // namespace

void add_lines_command(CLI::App &app, Context &context)
{
    auto *command = app.add_subcommand("lines", "kernel lines that we have patched: version, source, state");
    auto json = std::make_shared<bool>(false);
    command->add_flag("--json", *json, "print JSON");
    command->callback([&context, json] {
        std::vector<Row> rows;
        for (const auto &line : unwrap(load_kernel_lines(context.files, data_directory())))
            rows.push_back(describe(context.files, line));
        print(rows, *json);
    });
}

} // namespace krun
