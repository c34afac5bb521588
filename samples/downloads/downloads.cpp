// Fetches images over HTTP: one after another, each in a process of its own, and by a pool of processes. They come from a
// server that this program starts as an actor, with answers that are late, wrong or refused at first; each image's digest
// tells whether it has come whole, and what has not is asked for again.
#include <troupe/launcher.hpp>
#include <troupe/pool.hpp>
#include <troupe/this_actor.hpp>
#include <troupe/wait.hpp>

#include "digest.hpp"
#include "http_get.hpp"
#include "image_server.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace downloads {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

struct settings {
  std::uint64_t images = 10;
  unsigned workers = 5;
  std::chrono::milliseconds latency = 40ms;
  unsigned size = 16384;
  unsigned failing = 1;
  unsigned stalling = 1;
  unsigned corrupt = 1;
  unsigned missing = 0;
  std::chrono::milliseconds timeout = 400ms;
  unsigned attempts = 3;
  std::string url{};
  fs::path into{};
};

/// An image to fetch.
struct task {
  std::uint64_t number = 0;
  address from{};
  std::string digest{};  ///< as it must be; empty: nobody knows
  std::chrono::milliseconds patience{};
  unsigned attempts = 1;
  std::string save_as{};  ///< empty: not kept
};

/// What became of it.
struct download {
  std::uint64_t number = 0;
  bool done = false;
  std::uint64_t bytes = 0;
  std::string digest{};
  std::vector<std::string> problems{};  ///< of each attempt that failed
};

void save(const std::string& path, const std::string& bytes) {
  std::ofstream file{path, std::ios::binary};
  if (!(file << bytes) || !file.flush()) throw refused{"cannot be written to " + path};
}

/// Fetches an image, again where that may help. This is what all the processes do.
download fetch(const task& what) {
  download result{.number = what.number};
  for (unsigned attempt = 1; attempt <= what.attempts && !result.done; ++attempt) {
    try {
      const auto body = http_get(what.from, attempt, what.patience);
      const auto digest = digest_of(body);
      if (!what.digest.empty() && digest != what.digest) throw std::runtime_error{"its digest is wrong"};
      if (!what.save_as.empty()) save(what.save_as, body);
      result.bytes = body.size();
      result.digest = digest;
      result.done = true;
    } catch (const refused& problem) {
      result.problems.emplace_back(problem.what());
      break;
    } catch (const std::runtime_error& problem) {
      result.problems.emplace_back(problem.what());
    }
    if (troupe::this_actor::stop_requested()) break;
  }
  return result;
}

class downloader {
 public:
  download get(const task& what) const { return fetch(what); }
};

/// Told after each download.
using on_download = std::function<void(download)>;

void one_after_another(const std::vector<task>& tasks, troupe::actor_system& system,
                       const on_download& tell) {
  const auto one = system.spawn<downloader>({.name = "downloader"});
  for (const auto& each : tasks) tell(one.ask<&downloader::get>(each).get());
  one.stop();
}

void a_process_each(const std::vector<task>& tasks, troupe::actor_system& system, const on_download& tell) {
  std::vector<troupe::actor<downloader>> actors;
  std::vector<troupe::future<download>> answers;
  for (const auto& each : tasks) {
    actors.push_back(system.spawn<downloader>({.name = "downloader-" + std::to_string(each.number)}));
    answers.push_back(actors.back().ask<&downloader::get>(each));
  }
  for (auto& answer : troupe::as_completed(answers)) tell(answer.get());
  for (const auto& each : actors) each.stop();
}

void by_a_pool(const std::vector<task>& tasks, troupe::actor_system& system, unsigned workers,
               const on_download& tell) {
  troupe::pool pool{system, {.workers = workers, .name = "worker"}};
  for (const auto& each : pool.imap_unordered<fetch>(tasks, {.chunk_size = 1})) tell(each);
}

