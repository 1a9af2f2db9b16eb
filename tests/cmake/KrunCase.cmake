# SPDX-License-Identifier: MIT

# krun_case(NAME RUN kind [argument...] LABELS label... SECONDS estimate
#           [LINE line] [LIMIT seconds] [CORES number] [COST number]
#           [GIVES fixture] [NEEDS fixture...] [AFTER case...] [LOCKS lock...])
#
# A case that krun_test_case runs. SECONDS: what it takes on a slow machine with nothing in the cache; it does not begin
# when that would be too late. LIMIT: when CTest kills it; the guests have limits of their own, which are shorter. AFTER
# is an order and no need: the others may fail, or not run at all. Of several cases that may begin, the one with the
# highest COST does.
function(krun_case name)
    cmake_parse_arguments(CASE "" "LINE;SECONDS;LIMIT;CORES;COST;GIVES" "RUN;LABELS;NEEDS;AFTER;LOCKS" ${ARGN})
    set(options --name ${name} --seconds ${CASE_SECONDS})
    if(CASE_LINE)
        list(APPEND options --line ${CASE_LINE})
        list(APPEND CASE_LABELS line-${CASE_LINE})
    endif()
    if(NOT CASE_LIMIT)
        math(EXPR CASE_LIMIT "${CASE_SECONDS} * 3 + 600")
    endif()
    add_test(NAME ${name} COMMAND krun_test_case ${options} ${CASE_RUN})
    set_tests_properties(${name} PROPERTIES LABELS "${CASE_LABELS}" TIMEOUT ${CASE_LIMIT} SKIP_RETURN_CODE 77)
    foreach(pair CORES:PROCESSORS COST:COST GIVES:FIXTURES_SETUP NEEDS:FIXTURES_REQUIRED AFTER:DEPENDS
            LOCKS:RESOURCE_LOCK)
        string(REPLACE ":" ";" pair ${pair})
        list(GET pair 0 ours)
        list(GET pair 1 property)
        if(CASE_${ours})
            set_tests_properties(${name} PROPERTIES ${property} "${CASE_${ours}}")
        endif()
    endforeach()
endfunction()
