// SPDX-License-Identifier: MIT
#include "install/system_layout.hpp"

#include <cstdlib>

namespace krun
{

SystemLayout system_layout()
{
    SystemLayout layout;
    if (const char *root = std::getenv("KRUN_ROOT"); root != nullptr && *root == '/')
        layout.root = root;
    return layout;
}

} // namespace krun
