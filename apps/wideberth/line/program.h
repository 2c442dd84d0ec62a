// Other processes: this program itself, as a person would type it, and the nodes of the demo.
#ifndef WIDEBERTH_APPS_WIDEBERTH_LINE_PROGRAM_H_
#define WIDEBERTH_APPS_WIDEBERTH_LINE_PROGRAM_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace wideberth::cli {

// The folder of the running program, with a slash at its end.
std::string ProgramFolder();

struct Ended {
  int code = 0;
  std::string out;  // standard output and standard error
};
// Runs to its end. `environment` ("NAME=value") is added to this process's own.
base::Result<Ended> RunProgram(const std::vector<std::string>& arguments,
                               const std::vector<std::string>& environment);

// A process that runs beside this one; ended when it goes.
class Process {
 public:
  static base::Result<Process> Start(const std::vector<std::string>& arguments,
                                     const std::string& log_path);
  Process(Process&& other) noexcept : pid_(other.pid_) { other.pid_ = -1; }
  Process& operator=(Process&& other) noexcept;
  ~Process();

  void Signal(int signal) const;
  bool running();

 private:
  explicit Process(pid_t pid) : pid_(pid) {}
  pid_t pid_;
};

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_LINE_PROGRAM_H_
