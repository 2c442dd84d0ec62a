// Holds answers and requests against the OpenAPI file: the part of OpenAPI 3.1 and JSON Schema
// 2020-12 that the file uses. A keyword that the checker does not know is a problem of its own, so
// nothing in the file goes unchecked unseen.
#ifndef WIDEBERTH_API_NODE_TESTING_OPENAPI_H_
#define WIDEBERTH_API_NODE_TESTING_OPENAPI_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/reader.h"
#include "net/http.h"

namespace wideberth::api::node::testing {

class OpenApi {
 public:
  // CHECKs that the text is JSON.
  explicit OpenApi(std::string_view text);

  // What is wrong with an answer to `method` `path` (no query); empty: it is as the file says.
  std::string CheckResponse(net::Method method, std::string_view path,
                            const net::Response& response) const;
  std::string CheckRequest(net::Method method, std::string_view path, std::string_view body) const;
  // A text against one of components.schemas.
  std::string CheckAgainst(std::string_view schema_name, std::string_view text) const;

  // "GET /v1/status wideberth.read session", sorted.
  std::vector<std::string> Operations() const;

 private:
  struct Found {
    json::Value operation;
    bool known = false;
  };
  Found FindOperation(net::Method method, std::string_view path) const;
  json::Value Resolve(json::Value value) const;
  std::string Check(json::Value schema, json::Value value) const;
  std::string CheckObject(json::Object schema, json::Value value) const;
  std::string CheckArray(json::Object schema, json::Value value) const;
  std::string CheckChoices(json::Object schema, json::Value value) const;
  std::string CheckScalar(json::Object schema, json::Value value) const;

  json::Document document_;
};

}  // namespace wideberth::api::node::testing

#endif  // WIDEBERTH_API_NODE_TESTING_OPENAPI_H_