/// How one of the three ways went.
struct way {
  std::string name;
  std::uint64_t processes = 0;
  double seconds = 0;
  std::vector<download> all{};  ///< by number

  [[nodiscard]] std::uint64_t count_done() const {
    return static_cast<std::uint64_t>(
        std::count_if(all.begin(), all.end(), [](const auto& each) { return each.done; }));
  }
  [[nodiscard]] std::uint64_t count_problems() const {
    std::uint64_t count = 0;
    for (const auto& each : all) count += each.problems.size();
    return count;
  }
};

template <class Run>
way timed(const std::string& name, std::uint64_t processes, std::uint64_t images,
          const troupe::launcher::show_progress& show, const Run& run) {
  way result{.name = name, .processes = processes, .all = std::vector<download>(images)};
  std::uint64_t done = 0;
  const auto began = std::chrono::steady_clock::now();
  const auto elapsed = [&] {
    return std::chrono::duration<double>{std::chrono::steady_clock::now() - began};
  };
  run([&](download each) {
    result.all.at(each.number) = std::move(each);
    show({.nodes = {{name, ++done, images}}, .elapsed = elapsed()});
  });
  result.seconds = elapsed().count();
  return result;
}

/// The images of our own server, with the digests that it tells.
std::vector<task> tasks_of(std::uint16_t port, const settings& given) {
  address from{"127.0.0.1", std::to_string(port), "/SHA1SUMS"};
  std::istringstream sums{http_get(from, 1, 10s)};
  std::vector<task> tasks;
  for (task next{.patience = given.timeout, .attempts = given.attempts};
       sums >> next.digest >> from.target;) {
    next.number = tasks.size();
    next.from = from;
    if (!given.into.empty()) next.save_as = (given.into / fs::path{from.target}.filename()).string();
    tasks.push_back(next);
  }
  return tasks;
}

/// Something else, over and over.
std::vector<task> tasks_of(const address& from, const settings& given) {
  std::vector<task> tasks(given.images);
  for (std::uint64_t n = 0; n < given.images; ++n) {
    tasks[n] = {.number = n, .from = from, .patience = given.timeout, .attempts = given.attempts};
    if (!given.into.empty()) tasks[n].save_as = (given.into / std::to_string(n)).string();
  }
  return tasks;
}

std::string table_of(const std::vector<way>& ways) {
  std::string text = "                     processes  seconds  times as fast  fetched  tried again\n";
  for (const auto& each : ways) {
    std::array<char, 120> line{};
    std::snprintf(
        line.data(), line.size(), "%-20s %9llu  %7.2f  %13.2f  %7llu  %11llu\n", each.name.c_str(),
        static_cast<unsigned long long>(each.processes), each.seconds, ways.front().seconds / each.seconds,
        static_cast<unsigned long long>(each.count_done()),
        static_cast<unsigned long long>(each.count_problems() - (each.all.size() - each.count_done())));
    text += line.data();
  }
  return text;
}

boost::json::object json_of(const way& which, double first_seconds) {
  boost::json::array all;
  for (const auto& each : which.all) {
    all.push_back({{"number", each.number},
                   {"done", each.done},
                   {"bytes", each.bytes},
                   {"sha1", each.digest},
                   {"problems", boost::json::value_from(each.problems)}});
  }
  return {{"way", which.name},
          {"processes", which.processes},
          {"seconds", which.seconds},
          {"speed_up", first_seconds / which.seconds},
          {"fetched", which.count_done()},
          {"downloads", std::move(all)}};
}

