# SPDX-License-Identifier: MIT
# find_package(kruncounters): the targets kruncounters::kruncounters, and kruncounters::kruncounters_static where the
# static library is installed too.
include(${CMAKE_CURRENT_LIST_DIR}/kruncounters-targets.cmake)
