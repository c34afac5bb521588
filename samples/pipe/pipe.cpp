// A pipe between two processes: a sender and a receiver; a conversation; and the three ways in which it can end.
#include <troupe/launcher.hpp>
#include <troupe/pipe.hpp>
#include <troupe/this_actor.hpp>

#include <boost/json.hpp>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace {

struct settings {
  unsigned messages = 5;
  std::string question = "the quick brown fox";
};

using lines = troupe::pipe_end<std::string, std::string>;

/// Sends, and ends: its end of the pipe closes with it.
void sender(lines out, unsigned messages) {
  for (unsigned n = 1; n <= messages; ++n) out.send("message " + std::to_string(n));
}

/// The same, but it does not come to its end by itself.
void sender_that_stays(lines out, unsigned messages) {
  sender(out.share(), messages);
  (void)out.receive();
}

/// The other side of a conversation: words go one way, their lengths come back.
void measurer(troupe::pipe_end<std::uint64_t, std::string> end) {
  while (const auto word = end.receive()) end.send(word->size());
}

/// What came out of a pipe, and how it ended.
struct heard {
  std::vector<std::string> messages;
  std::string ending;
};

heard listen(lines& in) {
  heard all;
  try {
    while (auto message = in.receive()) all.messages.push_back(*std::move(message));
    all.ending = "closed";
  } catch (const troupe::pipe_broken& broken) {
    all.ending = to_string(broken.status());
  }
  return all;
}

heard one_way(troupe::actor_system& system, unsigned messages) {
  troupe::pipe<std::string> pipe{system};
  const auto other = system.spawn<sender>(std::move(pipe.first), messages);
  return listen(pipe.second);
}

heard one_way_and_a_death(troupe::actor_system& system, unsigned messages) {
  troupe::pipe<std::string> pipe{system};
  const auto other = system.spawn<sender_that_stays>(std::move(pipe.first), messages);
  heard all;
  while (all.messages.size() < messages) all.messages.push_back(pipe.second.receive().value());
  other.kill();
  all.ending = listen(pipe.second).ending;
  return all;
}

/// A question at a time, each answered before the next.
std::vector<std::uint64_t> converse(troupe::actor_system& system, const std::string& question) {
  troupe::pipe<std::string, std::uint64_t> talk{system};
  const auto other = system.spawn<measurer>(std::move(talk.second));
  std::vector<std::uint64_t> answers;
  std::istringstream words{question};
  for (std::string word; words >> word;) {
    talk.first.send(word);
    answers.push_back(talk.first.receive().value());
  }
  talk.first.close();
  other.join();
  return answers;
}

/// The receiver leaves first: what the sender hears when it goes on.
std::string send_to_nobody(troupe::actor_system& system) {
  troupe::pipe<std::string> pipe{system};
  pipe.second.close();
  try {
    for (;;) pipe.first.send("anybody there?");
  } catch (const troupe::pipe_closed& closed) {
    return closed.what();
  }
}

boost::json::object to_json(const heard& what) {
  return {{"messages", boost::json::value_from(what.messages)}, {"ending", what.ending}};
}

troupe::summary pipe(const settings& given, troupe::actor_system& system) {
  const auto whole = one_way(system, given.messages);
  const auto cut = one_way_and_a_death(system, given.messages);
  const auto answers = converse(system, given.question);
  const auto refused = send_to_nobody(system);

  std::ostringstream text;
  for (const auto& message : whole.messages) text << "received: " << message << '\n';
  text << "then the sender's end: " << whole.ending << '\n';
  text << "from a sender that was killed: " << cut.messages.size() << " messages, then: " << cut.ending
       << '\n';
  text << "lengths of the words of \"" << given.question << "\":";
  for (const auto length : answers) text << ' ' << length;
  text << "\nsending when nobody receives: " << refused << '\n';
  const boost::json::object json{{"one_way", to_json(whole)},
                                 {"killed", to_json(cut)},
                                 {"answers", boost::json::value_from(answers)},
                                 {"refused", refused}};
  return {.json = boost::json::serialize(json), .text = text.str()};
}

const troupe::launcher::entry registered =
    troupe::launcher::offer<settings>("pipe", "A sender, a receiver, a conversation, and the ends of them.",
                                      pipe)
        .group("Queues")
        .option("messages", &settings::messages, "messages to send", {.most = 1'000'000})
        .option("question", &settings::question, "its words are sent one by one, their lengths come back");

}  // namespace
