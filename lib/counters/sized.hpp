// SPDX-License-Identifier: MIT
// Structures that may grow: the caller's `size` says how much of one it knows.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace krunc
{

// No version's structure is longer: it was never set.
constexpr std::uint32_t largest_size = 4096;

// From a caller whose structure may be shorter (the rest is 0) or longer (the rest must be 0: E2BIG).
template <class T> int take_sized(T &ours, const T *theirs, std::uint32_t size)
{
    if (size < sizeof(theirs->size))
        return -EINVAL;
    if (size > largest_size)
        return -E2BIG;
    const auto *bytes = reinterpret_cast<const unsigned char *>(theirs);
    for (std::size_t i = sizeof(T); i < size; i++) {
        if (bytes[i] != 0)
            return -E2BIG;
    }
    std::memcpy(&ours, theirs, size < sizeof(T) ? size : sizeof(T));
    return 0;
}

// To such a caller: what it does not know is left out, what we do not know is 0.
template <class T> int give_sized(const T &ours, T *theirs, std::uint32_t size)
{
    if (size < sizeof(theirs->size))
        return -EINVAL;
    if (size > largest_size)
        return -E2BIG;
    auto *bytes = reinterpret_cast<unsigned char *>(theirs);
    const std::size_t known = size < sizeof(T) ? size : sizeof(T);
    std::memcpy(bytes, &ours, known);
    if (size > known)
        std::memset(bytes + known, 0, size - known);
    std::memcpy(bytes, &size, sizeof(size)); // the member `size`, which is the first
    return 0;
}

} // namespace krunc
