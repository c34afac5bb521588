// Where a stage of a topology puts what it makes.
#pragma once

#include <troupe/detail/topology/packing.hpp>

#include <stdexcept>

namespace troupe {

/// Thrown by a source, stage or sink of a topology about the item in its hands: it is given up, with this as the reason in
/// the run's report, and the run goes on. What the call had emitted is dropped. Any other exception ends the run.
class item_failed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace detail {

/// Takes values of a type that it does not know.
class emitter {
 public:
  using pack_function = void (*)(packed& bytes, const void* value);
  virtual void emit(const void* value, pack_function pack) = 0;

 protected:
  ~emitter() = default;
};

}  // namespace detail

/// Where a stage puts what it makes: any number of items for each that it takes. They leave when the call has returned, or
/// not at all. Each goes along every edge that leaves the stage. Threads: the stage's. Processes: the stage's; it is valid
/// during the call that it was given to.
template <class Out>
class outlet {
 public:
  explicit outlet(detail::emitter& to) : to_{&to} {}

  /// May wait: where the next stage's inbox is full, the stage's next call comes later.
  void emit(const Out& item) { to_->emit(&item, &detail::pack_erased<Out>); }

 private:
  detail::emitter* to_;
};

}  // namespace troupe
