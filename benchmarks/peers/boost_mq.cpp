// Boost.Interprocess message_queue: a named queue in shared memory behind a mutex and condition variables.
#include "shared_queues.hpp"

#include <boost/interprocess/ipc/message_queue.hpp>
#include <memory>

using namespace bench;

namespace {

struct queue {
  std::string name;
  boost::interprocess::message_queue messages;
  explicit queue(std::size_t most)
      : name{temporary_name("boost").substr(5)},
        messages{boost::interprocess::create_only, name.c_str(),
                 std::clamp<std::size_t>((256 << 10) / most, most > large ? 1 : 4, 1024), most} {}
  ~queue() { boost::interprocess::message_queue::remove(name.c_str()); }
};

struct channel {
  queue *in, *out;
  std::unique_ptr<char[]> bytes{};

  void send(const void* p, std::size_t n) { out->messages.send(p, n, 0); }
  const char* recv(std::size_t n) {
    const std::size_t most = in->messages.get_max_msg_size();
    if (!bytes) bytes.reset(new char[most]);
    std::size_t got;
    unsigned priority;
    in->messages.receive(bytes.get(), most, got, priority);
    check(got == n, "length");
    return bytes.get();
  }
  void put(const void* p, std::size_t n) { send(p, n); }
  const char* get(std::size_t n) { return recv(n); }
};

}  // namespace

int main(int count, char** arguments) {
  return count == 2 ? run<shared_queues<queue, channel>>(arguments[1]) : 2;
}
