#include "system/sync_object.hpp"

#include <troupe/errors.hpp>

#include "platform/error.hpp"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace troupe::detail {
namespace {

constexpr std::uint64_t magic_number = 0x6e79'7365'7075'6f72;

// One object for each memory in this process. Never destroyed: handles in static objects go after it would.
struct known_objects {
  /// Where a thread ends and still owes something, its memory must stay: the kernel reads it after the last of our code.
  struct left_by_thread {
    membership what;
    platform::thread_number thread;
  };
  std::recursive_mutex mutex;
  std::map<const shared_memory*, std::weak_ptr<sync_object>> all;
  std::vector<left_by_thread> left;
};
known_objects& known() {
  static auto* const one = new known_objects;
  return *one;
}

// This thread's memberships. The list itself is never destroyed twice: handles in static objects go after the thread's own.
thread_local std::vector<membership>* own = nullptr;

// What threads left that have ended since.
void release_left() {
  std::vector<known_objects::left_by_thread> released;  // unmapped without the mutex
  const std::lock_guard lock{known().mutex};
  auto& left = known().left;
  const auto first = std::partition(left.begin(), left.end(), [](const auto& each) {
    return each.what.state->lock.is_owned_by(each.thread) ||
           (each.what.self != nullptr && each.what.self->life.is_owned_by(each.thread));
  });
  released.assign(std::move_iterator{first}, std::move_iterator{left.end()});
  left.erase(first, left.end());
}

struct end_of_thread {
  ~end_of_thread() {
    while (!own->empty()) {
      auto& last = own->back();
      const bool owes = last.locks != 0 || last.state->kind == sync_kind::barrier ||
                        (last.self != nullptr && last.self->value != 0);
      if (owes) {
        const std::lock_guard lock{known().mutex};
        known().left.push_back({std::move(last), platform::this_thread()});
        own->pop_back();
      } else {
        leave(*last.state);
      }
    }
    delete std::exchange(own, nullptr);
  }
};

std::vector<membership>& own_list() {
  if (own == nullptr) {
    own = new std::vector<membership>;
    thread_local const end_of_thread at_end;
    static_cast<void>(at_end);
  }
  return *own;
}

party* take_place(sync_state& state, const on_death& died) {
  for (std::size_t i = 0; i < most_parties; ++i) {
    auto& place = state.parties[i];
    const auto tried = place.life.try_lock();
    if (tried == platform::robust_lock::outcome::owner_died) {
      died(place);
      place.life.recover();
    } else if (tried != platform::robust_lock::outcome::taken) {
      continue;
    }
    place.value = 0;
    for (auto used = state.used.load();
         used <= i && !state.used.compare_exchange_weak(used, static_cast<std::uint32_t>(i + 1));) {
    }
    return &place;
  }
  return nullptr;
}

// The last handle goes while this thread still owes something: to the others that is as if it had died.
void give_up(sync_state& state) {
  auto& mine = *find_membership(state);
  if (mine.locks != 0) {
    state.flag = 1;
    for (; mine.locks != 0; --mine.locks) state.lock.unlock();
  } else if (state.kind == sync_kind::barrier) {
    if (std::uncaught_exceptions() > 0) state.flag = 1;
  } else if (state.kind == sync_kind::semaphore && mine.self != nullptr) {
    const guarded guard{state};
    if (mine.self->value.exchange(0) != 0) state.flag = 1;
  }
}

}  // namespace

std::span<party> sync_state::known_parties() {
  return std::span{parties}.first(std::min<std::size_t>(used.load(), most_parties));
}

// --- The object -----------------------------------------------------------------------------------------------------------

sync_object::~sync_object() {
  if (!memory_) return;
  release_left();
  {
    const std::lock_guard lock{known().mutex};
    const auto place = known().all.find(memory_.get());
    if (place != known().all.end() && place->second.expired()) known().all.erase(place);
  }
  auto& shared = state();
  if (find_membership(shared) == nullptr) return;
  try {
    give_up(shared);
  } catch (const std::system_error&) {
    // Its memory has been written over: nobody can use it any more.
  }
  leave(shared);
}

sync_state& sync_object::state() {
  return *std::launder(reinterpret_cast<sync_state*>(memory()->bytes().data()));
}

const std::shared_ptr<shared_memory>& sync_object::memory() {
  std::call_once(made_, [this] {
    if (!memory_) make();
  });
  return memory_;
}

void sync_object::make() {
  auto memory = make_shared_memory("troupe-lock", sizeof(sync_state));
  auto& made = *new (memory->bytes().data()) sync_state{};
  made.kind = kind_;
  made.first = first_;
  made.second = second_;
  made.figure = kind_ == sync_kind::semaphore ? first_ : 0;
  made.lock.make(kind_ == sync_kind::recursive_mutex ? platform::robust_lock::kind::recursive
                                                     : platform::robust_lock::kind::plain);
  for (auto& each : made.parties) each.life.make(platform::robust_lock::kind::plain);
  made.magic = magic_number;
  const std::lock_guard lock{known().mutex};
  known().all[memory.get()] = weak_from_this();
  memory_ = std::move(memory);
}

std::shared_ptr<sync_object> make_sync_object(sync_kind kind, std::uint32_t first, std::uint32_t second) {
  return std::make_shared<sync_object>(kind, first, second);
}

