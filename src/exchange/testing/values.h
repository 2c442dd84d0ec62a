// Accounts, minutes and statements for tests.
#ifndef WIDEBERTH_EXCHANGE_TESTING_VALUES_H_
#define WIDEBERTH_EXCHANGE_TESTING_VALUES_H_

#include "exchange/exchange.h"

namespace wideberth::exchange::testing {

inline base::Uuid ExchangeId(uint8_t n) {
  return base::Uuid::V4FromRandom({n, 0xE5});
}

// With every field.
inline Account TestAccount(uint8_t n) {
  Account account;
  account.exchange = ExchangeId(n);
  account.level = Level::kDeputy;
  account.channel = Channel::kVoice;
  account.form = Form::kScheduled;
  account.initiated_by = Initiator::kSelf;
  account.scheduled_at = base::UtcMicros{1'800'014'400'000'000};  // 2027-01-15T12:00:00Z
  account.held_at = base::UtcMicros{1'800'014'460'000'000};
  account.subjects = {"flight_safety", "hazard"};
  account.notice = base::NoticeId{base::Uuid::V4FromRandom({n, 0x17})};
  account.area = "the north";
  account.place = Place{{46'500'000'000, 7'500'000'000}, 1'500'000};
  account.starts_at = base::UtcMicros{1'800'015'060'000'000};
  account.lead_time_min_s = 900;
  account.lead_time_max_s = 900;
  return account;
}

inline Minutes MinutesOf(uint8_t n) {
  Minutes minutes;
  minutes.exchange = ExchangeId(n);
  minutes.languages = {"en", "ru"};
  minutes.paragraphs = {{{"The line was tested.", "Линия проверена."}, true},
                        {{"The next session is on Thursday.\nPlace: open.", "В четверг."}, false}};
  return minutes;
}

inline Statement StatementOf(uint8_t n) {
  Statement statement;
  statement.exchange = ExchangeId(n);
  statement.language = "en";
  statement.published_at = base::UtcMicros{1'800'100'000'000'000};
  statement.where = "press office";
  statement.text = "A call took place.";
  statement.account = TestAccount(n);
  return statement;
}

}  // namespace wideberth::exchange::testing

#endif  // WIDEBERTH_EXCHANGE_TESTING_VALUES_H_
