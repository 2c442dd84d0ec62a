// A declaration of 4 volumes with 12 vertices each, about 4 kB: parse, read every field strictly,
// write it again.
#include <benchmark/benchmark.h>

#include <string>

#include "base/check.h"
#include "json/reader.h"
#include "json/writer.h"

namespace wideberth::json {
namespace {

void WriteVolume(int volume, Writer* json) {
  json->BeginObject();
  json->Key("outline");
  json->BeginArray();
  for (int i = 0; i < 12; ++i) {
    json->BeginObject();
    json->DoubleField("lat", 47.123456789 + 0.001234567 * i + volume);
    json->DoubleField("lng", 8.512345678 - 0.001987654 * i);
    json->EndObject();
  }
  json->EndArray();
  json->Key("lower");
  json->BeginObject();
  json->DoubleField("value", 120.5);
  json->StringField("reference", "W84");
  json->EndObject();
  json->StringField("start", "2026-11-21T10:00:00Z");
  json->StringField("end", "2026-11-21T11:00:00Z");
  json->StringField("note", "left as an ordinary piece of text of a usual length for a note");
  json->EndObject();
}

std::string Body() {
  std::string body;
  Writer json(&body);
  json.BeginObject();
  json.StringField("id", "f81d4fae-7dec-41d0-a765-00a0c91e6bf6");
  json.Key("volumes");
  json.BeginArray();
  for (int v = 0; v < 4; ++v) WriteVolume(v, &json);
  json.EndArray();
  json.EndObject();
  return body;
}

base::Result<double> ReadVolume(const Value& value) {
  WB_ASSIGN_OR_RETURN(Object volume, value.AsObject());
  double sum = 0;
  WB_ASSIGN_OR_RETURN(const Array outline, volume.RequiredArray("outline", 10'000));
  for (const Value item : outline) {
    WB_ASSIGN_OR_RETURN(Object vertex, item.AsObject());
    WB_ASSIGN_OR_RETURN(const double lat_deg, vertex.RequiredDouble("lat", -90, 90));
    WB_ASSIGN_OR_RETURN(const double lng_deg, vertex.RequiredDouble("lng", -180, 180));
    WB_RETURN_IF_ERROR(vertex.ExpectNoOtherFields());
    sum += lat_deg + lng_deg;
  }
  WB_ASSIGN_OR_RETURN(Object lower, volume.RequiredObject("lower"));
  WB_ASSIGN_OR_RETURN(const double lower_m, lower.RequiredDouble("value", -8000, 1e6));
  WB_RETURN_IF_ERROR(lower.RequiredString("reference", 8));
  WB_RETURN_IF_ERROR(lower.ExpectNoOtherFields());
  WB_RETURN_IF_ERROR(volume.RequiredString("start", 40));
  WB_RETURN_IF_ERROR(volume.RequiredString("end", 40));
  WB_RETURN_IF_ERROR(volume.RequiredString("note", 120));
  WB_RETURN_IF_ERROR(volume.ExpectNoOtherFields());
  return sum + lower_m;
}

base::Result<double> ReadBody(std::string_view body) {
  WB_ASSIGN_OR_RETURN(const Document document, Document::Parse(body));
  WB_ASSIGN_OR_RETURN(Object root, document.root().AsObject());
  WB_RETURN_IF_ERROR(root.RequiredString("id", 36));
  WB_ASSIGN_OR_RETURN(const Array volumes, root.RequiredArray("volumes", 1'000));
  double sum = 0;
  for (const Value item : volumes) {
    WB_ASSIGN_OR_RETURN(const double volume_sum, ReadVolume(item));
    sum += volume_sum;
  }
  WB_RETURN_IF_ERROR(root.ExpectNoOtherFields());
  return sum;
}

void BM_ParseOnly(benchmark::State& state) {
  const std::string body = Body();
  for (auto _ : state) benchmark::DoNotOptimize(Document::Parse(body).has_value());
  state.counters["body_bytes"] = static_cast<double>(body.size());
}
BENCHMARK(BM_ParseOnly);

void BM_ParseAndReadStrictly(benchmark::State& state) {
  const std::string body = Body();
  CHECK(ReadBody(body).has_value());
  for (auto _ : state) benchmark::DoNotOptimize(ReadBody(body).value());
}
BENCHMARK(BM_ParseAndReadStrictly);

void BM_Write(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Body().size());
}
BENCHMARK(BM_Write);

}  // namespace
}  // namespace wideberth::json