sync_object& sync_handle::object() const {
  if (!object_) throw_no_shared_memory("semaphore or barrier");
  return *object_;
}

attachment attachment_of(const std::shared_ptr<sync_object>& object) {
  return object ? attachment{object->memory()} : attachment{};
}

std::shared_ptr<sync_object> sync_object_in(const attachment& came, sync_kind kind) {
  const auto& memory = came.memory();
  if (!memory) return nullptr;
  check_shared_memory(memory.get(), sizeof(sync_state), "lock");
  if (memory->is_sealed()) throw malformed_message{"a lock came in memory that is sealed"};
  const auto& state = *std::launder(reinterpret_cast<const sync_state*>(memory->bytes().data()));
  if (state.magic != magic_number || state.kind != kind)
    throw malformed_message{"shared memory came that is not the lock which it should be"};
  const std::lock_guard lock{known().mutex};
  if (const auto place = known().all.find(memory.get()); place != known().all.end()) {
    if (auto there = place->second.lock()) return there;
  }
  auto made = std::make_shared<sync_object>(memory);
  known().all[memory.get()] = made;
  return made;
}

// --- Who takes part ---------------------------------------------------------------------------------------------------

membership* find_membership(const sync_state& state) {
  if (own == nullptr) return nullptr;
  const auto place = std::find_if(own->begin(), own->end(), [&](const auto& m) { return m.state == &state; });
  return place == own->end() ? nullptr : &*place;
}

membership& join(sync_object& object, const on_death& died) {
  auto& state = object.state();
  if (auto* const mine = find_membership(state)) return *mine;
  auto& mine = own_list().emplace_back(membership{object.memory(), &state, nullptr, 0});
  mine.self = take_place(state, died);
  if (mine.self != nullptr) changed(state);  // whoever sleeps is to watch this one too
  return mine;
}

party& join_as_party(sync_object& object, const on_death& died) {
  auto& mine = join(object, died);
  if (mine.self != nullptr) return *mine.self;
  if (mine.locks == 0) leave(object.state());
  throw std::length_error{"troupe: more than " + std::to_string(most_parties) +
                          " threads take part in one semaphore or barrier, or in the mutex of a condition"};
}

void leave(sync_state& state) {
  auto* const mine = find_membership(state);
  if (mine == nullptr) return;
  const auto left = std::move(*mine);  // its memory may be gone behind this
  own->erase(own->begin() + (mine - own->data()));
  if (left.self == nullptr) return;
  left.self->value = 0;
  left.self->life.unlock();
  changed(state);
}

bool sweep(sync_state& state, const on_death& died) {
  bool any = false;
  for (auto& each : state.known_parties()) {
    if (!each.life.owner_is_dead()) continue;
    const auto tried = each.life.try_lock();
    if (tried == platform::robust_lock::outcome::owner_died) {
      died(each);
      each.value = 0;
      each.life.recover();
      any = true;
    } else if (tried != platform::robust_lock::outcome::taken) {
      continue;  // another one has been quicker
    }
    each.life.unlock();
  }
  if (any) changed(state);
  return any;
}

void changed(sync_state& state) {
  state.changes.fetch_add(1);
  if (state.sleepers.load() != 0) platform::wake_all(state.changes);
}

void guarded::lock() {
  switch (state_.lock.lock(platform::never)) {
    case platform::robust_lock::outcome::taken: return;
    case platform::robust_lock::outcome::owner_died: return state_.lock.recover();
    default: throw_unusable();
  }
}

bool guarded::sleep(const party& self, platform::time_point until) {
  const auto expected = state_.changes.load();
  state_.lock.unlock();
  bool in_time = false;
  std::exception_ptr problem;
  try {
    in_time = sleep_on(state_.changes, expected, state_, expected, &self, until);
  } catch (...) {
    problem = std::current_exception();
  }
  lock();
  if (problem) std::rethrow_exception(problem);
  return in_time;
}

bool sleep_on(std::atomic<std::uint32_t>& word, std::uint32_t expected, sync_state& watched,
              std::uint32_t expected_changes, const party* self, platform::time_point until) {
  std::array<platform::watched_word, platform::max_watched_words> words;
  std::size_t count = 0;
  const auto address = [](const std::atomic<std::uint32_t>& of) {
    return reinterpret_cast<const std::uint32_t*>(&of);
  };
  words[count++] = {address(word), expected};
  if (&word != &watched.changes) words[count++] = {address(watched.changes), expected_changes};
  for (auto& each : watched.known_parties()) {
    if (&each == self) continue;
    switch (each.life.watch_owner(words[count])) {
      case platform::robust_lock::owner::dead: return true;
      case platform::robust_lock::owner::alive: ++count; break;
      case platform::robust_lock::owner::none: break;
    }
  }
  // Before the kernel looks at the words: who changes one of them then sees that somebody sleeps.
  watched.sleepers.fetch_add(1);
  const auto woken = [&] {
    try {
      return platform::wait_for_change({words.data(), count}, until);
    } catch (...) {
      watched.sleepers.fetch_sub(1);
      throw;
    }
  }();
  watched.sleepers.fetch_sub(1);
  return woken;
}

void throw_unusable() {
  platform::throw_system_error(ENOTRECOVERABLE, "pthread_mutex_lock", "a lock whose memory was written over");
}

}  // namespace troupe::detail
