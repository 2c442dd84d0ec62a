#include "base/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "base/limits.h"

namespace wideberth::base {
namespace {

constexpr int64_t kTimeUs = 1795255200123456;  // 2026-11-21T10:00:00.123456Z

TEST(Log, WritesTheGoldenJsonLine) {
  EXPECT_EQ(
      FormatLogJson(kTimeUs, LogLevel::kInfo, "store_opened",
                    {{"path", "/var/\"x\"\n"},
                     {"notices", size_t{12}},
                     {"offset", -3},
                     {"took_ms", 12.5},
                     {"ratio", std::nan("")},
                     {"clean", true}}),
      R"({"time":"2026-11-21T10:00:00.123456Z","level":"info","event":"store_opened",)"
      R"("path":"/var/\"x\"\n","notices":12,"offset":-3,"took_ms":12.5,"ratio":null,"clean":true})");
}

TEST(Log, WritesTheGoldenLineForPeople) {
  EXPECT_EQ(FormatLogForPeople(kTimeUs, LogLevel::kWarn, "disk_low",
                               {{"path", "/var"}, {"text", "two words"}, {"free_bytes", 5}}),
            "10:00:00.123 warn  disk_low path=/var text=\"two words\" free_bytes=5");
  EXPECT_EQ(FormatLogForPeople(kTimeUs - 120'000, LogLevel::kError, "x", {}),
            "10:00:00.003 error x");
}

TEST(Log, AValueCannotForgeARecord) {
  const std::string_view evil = "a\n10:00:00.000 info  forged=1";
  const std::string people = FormatLogForPeople(kTimeUs, LogLevel::kInfo, "e", {{"v", evil}});
  const std::string json = FormatLogJson(kTimeUs, LogLevel::kInfo, "e", {{"v", evil}});
  EXPECT_EQ(people.find('\n'), std::string::npos);
  EXPECT_EQ(json.find('\n'), std::string::npos);
}

TEST(Log, CutsLongValues) {
  const std::string line =
      FormatLogJson(kTimeUs, LogLevel::kInfo, "e", {{"v", std::string(100'000, 'x')}});
  EXPECT_LT(line.size(), limits::kLogValueBytesMax + 100);
}

TEST(Log, LevelsBelowTheMinimumAreNotWritten) {
  const LogCapture capture;
  Log(LogLevel::kDebug, "quiet");
  Log(LogLevel::kInfo, "said", {{"n", 1}});
  ASSERT_EQ(capture.lines().size(), 1u);
  EXPECT_NE(capture.lines()[0].find("\"event\":\"said\",\"n\":1}"), std::string::npos);
}

TEST(Log, ManyThreadsWriteWholeLines) {
  testing::internal::CaptureStderr();
  StartLogging({LogLevel::kInfo, LogForm::kJsonLines});
  constexpr int kThreads = 4;
  constexpr int kRecords = 500;  // all together fewer than the queue holds: none may be lost
  static_assert(kThreads * kRecords < limits::kLogQueueRecordsMax);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < kRecords; ++i) Log(LogLevel::kInfo, "tick", {{"thread", t}, {"i", i}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  StopLogging();
  const std::string written = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), kThreads * kRecords);
  EXPECT_EQ(LogRecordsDropped(), 0u);
  size_t start = 0;
  for (size_t end = written.find('\n'); end != std::string::npos; end = written.find('\n', start)) {
    ASSERT_EQ(written.substr(start, 9), "{\"time\":\"");
    ASSERT_EQ(written[end - 1], '}');
    start = end + 1;
  }
}

TEST(Log, ASlowReaderCostsRecordsAndNeverTheCaller) {
  // Standard error is a pipe that nobody reads: the writing thread blocks, callers do not.
  int pipe_fds[2];
  ASSERT_EQ(pipe(pipe_fds), 0);
  const int saved = dup(STDERR_FILENO);
  ASSERT_GE(saved, 0);
  ASSERT_GE(dup2(pipe_fds[1], STDERR_FILENO), 0);
  StartLogging({LogLevel::kInfo, LogForm::kJsonLines});
  const std::string text(500, 'x');
  const uint64_t before = LogRecordsDropped();
  for (size_t i = 0; i < 3 * limits::kLogQueueRecordsMax; ++i)
    Log(LogLevel::kInfo, "flood", {{"v", text}});
  const uint64_t dropped = LogRecordsDropped() - before;
  // Now read everything, so that the writing thread can end.
  std::thread reader([fd = pipe_fds[0]] {
    char buffer[65536];
    while (read(fd, buffer, sizeof(buffer)) > 0) {
    }
  });
  StopLogging();
  EXPECT_GE(LogRecordsDropped() - before, dropped);
  ASSERT_GE(dup2(saved, STDERR_FILENO), 0);
  close(saved);
  close(pipe_fds[1]);
  reader.join();
  close(pipe_fds[0]);
  EXPECT_GT(dropped, limits::kLogQueueRecordsMax);
}

}  // namespace
}  // namespace wideberth::base
