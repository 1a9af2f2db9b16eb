// SPDX-License-Identifier: MIT
// See proof_record.hpp.
#include "runner/proof_record.hpp"

#include <array>
#include <ctime>
#include <nlohmann/json.hpp>

namespace krun
{

Result<void> write_proof(Filesystem &files, const std::filesystem::path &file, const Proof &proof)
{
    const nlohmann::ordered_json json = {{"version", proof.version},
                                         {"release", proof.release},
                                         {"date", proof.date},
                                         {"hooks", proof.hooks},
                                         {"overlay", proof.overlay}};
    TRY(files.make_directories(file.parent_path()));
    return files.write(file, json.dump(2) + "\n");
}

std::string date_of_today()
{
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, sizeof "2026-07-30"> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts);
    return text.data();
}

} // namespace krun
