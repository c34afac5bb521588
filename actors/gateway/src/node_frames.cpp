#include "node_frames.hpp"

#include <troupe/failure.hpp>

#include <utility>

namespace troupe::detail {

answer_form describe_end(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const actor_down& down) {
    return {{outcome::down}, pack(end_of_call{down.actor(), down.fate(), down.status()})};
  } catch (const troupe::cancelled& given_up) {
    return {{outcome::cancelled}, pack(std::string{given_up.what()})};
  } catch (const start_failed& failed) {
    return {{outcome::start}, pack(std::pair<std::string, std::string>{failed.stage(), failed.what()})};
  } catch (const remote_exception& other) {
    foreign_exception all{other.actor(), other.type(), other.text()};
    for (const auto& each : other.nested()) all.nested.emplace_back(each.type, each.text);
    return {{outcome::foreign}, pack(all)};
  } catch (...) {
    return {{outcome::failure}, pack(troupe::failure{std::current_exception()})};
  }
}

void read_answer(remote::raw_reader& in, outcome how, const std::string& actor) {
  switch (how) {
    case outcome::value: return;
    case outcome::failure: decode<troupe::failure>(in).rethrow(actor);
    case outcome::foreign: {
      auto all = decode<foreign_exception>(in);
      std::vector<remote_exception::cause> nested;
      for (auto& [type, text] : all.nested) nested.push_back({std::move(type), std::move(text)});
      throw remote_exception{all.actor, std::move(all.type), std::move(all.text), std::move(nested)};
    }
    case outcome::down: {
      auto end = decode<end_of_call>(in);
      throw actor_down{end.actor, end.fate, std::move(end.status)};
    }
    case outcome::cancelled: throw troupe::cancelled{decode<std::string>(in)};
    case outcome::start: {
      const auto [stage, why] = decode<std::pair<std::string, std::string>>(in);
      throw start_failed{stage, why};
    }
  }
  throw malformed_message{"an answer of another node says nothing that is known here"};
}

}  // namespace troupe::detail
