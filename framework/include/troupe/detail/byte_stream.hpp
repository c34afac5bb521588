// Bytes of a message as they are written and read: bounds are checked here, once, for every type.
#pragma once

#include <troupe/detail/attachment.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <vector>

namespace troupe::detail {

class endpoint;
class system_access;

/// Memory that travels beside a message's bytes, which name its places in this list.
using attached_memory = std::vector<std::shared_ptr<shared_memory>>;
/// The most of it that one message has: each holds a descriptor on its way.
inline constexpr std::size_t max_attachments = 16;

/// Memory that is about to be written to its end: asks for large pages where the machine has them. Changes nothing else.
void will_fill(void* memory, std::size_t size) noexcept;
[[noreturn]] void throw_message_too_short(std::size_t wanted, std::size_t left);
[[noreturn]] void throw_message_too_long(std::size_t left);
/// Within a handler for what decoding threw: throws that on as `refused_message`.
[[noreturn]] void refuse_message();
[[noreturn]] void throw_message_changed(std::size_t room);
[[noreturn]] void throw_message_too_deep(std::size_t levels);
[[noreturn]] void throw_unknown_alternative(std::size_t index, std::size_t alternatives);
[[noreturn]] void throw_valueless_variant();

/// Where the bytes of a large message go.
class byte_sink {
 public:
  byte_sink() = default;
  byte_sink(const byte_sink&) = delete;
  byte_sink& operator=(const byte_sink&) = delete;
  virtual ~byte_sink() = default;
  virtual void write(std::span<const std::byte> bytes) = 0;
};

/// Writes a message into memory that is exactly large enough, or only counts its bytes where there is no memory: a message
/// is measured first and then encoded in place. Not thread-safe.
class byte_writer {
 public:
  /// Counts only, and throws `std::logic_error` where memory should travel along.
  byte_writer() = default;
  /// Counts, and collects the memory that is to travel along.
  explicit byte_writer(attached_memory& attached) : attached_{&attached} {}
  explicit byte_writer(std::span<std::byte> room) : room_{room} {}
  /// `room` holds what has not gone to `rest` yet; at the end, `flush`.
  byte_writer(std::span<std::byte> room, byte_sink& rest) : room_{room}, rest_{&rest} {}

  void put(const void* bytes, std::size_t count) { copy(bytes, count); }
  /// The value's own bytes.
  template <class T>
  void put_value(const T& value) {
    copy(&value, sizeof value);
  }
  void flush();
  /// Lets the memory travel along; none is as good a value as any.
  void attach(const attachment& what);

  /// Whether this is the writing, not the measuring before it.
  [[nodiscard]] bool is_writing() const { return room_.data() != nullptr; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Of the memory that travels along, how many pieces are as good as copies.
  [[nodiscard]] std::size_t plain_attachments() const { return plain_attachments_; }

 private:
  /// In place wherever it is called: most sizes are known there, and then it is an instruction or two.
  [[gnu::always_inline]] void copy(const void* bytes, std::size_t count) {
    if (room_.data() != nullptr) {
      if (count > room_.size() - used_) return spill(bytes, count);
      if (count != 0) std::memcpy(room_.data() + used_, bytes, count);
      used_ += count;
    }
    size_ += count;
  }
  void spill(const void* bytes, std::size_t count);

  std::span<std::byte> room_;
  std::size_t used_ = 0;  // of the room
  std::size_t size_ = 0;
  byte_sink* rest_ = nullptr;
  attached_memory* attached_ = nullptr;
  std::uint8_t next_attachment_ = 0;
  std::uint8_t plain_attachments_ = 0;
};

/// Reads a message that another process wrote: no length in it is believed before it has been compared with the bytes that
/// are there. Throws `malformed_message`. Views that are read point into the message. Not thread-safe.
class byte_reader {
 public:
  byte_reader(std::span<const std::byte> bytes, endpoint* where) : bytes_{bytes}, where_{where} {}
  /// `let_go` frees the message's memory; it outlives the reader.
  byte_reader(std::span<const std::byte> bytes, endpoint* where, const std::function<void()>& let_go)
      : bytes_{bytes}, where_{where}, let_go_{&let_go} {}

  /// What travelled along with these bytes; it outlives the reading. Null: nothing. `are_copies`: from another machine.
  void came_with(const attached_memory* attached, bool are_copies = false) {
    attached_ = attached;
    are_copies_ = are_copies;
  }
  /// Null: nothing.
  [[nodiscard]] const attached_memory* attached() const { return attached_; }
  /// The memory that is named next, in memory that others may be writing to; none where none was sent.
  [[nodiscard]] attachment take_attachment();

  [[nodiscard]] std::span<const std::byte> take(std::size_t count) {
    has_views_ = true;
    return next(count);
  }
  /// As `take`, for whoever copies at once, so that nothing points into the message.
  [[nodiscard]] const std::byte* take_copied(std::size_t count) { return next(count).data(); }
  void take_into(void* target, std::size_t count) {
    const auto taken = next(count);
    if (count != 0) std::memcpy(target, taken.data(), count);
  }
  /// Everything has been read. Where nothing points into the message, its memory goes now: before its handler runs.
  void finish() {
    if (let_go_ != nullptr && !has_views_) (*let_go_)();
  }
  template <class T>
  [[nodiscard]] T take_value() {
    T value;
    take_into(&value, sizeof value);
    // The sender may be writing to the message still: what is checked is what has been read, not the place read anew.
    if constexpr (std::is_integral_v<T>) asm("" : "+r"(value));  // NOLINT(hicpp-no-assembler)
    return value;
  }
  /// The number of elements that follow, each of at least `element_size` bytes on the wire.
  [[nodiscard]] std::size_t take_count(std::size_t element_size) {
    const auto count = take_value<std::uint64_t>();
    if (count > bytes_.size() / element_size) throw_message_too_short(count, bytes_.size());
    return static_cast<std::size_t>(count);
  }
  [[nodiscard]] std::size_t left() const { return bytes_.size(); }

  /// One value inside another, as long as this lives. Types that contain themselves could else be nested by a stranger until
  /// the stack is used up.
  class level {
   public:
    explicit level(byte_reader& in) : in_{in} {
      if (++in_.levels_ > most_levels) throw_message_too_deep(most_levels);
    }
    ~level() { --in_.levels_; }
    level(const level&) = delete;
    level& operator=(const level&) = delete;

   private:
    byte_reader& in_;
  };
  static constexpr std::size_t most_levels = 500;

  /// The process, as a member of a system, that handles in the message belong to; null where there is none.
  [[nodiscard]] endpoint* where() const { return where_; }

 private:
  std::span<const std::byte> next(std::size_t count) {
    if (count > bytes_.size()) throw_message_too_short(count, bytes_.size());
    const auto taken = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return taken;
  }

  std::span<const std::byte> bytes_;
  endpoint* where_;
  const std::function<void()>* let_go_ = nullptr;
  const attached_memory* attached_ = nullptr;
  bool are_copies_ = false;
  bool has_views_ = false;
  std::size_t levels_ = 0;
};

}  // namespace troupe::detail
