#include "base/durable_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace wideberth::base {
namespace {

namespace fs = std::filesystem;

class DurableFileTest : public ::testing::Test {
 protected:
  DurableFileTest() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder = fs::path(::testing::TempDir()) /
             ("durable-" + std::string(info->name()) + "-" + std::to_string(getpid()));
    fs::remove_all(folder);
    fs::create_directories(folder);
  }
  ~DurableFileTest() override { fs::remove_all(folder); }

  std::string At(const std::string& name) const { return (folder / name).string(); }
  size_t FilesHere() const {
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
  }
  static unsigned ModeOf(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 0777U;
  }

  fs::path folder;
};

TEST_F(DurableFileTest, ReplacesWholeAndLeavesNothingBeside) {
  const std::string path = At("a");
  const std::string large(300'000, 'x');
  ASSERT_TRUE(ReplaceFile(path, large).has_value());
  EXPECT_EQ(ModeOf(path), 0600U);
  EXPECT_EQ(ReadFile(path, large.size()).value(), large);
  ASSERT_TRUE(ReplaceFile(path, "").has_value());
  EXPECT_EQ(ReadFile(path, 0).value(), "");
  EXPECT_EQ(FilesHere(), 1U);
}

TEST_F(DurableFileTest, ANewFileReplacesNothing) {
  const std::string path = At("key");
  ASSERT_TRUE(WriteNewFile(path, "one").has_value());
  const Result<void> again = WriteNewFile(path, "two");
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  EXPECT_EQ(again.error().field, path);
  EXPECT_EQ(ReadFile(path, 100).value(), "one");
  EXPECT_EQ(FilesHere(), 1U);
}

// Of many that write one name at once one wins, and what is there is whole.
TEST_F(DurableFileTest, WritersOfOneNameDoNotMix) {
  const std::string made = At("made");
  const std::string replaced = At("replaced");
  std::vector<std::thread> threads;
  std::vector<char> won(8, 0);
  for (size_t i = 0; i < won.size(); ++i) {
    threads.emplace_back([&, i] {
      const std::string mine(100'000, static_cast<char>('a' + i));
      won[i] = WriteNewFile(made, mine).has_value() ? 1 : 0;
      EXPECT_TRUE(ReplaceFile(replaced, mine).has_value());
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(std::count(won.begin(), won.end(), 1), 1);
  for (const std::string& path : {made, replaced}) {
    const std::string text = ReadFile(path, 100'000).value();
    EXPECT_EQ(text, std::string(100'000, text.front()));
  }
  EXPECT_EQ(FilesHere(), 2U);
}

TEST_F(DurableFileTest, ReadsNoMoreThanItMay) {
  const std::string path = At("a");
  ASSERT_TRUE(ReplaceFile(path, "12345").has_value());
  EXPECT_EQ(ReadFile(path, 5).value(), "12345");
  EXPECT_EQ(ReadFile(path, 4).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(ReadFile(At("none"), 4).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ReadFile(folder.string(), 4).error().code, ErrorCode::kStorage);
}

TEST_F(DurableFileTest, RefusalsNameThePathAndLeaveTheOldFile) {
  const std::string path = At("no/such/folder");
  for (const Result<void>& done : {ReplaceFile(path, "x"), WriteNewFile(path, "x")}) {
    ASSERT_FALSE(done.has_value());
    EXPECT_EQ(done.error().code, ErrorCode::kStorage);
    EXPECT_EQ(done.error().field, path);
  }
  // A folder is not replaced by a file.
  ASSERT_TRUE(MakeFolder(At("folder")).has_value());
  EXPECT_FALSE(ReplaceFile(At("folder"), "x").has_value());
  EXPECT_EQ(FilesHere(), 1U);
  // Where no byte can be written.
  const FileDescriptor full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  if (full.get() >= 0) {
    EXPECT_FALSE(WriteAll(full.get(), "x"));
  }
}

TEST_F(DurableFileTest, MakesFoldersAndRenames) {
  const std::string inner = At("inner");
  ASSERT_TRUE(MakeFolder(inner).has_value());
  EXPECT_EQ(ModeOf(inner), 0700U);
  ASSERT_TRUE(MakeFolder(inner + "/").has_value()) << "it is there";
  ASSERT_TRUE(ReplaceFile(inner + "/a", "x").has_value());
  EXPECT_FALSE(MakeFolder(inner + "/a").has_value()) << "a file is";
  ASSERT_TRUE(RenameFile(inner + "/a", inner + "/b").has_value());
  EXPECT_EQ(ReadFile(inner + "/b", 10).value(), "x");
  EXPECT_FALSE(RenameFile(inner + "/a", inner + "/b").has_value());
  EXPECT_FALSE(SyncFolder(inner + "/b").has_value());
}

TEST_F(DurableFileTest, FoldersOfPaths) {
  EXPECT_EQ(FolderOf("a"), ".");
  EXPECT_EQ(FolderOf("a/b"), "a");
  EXPECT_EQ(FolderOf("a/b/"), "a");
  EXPECT_EQ(FolderOf("/a"), "/");
  EXPECT_EQ(FolderOf("/a/b"), "/a");
  EXPECT_EQ(FolderOf("/"), "/");
}

}  // namespace
}  // namespace wideberth::base
