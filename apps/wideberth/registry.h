// Where commands are registered: what main.cc and line/register.cc share to say what there is to type.
#ifndef WIDEBERTH_APPS_WIDEBERTH_REGISTRY_H_
#define WIDEBERTH_APPS_WIDEBERTH_REGISTRY_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apps/wideberth/session.h"
#include "apps/wideberth/show/completion.h"
#include "base/result.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace wideberth::cli {

using Action = std::function<base::Result<int>()>;

const std::vector<std::string>& ModeWords();  // of --mode

// For options that decide something by being there: an unset variable of a script must not leave them out.
std::string NotEmpty(const std::string& given);

class Registry {
 public:
  Registry(const std::string& summary, const std::string& name);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  CLI::App& app() { return *root_; }
  const Session& session() const { return session_; }

  // A group that is there is given again.
  CLI::App* Group(const std::string& name, const std::string& summary);
  CLI::App* Command(CLI::App* parent, const std::string& name, const std::string& description,
                    const std::string& examples, Action action);
  CLI::Option* Text(CLI::App* command, const std::string& name, std::string* value,
                    const std::string& type, const std::string& help);
  CLI::Option* Flag(CLI::App* command, const std::string& name, bool* value,
                    const std::string& help);
  // One word of a closed list; completion knows them.
  CLI::Option* Choice(CLI::App* command, const std::string& name, std::string* value,
                      const std::string& help, const std::vector<std::string>& words);

  // Every command, for completion.
  std::vector<CommandInfo> Commands() const;

 protected:
  Session session_;
  Action action_;  // of the command that was typed

 private:
  void Describe(const CLI::App* app, const std::string& path,
                std::vector<CommandInfo>* commands) const;

  std::unique_ptr<CLI::App> root_;
  std::map<const CLI::Option*, std::vector<std::string>> choices_;
};

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_REGISTRY_H_
