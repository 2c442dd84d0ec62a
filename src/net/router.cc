#include "net/router.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/check.h"

namespace wideberth::net {

struct Router::Route {
  Method method;
  RouteHandler handler;
  RouteOptions options;
};

struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> parameter;
  std::vector<Route> routes;
  std::vector<std::string> names;  // of the {parameters} on the way here, in order
};

namespace {

// Takes the next segment off a path: "/a/b" gives "a" and leaves "/b".
std::string_view TakeSegment(std::string_view* path) {
  path->remove_prefix(1);
  const size_t end = std::min(path->find('/'), path->size());
  const std::string_view segment = path->substr(0, end);
  path->remove_prefix(end);
  return segment;
}

}  // namespace

Response RenderErrorAsText(int status, const base::Error& error) {
  return TextResponse(status, error.ToString() + "\n");
}

std::string_view PathParams::Get(std::string_view name) const {
  for (const auto& [key, value] : items_) {
    if (key == name) return value;
  }
  return {};
}

Router::Router(ErrorRenderer render_error)
    : render_error_(std::move(render_error)), root_(std::make_unique<Node>()) {}
Router::~Router() = default;

void Router::Add(Method method, std::string_view pattern, RouteHandler handler,
                 RouteOptions options) {
  CHECK_MSG(pattern.starts_with('/'), "a route's pattern must start with '/'");
  Node* node = root_.get();
  std::vector<std::string> names;
  for (std::string_view rest = pattern; !rest.empty();) {
    const std::string_view segment = TakeSegment(&rest);
    const bool is_parameter = segment.starts_with('{') && segment.ends_with('}');
    if (is_parameter) names.emplace_back(segment.substr(1, segment.size() - 2));
    std::unique_ptr<Node>& next =
        is_parameter ? node->parameter : node->literals[std::string(segment)];
    if (!next) next = std::make_unique<Node>();
    node = next.get();
  }
  CHECK_MSG(node->routes.empty() || node->names == names, "one path, two sets of parameter names");
  CHECK_MSG(FindRoute(*node, method) == nullptr || method == Method::kHead, "a route given twice");
  node->names = std::move(names);
  node->routes.push_back({method, std::move(handler), options});
}

// Literal first; where that leads nowhere, the parameter. Depth is bounded by the patterns, not by
// the request.
const Router::Node* Router::Find(const Node& node, std::string_view rest,
                                 PathParams* params) const {
  if (rest.empty()) return node.routes.empty() ? nullptr : &node;
  const std::string_view segment = TakeSegment(&rest);
  if (const auto it = node.literals.find(segment); it != node.literals.end()) {
    if (const Node* found = Find(*it->second, rest, params)) return found;
  }
  if (!node.parameter || segment.empty()) return nullptr;
  const Node* found = Find(*node.parameter, rest, params);
  // Pushed on the way back: last name first.
  if (found != nullptr)
    params->Push(found->names[found->names.size() - 1 - params->size()], segment);
  return found;
}

const Router::Route* Router::FindRoute(const Node& node, Method method) const {
  for (const Route& route : node.routes) {
    if (route.method == method) return &route;
  }
  return method == Method::kHead ? FindRoute(node, Method::kGet) : nullptr;
}

void Router::Handle(const Request& request, Responder responder) const {
  PathParams params;
  const Node* node = Find(*root_, request.path(), &params);
  if (node == nullptr) {
    return responder(render_error_(
        404, {base::ErrorCode::kNotFound, "path", "must name something that this node serves",
              request.path().substr(0, limits::kErrorFoundBytesMax)}));
  }
  if (const Route* route = FindRoute(*node, request.method)) {
    return route->handler(request, params, std::move(responder));
  }
  std::string allow;
  for (const Route& route : node->routes) {
    allow.append(MethodName(route.method)).append(", ");
    if (route.method == Method::kGet) allow.append("HEAD, ");
  }
  allow.append("OPTIONS");
  Response response;
  if (request.method == Method::kOptions) {
    response.status = 204;
  } else {
    response = render_error_(405, {base::ErrorCode::kInvalid, "method", "must be one of " + allow,
                                   std::string(MethodName(request.method))});
  }
  response.headers.Add("Allow", allow);
  responder(std::move(response));
}

size_t Router::BodyBytesMax(const Request& request) const {
  PathParams ignored;
  const Node* node = Find(*root_, request.path(), &ignored);
  const Route* route = node == nullptr ? nullptr : FindRoute(*node, request.method);
  return route == nullptr ? limits::kHttpBodyBytesMax : route->options.body_bytes_max;
}

}  // namespace wideberth::net
