#include <troupe/caf/errors.hpp>
#include <troupe/detail/caf/hosted.hpp>
#include <troupe/detail/caf/inbox.hpp>
#include <troupe/this_actor.hpp>
#include <troupe/timer.hpp>

#include "inline_scheduler.hpp"

#include <caf/actor_companion.hpp>
#include <chrono>
#include <iostream>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace troupe::caf::detail {

namespace {

// Threads of actors that have their own cannot wake ours: where there are some, we look so often.
constexpr auto look_again = std::chrono::milliseconds{1};

bytes refusal(::caf::actor_system& system, const std::string& why) {
  auto answer = ::caf::make_message(error_of(static_cast<std::uint8_t>(errc::refused), why));
  bytes written;
  (void)write(system, written, answer);
  return written;
}

}  // namespace

// The actors of the host that send messages have stand-ins here: what is sent to these is put down, and leaves when
// nothing is left to run.
//
//   take, answer --> enqueue to the actor --> run --> stand-ins --> sent_ --> settle --> answers_, collected_
class hosting::inside {
 public:
  inside(std::unique_ptr<::caf::actor_system_config> settings, const make_actor& make)
      : settings_{std::move(settings)} {
    schedule_inline(*settings_);
    system_ = std::make_unique<::caf::actor_system>(*settings_);
    system_->await_actors_before_shutdown(false);  // they are ours to run
    scheduler_ = static_cast<inline_scheduler*>(&system_->scheduler());
    own_threads_ = system_->detached_actors();
    actor_ = make(*system_);
    ::caf::actor_cast<::caf::abstract_actor*>(actor_)->attach_functor([this](const ::caf::error& reason) {
      put_down({reply::none, {.kind = parcel::what::ended, .content = written(reason)}}, reason);
    });
    go_on();
  }
  ~inside() {
    ::caf::anon_send_exit(actor_, ::caf::exit_reason::user_shutdown);
    scheduler_->run();
    ::caf::anon_send_exit(actor_, ::caf::exit_reason::kill);
    actor_ = nullptr;
    system_.reset();
  }
  inside(const inside&) = delete;
  inside& operator=(const inside&) = delete;

  void take(const parcel& what) {
    if (what.kind == parcel::what::exit) {
      ::caf::error reason;
      if (!read(*system_, what.content, reason)) exit(what, std::move(reason));
    } else if (auto content = message_in(what)) {
      deliver(what, 0, std::move(*content));
    }
    go_on();
  }

  promise<bytes> answer(const parcel& request) {
    promise<bytes> later;
    if (auto content = message_in(request)) {
      answers_.emplace(++last_request_, later);
      deliver(request, last_request_, std::move(*content));
      go_on();
    } else {
      later.set_value(refusal(*system_, "the hosted actor's system could not read the request: " + problem_));
    }
    return later;
  }

  promise<std::vector<parcel>> collect() {
    promise<std::vector<parcel>> later;
    wanted_ = later;
    go_on();
    return later;
  }

 private:
  enum class reply : std::uint64_t { none = 0 };  // the number of the request that it is the response to
  struct sent {
    reply to = reply::none;
    parcel what;
  };

  [[nodiscard]] bytes written(const ::caf::error& reason) const {
    auto copy = reason;
    bytes content;
    if (write(*system_, content, copy)) content.clear();
    return content;
  }

  std::optional<::caf::message> message_in(const parcel& what) {
    ::caf::message content;
    const auto problem = read(*system_, what.content, content);
    if (!problem) return content;
    problem_ = system_->render(problem);
    std::cerr << "troupe::caf: a message could not be read: " << problem_ << std::endl;
    return std::nullopt;
  }

  void deliver(const parcel& what, std::uint64_t request, ::caf::message content) {
    auto sender = what.peer == 0 ? nullptr : ::caf::actor_cast<::caf::strong_actor_ptr>(stand_in(what.peer));
    ::caf::actor_cast<::caf::abstract_actor*>(actor_)->enqueue(
        std::move(sender), message_number(what.urgent, request), std::move(content), nullptr);
  }

  void exit(const parcel& what, ::caf::error reason) {
    const auto from = what.peer == 0 ? actor_.address() : stand_in(what.peer).address();
    ::caf::actor_cast<::caf::abstract_actor*>(actor_)->enqueue(
        nullptr, message_number(true), ::caf::make_message(::caf::exit_msg{from, std::move(reason)}),
        nullptr);
  }

  ::caf::actor stand_in(std::uint64_t peer) {
    auto& known = stand_ins_[peer];
    if (auto there = ::caf::actor_cast<::caf::actor>(known)) return there;
    auto made = system_->spawn<::caf::actor_companion, ::caf::hidden>();
    auto* const companion =
        static_cast<::caf::actor_companion*>(::caf::actor_cast<::caf::abstract_actor*>(made));
    companion->on_enqueue([this, peer](::caf::mailbox_element_ptr what) { leaves(peer, std::move(what)); });
    stand_ins_[peer] = made.address();
    if (stand_ins_.size() > 2 * had_) forget_the_gone();
    return made;
  }

