# SPDX-License-Identifier: MIT
# The cases of every kernel line: a new folder in kernel/lines or file in kernel/selftests is a case by itself.
#
# One line after the other, the usual one first: when the time is up, whole lines are missing and not a piece of each.
# Guests with several CPUs that keep time have both cores; one whose instructions are counted may share them.
file(GLOB KRUN_LINES CONFIGURE_DEPENDS LIST_DIRECTORIES true RELATIVE ${PROJECT_SOURCE_DIR}/kernel/lines
     ${PROJECT_SOURCE_DIR}/kernel/lines/*)
# Where no Debian suite has the source, there is nothing to fetch and build.
foreach(line ${KRUN_LINES})
    file(STRINGS ${PROJECT_SOURCE_DIR}/kernel/lines/${line}/line.toml package REGEX "^package *=")
    if(NOT package)
        list(REMOVE_ITEM KRUN_LINES ${line})
    endif()
endforeach()
list(SORT KRUN_LINES COMPARE NATURAL ORDER DESCENDING)
file(GLOB KRUN_SELFTESTS CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/kernel/selftests
     ${PROJECT_SOURCE_DIR}/kernel/selftests/*_test.c)
list(TRANSFORM KRUN_SELFTESTS REPLACE "\\.c$" "")
# Those that want what the usual kernel leaves out: allocations that fail, and memory cgroups; suspend to memory, and many CPUs.
set(KRUN_SELFTESTS_OF_DEBUG fault_test charge_test)
set(KRUN_SELFTESTS_OF_DISK suspend_test many_cpus_test)
list(REMOVE_ITEM KRUN_SELFTESTS ${KRUN_SELFTESTS_OF_DEBUG} ${KRUN_SELFTESTS_OF_DISK})
file(GLOB KRUN_VARIANTS CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/tests/kernel/variants
     ${PROJECT_SOURCE_DIR}/tests/kernel/variants/*.patch)
list(TRANSFORM KRUN_VARIANTS REPLACE "\\.patch$" "")
# Where one line does: the line that people start with.
set(KRUN_USUAL_LINE 6.12)
if(KRUN_USUAL_LINE IN_LIST KRUN_LINES)
    list(REMOVE_ITEM KRUN_LINES ${KRUN_USUAL_LINE})
    list(PREPEND KRUN_LINES ${KRUN_USUAL_LINE})
else()
    list(GET KRUN_LINES 0 KRUN_USUAL_LINE)
endif()

# A line's other kernels are for their own cases alone.
function(krun_other_kernel line config)
    krun_case(kernel-${line}-${config} LINE ${line} RUN kernel ${config} SECONDS 900 LIMIT 5400
              GIVES kernel-${line}-${config} LOCKS compiler ${ARGN})
endfunction()

# `krun_tests --source` adds what no line names, for the cases that every line has.
set(KRUN_TEST_SERIES "" CACHE STRING "Series of further kernel sources to test")
set(earlier ${KRUN_QUICK_CASES}) # cases of the line before
set(cost 1000)
foreach(line ${KRUN_LINES} ${KRUN_TEST_SERIES})
    set(of_line LINE ${line} LABELS kernel)
    set(guest ${of_line} CORES 2 NEEDS testbed programs-${line} boots-${line} COST ${cost})
    krun_case(kernel-${line} ${of_line} RUN kernel SECONDS 700 LIMIT 5400 GIVES kernel-${line} LOCKS compiler
              COST ${cost} AFTER ${earlier})
    krun_case(programs-${line} ${of_line} RUN programs SECONDS 30 NEEDS kernel-${line} GIVES programs-${line}
              LOCKS tree-${line} COST ${cost})
    krun_case(sources-${line} LINE ${line} LABELS style RUN sources SECONDS 90 NEEDS kernel-${line}
              LOCKS tree-${line} COST ${cost})
    krun_case(boot-${line} ${of_line} CORES 2 RUN boot SECONDS 60 NEEDS testbed kernel-${line} GIVES boots-${line}
              COST ${cost})
    set(earlier boot-${line} check-${line} commands-${line})
    krun_case(check-${line} ${guest} RUN check SECONDS 90)
    krun_case(commands-${line} ${guest} RUN commands SECONDS 180 LIMIT 2000)
    krun_case(cost-${line} ${guest} CORES 1 RUN cost SECONDS 180 LIMIT 2000)
    foreach(selftest ${KRUN_SELFTESTS})
        krun_case(selftest-${line}-${selftest} ${guest} RUN selftest ${selftest} vm intel SECONDS 90)
        list(APPEND earlier selftest-${line}-${selftest})
    endforeach()
    math(EXPR cost "${cost} - 100")
endforeach()

# krunctl itself in guests: the line's part in it is small, so that one line will do for every day.
foreach(line ${KRUN_LINES})
    set(opt_in opt-in)
    if(line STREQUAL KRUN_USUAL_LINE)
        set(opt_in "")
    endif()
    krun_case(machine-${line} LINE ${line} RUN machine LABELS machine ${opt_in} SECONDS 400 LIMIT 2400 CORES 2
              NEEDS testbed kernel-${line} COST 100 AFTER ${earlier})
endforeach()
list(APPEND earlier machine-${KRUN_USUAL_LINE})

# The same kernels on the CPUs of the other vendor.
foreach(line ${KRUN_LINES})
    set(opt_in opt-in)
    if(line STREQUAL KRUN_USUAL_LINE)
        set(opt_in "")
    endif()
    foreach(selftest ${KRUN_SELFTESTS})
        krun_case(selftest-${line}-amd-${selftest} LINE ${line} RUN selftest ${selftest} vm amd LABELS amd ${opt_in}
                  SECONDS 90 CORES 2 NEEDS testbed programs-${line} kernel-${line} COST 95 AFTER ${earlier})
    endforeach()
endforeach()

# krun.ko on Debian's own kernels of the lines that have one, with the selftests of the usual line. Those of the older
# system calls, and of what only a patched kernel promises, are not for it.
set(KRUN_SELFTESTS_OF_MODULE ${KRUN_SELFTESTS} ${KRUN_SELFTESTS_OF_DISK})
list(REMOVE_ITEM KRUN_SELFTESTS_OF_MODULE abi_test counters_test process_test hotplug_test tickless_test)
set(KRUN_USUAL_LINE_OF_MODULE 6.1)
foreach(line ${KRUN_LINES})
    file(STRINGS ${PROJECT_SOURCE_DIR}/kernel/lines/${line}/line.toml stock REGEX "^stock_image *=")
    if(NOT stock)
        continue()
    endif()
    set(opt_in opt-in)
    if(line STREQUAL KRUN_USUAL_LINE_OF_MODULE)
        set(opt_in "")
    endif()
    set(with_module LINE ${line} NEEDS testbed module-${line} COST 93 AFTER ${earlier})
    krun_case(module-${line} LINE ${line} RUN module LABELS module SECONDS 120 GIVES module-${line} LOCKS compiler
              COST 94 AFTER ${earlier})
    krun_case(module-${line}-cost ${with_module} RUN module-cost LABELS module SECONDS 300)
    krun_case(module-${line}-package LINE ${line} RUN module-package LABELS dkms SECONDS 60 NEEDS testbed modules
              COST 93 AFTER ${earlier})
    krun_case(module-${line}-load ${with_module} RUN module-load 60 LABELS module ${opt_in} SECONDS 200)
    krun_case(module-${line}-loads ${with_module} RUN module-load 1000 LABELS soak opt-in SECONDS 2400 LIMIT 3600)
    foreach(selftest ${KRUN_SELFTESTS_OF_MODULE})
        set(with_selftest LINE ${line} CORES 2 NEEDS testbed programs-${KRUN_USUAL_LINE} module-${line} SECONDS 120
            LIMIT 1200 AFTER ${earlier})
        set(opt_in_of_selftest ${opt_in})
        if(selftest STREQUAL suspend_test) # slow; of every day are the suspends of the label disk
            set(opt_in_of_selftest opt-in)
        endif()
        krun_case(module-${line}-${selftest} ${with_selftest} RUN module-selftest ${selftest} ${KRUN_USUAL_LINE} intel
                  LABELS module ${opt_in_of_selftest} COST 92)
        krun_case(module-${line}-amd-${selftest} ${with_selftest} RUN module-selftest ${selftest} ${KRUN_USUAL_LINE} amd
                  LABELS module opt-in COST 91)
    endforeach()
endforeach()

# krun.ko on kernels that are compiled here without anything of ours: of the newest line, whose headers want a newer
# compiler than Debian 12 has, and one that looks for its own mistakes.
function(krun_unpatched_kernel line config)
    krun_case(module-${line}-${config} LINE ${line} RUN module-unpatched ${config} LABELS module opt-in SECONDS 900
              LIMIT 5400 GIVES module-${line}-${config} LOCKS compiler variants)
    foreach(selftest ${ARGN})
        krun_case(module-${line}-${config}-${selftest} LINE ${line} LABELS module opt-in SECONDS 300 LIMIT 1200 CORES 2
                  RUN module-selftest ${selftest} ${KRUN_USUAL_LINE} intel ${config}
                  NEEDS testbed programs-${KRUN_USUAL_LINE} module-${line}-${config})
    endforeach()
endfunction()
krun_unpatched_kernel(7.3 vm ${KRUN_SELFTESTS_OF_MODULE})
krun_unpatched_kernel(${KRUN_USUAL_LINE} debug ${KRUN_SELFTESTS_OF_MODULE} ${KRUN_SELFTESTS_OF_DEBUG})
krun_case(module-${KRUN_USUAL_LINE}-debug-fuzz LINE ${KRUN_USUAL_LINE} RUN module-fuzz 120 LABELS module opt-in
          SECONDS 300 LIMIT 900 CORES 2 NEEDS testbed module-${KRUN_USUAL_LINE}-debug)

krun_case(module-${KRUN_USUAL_LINE}-debug-init LINE ${KRUN_USUAL_LINE} RUN module-init LABELS module opt-in SECONDS 300
          LIMIT 900 CORES 2 NEEDS testbed module-${KRUN_USUAL_LINE}-debug)

# A kernel's whole life on a real Debian disk, then everything that can go wrong in it.
krun_other_kernel(${KRUN_USUAL_LINE} disk LABELS install AFTER ${earlier} COST 90)
krun_other_kernel(${KRUN_USUAL_LINE} panic LABELS e2e opt-in NEEDS kernel-${KRUN_USUAL_LINE}-disk)
# That kernel has what the usual one leaves out.
foreach(line ${KRUN_LINES})
    set(opt_in opt-in)
    if(line STREQUAL KRUN_USUAL_LINE)
        set(opt_in "")
    else()
        krun_other_kernel(${line} disk LABELS disk opt-in AFTER ${earlier})
    endif()
    set(of_disk LINE ${line} CORES 2 NEEDS testbed programs-${line} kernel-${line}-disk LIMIT 900)
    foreach(selftest ${KRUN_SELFTESTS_OF_DISK})
        krun_case(selftest-${line}-disk-${selftest} ${of_disk} RUN selftest ${selftest} disk intel
                  LABELS disk ${opt_in} SECONDS 300 COST 85)
    endforeach()
    krun_case(selftest-${line}-disk-amd-suspend_test ${of_disk} RUN selftest suspend_test disk amd
              LABELS disk ${opt_in} SECONDS 300 COST 84)
    krun_case(suspend-${line} LINE ${line} RUN machine disk SuspendInGuest.* CORES 2 NEEDS testbed kernel-${line}-disk
              LIMIT 900 LABELS disk ${opt_in} SECONDS 120 COST 85)
    krun_case(module-${line}-refused LINE ${line} RUN module-refused LABELS disk ${opt_in} SECONDS 90 NEEDS testbed
              kernel-${line}-disk LOCKS tree-${line} COST 85)
    krun_case(version1-${line} ${of_disk} RUN version1 disk LABELS disk ${opt_in} SECONDS 60 COST 85)
endforeach()
krun_case(tools RUN tools LABELS install SECONDS 200 GIVES tools LOCKS debs AFTER ${earlier} COST 80)
set(disk LINE ${KRUN_USUAL_LINE} RUN disk NEEDS testbed tools kernel-${KRUN_USUAL_LINE}-disk CORES 2)
krun_case(install ${disk} life LABELS install SECONDS 1200 LIMIT 3600 COST 70)
krun_case(e2e LINE ${KRUN_USUAL_LINE} RUN disk all NEEDS testbed tools kernel-${KRUN_USUAL_LINE}-disk kernel-${KRUN_USUAL_LINE}-panic CORES 2
          LABELS e2e opt-in SECONDS 7200 LIMIT 14400)
foreach(line ${KRUN_LINES})
    krun_case(quiet-${line} LINE ${line} RUN disk quiet NEEDS testbed tools kernel-${line}-disk CORES 2
              LABELS quiet opt-in SECONDS 2400 LIMIT 5400)
endforeach()

# Late, since it keeps one core busy for long, and guests with several CPUs want both. Leaves the modules in the cache.
krun_case(dkms RUN gtest package/krun_dkms_tests LABELS dkms SECONDS 900 LIMIT 3600 LOCKS debs GIVES modules COST 65
          AFTER ${earlier} install)

# Kernels that look for their own mistakes.
foreach(line ${KRUN_LINES})
    set(opt_in opt-in)
    if(line STREQUAL KRUN_USUAL_LINE)
        set(opt_in "")
    endif()
    krun_other_kernel(${line} debug LABELS fuzz ${opt_in} AFTER ${earlier} install COST 60)
    krun_other_kernel(${line} kcsan LABELS race opt-in AFTER ${earlier} install)
    set(checked LINE ${line} CORES 2 NEEDS testbed programs-${line} kernel-${line}-debug)
    foreach(selftest ${KRUN_SELFTESTS_OF_DEBUG})
        krun_case(selftest-${line}-debug-${selftest} ${checked} RUN selftest ${selftest} debug intel
                  LABELS fuzz ${opt_in} SECONDS 300 LIMIT 1200 COST 50)
    endforeach()
    krun_case(fuzz-${line} ${checked} RUN fuzz 120 LABELS fuzz ${opt_in} SECONDS 300 LIMIT 900 COST 50)
    krun_case(race-${line} LINE ${line} CORES 2 NEEDS testbed kernel-${line}-kcsan RUN race 120 LABELS race opt-in
              SECONDS 300 LIMIT 900)
    krun_case(soak-${line} ${checked} RUN fuzz 3600 LABELS soak opt-in SECONDS 3900 LIMIT 4500)
    foreach(selftest ${KRUN_SELFTESTS})
        krun_case(selftest-${line}-debug-${selftest} ${checked} RUN selftest ${selftest} debug intel LABELS soak opt-in
                  SECONDS 300 LIMIT 1200)
    endforeach()
endforeach()

# Overlays with a fault, which a selftest must find, or of a later version.
foreach(variant ${KRUN_VARIANTS})
    krun_case(variant-${variant} LINE ${KRUN_USUAL_LINE} RUN variant ${variant} LABELS variant opt-in SECONDS 900
              LIMIT 5400 CORES 2 NEEDS testbed programs-${KRUN_USUAL_LINE} LOCKS compiler variants)
endforeach()
