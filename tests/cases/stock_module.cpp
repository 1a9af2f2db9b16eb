// SPDX-License-Identifier: MIT
#include "cases/stock_module.hpp"

#include <fmt/format.h>

namespace krun
{

Result<std::filesystem::path> stock_module(const Case &one, const StockKernel &kernel, const std::string &name)
{
    auto plain = kernel.modules / (name + ".ko");
    if (one.files.exists(plain))
        return plain;
    auto packed = plain;
    packed += ".xz";
    if (!one.files.exists(packed))
        return failure(fmt::format("{} has no module {}", kernel.release, name));
    Command unpack;
    unpack.argv = {"xz", "--keep", "--decompress", packed.string()};
    if (const auto done = one.runner.run_ok(unpack); !done)
        return tl::unexpected(done.error());
    return plain;
}

} // namespace krun
