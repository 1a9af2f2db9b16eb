// SPDX-License-Identifier: MIT
// The setup header of a bzImage; see kernel_image.hpp.
#include "machine/kernel_image.hpp"

#include <array>
#include <cstdint>
#include <fmt/format.h>
#include <fstream>
#include <string_view>

namespace krun
{
namespace
{

constexpr std::size_t flag_at = 0x1fe, magic_at = 0x202, version_pointer_at = 0x20e, load_flags_at = 0x236;
constexpr unsigned boot_flag = 0xaa55;

// The header's part of the file and the version's text behind it, which lies in the first 32 KiB.
std::string head_of(const std::filesystem::path &kernel)
{
    std::string head(0x8000, '\0');
    std::ifstream stream(kernel, std::ios::binary);
    stream.read(head.data(), static_cast<std::streamsize>(head.size()));
    head.resize(static_cast<std::size_t>(stream.gcount()));
    return head;
}

unsigned word_at(std::string_view head, std::size_t at)
{
    return static_cast<unsigned char>(head[at]) | static_cast<unsigned>(static_cast<unsigned char>(head[at + 1])) << 8U;
}

} // namespace

Result<void> check_kernel_image(const std::filesystem::path &kernel)
{
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(kernel, ignored))
        return usage_error(fmt::format("there is no kernel image {}", kernel.string()));
    const std::string head = head_of(kernel);
    if (head.size() <= load_flags_at + 1 || word_at(head, flag_at) != boot_flag ||
        head.compare(magic_at, 4, "HdrS") != 0)
        return usage_error(fmt::format("{} is not an x86 kernel image (bzImage)", kernel.string()),
                           "give arch/x86/boot/bzImage of a build folder, or a file /boot/vmlinuz-*");
    if ((word_at(head, load_flags_at) & 1U) == 0)
        return usage_error(fmt::format("{} is a 32-bit kernel; only 64-bit ones are supported", kernel.string()));
    return {};
}

Result<std::string> kernel_release(const std::filesystem::path &kernel)
{
    if (auto checked = check_kernel_image(kernel); !checked)
        return tl::unexpected<Error>(checked.error());
    const std::string head = head_of(kernel);
    const std::size_t at = word_at(head, version_pointer_at) + 0x200U;
    if (at == 0x200 || at >= head.size())
        return failure(fmt::format("{} does not say its version", kernel.string()));
    return head.substr(at, head.find_first_of(std::string_view(" \0", 2), at) - at);
}

} // namespace krun
