// SPDX-License-Identifier: MIT
// The unit tests, which speak in krunctl's name.
#include <cerrno>
#include <gmock/gmock.h>

int main(int argc, char **argv)
{
    testing::InitGoogleMock(&argc, argv);
    static char name[] = "krunctl";
    program_invocation_short_name = name;
    return RUN_ALL_TESTS();
}
