// SPDX-License-Identifier: MIT
// What GCC's sanitizers and valgrind say of a program.
#pragma once

#include <string>

namespace krun
{

// The line, without the process's number, if it names a finding; else nothing.
std::string sanitizer_finding(const std::string &line);

// Whether it says that ThreadSanitizer cannot run on this machine: its memory is not where it should be.
bool lacks_address_space(const std::string &line);

} // namespace krun
