// What a foreign host calls, by C functions alone; and for plug-ins the system that it has started.
#pragma once

#include <troupe/troupe.hpp>

#include <string>

troupe::actor_system& core_system();
/// Runs `what`; where it throws, keeps the words for `core_problem` and returns -1.
template <class What>
int guarded(What what);
void core_keep_problem(const std::string& words);

extern "C" {
/// `executable`, `preload`: paths, or null. 0, or -1 where it failed.
int core_start(const char* executable, const char* preload);
int core_stop();
/// Spawns an actor that lives until the stop; `how`: 0 forks it, 1 executes it. Its process number, or -1.
int core_spawn(int how);
/// Adds to the sum of the actor that was spawned last, and returns that.
int core_add(int number);
int core_preload(const char* path);
/// What went wrong last.
const char* core_problem();
}

template <class What>
int guarded(What what) try {
  return what();
} catch (const troupe::start_failed& problem) {
  core_keep_problem(problem.stage() + "|" + problem.what());
  return -1;
} catch (const std::exception& problem) {
  core_keep_problem(problem.what());
  return -1;
}
