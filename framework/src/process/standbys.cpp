#include "process/standbys.hpp"

#include <troupe/switched_off.hpp>

#include "channel/page.hpp"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

namespace troupe::process_layer {
namespace {

constexpr std::chrono::milliseconds first_pause{10};
constexpr std::chrono::milliseconds longest_pause{1000};
constexpr std::chrono::milliseconds quiet_time{2};  // a start, its first answer and its end

}  // namespace

standbys::standbys(boost::asio::io_context& loop, events tell)
    : loop_{loop}, tell_{std::move(tell)}, next_pause_{first_pause} {}

void standbys::keep(std::size_t count) { wanted_ = count; }

void standbys::refill() try {
  if (ordered_ || is_pausing_ || ready_.size() >= wanted_) return;
  auto [ours, its] = platform::packet_pair();
  auto out = platform::make_pipe();
  auto err = platform::make_pipe();
  standby next;
  next.link = control_link{std::move(ours)};
  next.page = channel::page::create();
  next.output = tell_.collect(std::move(out.read_end), false);
  next.errors = tell_.collect(std::move(err.read_end), true);
  const std::array descriptors{its.get(), out.write_end.get(), err.write_end.get()};
  if (tell_.ask(fork{}, descriptors)) ordered_ = std::move(next);
} catch (const std::system_error&) {
  pause();  // no descriptors left
}

void standbys::refill_soon() {
  if (2 * ready_.size() < wanted_) return refill();
  quiet_.expires_after(quiet_time);
  quiet_.async_wait([this](auto error) {
    if (!error) refill();
  });
}

void standbys::on_forked(const forked& answer) try {
  if (!ordered_) return;
  auto next = std::move(*ordered_);
  ordered_.reset();
  if (answer.pid == 0) return pause();
  next.pid = answer.pid;
  next.process = platform::process_handle::open(answer.pid);
  next.output->start();
  next.errors->start();
  ready_.push_back(std::move(next));
  if (ready_.size() > wanted_) discard();
} catch (const std::system_error&) {
  pause();
}

std::optional<standby> standbys::take() {
  if (ready_.empty()) return std::nullopt;
  auto oldest = std::move(ready_.front());
  ready_.pop_front();
  next_pause_ = first_pause;
  return oldest;
}

void standbys::give_back(standby ended) {
  ended.process.send(platform::kill_signal);
  discarded_.insert(ended.pid);
}

bool standbys::has_ended(pid_t pid) {
  if (discarded_.erase(pid) != 0) return true;
  const auto place =
      std::find_if(ready_.begin(), ready_.end(), [pid](const auto& each) { return each.pid == pid; });
  if (place == ready_.end()) return false;
  ready_.erase(place);
  if (!switched_off("standbys_replaced")) pause();
  return true;
}

// Whatever ends them, or keeps them from being forked, may do so again at once.
void standbys::pause() {
  if (is_pausing_) return;
  is_pausing_ = true;
  pause_.expires_after(next_pause_);
  next_pause_ = std::min(2 * next_pause_, longest_pause);
  pause_.async_wait([this](auto error) {
    is_pausing_ = false;
    if (!error) refill();
  });
}

void standbys::discard() {
  ordered_.reset();
  for (auto& each : std::exchange(ready_, {})) give_back(std::move(each));
}

void standbys::add_to(std::unordered_set<pid_t>& all) const {
  all.insert(discarded_.begin(), discarded_.end());
  for (const auto& each : ready_) all.insert(each.pid);
}

}  // namespace troupe::process_layer
