// What the program can run on request: constructors, methods and functions, registered by the call sites that name them.
#pragma once

#include <troupe/detail/byte_stream.hpp>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace troupe::detail {

class replier;

/// Names something registered, the same in every process that runs this program: the module's identity plus the
/// registrar's offset in it. Names of functions are for display only: two files may have lambdas of one name.
enum class entry_id : std::uint64_t { none = 0 };

/// A static object for each thing that may be invoked from outside; only what is registered can be. Its constructor runs
/// before `main` (or in dlopen) and links it into one list.
class registrar {
 public:
  using construct_function = void* (*)(byte_reader& arguments);
  using destroy_function = void (*)(void* object);
  using run_function = void (*)(byte_reader& arguments);
  /// Adds the numbers of the actors that an idle object's answers depend on; 0 stands for the host.
  using relies_function = void (*)(const void* object, std::vector<std::uint32_t>& on);
  using call_function = void (*)(void* object, byte_reader& arguments, replier& reply);

  registrar(const char* name, const void* actor_class, construct_function construct, destroy_function destroy,
            relies_function relies_on = nullptr);
  registrar(const char* name, run_function run);
  registrar(const char* name, const void* actor_class, call_function call, bool is_coroutine = false);
  registrar(const registrar&) = delete;
  registrar& operator=(const registrar&) = delete;

  [[nodiscard]] entry_id id() const;
  /// For people: "counter", "counter::add", "producer".
  [[nodiscard]] std::string display_name() const;

  const char* pretty;                 ///< a `__PRETTY_FUNCTION__` that contains the name
  const void* actor_class = nullptr;  ///< identity of the class it belongs to; null for functions
  construct_function construct = nullptr;
  destroy_function destroy = nullptr;
  relies_function relies_on = nullptr;  ///< null where the class does not say
  run_function run = nullptr;
  call_function call = nullptr;
  bool is_coroutine = false;  ///< `call` may leave the message unfinished

  const registrar* next = nullptr;  ///< the one registered before this

 private:
  void link();
  mutable std::atomic<entry_id> id_{entry_id::none};
};

}  // namespace troupe::detail