  void forget_the_gone() {
    std::erase_if(stand_ins_, [](const auto& each) { return !::caf::actor_cast<::caf::actor>(each.second); });
    had_ = std::max<std::size_t>(stand_ins_.size(), 16);
  }

  // On any thread. What is sent to a stand-in is a response, a request, or a message.
  void leaves(std::uint64_t peer, ::caf::mailbox_element_ptr what) {
    const auto number = what->mid;
    if (number.is_request()) {
      const auto refused = error_of(static_cast<std::uint8_t>(errc::refused),
                                    "a hosted actor's requests to actors of the host do not travel");
      what->sender->enqueue(nullptr, number.response_id(), ::caf::make_message(refused), nullptr);
      return;
    }
    auto content = what->move_content_to_message();
    if (content.match_elements<::caf::exit_msg>() || content.match_elements<::caf::down_msg>()) return;
    sent leaving{number.is_response() ? reply{request_number(number)} : reply::none,
                 {.peer = peer, .urgent = number.is_urgent_message()}};
    if (const auto problem = write(*system_, leaving.what.content, content)) {
      const auto why = "a message of a hosted actor does not travel: " + system_->render(problem);
      std::cerr << "troupe::caf: " << why << std::endl;
      if (leaving.to == reply::none) return;
      leaving.what.content = refusal(*system_, why);
    }
    put_down(std::move(leaving), {});
  }

  void put_down(sent what, const ::caf::error& reason) {
    const std::lock_guard guard{mutex_};
    if (what.what.kind == parcel::what::ended) reason_ = reason;
    sent_.push_back(std::move(what));
  }

  void go_on() {
    scheduler_->run();
    settle();
    come_back();
  }

  void settle() {
    std::unique_lock lock{mutex_};
    const auto all = std::exchange(sent_, {});
    const auto reason = reason_;
    lock.unlock();
    for (const auto& each : all) {
      if (each.to == reply::none) {
        collected_.push_back(each.what);
      } else if (const auto asked = answers_.find(static_cast<std::uint64_t>(each.to));
                 asked != answers_.end()) {
        asked->second.set_value(each.what.content);
        answers_.erase(asked);
      }
    }
    if (!wanted_ || collected_.empty()) return;
    std::exchange(wanted_, std::nullopt)->set_value(std::exchange(collected_, {}));
    if (reason) end(*reason);  // which the host has been told with the rest
  }

  static void end(const ::caf::error& reason) {
    if (is_good_order(reason)) return this_actor::stop();
    this_actor::after({}, [reason] { throw caf_error{reason}; });
  }

  // Timeouts of CAF's actors, and threads of their own, need us later.
  void come_back() {
    using clock = ::caf::actor_clock::clock_type;
    auto next = scheduler_->timeouts().next();
    if (system_->detached_actors() > own_threads_ || system_->has_middleman()) {
      const auto soon = clock::now() + look_again;
      next = next ? std::min(*next, soon) : soon;
    }
    if (!next || (due_ && *due_ <= *next)) return;
    if (due_) timer_.cancel();
    due_ = next;
    timer_ = this_actor::after(*next - clock::now(), [this] {
      due_.reset();
      go_on();
    });
  }

  std::unique_ptr<::caf::actor_system_config> settings_;
  std::unique_ptr<::caf::actor_system> system_;
  inline_scheduler* scheduler_ = nullptr;  // the system's
  std::size_t own_threads_ = 0;            // of the system, before there was an actor
  ::caf::actor actor_;
  std::unordered_map<std::uint64_t, ::caf::actor_addr> stand_ins_;
  std::size_t had_ = 16;

  std::unordered_map<std::uint64_t, promise<bytes>> answers_;
  std::uint64_t last_request_ = 0;
  std::vector<parcel> collected_;
  std::optional<promise<std::vector<parcel>>> wanted_;
  std::string problem_;
  std::optional<::caf::actor_clock::time_point> due_;
  timer timer_;

  std::mutex mutex_;  // guards what follows: other threads of the actor's put messages down
  std::vector<sent> sent_;
  std::optional<::caf::error> reason_;
};

hosting::hosting(std::unique_ptr<::caf::actor_system_config> settings, const make_actor& make)
    : inside_{std::make_unique<inside>(std::move(settings), make)} {}
hosting::~hosting() = default;
void hosting::take(const parcel& what) { inside_->take(what); }
promise<bytes> hosting::answer(const parcel& request) { return inside_->answer(request); }
promise<std::vector<parcel>> hosting::collect() { return inside_->collect(); }

}  // namespace troupe::caf::detail
