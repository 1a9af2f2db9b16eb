// SPDX-License-Identifier: MIT
#include "testing/tier.hpp"

namespace krun
{

Result<BuiltKernel> kernel_under_test(TierContext &context)
{
    BuildRequest request;
    request.line = context.line;
    return build_kernel(context.runner, context.files, request);
}

} // namespace krun
