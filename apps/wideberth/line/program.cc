#include "apps/wideberth/line/program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>
#include <utility>

namespace wideberth::cli {
namespace {

using base::Result;

constexpr auto kEndPatience = std::chrono::seconds(5);
constexpr auto kPoll = std::chrono::milliseconds(20);

// fork and exec with stdout and stderr on `fd`. Between the two only calls that are safe there.
Result<pid_t> Spawn(const std::vector<std::string>& arguments,
                    const std::vector<std::string>& environment, int fd) {
  std::vector<std::string> variables = environment;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view given(*each);
    const std::string_view name = given.substr(0, given.find('=') + 1);
    bool replaced = false;
    for (const std::string& variable : environment) replaced |= variable.starts_with(name);
    if (!replaced) variables.emplace_back(given);
  }
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::vector<char*> envp;
  for (const std::string& variable : variables) envp.push_back(const_cast<char*>(variable.c_str()));
  envp.push_back(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    execve(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  if (pid > 0) return pid;
  return base::Fail(base::ErrorCode::kInternal, arguments.front(), "must be started",
                    std::strerror(errno));
}

int WaitFor(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::string ProgramFolder() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string() + "/";
}

Result<Ended> RunProgram(const std::vector<std::string>& arguments,
                         const std::vector<std::string>& environment) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return base::Fail(base::ErrorCode::kInternal, arguments.front(), "must be started",
                      std::strerror(errno));
  }
  const Result<pid_t> pid = Spawn(arguments, environment, ends[1]);
  close(ends[1]);
  Ended ended;
  char buffer[4096];
  while (pid) {
    const ssize_t got = read(ends[0], buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    ended.out.append(buffer, static_cast<size_t>(got));
  }
  close(ends[0]);
  if (!pid) return base::Fail(base::Error(pid.error()));
  ended.code = WaitFor(*pid);
  return ended;
}

Result<Process> Process::Start(const std::vector<std::string>& arguments,
                               const std::string& log_path) {
  const int fd = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) {
    return base::Fail(base::ErrorCode::kStorage, log_path, "must be a file that can be written",
                      std::strerror(errno));
  }
  const Result<pid_t> pid = Spawn(arguments, {}, fd);
  close(fd);
  if (!pid) return base::Fail(base::Error(pid.error()));
  return Process(*pid);
}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  return *this;
}

Process::~Process() {
  if (pid_ <= 0) return;
  Signal(SIGCONT);
  Signal(SIGTERM);
  const auto until = std::chrono::steady_clock::now() + kEndPatience;
  while (running() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(kPoll);
  if (pid_ <= 0) return;
  Signal(SIGKILL);
  WaitFor(pid_);
}

void Process::Signal(int signal) const {
  if (pid_ > 0) kill(pid_, signal);
}

bool Process::running() {
  if (pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
  return pid_ > 0;
}

}  // namespace wideberth::cli
