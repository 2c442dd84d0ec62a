// Finds the handler for a method and a path.
//
//   Router router(render_error);
//   router.Add(Method::kPut, "/v1/notices/{id}", PutNotice, {.body_bytes_max =
//   limits::kJsonBodyBytesMax}); options.handler = [&](const Request& q, Responder r) {
//   router.Handle(q, std::move(r)); }; options.body_bytes_max = [&](const Request& q) { return
//   router.BodyBytesMax(q); };
//
// A pattern is a path whose segments are literal or {name}; a literal wins over a {name} at the
// same place. HEAD is served by GET's handler, OPTIONS by the router itself (204 with Allow). An
// unknown path is 404, a known path with another method 405 with Allow. Lookup costs one step for
// each segment, whatever the number of routes.
//
// Add everything before the first Handle(); Handle() is then safe on any thread.
#ifndef WIDEBERTH_NET_ROUTER_H_
#define WIDEBERTH_NET_ROUTER_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "net/http.h"
#include "net/responder.h"

namespace wideberth::net {

// Turns a refusal into an answer: the API decides its shape. Must not fail.
using ErrorRenderer = std::function<Response(int status, const base::Error& error)>;
// "field: rule (found ...)" as text.
Response RenderErrorAsText(int status, const base::Error& error);

// The values of a pattern's {names}, decoded. Views into the request.
class PathParams {
 public:
  // Empty if the pattern has no such name.
  std::string_view Get(std::string_view name) const;
  void Push(std::string_view name, std::string_view value) { items_.emplace_back(name, value); }
  size_t size() const { return items_.size(); }

 private:
  std::vector<std::pair<std::string_view, std::string_view>> items_;
};

using RouteHandler = std::function<void(const Request&, const PathParams&, Responder)>;

struct RouteOptions {
  // Requests with a larger body are refused 413 before it is read. Never above the server's own
  // limit.
  size_t body_bytes_max = limits::kHttpBodyBytesMax;
};

class Router {
 public:
  explicit Router(ErrorRenderer render_error = RenderErrorAsText);
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // Stops the process on a pattern that is no path, or a route given twice: both are defects of
  // ours.
  void Add(Method method, std::string_view pattern, RouteHandler handler,
           RouteOptions options = {});

  void Handle(const Request& request, Responder responder) const;
  // The body cap of the route that will serve the request; the general one where none will, so that
  // the client is told 404 or 405 and not that its body is too large.
  size_t BodyBytesMax(const Request& request) const;

 private:
  struct Node;
  struct Route;
  const Node* Find(const Node& node, std::string_view rest, PathParams* params) const;
  const Route* FindRoute(const Node& node, Method method) const;

  ErrorRenderer render_error_;
  std::unique_ptr<Node> root_;
};

}  // namespace wideberth::net

#endif  // WIDEBERTH_NET_ROUTER_H_
