#include "net/responder.h"

#include <utility>

namespace wideberth::net {
namespace {

class CallbackSink final : public AnswerSink {
 public:
  explicit CallbackSink(std::function<void(Response)> callback) : callback_(std::move(callback)) {}
  void Answer(Response response) override { callback_(std::move(response)); }
  void Refuse(const base::Error& error) override {
    callback_(TextResponse(StatusFor(error.code), error.ToString() + "\n"));
  }
  void Dropped() override { callback_(TextResponse(500, "no answer was given\n")); }
  void HangUp() override {
    Response none;
    none.status = 0;
    callback_(std::move(none));
  }
  base::Result<EventStream> OpenStream() override {
    callback_(TextResponse(503, "no event streams here\n"));
    return base::Fail(base::ErrorCode::kBusy, "", "an event stream needs a connection");
  }

 private:
  std::function<void(Response)> callback_;
};

thread_local AnswerBatch* current_batch = nullptr;

}  // namespace

Responder& Responder::operator=(Responder&& other) noexcept {
  if (this != &other) {
    if (sink_) std::exchange(sink_, nullptr)->Dropped();
    sink_ = std::move(other.sink_);
  }
  return *this;
}

Responder::~Responder() {
  if (sink_) sink_->Dropped();
}

Responder Responder::To(std::function<void(Response)> callback) {
  return Responder(std::make_shared<CallbackSink>(std::move(callback)));
}

void Responder::operator()(Response response) {
  if (sink_) std::exchange(sink_, nullptr)->Answer(std::move(response));
}

void Responder::Refuse(const base::Error& error) {
  if (sink_) std::exchange(sink_, nullptr)->Refuse(error);
}

void Responder::HangUp() {
  if (sink_) std::exchange(sink_, nullptr)->HangUp();
}

base::Result<EventStream> Responder::StartEventStream() {
  if (!sink_) {
    return base::Fail(base::ErrorCode::kInternal, "", "a request must be answered once");
  }
  return std::exchange(sink_, nullptr)->OpenStream();
}

AnswerBatch::AnswerBatch() : outermost_(current_batch == nullptr) {
  if (outermost_) current_batch = this;
}

AnswerBatch::~AnswerBatch() {
  if (!outermost_) return;
  current_batch = nullptr;
  for (const std::shared_ptr<Wakeable>& sleeper : sleepers_) sleeper->Wake();
}

bool AnswerBatch::Defer(std::shared_ptr<Wakeable> sleeper) {
  if (current_batch == nullptr) return false;
  current_batch->sleepers_.push_back(std::move(sleeper));
  return true;
}

}  // namespace wideberth::net
