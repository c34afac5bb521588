// Who speaks as a gateway does, and says what it likes.
#pragma once

#include <troupe/remote.hpp>

#include "node_frames.hpp"
#include "node_links.hpp"
#include "node_session.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace support {

/// An actor, for CAF needs a process of its own. Whatever waits for the other end does so for a minute at most.
class impostor {
 public:
  /// Connects to that port. Empty where that came about, else why not. With a folder of certificates by TLS; those are not
  /// looked at here.
  std::string connect(std::uint16_t port, const std::string& certificates) {
    start(certificates);
    out_->connect(1, "127.0.0.1", port);
    wait_until([this] { return link_ != 0 || !failure_.empty(); });
    return failure_;
  }
  /// Returns the port.
  std::uint16_t listen(const std::string& certificates) {
    start(certificates);
    return out_->listen("127.0.0.1", 0);
  }
  void send(const std::string& message) { out_->send(link_, message); }
  /// To whoever connects.
  void answer(const std::string& message) {
    wait_until([this] { return link_ != 0; });
    send(message);
  }
  /// Sends batches of these frames, one after the other, and waits for nothing.
  void flood(const std::string& frames, std::uint64_t first, std::uint64_t last) {
    for (auto number = first; number <= last && !is_refused(); ++number) send(batch(number, frames));
  }
  /// Why it is refused; empty: it is not.
  std::string refused() {
    wait_until([this] { return !refusal_.empty(); });
    return refusal_;
  }
  bool has_ended() {
    return wait_until([this] { return has_ended_; });
  }
  /// Of whoever listens: why a connection did not come about.
  std::string heard() {
    wait_until([this] { return !heard_.empty(); });
    return heard_;
  }

  /// A greeting of a node of this build.
  static std::string greeting(troupe::detail::message_kind kind, std::uint32_t number,
                              std::uint32_t version = troupe::detail::node_protocol) {
    using namespace troupe::detail;
    troupe::detail::greeting who;
    who.build = troupe::remote::build_id();
    who.number = number;
    who.name = "impostor";
    who.address = "127.0.0.1:1";
    auto message = message_of(kind, greeting_start{.version = version});
    const auto rest = troupe::pack(who);
    return message.append(reinterpret_cast<const char*>(rest.data()), rest.size());
  }
  static std::string batch(std::uint64_t number, const std::string& frames) {
    using namespace troupe::detail;
    return message_of(message_kind::batch, batch_head{number, 0}) + frames;
  }
  /// Told to an actor that it has not been given.
  static std::string tell(std::uint32_t id, std::uint64_t key, const std::string& payload) {
    using namespace troupe::detail;
    frame_head head;
    head.kind = frame_kind::tell;
    head.id = id;
    head.key = key;
    head.length = static_cast<std::uint32_t>(payload.size());
    const auto bytes = troupe::pack(head);
    return std::string{reinterpret_cast<const char*>(bytes.data()), bytes.size()} + payload;
  }

 private:
  void start(const std::string& certificates) {
    troupe::detail::links::listener to;
    to.connected = [this](std::uint64_t, std::uint64_t link) { note([&] { link_ = link; }); };
    to.failed = [this](std::uint64_t, const std::string& why) { note([&] { failure_ = why; }); };
    to.ended = [this](std::uint64_t, const std::string&) { note([&] { has_ended_ = true; }); };
    to.refused = [this](const std::string&, const std::string& why) { note([&] { heard_ = why; }); };
    to.flooded = [](std::uint64_t) { return std::string{}; };
    to.received = [this](std::uint64_t link, std::string&& message) {
      note([&] {
        link_ = link;
        if (message.front() == static_cast<char>(troupe::detail::message_kind::refuse))
          refusal_ = message.substr(1);
      });
    };
    out_ = std::make_unique<troupe::detail::links>(std::move(to), certificates);
  }
  template <class Change>
  void note(Change change) {
    const std::lock_guard lock{mutex_};
    change();
    changed_.notify_all();
  }
  template <class Condition>
  bool wait_until(Condition condition) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, std::chrono::minutes{1}, condition);
  }
  bool is_refused() {
    const std::lock_guard lock{mutex_};
    return !refusal_.empty();
  }

  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::uint64_t link_ = 0;
  std::string failure_;
  std::string refusal_;
  std::string heard_;
  bool has_ended_ = false;
  std::unique_ptr<troupe::detail::links> out_;  // of this thread
};

}  // namespace support
