# SPDX-License-Identifier: MIT
# What needs no kernel of ours. The quick ones come before all else; a second case beside them or beside a compilation
# uses the core that idles.
foreach(shard 1 2)
    krun_case(unit-${shard} RUN gtest unit/krun_unit_tests ${shard}/2 LABELS unit SECONDS 120 COST 2000)
    krun_case(command-${shard} RUN gtest command/krun_command_tests ${shard}/2 LABELS command SECONDS 400 COST 1900)
endforeach()
krun_case(library RUN gtest library/krun_library_tests LABELS library SECONDS 60 COST 1960)
krun_case(style RUN style LABELS style SECONDS 60 COST 1950)
set(KRUN_QUICK_CASES unit-1 unit-2 library style)

krun_case(testbed RUN testbed LABELS testbed SECONDS 600 LIMIT 3600 GIVES testbed LOCKS compiler COST 1500
          AFTER ${KRUN_QUICK_CASES})
krun_case(model RUN model LABELS model SECONDS 120 CORES 2 NEEDS testbed COST 1400)
krun_case(package RUN gtest package/krun_package_tests LABELS package SECONDS 750 LIMIT 2700 LOCKS debs COST 1300
          AFTER ${KRUN_QUICK_CASES})
# They compile the library and its tests once more.
foreach(sanitizer asan tsan)
    krun_case(sanitize-${sanitizer} RUN sanitize ${sanitizer} LABELS sanitize SECONDS 240 LOCKS compiler COST 1310
              AFTER ${KRUN_QUICK_CASES})
endforeach()
krun_case(sanitize-valgrind RUN sanitize valgrind LABELS sanitize SECONDS 60 COST 1310 AFTER ${KRUN_QUICK_CASES})
