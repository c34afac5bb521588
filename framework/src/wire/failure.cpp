#include <troupe/detail/body.hpp>
#include <troupe/failure.hpp>

#include "wire/problem.hpp"

#include <span>
#include <stdexcept>
#include <tuple>

namespace troupe {

failure::failure(const std::exception_ptr& caught) {
  const std::tuple<wire::problem> problem{wire::describe(caught)};
  const auto body = detail::body_of(problem);
  described_.resize(body.size);
  detail::byte_writer out{std::as_writable_bytes(std::span{described_})};
  body.write(body.values, out);
}

void failure::rethrow(const std::string& actor) const {
  if (described_.empty()) throw std::logic_error{"troupe::failure: there is no exception in it"};
  detail::byte_reader in{std::as_bytes(std::span{described_}), nullptr};
  wire::rethrow(detail::decode<wire::problem>(in), actor);
}

}  // namespace troupe
