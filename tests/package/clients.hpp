// SPDX-License-Identifier: MIT
// What users of libkruncounters write: programs, and how they are built.
#pragma once

namespace krun
{

// A C program; it is C++ as well.
constexpr const char *plain_program = R"(#include <krun/counters.h>
#include <krun/thread_counter.h>
#include <krun/uapi.h>
#include <stdio.h>

int main(void)
{
	struct krunc_session *session;

	if (krunc_open(NULL, &session) != 0)
		return 1;
	krunc_close(session);
	printf("%s\n", krunc_version());
	return sizeof(struct krunc_reading) == sizeof(struct krun_slot) ? 0 : 1;
}
)";

constexpr const char *modern_program = R"(#include <krun/counters.hpp>
#include <cstdio>

int main()
{
    krunc::Session session;
    krunc::Measurement measured(session);
    {
        krunc::Region region(measured);
    }
    std::printf("%s\n", krunc::version());
    return measured.error() ? 1 : 0;
}
)";

constexpr const char *client_cmake = R"(cmake_minimum_required(VERSION 3.16)
project(client C CXX)
find_package(kruncounters 1.0 REQUIRED)
add_executable(dynamic client.c)
target_link_libraries(dynamic kruncounters::kruncounters)
add_executable(static client.c)
target_link_libraries(static kruncounters::kruncounters_static)
add_executable(modern client.cpp)
target_compile_features(modern PRIVATE cxx_std_20)
target_link_libraries(modern kruncounters::kruncounters)
)";

} // namespace krun