troupe::summary summarize(const std::vector<task>& tasks, const std::vector<way>& ways) {
  troupe::summary result;
  boost::json::array json;
  std::uint64_t bytes = 0;
  for (const auto& each : ways.front().all) bytes += each.bytes;
  for (const auto& each : ways) {
    for (const auto& image : each.all) {
      const auto what = each.name + ": " + url_of(tasks.at(image.number).from);
      for (const auto& problem : image.problems) result.text += what + ": " + problem + "\n";
      if (!image.done) result.errors.push_back(what + ": " + image.problems.back());
      if (image.digest != ways.front().all.at(image.number).digest && image.done)
        result.errors.push_back(what + ": is not what the first way fetched");
    }
    json.push_back(json_of(each, ways.front().seconds));
  }
  result.text +=
      table_of(ways) + std::to_string(tasks.size()) + " images, " + std::to_string(bytes) + " bytes";
  if (!result.errors.empty()) {
    result.text += ", " + std::to_string(result.errors.size()) + " not fetched\n";
  } else {
    result.text += tasks.front().digest.empty() ? "" : ", all with the right digest";
    result.text += ", the same in each way\n";
  }
  result.json =
      boost::json::serialize(boost::json::object{{"images", tasks.size()}, {"bytes", bytes}, {"ways", json}});
  return result;
}

/// What a server has to offer that was asked for by `--url`, or else by a server of our own.
std::vector<task> what_to_fetch(const settings& given, troupe::actor_system& system) {
  if (!given.into.empty() && !fs::is_directory(given.into))
    throw troupe::launcher::bad_option{"into", "'" + given.into.string() + "' is no folder: make it first"};
  try {
    if (!given.url.empty()) return tasks_of(parse_url(given.url), given);
  } catch (const std::invalid_argument& problem) {
    throw troupe::launcher::bad_option{"url", problem.what()};
  }
  const auto server = system.spawn<image_server>(
      {.name = "server"},
      server_options{.images = static_cast<std::uint32_t>(given.images),
                     .bytes = given.size,
                     .latency = given.latency,
                     .failing = given.failing,
                     .stalling = given.stalling,
                     .corrupt = given.corrupt,
                     .missing = std::min(given.missing, static_cast<unsigned>(given.images))});
  return tasks_of(server.ask<&image_server::port>().get(), given);
}

troupe::summary downloads(const settings& given, troupe::actor_system& system,
                          const troupe::launcher::show_progress& show) {
  const auto tasks = what_to_fetch(given, system);
  const auto n = tasks.size();
  std::vector<way> ways;
  ways.push_back(timed("one after another", 1, n, show,
                       [&](const on_download& tell) { one_after_another(tasks, system, tell); }));
  ways.push_back(timed("a process each", n, n, show,
                       [&](const on_download& tell) { a_process_each(tasks, system, tell); }));
  ways.push_back(timed("a pool", given.workers, n, show,
                       [&](const on_download& tell) { by_a_pool(tasks, system, given.workers, tell); }));
  return summarize(tasks, ways);
}

const troupe::launcher::entry registered =
    troupe::launcher::offer<settings>(
        "downloads", "Fetches images over HTTP, one after another and side by side.", downloads)
        .group("Pools")
        .option("images", &settings::images, "how many", {.least = 1, .most = 1000})
        .option("workers", &settings::workers, "processes of the pool", {.least = 1, .most = 256})
        .option("latency", &settings::latency, "how long the server takes for an answer", {.least = 0})
        .option("size", &settings::size, "bytes of an image, about", {.least = 1, .most = 100'000'000})
        .option("failing", &settings::failing, "images that the server refuses at first", {.most = 1000})
        .option("stalling", &settings::stalling, "images that stop half-way at first", {.most = 1000})
        .option("corrupt", &settings::corrupt, "images that come with a wrong byte at first", {.most = 1000})
        .option("missing", &settings::missing, "images that are not there", {.most = 1000})
        .option("timeout", &settings::timeout, "how long an attempt may take", {.least = 1})
        .option("attempts", &settings::attempts, "how often an image is tried", {.least = 1, .most = 100})
        .option("url", &settings::url, "what to fetch instead, so many times: http://host:port/path")
        .option("into", &settings::into, "a folder to keep them in");

}  // namespace
}  // namespace downloads
