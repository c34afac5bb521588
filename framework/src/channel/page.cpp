#include "channel/page.hpp"

#include <troupe/errors.hpp>

#include <algorithm>
#include <bit>

namespace troupe::channel {
namespace {

constexpr std::uint64_t page_magic = 0x6567'6170'7274'0001;  // "\1\0trpage"
constexpr std::uint32_t page_version = 4;
constexpr int most_attempts = 1000;

}  // namespace

platform::descriptor page::create() {
  auto memory = platform::create_shared_memory("troupe-page", sizeof(page_memory));
  const page_front fresh{page_magic, page_version, max_slots};
  platform::write_at(memory, std::as_bytes(std::span{&fresh, 1}), 0);
  return memory;
}

page::page(const platform::descriptor& memory)
    : mapping_{platform::mapping::map(memory, platform::access::read_write, 0, sizeof(page_memory))},
      memory_{reinterpret_cast<page_memory*>(mapping_.bytes().data())} {}

void page::use(slot where) {
  const auto end = static_cast<std::uint32_t>(index_of(where)) + 1;
  if (memory_->slots_used.load(relaxed) < end) memory_->slots_used.store(end, relaxed);
}

void page::clear(slot where) {
  memory_->begun[index_of(where)].store(0, relaxed);
  publish_head(where, 0);
  publish_finished(where, {});
}

void page::publish_finished(slot where, progress done) {
  for (const std::uint64_t ahead : {0U, 1U}) {
    copy(ahead, where).finished_sequence.store(done.sequence, relaxed);
    copy(ahead, where).finished_position.store(done.position, std::memory_order_release);
  }
}

// A commit may have been cut short behind its flip. All of it is made good before the next one: a copy that is brought up to
// date later would be taken for what that one has staged.
void page::begin_again() {
  const auto used = std::min(memory_->slots_used.load(relaxed), max_slots);
  for (std::uint32_t each = 0; each < used; ++each) copy(1, slot{each}).take_over(copy(0, slot{each}));
  places(1).store(places(0).load(relaxed), relaxed);
  write(saved(1), last_checkpoint());
  memory_->waits_for.store(0, relaxed);
  memory_->idle.store(0, relaxed);
}

std::size_t page::find(slot channel, std::uint64_t sequence) const {
  auto left = places(0).load(relaxed);
  for (; left != 0; left &= left - 1) {
    const auto place = static_cast<std::size_t>(std::countr_zero(left));
    const auto& message = memory_->running[place];
    if (message.channel.load(relaxed) == static_cast<std::uint32_t>(channel) &&
        message.sequence.load(relaxed) == sequence)
      return place;
  }
  return max_running;
}

std::size_t page::place_for(slot channel, std::uint64_t sequence) const {
  const auto noted = find(channel, sequence);
  return noted != max_running ? noted : static_cast<std::size_t>(std::countr_one(places(0).load(relaxed)));
}

std::uint64_t page::head(slot where) const { return copy(0, where).head.load(relaxed); }
std::uint64_t page::begun(slot where) const { return memory_->begun[index_of(where)].load(relaxed); }
progress page::finished(slot where) const {
  const auto& entry = copy(0, where);
  return {entry.finished_sequence.load(relaxed), entry.finished_position.load(relaxed)};
}

void page::set_idle(bool idle) {
  memory_->idle.store(idle ? 1 : 0, relaxed);
  if (idle) std::atomic_thread_fence(std::memory_order_seq_cst);
}

peer_page::peer_page(const platform::descriptor& memory) {
  if (!platform::cannot_shrink(memory) || platform::memory_size(memory) < sizeof(page_memory)) {
    throw malformed_message{"a descriptor that should be a process's page is something else"};
  }
  mapping_ = platform::mapping::map(memory, platform::access::read, 0, sizeof(page_memory));
  memory_ = reinterpret_cast<const page_memory*>(mapping_.bytes().data());
  if (memory_->front.magic != page_magic || memory_->front.version != page_version) {
    throw malformed_message{"a process's page has another version than this program's"};
  }
}

peer_page peer_page::of_own_making(const platform::descriptor& memory) {
  peer_page made{platform::mapping::map(memory, platform::access::read, 0, sizeof(page_memory))};
  made.mapping_.keep_from_children();
  return made;
}

template <class Read>
auto peer_page::read_in_force(slot where, Read read) const {
  // Read again where a commit came between: the copy may have been out of force, and being written, meanwhile.
  // Not for ever: a page that never rests is a broken owner's, whose figures are checked by whoever uses them.
  auto commits = memory_->commits.load(std::memory_order_acquire);
  for (int attempts = 0;; ++attempts) {
    const auto value = read(memory_->channels[index_of(where)].copies[commits % 2]);
    std::atomic_thread_fence(std::memory_order_acquire);
    const auto after = memory_->commits.load(relaxed);
    if (after == commits || attempts == most_attempts) return value;
    commits = after;
  }
}

std::uint64_t peer_page::head(slot where) const {
  return read_in_force(where,
                       [](const commit_entry& entry) { return entry.head.load(std::memory_order_acquire); });
}

progress peer_page::finished(slot where) const {
  return read_in_force(where, [](const commit_entry& entry) {
    const auto position = entry.finished_position.load(std::memory_order_acquire);
    return progress{entry.finished_sequence.load(relaxed), position};
  });
}

std::vector<peer_page::running_entry> peer_page::running() const {
  std::vector<running_entry> all;
  const auto commits = memory_->commits.load(std::memory_order_acquire);
  const auto in_use = memory_->running_places[commits % 2].load(std::memory_order_acquire);
  for (std::size_t place = 0; place < max_running; ++place) {
    if (((in_use >> place) & 1U) == 0) continue;
    const auto& message = memory_->running[place];
    all.push_back({slot{message.channel.load(relaxed)}, message.sequence.load(relaxed),
                   message.attempt.load(relaxed), message.since.load(relaxed)});
  }
  return all;
}

bool peer_page::has_begun(slot channel, std::uint64_t sequence) const {
  return memory_->begun[index_of(channel)].load(std::memory_order_acquire) >= sequence;
}

}  // namespace troupe::channel
