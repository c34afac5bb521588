// Objects that several processes share, kept by a manager: a dictionary, a list and a record; and an update that is lost
// because a read and a write are two operations, beside the one operation that cannot lose it.
#include <troupe/launcher.hpp>
#include <troupe/manager.hpp>
#include <troupe/queue.hpp>

#include <boost/json.hpp>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct settings {
  unsigned workers = 4;
  unsigned times = 100;
};

struct totals {
  std::uint64_t visits = 0;
  std::string last;
};

struct shared_objects {
  troupe::dict<std::string, std::uint64_t> counts;
  troupe::list<std::uint64_t> squares;
  troupe::record<totals> all;
};

/// A worker of the first part: it changes one object of each kind.
void work(shared_objects shared, unsigned number) {
  const auto name = "worker " + std::to_string(number);
  shared.counts.set(name, number);
  shared.squares.push_back(std::uint64_t{number} * number);
  shared.all.update([](totals& of, std::string who) { ++of.visits, of.last = std::move(who); }, name);
}

/// The mistake: what another worker writes between this read and this write is lost.
void count_by_get_and_set(troupe::dict<std::string, std::uint64_t> counts, unsigned times) {
  for (unsigned i = 0; i < times; ++i) {
    const auto read = counts.get("counter");
    counts.set("counter", read + 1);
  }
}

/// The cure: reading, adding and writing are one operation of the manager's process.
void count_by_add(troupe::dict<std::string, std::uint64_t> counts, unsigned times) {
  for (unsigned i = 0; i < times; ++i) counts.add("counter", 1);
}

/// The mistake in slow motion: everybody has read before anybody writes, so that it does not take luck to see it.
void read_wait_and_write(troupe::dict<std::string, std::uint64_t> counts, troupe::queue<unsigned> has_read,
                         troupe::queue<unsigned> go) {
  const auto read = counts.get("counter");
  has_read.put(1);
  (void)go.get();
  counts.set("counter", read + 1);
}

void join_all(const std::vector<troupe::process>& workers) {
  for (const auto& each : workers) {
    if (const auto status = each.join(); !status.ok())
      throw std::runtime_error{each.name() + ": " + to_string(status)};
  }
}

boost::json::object share(const settings& given, troupe::actor_system& system, const troupe::manager& by,
                          std::ostream& text) {
  const shared_objects shared{by.make_dict<std::string, std::uint64_t>(), by.make_list<std::uint64_t>(),
                              by.make_record(totals{})};
  std::vector<troupe::process> workers;
  for (unsigned n = 1; n <= given.workers; ++n) workers.push_back(system.spawn<work>(shared, n));
  join_all(workers);
  shared.squares.sort();

  const auto counts = shared.counts.items();
  const auto squares = shared.squares.snapshot();
  text << "dict:  ";
  for (const auto& [name, number] : counts) text << ' ' << name << ": " << number << ';';
  text << "\nlist:  ";
  for (const auto square : squares) text << ' ' << square;
  const auto all = shared.all.get();
  text << "\nrecord: " << all.visits << " visits\n";
  std::string missing;
  try {
    (void)shared.counts.get("nobody");
  } catch (const std::out_of_range& none) {
    missing = none.what();
    text << "error:  " << missing << '\n';
  }
  return {{"dict", boost::json::value_from(counts)},
          {"list", boost::json::value_from(squares)},
          {"visits", all.visits},
          {"missing", missing}};
}

template <auto Count>
std::uint64_t count(const settings& given, troupe::actor_system& system, const troupe::manager& by) {
  const auto counts = by.make_dict<std::string, std::uint64_t>({{"counter", 0}});
  std::vector<troupe::process> workers;
  for (unsigned n = 0; n < given.workers; ++n) workers.push_back(system.spawn<Count>(counts, given.times));
  join_all(workers);
  return counts.get("counter");
}

std::uint64_t lose_all_but_one(const settings& given, troupe::actor_system& system,
                               const troupe::manager& by) {
  const auto counts = by.make_dict<std::string, std::uint64_t>({{"counter", 0}});
  auto has_read = system.make_queue<unsigned>();
  auto go = system.make_queue<unsigned>();
  std::vector<troupe::process> workers;
  for (unsigned n = 0; n < given.workers; ++n)
    workers.push_back(system.spawn<read_wait_and_write>(counts, has_read, go));
  for (unsigned n = 0; n < given.workers; ++n) (void)has_read.get();
  go.close();
  join_all(workers);
  return counts.get("counter");
}

troupe::summary manager(const settings& given, troupe::actor_system& system) {
  const troupe::manager by{system};
  std::ostringstream text;
  auto json = share(given, system, by, text);

  const auto expected = std::uint64_t{given.workers} * given.times;
  const auto wrong = count<count_by_get_and_set>(given, system, by);
  const auto right = count<count_by_add>(given, system, by);
  const auto one = lose_all_but_one(given, system, by);
  text << given.workers << " workers add 1, once each, after all have read: " << one << " instead of "
       << given.workers << '\n'
       << given.workers << " workers add 1 " << given.times << " times, by get and set: " << wrong << " of "
       << expected << '\n'
       << "the same by add: " << right << " of " << expected << '\n';
  json["lost_update"] = {
      {"slow_motion", one}, {"get_and_set", wrong}, {"add", right}, {"expected", expected}};
  return {.json = boost::json::serialize(json), .text = text.str()};
}

const troupe::launcher::entry registered =
    troupe::launcher::offer<settings>(
        "manager", "A shared dict, list and record, and an update that gets lost.", manager)
        .group("Sharing")
        .option("workers", &settings::workers, "processes that share", {.least = 1, .most = 256})
        .option("times", &settings::times, "additions of each", {.most = 1'000'000});

}  // namespace
