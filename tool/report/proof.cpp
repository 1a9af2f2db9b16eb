// SPDX-License-Identifier: MIT
// What has been proven on this machine; see proof.hpp.
#include "report/proof.hpp"

#include <nlohmann/json.hpp>

#include "util/paths.hpp"

namespace krun
{

namespace
{

Result<bool> is_newer(ProcessRunner &runner, const std::string &version, const std::string &than)
{
    if (than.empty())
        return true;
    Command compare;
    compare.argv = {"dpkg", "--compare-versions", version, "gt", than};
    const auto compared = TRY(runner.run(compare));
    return compared.ok();
}

} // namespace

std::filesystem::path proof_file(const std::string &line) { return cache_directory() / "proven" / (line + ".json"); }

std::optional<Proof> read_proof(Filesystem &files, const std::filesystem::path &file)
{
    const auto text = files.read(file);
    if (!text)
        return std::nullopt;
    const auto json = nlohmann::json::parse(*text, nullptr, false);
    if (!json.is_object())
        return std::nullopt;
    Proof proof;
    try {
        json.at("version").get_to(proof.version);
        json.at("release").get_to(proof.release);
        json.at("date").get_to(proof.date);
        json.at("hooks").get_to(proof.hooks);
        json.at("overlay").get_to(proof.overlay);
    } catch (const nlohmann::json::exception &) {
        return std::nullopt;
    }
    return proof;
}

std::string upstream_version(const std::string &package_version)
{
    const auto colon = package_version.find(':');
    const std::string version = colon == std::string::npos ? package_version : package_version.substr(colon + 1);
    return version.substr(0, version.rfind('-'));
}

Result<bool> is_untried(ProcessRunner &runner, const std::string &newest, const std::string &tested,
                        const std::string &proven)
{
    if (newest.empty())
        return false;
    const auto beyond_tested = is_newer(runner, upstream_version(newest), tested);
    if (!beyond_tested || !*beyond_tested)
        return beyond_tested;
    return is_newer(runner, newest, proven);
}

} // namespace krun
