# The tests that run the whole program: on a screen (e2e), behind NATs (netns) and against genuine
# peers (interop).
set(peers ${CMAKE_SOURCE_DIR}/build/interop) # the same for every flavour

# Our WireGuard device on a socket, for a genuine one to talk to.
add_executable(interop_wireguard interop/wireguard.c)
target_link_libraries(interop_wireguard PRIVATE test_support)

set(where # each program that a test may start
    "DERPTOP_BUILT=$<TARGET_FILE:derptop>"
    "INTEROP_PEERS=${peers}/peers"
    "INTEROP_WIREGUARD=$<TARGET_FILE:interop_wireguard>"
    "LAB_SPLIT=$<TARGET_FILE:lab_split>"
    "PORTMAP_CLIENT=$<TARGET_FILE:portmap_client>")

# tests/<kind>/test_<name>.py becomes <kind>.<name>
function(program_tests kind)
    file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${kind}/test_*.py)
    foreach(file ${files})
        cmake_path(GET file STEM stem)
        string(REGEX REPLACE "^test_" "" name ${stem})
        set(test ${flavour}${kind}.${name})
        add_test(NAME ${test} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/pytest ${file})
        set_tests_properties(${test} PROPERTIES LABELS ${kind} TIMEOUT 300 SKIP_RETURN_CODE 77
            ENVIRONMENT "${where}"
            ${ARGN})
    endforeach()
endfunction()

add_test(NAME ${flavour}interop.build COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/interop/build.sh ${peers})
set_tests_properties(${flavour}interop.build PROPERTIES LABELS interop TIMEOUT 900 SKIP_RETURN_CODE 77
    RESOURCE_LOCK interop_build PROCESSORS 2 FIXTURES_SETUP ${flavour}peers)
add_executable(lab_split ${CMAKE_CURRENT_SOURCE_DIR}/netns/lab_split_uv.c)
target_link_libraries(lab_split PRIVATE net_lab)
add_executable(portmap_client ${CMAKE_CURRENT_SOURCE_DIR}/netns/portmap_client_uv.c)
target_link_libraries(portmap_client PRIVATE net_path)
if(TARGET derptop)
    program_tests(e2e)
    program_tests(netns)
    set_tests_properties(${flavour}netns.findings ${flavour}netns.findings_deployment
        ${flavour}netns.genuine_paths ${flavour}netns.speedtest PROPERTIES FIXTURES_REQUIRED ${flavour}peers)
    set_tests_properties(${flavour}netns.diagnosis ${flavour}netns.findings ${flavour}netns.findings_deployment
        PROPERTIES PROCESSORS 2) # many worlds at once
    # A genuine engine keeps to its own times, and refuses packets under load: it runs by itself.
    set_tests_properties(${flavour}netns.genuine_paths PROPERTIES PROCESSORS 3)
    program_tests(interop FIXTURES_REQUIRED ${flavour}peers)
    # That the benchmark works; its figures need a quiet machine and more runs.
    if(flavour STREQUAL "")
        add_test(NAME bench.smoke COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/python
            ${CMAKE_CURRENT_SOURCE_DIR}/bench/bench.py --runs 2 --seconds 1)
        add_executable(bench_aead ${CMAKE_CURRENT_SOURCE_DIR}/bench/aead.c)
        target_link_libraries(bench_aead PRIVATE net_crypto)
        add_test(NAME bench.speed_smoke COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/support/python
            ${CMAKE_CURRENT_SOURCE_DIR}/bench/speed.py --runs 1 --seconds 1)
        set_tests_properties(bench.smoke bench.speed_smoke PROPERTIES LABELS bench TIMEOUT 300 SKIP_RETURN_CODE 77
            ENVIRONMENT "DERPTOP_BUILT=$<TARGET_FILE:derptop>;INTEROP_PEERS=${peers}/peers;BENCH_AEAD=$<TARGET_FILE:bench_aead>"
            FIXTURES_REQUIRED ${flavour}peers)
    endif()
endif()
