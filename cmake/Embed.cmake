# wideberth_embed(MODULE FILE HEADER FUNCTION) compiles a text file of the project into a module:
# FUNCTION, declared in HEADER, returns its content. A change of the file is a change of the program.
function(wideberth_embed module file header function)
  wideberth_target_name(${module} library)
  string(REPLACE "/" "::" namespace ${module})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${file})
  file(READ ${PROJECT_SOURCE_DIR}/${file} content)
  get_filename_component(name ${file} NAME_WE)
  set(source ${PROJECT_BINARY_DIR}/embedded/${name}.cc)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [[#include "@header@"

namespace wideberth::@namespace@ {

std::string_view @function@() {
  return R"embedded(@content@)embedded";
}

}  // namespace wideberth::@namespace@
]])
  target_sources(${library} PRIVATE ${source})
endfunction()
