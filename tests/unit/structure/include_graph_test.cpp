// SPDX-License-Identifier: MIT
// The folders of tool/ include each other as ARCHITECTURE.md says, and in no circle.
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <regex>
#include <set>

namespace krun
{
namespace
{

namespace fs = std::filesystem;
using Edges = std::map<std::string, std::set<std::string>>;

const fs::path root = KRUN_SOURCE_DIR;

// "| `machine/` | `util`, `source` | the testbed's QEMU |": a row of the table of folders.
Edges documented_edges()
{
    static const std::regex row("\\| `([a-z_]+)/` \\| ([^|]*) \\|.*");
    static const std::regex name("`([a-z_]+)`");
    Edges edges;
    std::ifstream text(root / "ARCHITECTURE.md");
    bool inside = false;
    for (std::string line; std::getline(text, line);) {
        inside = line.starts_with("| folder of `tool/`") || (inside && line.starts_with("|"));
        std::smatch match;
        if (!inside || !std::regex_match(line, match, row))
            continue;
        const auto included = match[2].str();
        auto &targets = edges[match[1].str()];
        for (std::sregex_iterator at(included.begin(), included.end(), name), end; at != end; ++at)
            targets.insert((*at)[1].str());
    }
    return edges;
}

Edges edges_of_includes()
{
    static const std::regex include("#include \"([a-z_]+)/.*");
    Edges edges;
    for (const auto &folder : fs::directory_iterator(root / "tool")) {
        if (!folder.is_directory())
            continue;
        const auto name = folder.path().filename().string();
        auto &targets = edges[name];
        for (const auto &file : fs::directory_iterator(folder)) {
            std::ifstream text(file.path());
            for (std::string line; std::getline(text, line);) {
                std::smatch match;
                if (std::regex_match(line, match, include) && match[1].str() != name &&
                    fs::is_directory(root / "tool" / match[1].str()))
                    targets.insert(match[1].str());
            }
        }
    }
    return edges;
}

// The folders that can be reached from one; itself only by a circle.
std::set<std::string> reachable(const Edges &edges, const std::string &from)
{
    std::set<std::string> seen;
    std::vector<std::string> todo = {from};
    while (!todo.empty()) {
        const auto next = todo.back();
        todo.pop_back();
        const auto found = edges.find(next);
        if (found == edges.end())
            continue;
        for (const auto &target : found->second) {
            if (seen.insert(target).second)
                todo.push_back(target);
        }
    }
    return seen;
}

TEST(IncludeGraph, IsTheOneThatArchitectureShows) { EXPECT_EQ(edges_of_includes(), documented_edges()); }

TEST(IncludeGraph, HasNoCircle)
{
    const auto edges = edges_of_includes();
    ASSERT_GT(edges.size(), 5U);
    for (const auto &[folder, targets] : edges)
        EXPECT_FALSE(reachable(edges, folder).contains(folder)) << folder << " is included by what it includes";
}

// Neither a path, nor a variable, nor a word of ours: what is in quotes.
TEST(IncludeGraph, UtilDoesNotNameTheProduct)
{
    static const std::regex named("\"[^\"]*krun", std::regex::icase);
    for (const auto &file : fs::directory_iterator(root / "tool/util")) {
        std::ifstream text(file.path());
        for (std::string line; std::getline(text, line);) {
            const auto code = line.substr(0, line.find("//"));
            EXPECT_FALSE(std::regex_search(code, named)) << file.path() << ": " << line;
        }
    }
}

TEST(IncludeGraph, UtilKnowsNoOtherFolder) { EXPECT_THAT(edges_of_includes().at("util"), testing::IsEmpty()); }

TEST(IncludeGraph, ACircleWouldBeSeen)
{
    EXPECT_TRUE(reachable({{"a", {"b"}}, {"b", {"c"}}, {"c", {"a"}}}, "a").contains("a"));
    EXPECT_FALSE(reachable({{"a", {"b"}}, {"b", {"c"}}}, "a").contains("a"));
}

} // namespace
} // namespace krun
