# Run at build time: cmake -P build.cmake SETTINGS. Builds the dashboard in ROOM, unless the very
# same inputs were built there before, and writes WORK/assets.cpp. Builds that run at once wait for
# each other. With the word 'test-tools' behind SETTINGS it installs what tests and checks need
# besides, and writes nothing.
include(${CMAKE_ARGV3})

function(npm)
  execute_process(COMMAND ${NPM} ${ARGN} WORKING_DIRECTORY ${ROOM}
    RESULT_VARIABLE code OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(NOT code EQUAL 0)
    list(JOIN ARGN " " words)
    message(FATAL_ERROR "'npm ${words}' failed in ${ROOM}. Mend what it says, or leave the "
      "dashboard out with -DXDPCAP_WEB_UI=OFF.\n${said}")
  endif()
endfunction()

# Names and contents of all inputs, as one number.
function(fingerprint result)
  set(sums "")
  foreach(name IN LISTS INPUTS)
    file(SHA256 ${SOURCE}/${name} sum)
    string(APPEND sums "${name} ${sum}\n")
  endforeach()
  string(SHA256 sum "${sums}")
  set(${result} ${sum} PARENT_SCOPE)
endfunction()

function(has_stamp path text result)
  set(${result} FALSE PARENT_SCOPE)
  if(EXISTS ${path})
    file(READ ${path} found)
    if(found STREQUAL text)
      set(${result} TRUE PARENT_SCOPE)
    endif()
  endif()
endfunction()

function(build_dashboard)
  fingerprint(wanted)
  has_stamp(${ROOM}/built.stamp ${wanted} is_built)
  if(is_built)
    return()
  endif()
  file(REMOVE ${ROOM}/built.stamp)
  file(REMOVE_RECURSE ${ROOM}/src ${ROOM}/test ${ROOM}/dist)
  foreach(name IN LISTS INPUTS)
    cmake_path(GET name PARENT_PATH folder)
    file(COPY ${SOURCE}/${name} DESTINATION ${ROOM}/${folder})
  endforeach()
  file(SHA256 ${SOURCE}/package-lock.json packages)
  has_stamp(${ROOM}/node_modules/installed.stamp ${packages} is_installed)
  if(NOT is_installed)
    npm(ci --omit=dev --ignore-scripts --no-audit --no-fund)
    file(WRITE ${ROOM}/node_modules/installed.stamp ${packages})
  endif()
  npm(run build)
  file(WRITE ${ROOM}/built.stamp ${wanted})
endfunction()

# Adds to what the dashboard was built with; 'npm ci' would begin anew.
function(install_test_tools)
  file(SHA256 ${SOURCE}/package-lock.json packages)
  has_stamp(${ROOM}/node_modules/test_tools.stamp ${packages} is_installed)
  if(NOT is_installed)
    npm(install --no-save --ignore-scripts --no-audit --no-fund)
    file(WRITE ${ROOM}/node_modules/test_tools.stamp ${packages})
  endif()
endfunction()

function(type_of path result)
  cmake_path(GET path EXTENSION LAST_ONLY ending)
  if(ending MATCHES "^\\.(html|css)$")
    set(type "text/${CMAKE_MATCH_1}; charset=utf-8")
  elseif(ending STREQUAL ".js")
    set(type "text/javascript; charset=utf-8")
  elseif(ending STREQUAL ".svg")
    set(type "image/svg+xml")
  else()
    message(FATAL_ERROR "${path}: build.cmake knows no Content-Type of '${ending}'; name it there")
  endif()
  set(${result} "${type}" PARENT_SCOPE)
endfunction()

# The bytes come in by the assembler: no compiler has to read a long literal. A symbol is named
# after what it holds, so that the text of assets.cpp differs where an byte does (compiler caches
# look no further).
function(write_assets folder)
  file(GLOB_RECURSE paths RELATIVE ${folder} ${folder}/*)
  list(SORT paths)
  set(blobs "")
  set(names "")
  set(rows "")
  foreach(path IN LISTS paths)
    type_of(${path} type)
    set(hashed false)
    if(path MATCHES "^assets/.*-[A-Za-z0-9_-]+\\.[a-z0-9]+$")
      set(hashed true)
    endif()
    file(SHA256 ${folder}/${path} sum)
    set(name asset_${sum})
    string(APPEND blobs "  \"${name}: .incbin \\\"${folder}/${path}\\\"\\n\"\n"
      "  \"${name}_end: .byte 0\\n\"\n")
    string(APPEND names "extern const char ${name}[], ${name}_end[];\n")
    string(APPEND rows "    {\"/${path}\", \"${type}\", "
      "{${name}, static_cast<std::size_t>(${name}_end - ${name})}, ${hashed}},\n")
  endforeach()
  file(WRITE ${WORK}/assets.cpp "// Written by build.cmake.\n"
    "#include \"apps/xdpcap_web/server/assets.hpp\"\n\n#include <cstddef>\n\n"
    "__asm__(\n  \".section .rodata\\n\"\n${blobs}  \".text\\n\");\n\nextern \"C\" {\n${names}}\n\n"
    "namespace xdpcap::web {\n\nstd::span<const Asset> assets() noexcept {\n"
    "  static const Asset kAssets[] = {\n${rows}  };\n"
    "  return kAssets;\n}\n\n} // namespace xdpcap::web\n")
endfunction()

if("${CMAKE_ARGV4}" STREQUAL "test-tools")
  file(LOCK ${ROOM}/build.lock GUARD PROCESS TIMEOUT 1200)
  install_test_tools()
  return()
endif()
file(REMOVE_RECURSE ${WORK}/dist)
if(MISSING)
  string(REPLACE "&" "&amp;" reason "${MISSING}")
  string(REPLACE "<" "&lt;" reason "${reason}")
  file(WRITE ${WORK}/dist/index.html "<!doctype html>\n"
    "<html lang=\"en\"><head><meta charset=\"utf-8\"><title>xdpcap</title></head><body>\n"
    "<h1>xdpcap-web</h1>\n<p>The dashboard was not built into this program: ${reason}.</p>\n"
    "<p>The API works all the same: <a href=\"api/messages\">/api/messages</a>, "
    "<a href=\"api/stats\">/api/stats</a>.</p>\n</body></html>\n")
else()
  file(MAKE_DIRECTORY ${ROOM})
  file(LOCK ${ROOM}/build.lock GUARD PROCESS TIMEOUT 1200)
  build_dashboard()
  file(COPY ${ROOM}/dist DESTINATION ${WORK})
endif()
write_assets(${WORK}/dist)
