#include "apps/wideberth/live_view.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>

#include "apps/wideberth/show/terminal.h"

namespace wideberth::cli {
namespace {

using base::Result;

constexpr auto kReconnectPause = std::chrono::seconds(2);

// Interrupt() may be called from a signal handler; this is what it is called on.
std::atomic<net::HttpClient*> watched = nullptr;
std::atomic<bool> interrupted = false;

void OnInterrupt(int) {
  interrupted = true;
  if (net::HttpClient* http = watched.load(); http != nullptr) http->Interrupt();
}

}  // namespace

bool LiveView::DrawsOver() const {
  return StdoutIsTerminal() && !session_.json;
}

Result<int> LiveView::Run(const std::string& target) {
  WB_ASSIGN_OR_RETURN(Remote remote, Remote::Open(session_));
  WB_RETURN_IF_ERROR(Reload(&remote));
  watched = &remote.http();
  std::signal(SIGINT, OnInterrupt);
  std::signal(SIGTERM, OnInterrupt);
  while (!interrupted && !Done()) {
    const Result<void> read = remote.http().ReadEvents(
        target, "", [&](const net::Event& event) { return OnEvent(&remote, event); });
    if (interrupted || Done()) break;
    lost_ = read ? "the node closed the stream" : read.error().ToString();
    Draw();
    std::this_thread::sleep_for(kReconnectPause);
  }
  watched = nullptr;
  return kExitOk;
}

bool LiveView::OnEvent(Remote* remote, const net::Event& event) {
  lost_.clear();
  if (event.name == "open" || event.name == "gap") {
    // What happened before the stream began is only in the list.
    if (const Result<void> loaded = Reload(remote); !loaded) return false;
    Draw();
    return true;
  }
  const Result<bool> changed = Take(remote, event);
  if (!changed) return false;
  if (!*changed) return true;
  ++changes_;
  if (session_.json) Print(event.data + "\n");
  if (!session_.json && !DrawsOver()) Tell(event);
  std::fflush(stdout);
  Draw();
  return !Done();
}

void LiveView::Draw() {
  if (!DrawsOver()) return;
  Print("\x1b[H\x1b[2J" + Paint(Style::kBold, Title()) + Paint(Style::kDim, "  live, Ctrl-C ends") +
        "\n");
  if (!lost_.empty()) Print(Paint(Style::kRed, "NOT LIVE: " + Printable(lost_)) + "\n");
  PrintContent();
}

}  // namespace wideberth::cli
