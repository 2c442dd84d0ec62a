// What a transport counts; inside link only.
#ifndef WIDEBERTH_LINK_COUNTS_H_
#define WIDEBERTH_LINK_COUNTS_H_

#include "base/metrics.h"

namespace wideberth::link {

struct Counts {
  explicit Counts(base::Metrics* metrics) {
    if (metrics == nullptr) return;
    paths_up = metrics->AddGauge("wideberth_link_paths_up", "Paths to peers that are up.");
    paths_lost = metrics->AddCounter("wideberth_link_paths_lost_total", "Paths that went down.");
    refused = metrics->AddCounter("wideberth_link_connections_refused_total",
                                  "Connections that came in and were not let in.");
    frames_sent = metrics->AddCounter("wideberth_link_sent_frames_total", "Frames sent.");
    frames_received =
        metrics->AddCounter("wideberth_link_received_frames_total", "Frames received.");
    bytes_sent = metrics->AddCounter("wideberth_link_sent_bytes_total", "Bytes of frames sent.");
    bytes_received =
        metrics->AddCounter("wideberth_link_received_bytes_total", "Bytes of frames received.");
  }
  base::Gauge paths_up;
  base::Counter paths_lost;
  base::Counter refused;
  base::Counter frames_sent;
  base::Counter frames_received;
  base::Counter bytes_sent;
  base::Counter bytes_received;
};

}  // namespace wideberth::link

#endif  // WIDEBERTH_LINK_COUNTS_H_
