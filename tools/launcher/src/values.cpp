// The values of options, to and from text.
#include <troupe/launcher.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

namespace troupe::launcher::detail {

namespace {

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw std::invalid_argument{"'" + text + "' " + why};
}

std::string plain(double number) {
  std::array<char, 32> digits{};
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return std::string(static_cast<const char*>(digits.data()), end);
}

void check_range(const std::string& text, double number, const limits& allowed,
                 const std::string& unit = {}) {
  if (allowed.least && number < *allowed.least)
    refuse(text, "is too small: the least is " + plain(*allowed.least) + unit);
  if (allowed.most && number > *allowed.most)
    refuse(text, "is too large: the most is " + plain(*allowed.most) + unit);
}

bool is_whole(const std::string& text) {
  const auto sign = text.starts_with('-') ? 1U : 0U;
  return text.size() > sign && text.find_first_not_of("0123456789", sign) == text.npos;
}

template <class T>
T whole_number(const std::string& text, const limits& allowed) {
  if (!is_whole(text)) refuse(text, "is not a whole number");
  if (std::is_unsigned_v<T> && text[0] == '-')
    refuse(text, "is too small: the least is " + plain(allowed.least.value_or(0)));
  T number{};
  const auto problem = std::from_chars(text.data(), text.data() + text.size(), number).ec;
  if (problem != std::errc{}) refuse(text, "is larger than this option can be");
  check_range(text, static_cast<double>(number), allowed);
  return number;
}

/// The number that `text` begins with, and what follows it.
std::optional<std::pair<double, std::string>> number_and_rest(const std::string& text) {
  double number = 0;
  const auto* const end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc{} || !std::isfinite(number)) return std::nullopt;
  return std::pair{number, std::string{stopped, end}};
}

double number(const std::string& text, const limits& allowed) {
  const auto found = number_and_rest(text);
  if (!found || !found->second.empty()) refuse(text, "is not a number");
  check_range(text, found->first, allowed);
  return found->first;
}

std::chrono::milliseconds duration(const std::string& text, const limits& allowed) {
  const auto [value, unit] = number_and_rest(text).value_or(std::pair{0.0, std::string{"none"}});
  const double scale = unit.empty() || unit == "ms" ? 1 : unit == "s" ? 1000 : unit == "min" ? 60000 : 0;
  if (scale == 0) refuse(text, "is not a duration: write 500ms, 2s or 1.5min");
  check_range(text, value * scale, allowed, "ms");
  if (value < 0 || value * scale > 1e12) refuse(text, "is out of range for a duration");
  return std::chrono::milliseconds{std::llround(value * scale)};
}

std::string choice(const std::string& text, const limits& allowed) {
  std::string choices;
  for (const auto& each : allowed.one_of) {
    if (each == text) return text;
    choices += (choices.empty() ? "" : ", ") + each;
  }
  if (!choices.empty()) refuse(text, "is none of " + choices);
  return text;
}

bool truth(const std::string& text) {
  if (text != "true" && text != "false") refuse(text, "is neither true nor false");
  return text == "true";
}

std::filesystem::path path(const std::string& text) {
  if (text.empty()) refuse(text, "is no path: it is empty");
  return text;
}

}  // namespace

template <class T>
std::string_view option_value<T>::type_name() {
  if constexpr (std::same_as<T, bool>) return "";
  if constexpr (std::integral<T>) return "INTEGER";
  if constexpr (std::same_as<T, double>) return "NUMBER";
  if constexpr (std::same_as<T, std::chrono::milliseconds>) return "DURATION";
  if constexpr (std::same_as<T, std::filesystem::path>) return "PATH";
  return "TEXT";
}

template <class T>
std::string option_value<T>::text_of(const T& value) {
  if constexpr (std::same_as<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::integral<T>) {
    return std::to_string(value);
  } else if constexpr (std::same_as<T, double>) {
    return plain(value);
  } else if constexpr (std::same_as<T, std::chrono::milliseconds>) {
    return std::to_string(value.count()) + "ms";
  } else {
    return value;
  }
}

template <class T>
T option_value<T>::parse(const std::string& text, const limits& allowed) {
  if constexpr (std::same_as<T, bool>) {
    return truth(text);
  } else if constexpr (std::integral<T>) {
    return whole_number<T>(text, allowed);
  } else if constexpr (std::same_as<T, double>) {
    return number(text, allowed);
  } else if constexpr (std::same_as<T, std::chrono::milliseconds>) {
    return duration(text, allowed);
  } else if constexpr (std::same_as<T, std::filesystem::path>) {
    return path(text);
  } else {
    return choice(text, allowed);
  }
}

template struct option_value<bool>;
template struct option_value<int>;
template struct option_value<unsigned>;
template struct option_value<std::int64_t>;
template struct option_value<std::uint64_t>;
template struct option_value<double>;
template struct option_value<std::string>;
template struct option_value<std::filesystem::path>;
template struct option_value<std::chrono::milliseconds>;

}  // namespace troupe::launcher::detail
