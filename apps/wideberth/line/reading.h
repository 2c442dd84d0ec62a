// What a person has read, as options say it: for a second person's check of a draft, and for a read-back.
#ifndef WIDEBERTH_APPS_WIDEBERTH_LINE_READING_H_
#define WIDEBERTH_APPS_WIDEBERTH_LINE_READING_H_

#include "airspace/notice.h"
#include "apps/wideberth/line/commands.h"
#include "base/result.h"
#include "base/time.h"
#include "mechanism/reading.h"

namespace wideberth::cli {

// Every value has to be given; nothing is filled in from anywhere else. Refusals name the option.
base::Result<mechanism::Reading> TakeReading(const ReadingOptions& options, base::UtcMicros now);

}  // namespace wideberth::cli

#endif  // WIDEBERTH_APPS_WIDEBERTH_LINE_READING_H_
