// Objects that several processes share: dictionaries, lists and records, kept by an actor.
#pragma once

#include <troupe/actor_system.hpp>
#include <troupe/detail/manager_actor.hpp>
#include <troupe/dict.hpp>
#include <troupe/list.hpp>
#include <troupe/record.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

/// A process that keeps objects for others: `dict<K, V>`, `list<T>` and `record<T>`, as many as are made. Each is used
/// through a handle, which is copied freely and travels inside messages; every operation is a question to the manager's
/// process, which answers one after another. So each operation is atomic, and so is everything that happens inside one
/// `update`. Two of them are two operations: what another process does may come between a `get` and the `set` that
/// follows it.
///
///     troupe::manager shared{system};
///     auto stock = shared.make_dict<std::string, int>();
///     system.spawn<sell>(stock).join();              // stock.add("apples", -1), in another process
///
/// Objects of one manager wait for each other: two managers for what shall go on side by side.
///
/// ## Ending
/// Dropping handles frees nothing: objects live as long as their manager's process, which ends with its system or by
/// `handle().stop()`. Operations then throw `actor_down`, and what the objects held is gone.
///
/// Threads: any. Processes: any of the same system; a `manager` travels as its objects' handles do.
class manager {
 public:
  /// Names no manager: every member throws `std::logic_error`.
  manager() = default;

  /// Starts one. An empty `name` becomes "manager-" and a number. Throws `start_failed`, `system_stopped`.
  explicit manager(actor_system& system, std::string name = {})
      : actor_{detail::spawn_manager(system, std::move(name))} {}

  /// Makes an object in the manager's process, empty or with what is given. Throws `actor_down`.
  template <class K, class V>
  [[nodiscard]] dict<K, V> make_dict(const std::map<K, V>& initial = {}) const {
    return dict<K, V>{actor_, make<detail::dict_object<K, V>>(initial)};
  }
  template <class T>
  [[nodiscard]] list<T> make_list(const std::vector<T>& initial = {}) const {
    return list<T>{actor_, make<detail::list_object<T>>(initial)};
  }
  template <class T>
  [[nodiscard]] record<T> make_record(const T& initial = {}) const {
    return record<T>{actor_, make<detail::record_object<T>>(initial)};
  }

  /// The name of its process.
  [[nodiscard]] const std::string& name() const { return actor_.name(); }
  /// Its process, for watching and ending it.
  [[nodiscard]] process handle() const { return actor_; }

  /// How a handle travels inside a message. For the library.
  template <class Archive>
  void serialize(Archive& archive) {
    archive(actor_);
  }

 private:
  template <class Object, class Initial>
  detail::object_number make(const Initial& initial) const {
    return actor_.template ask<&detail::manager_actor::make<Object, Initial>>(initial).get();
  }

  actor<detail::manager_actor> actor_;
};

}  // namespace troupe
