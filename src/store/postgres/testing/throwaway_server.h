// A PostgreSQL server for the tests of one process: made when it is first asked for, gone with the process. A database
// of its own for each test that wants one.
#ifndef WIDEBERTH_STORE_POSTGRES_TESTING_THROWAWAY_SERVER_H_
#define WIDEBERTH_STORE_POSTGRES_TESTING_THROWAWAY_SERVER_H_

#include <string>

#include "store/postgres/connection.h"

namespace wideberth::store::postgres::testing {

class ThrowawayServer {
 public:
  // Why there is none: no server is installed. Null if there is one.
  static const char* Unavailable();
  static ThrowawayServer& Get();

  // An empty database.
  Address NewDatabase();
  void Crash();  // as a power cut
  void Start();

 private:
  ThrowawayServer();
  ~ThrowawayServer();
  void Do(const char* command);

  std::string folder_;
  int databases_ = 0;
};

}  // namespace wideberth::store::postgres::testing

#endif  // WIDEBERTH_STORE_POSTGRES_TESTING_THROWAWAY_SERVER_H_
