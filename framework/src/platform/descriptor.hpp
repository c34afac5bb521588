// Ownership of a file descriptor.
#pragma once

#include <array>
#include <utility>

namespace troupe::platform {

/// Owns one file descriptor and closes it; -1 is "none". Move-only. Not thread-safe.
class descriptor {
 public:
  descriptor() = default;
  descriptor(descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
  descriptor& operator=(descriptor&& other) noexcept {
    if (this != &other) reset(std::exchange(other.number_, -1));
    return *this;
  }
  ~descriptor() { reset(); }

  /// Takes ownership of `number`; the call shows where a bare descriptor becomes an owned one.
  [[nodiscard]] static descriptor adopt(int number) {
    descriptor owner;
    owner.number_ = number;
    return owner;
  }

  /// A second, close-on-exec descriptor of the same open file. Throws `std::system_error`.
  [[nodiscard]] descriptor duplicate() const;

  [[nodiscard]] int get() const { return number_; }
  [[nodiscard]] int release() { return std::exchange(number_, -1); }
  explicit operator bool() const { return number_ >= 0; }
  void reset(int number = -1) noexcept;

 private:
  int number_ = -1;
};

/// Takes ownership of `number`, moved to 3 or above where it is a standard stream's: a host may run with those closed, and
/// what it prints must never land in a socket of ours. Throws `std::system_error`.
[[nodiscard]] descriptor adopt_above_standard(int number);

/// Keeps the numbers of those standard streams that are closed from being taken, for as long as it lives or until `release`:
/// by descriptors that others' code opens for us, and that cannot be moved.
class standard_numbers_kept {
 public:
  standard_numbers_kept();
  void release();

 private:
  std::array<descriptor, 3> taken_;
};

/// Whether `number` is an open descriptor of this process.
[[nodiscard]] bool is_open(int number);

/// Sets close-on-exec. Throws `std::system_error` where the descriptor is not open.
void close_on_exec(int number);

}  // namespace troupe::platform
