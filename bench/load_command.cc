#include "bench/load_command.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>

namespace wideberth::bench {
namespace {

template <class Number>
bool ParseNumber(const char* text, Number* number) {
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, *number);
  return error == std::errc() && stop == end;
}

bool ReadToken(const char* path, std::string* token) {
  std::ifstream file(path);
  token->assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  while (!token->empty() && token->back() == '\n') token->pop_back();
  return !token->empty();
}

bool Parse(int argc, char** argv, LoadCommand* command) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const char* value = argv[i + 1];
    bool known = false;
    if (name == "--port") known = ParseNumber(value, &command->port);
    if (name == "--token") known = ReadToken(value, &command->token);
    if (name == "--count") known = ParseNumber(value, &command->count);
    if (name == "--first") known = ParseNumber(value, &command->first);
    if (name == "--connections") known = ParseNumber(value, &command->connections);
    if (name == "--rate") known = ParseNumber(value, &command->rate_per_second);
    if (!known) return false;
  }
  return argc % 2 == 1 && !command->token.empty();
}

}  // namespace

net::LoadOptions LoadCommand::load() const {
  net::LoadOptions load;
  load.port = port;
  load.connections = connections;
  load.requests = count;
  load.rate_per_second = rate_per_second;
  return load;
}

std::string LoadCommand::fields() const {
  return "Authorization: Bearer " + token + "\r\nContent-Type: application/json\r\n";
}

LoadCommand ReadLoadCommand(int argc, char** argv) {
  LoadCommand command;
  if (Parse(argc, argv, &command)) return command;
  std::fprintf(stderr,
               "usage: %s --port P --token FILE [--count N] [--first K] [--connections C] "
               "[--rate R]\n",
               argv[0]);
  std::exit(2);
}

std::string IdOf(uint64_t k) {
  char text[40];
  std::snprintf(text, sizeof text, "%08llx-0000-4000-8000-%012llx",
                static_cast<unsigned long long>((k * 2'654'435'761u) & 0xffffffffu),
                static_cast<unsigned long long>(k));
  return text;
}

}  // namespace wideberth::bench
