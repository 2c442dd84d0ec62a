// The console: the files of web/ as a built folder, served to browsers by the node itself.
//
//   index.html            at /, asked for again each time, with an ETag
//   assets/NAME-HASH.ext  at /assets/..., named by their content, so kept for ever
//   assets/*.gz           the same, compressed when built; sent to those who accept gzip
//
// Everything is read once at the start: a request touches no disk, and a folder replaced under a running node changes
// nothing until the restart. The page may load from its own origin alone and run no script but its files
// (Content-Security-Policy); it may not be framed.
//
//   WB_ASSIGN_OR_RETURN(Console console, Console::Read("/usr/share/wideberth/console"));
//   console.AddRoutes(&router);
//
// Threads: immutable after Read. It outlives the router.
#ifndef WIDEBERTH_API_WEB_CONSOLE_H_
#define WIDEBERTH_API_WEB_CONSOLE_H_

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"
#include "net/router.h"

namespace wideberth::api::web {

class Console {
 public:
  // Refuses a folder without index.html, with more than 500 files or files of more than 64 MiB together.
  static base::Result<Console> Read(const std::string& folder);

  void AddRoutes(net::Router* router) const;

  // `path`: "index.html" or "assets/NAME". 404 for what there is not.
  net::Response Answer(std::string_view path, const net::Headers& headers) const;

 private:
  struct File {
    std::string content_type;
    std::string etag;
    std::string body;
    std::string gzip;  // empty: none
  };

  std::map<std::string, File, std::less<>> files_;
};

}  // namespace wideberth::api::web

#endif  // WIDEBERTH_API_WEB_CONSOLE_H_
