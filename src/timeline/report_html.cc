// The report as HTML. Everything that came from outside goes through Escaped.
#include <algorithm>
#include <charconv>

#include "timeline/after_action.h"

namespace wideberth::timeline {
namespace {

using base::UtcMicros;

constexpr int kPlotWidth = 640;
constexpr int kPlotHeight = 160;
constexpr int kMargin = 48;

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>After action</title><style>
body{font:15px/1.45 system-ui,sans-serif;color:#16202a;background:#fff;margin:2rem auto;max-width:52rem;padding:0 1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem;border-bottom:2px solid #16202a}
h3{font-size:1rem;margin:1.2rem 0 .3rem}p{margin:.3rem 0}table{border-collapse:collapse;width:100%}
th,td{padding:.2rem .5rem;text-align:right;border-bottom:1px solid #cfd6dd;font-variant-numeric:tabular-nums}
th:first-child,td:first-child{text-align:left}.note{color:#48545f;font-size:.85rem}.bad{color:#a3161b;font-weight:600}
svg{width:100%;height:auto;break-inside:avoid}svg text{font:11px system-ui,sans-serif;fill:#48545f}
@media print{body{margin:0;max-width:none}h2{break-after:avoid}}
</style></head><body>
)";

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += static_cast<uint8_t>(c) < 0x20 && c != '\n' ? '?' : c;
    }
  }
  return escaped;
}

std::string Number(double value, int decimals) {
  char digits[64];
  const auto end =
      std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed, decimals);
  return std::string(digits, end.ptr);
}

// "850 ms", "12.5 s", "47 min", "3.2 h"
std::string Length(int64_t us) {
  const double s = static_cast<double>(us) / 1e6;
  const double size = std::abs(s);
  if (size < 1) return Number(s * 1e3, 0) + " ms";
  if (size < 120) return Number(s, 1) + " s";
  if (size < 7'200) return Number(s / 60, 0) + " min";
  return Number(s / 3'600, 1) + " h";
}

void Row(std::string_view what, const std::vector<Sample>& samples, std::string* html) {
  *html += "<tr><td>" + Escaped(what) + "</td><td>" + std::to_string(samples.size()) + "</td>";
  if (samples.empty()) {
    *html += "<td>-</td><td>-</td><td>-</td><td>-</td></tr>\n";
    return;
  }
  for (const double share : {0.0, 0.5, 0.95, 1.0}) {
    *html += "<td>" + Length(QuantileUs(samples, share)) + "</td>";
  }
  *html += "</tr>\n";
}

void Count(std::string_view what, uint64_t count, bool bad, std::string* html) {
  *html += "<tr><td>" + Escaped(what) + "</td><td" +
           std::string(bad && count > 0 ? " class=\"bad\"" : "") + ">" + std::to_string(count) +
           "</td></tr>\n";
}

// Each sample as a dot: when, and how long; the least agreed length is not drawn, as it differs by kind.
void Plot(std::string_view what, const std::vector<Sample>& samples,
          const airspace::TimeWindow& period, std::string* html) {
  if (samples.empty()) return;
  int64_t least = 0;
  int64_t most = 1;
  for (const Sample& sample : samples) {
    least = std::min(least, sample.us);
    most = std::max(most, sample.us);
  }
  const double width = kPlotWidth - 2.0 * kMargin;
  const double height = kPlotHeight - kMargin;
  const double span = static_cast<double>(period.end.us) - static_cast<double>(period.start.us);
  const auto x = [&](UtcMicros at) {
    return kMargin +
           width * (static_cast<double>(at.us) - static_cast<double>(period.start.us)) / span;
  };
  const auto y = [&](int64_t us) {
    return 12 + height -
           height * (static_cast<double>(us) - static_cast<double>(least)) /
               (static_cast<double>(most) - static_cast<double>(least));
  };
  const auto line = [&](double x1, double y1, double x2, double y2) {
    *html += "<line x1=\"" + Number(x1, 1) + "\" y1=\"" + Number(y1, 1) + "\" x2=\"" +
             Number(x2, 1) + "\" y2=\"" + Number(y2, 1) + "\" stroke=\"#9aa5b0\"/>";
  };
  const auto label = [&](double at_x, double at_y, std::string_view anchor, std::string_view text) {
    *html += "<text x=\"" + Number(at_x, 1) + "\" y=\"" + Number(at_y, 1) + "\" text-anchor=\"" +
             std::string(anchor) + "\">" + Escaped(text) + "</text>";
  };
  *html += "<svg viewBox=\"0 0 " + std::to_string(kPlotWidth) + " " + std::to_string(kPlotHeight) +
           "\" role=\"img\" aria-label=\"" + Escaped(what) + "\">";
  line(kMargin, y(0), kMargin + width, y(0));
  line(kMargin, 12, kMargin, 12 + height);
  label(kMargin - 4, y(most) + 4, "end", Length(most));
  label(kMargin - 4, y(least) + 4, "end", Length(least));
  label(kMargin, kPlotHeight - 8, "start", base::FormatRfc3339(period.start));
  label(kMargin + width, kPlotHeight - 8, "end", base::FormatRfc3339(period.end));
  label(kMargin + width / 2, kPlotHeight - 8, "middle", what);
  for (const Sample& sample : samples) {
    *html += "<circle cx=\"" + Number(x(sample.at), 1) + "\" cy=\"" + Number(y(sample.us), 1) +
             "\" r=\"3\" fill=\"" + (sample.us < 0 ? "#a3161b" : "#1d5f99") + "\"/>";
  }
  *html += "</svg>\n";
}

void Side(const Figures& figures, std::string_view name, std::string_view other,
          const airspace::TimeWindow& period, std::string* html) {
  *html += "<h3>" + Escaped(name) + " to " + Escaped(other) + "</h3>\n";
  *html +=
      "<table><tr><th>length of time</th><th>count</th><th>least</th><th>half at most</th><th>95 % "
      "at most</th>"
      "<th>most</th></tr>\n";
  Row("lead time at R1 (start minus receipt)", figures.lead_r1, html);
  Row("lead time at R3 (start minus read-back)", figures.lead_r3, html);
  Row("from saying to receipt", figures.receipt, html);
  Row("from saying to read-back", figures.read_back, html);
  *html += "</table>\n";
  Plot("lead time at R1", figures.lead_r1, period, html);
  Plot("from saying to read-back", figures.read_back, period, html);
  *html += "<table><tr><th>what</th><th>count</th></tr>\n";
  Count("versions released", figures.released, false, html);
  Count("late notices", figures.late, true, html);
  Count("versions never read back", figures.never_read_back, true, html);
  Count("all-clears", figures.all_clears, false, html);
  Count("late all-clears", figures.all_clears_late, true, html);
  Count("line checks made", figures.checks, false, html);
  Count("missed checks: without an answer", figures.checks_unanswered, true, html);
  Count("breaches alleged by stop calls", figures.stop_calls, true, html);
  Count("of these accepted (stopping, stopped)", figures.breaches_accepted, false, html);
  Count("of these rejected (not_ours)", figures.breaches_rejected, false, html);
  Count("unanswered stop calls", figures.stop_calls_unanswered, true, html);
  Count("warnings of an entry", figures.warnings, false, html);
  Count("unanswered warnings", figures.warnings_unanswered, true, html);
  *html += "</table>\n";
}

}  // namespace

std::string ReportHtml(const AfterAction& summary, const std::array<std::string, 2>& names,
                       UtcMicros made_at) {
  std::string html(kHead);
  html += "<h1>After action: " + Escaped(names[0]) + " and " + Escaped(names[1]) + "</h1>\n";
  html += "<p>" + base::FormatRfc3339(summary.period.start) + " to " +
          base::FormatRfc3339(summary.period.end) + ", made " + base::FormatRfc3339(made_at) +
          " from the signed record of the line.</p>\n";
  html +=
      "<p class=\"note\">Times between the sides are by two clocks. A notice is late by the agreed "
      "least time at its "
      "receipt; an all-clear is late an hour after the planned end. What a breach was in truth is "
      "not in the "
      "record.</p>\n";
  for (const bool real : {true, false}) {
    const auto& sides = real ? summary.real : summary.drills;
    html += real ? "<h2>Real</h2>\n" : "<h2>Drills</h2>\n";
    for (const size_t log : {size_t{0}, size_t{1}}) {
      Side(sides[log], names[log], names[1 - log], summary.period, &html);
    }
  }
  html += "</body></html>\n";
  return html;
}

}  // namespace wideberth::timeline
