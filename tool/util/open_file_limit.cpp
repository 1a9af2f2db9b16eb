// SPDX-License-Identifier: MIT
#include "util/open_file_limit.hpp"

#include <sys/resource.h>

namespace krun
{
namespace
{

rlimit before{};
bool raised = false;

} // namespace

void raise_open_file_limit()
{
    if (raised || getrlimit(RLIMIT_NOFILE, &before) != 0)
        return;
    const rlimit highest{before.rlim_max, before.rlim_max};
    raised = setrlimit(RLIMIT_NOFILE, &highest) == 0;
}

void restore_open_file_limit_for_exec()
{
    if (raised)
        setrlimit(RLIMIT_NOFILE, &before);
}

} // namespace krun
