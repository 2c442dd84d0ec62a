// Who is signed on in line mode, and who may be: sessions and the accounts of operators.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "api/node/answer.h"
#include "api/node/handlers.h"
#include "api/web/cookie.h"
#include "base/limits.h"
#include "base/random.h"
#include "crypto/secret.h"
#include "net/query.h"
#include "operators/account.h"

namespace wideberth::api::node {
namespace {

using base::ErrorCode;
using base::Fail;
using base::Result;
using operators::Account;
using operators::ActKind;

constexpr size_t kRoleBytesMax = 32;

void WritePerson(json::Writer* json, const Session& session) {
  json->StringField("name", session.name);
  json->StringField("role", operators::Name(session.role));
  json->StringField("key_id", session.key_id());
  json->StringField("expires_at", base::FormatRfc3339(session.expires_at));
}

void WriteAccount(json::Writer* json, const Account& account) {
  json->BeginObject();
  json->StringField("name", account.name);
  json->StringField("role", operators::Name(account.role));
  json->StringField("key_id", account.key_id);
  json->StringField("public_key", account.public_key.ToHex());
  json->StringField("created_at", base::FormatRfc3339(account.created_at));
  if (account.disabled_at) {
    json->StringField("disabled_at", base::FormatRfc3339(*account.disabled_at));
  }
  if (!account.former.empty()) {
    json->Key("former_keys");
    json->BeginArray();
    for (const operators::OperatorKey& former : account.former) {
      json->BeginObject();
      json->StringField("key_id", former.key_id);
      json->StringField("valid_from", base::FormatRfc3339(former.valid_from));
      json->StringField("revoked_at", base::FormatRfc3339(*former.revoked_at));
      json->EndObject();
    }
    json->EndArray();
  }
  json->EndObject();
}

net::Response AccountResponse(int status, const Account& account) {
  std::string body;
  json::Writer json(&body);
  WriteAccount(&json, account);
  return net::JsonResponse(status, std::move(body));
}

struct FoundAccount {
  std::optional<Account> account;
  uint64_t seq = 0;
};
FoundAccount FindAccount(const service::Node& node, std::string_view name) {
  auto [account, seq] = node.ReadDesk(
      [&](const airspace::State&, const mechanism::Desk& desk) -> std::optional<Account> {
        const Account* found = desk.FindAccount(name);
        return found == nullptr ? std::nullopt : std::optional(*found);
      });
  return {std::move(account), seq};
}

struct SignOn {
  net::Response response;
  uint64_t seq = 0;  // what has to be durable first
};

struct Credentials {
  std::string name;
  std::shared_ptr<const crypto::SecretBytes> password;
  bool in_cookie = false;
  bool tls = false;
};

// On the worker: as long for a name that does not exist as for one that does.
Result<SignOn> TrySignOn(const Context& context, const Credentials& who) {
  const std::string& name = who.name;
  const FoundAccount found = FindAccount(context.node, name);
  const Account* account = found.account ? &*found.account : nullptr;
  WB_ASSIGN_OR_RETURN(crypto::SecretKey key,
                      operators::UnlockAccount(account, *who.password, context.line->account_cost));
  WB_ASSIGN_OR_RETURN(
      const Sessions::Opened opened,
      context.line->sessions.Open(name, account->role, std::move(key), context.node.clock().Now()));
  // Disabling and a new key end the sessions that they find; this one may have come a moment later.
  const FoundAccount now = FindAccount(context.node, name);
  if (now.account->disabled_at) {
    context.line->sessions.EndAllOf(name);
    return Fail(ErrorCode::kForbidden, "name", "must not be disabled", name);
  }
  if (now.account->key_id != opened.session->key_id()) {
    context.line->sessions.End(opened.token);
    return Fail(ErrorCode::kUnauthorized, "password", "must be that of an account of this name");
  }
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  if (who.in_cookie) {
    json.StringField("csrf", web::CsrfOf(opened.token));
  } else {
    json.StringField("token", opened.token);
  }
  WritePerson(&json, *opened.session);
  json.EndObject();
  SignOn done{net::JsonResponse(200, std::move(body)), found.seq};
  if (who.in_cookie) {
    done.response.headers.Add("Set-Cookie", web::SetCookie(*context.node.party(), opened.token,
                                                           limits::kSessionLifetimeUs, who.tls));
  }
  return done;
}

operators::AccountSalts DrawSalts() {
  base::SystemRandom random;
  operators::AccountSalts salts;
  random.Fill(salts.password);
  random.Fill(salts.key.salt);
  random.Fill(salts.key.nonce);
  return salts;
}

// Whether there is room for one key more, of all that were ever in force: the peers are told of each.
Result<void> CheckRoomForKey(const mechanism::Desk& desk, std::string_view field) {
  size_t keys = 0;
  for (const auto& [name, account] : desk.accounts()) keys += 1 + account.former.size();
  if (keys < limits::kOperatorsMax) return {};
  return Fail(ErrorCode::kTooLarge, field, "must not be one more than a party may have",
              std::to_string(keys));
}

// Whether there is room for an account of that name; on the loop to say so early, and in the turn to be sure.
Result<void> CheckRoomFor(const service::Node& node, const std::string& name) {
  const auto [room, seq] =
      node.ReadDesk([&](const airspace::State&, const mechanism::Desk& desk) -> Result<void> {
        if (desk.FindAccount(name) != nullptr) {
          return Fail(ErrorCode::kConflict, "/name",
                      "must not be in use: a name is given once, also when it is disabled", name);
        }
        return CheckRoomForKey(desk, "/name");
      });
  return room;
}

void StoreAccount(const Context& context, Account account,
                  const std::shared_ptr<net::Responder>& responder) {
  const auto refuse = [responder](const std::optional<base::Error>& failure) {
    Refuse(responder.get(), *failure);
  };
  auto work = [&context, account = std::move(account), responder](
                  mechanism::Core& core, line::Now now) -> service::Sequencer::Done {
    if (const auto room = CheckRoomFor(context.node, account.name); !room) {
      return [responder, error = room.error()](const std::optional<base::Error>& failure) {
        Refuse(responder.get(), failure ? *failure : error);
      };
    }
    core.ChangeAccount(account, now);
    return [responder, account](const std::optional<base::Error>& failure) {
      if (failure) return Refuse(responder.get(), *failure);
      (*responder)(AccountResponse(201, account));
    };
  };
  const auto submitted = context.node.sequencer().SubmitWork(std::move(work), refuse);
  if (!submitted) Refuse(responder.get(), submitted.error());
}

// In one turn, whatever happened to the account while its password was being hashed.
void StoreNewKey(const Context& context, const std::string& name, const Account& fresh,
                 const std::shared_ptr<net::Responder>& responder) {
  const auto refuse = [responder](const std::optional<base::Error>& failure) {
    Refuse(responder.get(), *failure);
  };
  auto work = [&context, name, fresh, responder](mechanism::Core& core,
                                                 line::Now now) -> service::Sequencer::Done {
    const auto change = [&]() -> Result<Account> {
      const std::optional<Account> before = FindAccount(context.node, name).account;
      if (!before) {
        return Fail(ErrorCode::kNotFound, "name", "must be the name of an operator", name);
      }
      const auto [room, seq] = context.node.ReadDesk(
          [&](const airspace::State&, const mechanism::Desk& desk) -> Result<void> {
            return CheckRoomForKey(desk, "name");
          });
      WB_RETURN_IF_ERROR(room);
      return operators::Rekeyed(*before, fresh, now.utc);
    };
    Result<Account> account = change();
    if (!account) {
      return [responder, error = account.error()](const std::optional<base::Error>& failure) {
        Refuse(responder.get(), failure ? *failure : error);
      };
    }
    core.ChangeAccount(*account, now);
    context.line->sessions.EndAllOf(name);
    return [responder, account = *account](const std::optional<base::Error>& failure) {
      if (failure) return Refuse(responder.get(), *failure);
      (*responder)(AccountResponse(200, account));
    };
  };
  const auto submitted = context.node.sequencer().SubmitWork(std::move(work), refuse);
  if (!submitted) Refuse(responder.get(), submitted.error());
}

}  // namespace

Result<void> PostLogin(Call& call) {
  std::optional<json::Document> document;
  WB_ASSIGN_OR_RETURN(json::Object body, ReadBody(call, &document));
  WB_ASSIGN_OR_RETURN(const std::string_view name,
                      body.RequiredString("name", limits::kOperatorNameBytesMax));
  WB_ASSIGN_OR_RETURN(const std::string_view password,
                      body.RequiredString("password", limits::kPasswordBytesMax));
  WB_ASSIGN_OR_RETURN(const std::optional<bool> in_cookie, body.OptionalBool("cookie"));
  WB_RETURN_IF_ERROR(body.ExpectNoOtherFields());
  const Credentials who{
      std::string(name),
      std::make_shared<const crypto::SecretBytes>(crypto::SecretBytes::CopyOf(password)),
      in_cookie.value_or(false), call.request.peer.tls};
  const auto responder = std::make_shared<net::Responder>(std::move(call.responder));
  const auto task = [&context = call.context, who, responder] {
    Result<SignOn> signed_on = TrySignOn(context, who);
    if (signed_on) {
      return AnswerWhenDurable(&context.node.sequencer(), signed_on->seq, std::move(*responder),
                               std::move(signed_on->response));
    }
    net::Response refusal = RenderError(net::StatusFor(signed_on.error().code), signed_on.error());
    if (refusal.status == 401) {
      refusal.headers.Add("WWW-Authenticate", "Bearer realm=\"wideberth\"");
    }
    (*responder)(std::move(refusal));
  };
  const Result<void> posted = call.context.line->passwords.Post(task);
  if (!posted) Refuse(responder.get(), posted.error());
  return {};
}

Result<void> PostLogout(Call& call) {
  std::optional<json::Document> document;
  WB_ASSIGN_OR_RETURN(const json::Object body, ReadBody(call, &document));
  WB_RETURN_IF_ERROR(body.ExpectNoOtherFields());
  const base::PartyId party = *call.context.node.party();
  WB_ASSIGN_OR_RETURN(const std::string_view token, PersonToken(call.request, party));
  call.context.line->sessions.End(token);
  net::Response response = net::JsonResponse(200, "{}");
  if (web::CookieToken(call.request.headers, party) == token) {
    response.headers.Add("Set-Cookie", web::DropCookie(party, call.request.peer.tls));
  }
  call.responder(std::move(response));
  return {};
}

Result<void> GetMe(Call& call) {
  WB_RETURN_IF_ERROR(net::Query(call.request.target).ExpectNoOthers());
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  WritePerson(&json, *call.caller.session);
  json.Key("party");
  json.BeginObject();
  json.StringField("id", call.caller.id().ToString());
  json.StringField("name", call.caller.party->name);
  json.EndObject();
  json.Key("may");
  json.BeginArray();
  for (size_t i = 0; i < operators::kActKinds; ++i) {
    const auto act = static_cast<ActKind>(i);
    if (operators::MayDo(call.caller.session->role, act)) json.String(operators::Name(act));
  }
  json.EndArray();
  const base::PartyId party = *call.context.node.party();
  WB_ASSIGN_OR_RETURN(const std::string_view token, PersonToken(call.request, party));
  if (web::CookieToken(call.request.headers, party) == token)
    json.StringField("csrf", web::CsrfOf(token));
  json.EndObject();
  call.responder(net::JsonResponse(200, std::move(body)));
  return {};
}

Result<void> ListOperators(Call& call) {
  WB_RETURN_IF_ERROR(net::Query(call.request.target).ExpectNoOthers());
  service::Node& node = call.context.node;
  auto [body, seq] = node.ReadDesk([](const airspace::State&, const mechanism::Desk& desk) {
    std::string text;
    json::Writer json(&text);
    json.BeginObject();
    json.Key("operators");
    json.BeginArray();
    for (const auto& [name, account] : desk.accounts()) WriteAccount(&json, account);
    json.EndArray();
    json.EndObject();
    return text;
  });
  AnswerWhenDurable(&node.sequencer(), seq, std::move(call.responder),
                    net::JsonResponse(200, std::move(body)));
  return {};
}

Result<void> PostOperator(Call& call) {
  WB_RETURN_IF_ERROR(RequireRole(call, ActKind::kManageOperators));
  std::optional<json::Document> document;
  WB_ASSIGN_OR_RETURN(json::Object body, ReadBody(call, &document));
  WB_ASSIGN_OR_RETURN(const std::string_view name,
                      body.RequiredString("name", limits::kOperatorNameBytesMax));
  operators::NewAccount who;
  who.name = name;
  WB_ASSIGN_OR_RETURN(who.role, body.RequiredParsed("role", kRoleBytesMax, operators::ParseRole));
  WB_ASSIGN_OR_RETURN(const std::string_view password,
                      body.RequiredString("password", limits::kPasswordBytesMax));
  WB_RETURN_IF_ERROR(body.ExpectNoOtherFields());
  if (auto valid = operators::ValidateName(who.name); !valid) {
    return base::Fail(std::move(valid).error().Under("/"));
  }
  const auto secret =
      std::make_shared<const crypto::SecretBytes>(crypto::SecretBytes::CopyOf(password));
  if (auto valid = operators::ValidatePassword(*secret); !valid) {
    return base::Fail(std::move(valid).error().Under("/"));
  }
  WB_RETURN_IF_ERROR(CheckRoomFor(call.context.node, who.name));
  const auto responder = std::make_shared<net::Responder>(std::move(call.responder));
  const auto task = [&context = call.context, who, secret, responder] {
    auto account = operators::MakeAccount(who, *secret, crypto::SecretKey::Generate(), DrawSalts(),
                                          context.line->account_cost, context.node.clock().Now());
    if (!account) return Refuse(responder.get(), std::move(account).error().Under("/"));
    StoreAccount(context, std::move(*account), responder);
  };
  const Result<void> posted = call.context.line->passwords.Post(task);
  if (!posted) Refuse(responder.get(), posted.error());
  return {};
}

Result<void> RekeyOperator(Call& call) {
  WB_RETURN_IF_ERROR(RequireRole(call, ActKind::kManageOperators));
  std::optional<json::Document> document;
  WB_ASSIGN_OR_RETURN(json::Object body, ReadBody(call, &document));
  WB_ASSIGN_OR_RETURN(const std::string_view password,
                      body.RequiredString("password", limits::kPasswordBytesMax));
  WB_RETURN_IF_ERROR(body.ExpectNoOtherFields());
  const std::string name(call.params.Get("name"));
  const std::optional<Account> there = FindAccount(call.context.node, name).account;
  if (!there) {
    return Fail(ErrorCode::kNotFound, "name", "must be the name of an operator", name);
  }
  const auto secret =
      std::make_shared<const crypto::SecretBytes>(crypto::SecretBytes::CopyOf(password));
  if (auto valid = operators::ValidatePassword(*secret); !valid) {
    return base::Fail(std::move(valid).error().Under("/"));
  }
  const auto responder = std::make_shared<net::Responder>(std::move(call.responder));
  const auto task = [&context = call.context, who = operators::NewAccount{name, there->role},
                     secret, responder] {
    auto fresh = operators::MakeAccount(who, *secret, crypto::SecretKey::Generate(), DrawSalts(),
                                        context.line->account_cost, context.node.clock().Now());
    if (!fresh) return Refuse(responder.get(), std::move(fresh).error().Under("/"));
    StoreNewKey(context, who.name, *fresh, responder);
  };
  const Result<void> posted = call.context.line->passwords.Post(task);
  if (!posted) Refuse(responder.get(), posted.error());
  return {};
}

Result<void> DisableOperator(Call& call) {
  WB_RETURN_IF_ERROR(RequireRole(call, ActKind::kManageOperators));
  std::optional<json::Document> document;
  WB_ASSIGN_OR_RETURN(const json::Object body, ReadBody(call, &document));
  WB_RETURN_IF_ERROR(body.ExpectNoOtherFields());
  const std::string name(call.params.Get("name"));
  return SubmitWork(call,
                    [&context = call.context, name](mechanism::Core& core,
                                                    line::Now now) -> Result<net::Response> {
                      std::optional<Account> account = FindAccount(context.node, name).account;
                      if (!account) {
                        return Fail(ErrorCode::kNotFound, "name", "must be the name of an operator",
                                    name);
                      }
                      if (!account->disabled_at) {
                        account->disabled_at = std::max(now.utc, account->created_at);
                        core.ChangeAccount(*account, now);
                      }
                      context.line->sessions.EndAllOf(name);
                      return AccountResponse(200, *account);
                    });
}

}  // namespace wideberth::api::node
