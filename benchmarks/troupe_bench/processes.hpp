// What /proc says of the processes of a system: memory and descriptors.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace bench {

/// The pids of this process's children, of theirs, and so on: parents before children.
std::vector<std::string> descendants();

/// Pages that no other process has, by what they are of; in kB.
struct private_memory {
  double heap = 0;    ///< of malloc
  double stack = 0;   ///< of its one thread
  double files = 0;   ///< data of the program and its libraries that has been written to
  double shared = 0;  ///< of memory that others have as well or could, and that only this one has touched
  double other = 0;   ///< without a name: data that begins as zeros, and what the allocator has mapped

  [[nodiscard]] double sum() const { return heap + stack + files + shared + other; }
};
private_memory private_memory_of(const std::string& process);

/// How much has been touched of the memory that these processes share: journals, pages, buffers. Each page counts once,
/// however many have it. In kB.
double shared_memory_of(const std::vector<std::string>& processes);

std::size_t descriptors_of(const std::string& process);

}  // namespace bench
