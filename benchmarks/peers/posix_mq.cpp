// POSIX message queues (mq_overview(7)) with the limits that a user finds: 10 messages of up to 8 KiB. So no W3, no W8.
#include "shared_queues.hpp"

#include <fcntl.h>
#include <memory>
#include <mqueue.h>

using namespace bench;

namespace {

constexpr std::size_t most_messages = 10, most_bytes = 8192;

struct queue {
  mqd_t handle;
  explicit queue(std::size_t size) {
    const std::string name = "/" + temporary_name("posix").substr(5);
    mq_attr wanted{};
    wanted.mq_maxmsg = most_messages;
    wanted.mq_msgsize = static_cast<long>(size);
    handle = mq_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600, &wanted);
    check(handle >= 0, "mq_open");
    mq_unlink(name.c_str());  // children inherit the descriptor
  }
  ~queue() { mq_close(handle); }
};

struct channel {
  static constexpr std::size_t window = most_messages;  // as a farm: no more tasks out than a queue holds
  queue *in, *out;
  std::unique_ptr<char[]> bytes{new char[most_bytes]};

  void send(const void* p, std::size_t n) {
    check(mq_send(out->handle, static_cast<const char*>(p), n, 0) == 0, "mq_send");
  }
  const char* recv(std::size_t n) {
    check(mq_receive(in->handle, bytes.get(), most_bytes, nullptr) == static_cast<ssize_t>(n), "mq_receive");
    return bytes.get();
  }
  void put(const void* p, std::size_t n) { send(p, n); }
  const char* get(std::size_t n) { return recv(n); }
};

}  // namespace

int main(int count, char** arguments) {
  using peer = shared_queues<queue, channel>;
  const std::string workload = count == 2 ? arguments[1] : "";
  if (workload == "W3" || workload == "W3b") return 2;  // its messages are small
  if (workload != "W6")
    return run({rtt<peer>, stream<peer>, fan<peer>, nullptr, map<peer>, heavy_map<peer>, nullptr}, workload);
  map<peer>("chunk1", 1);
  map<peer>("chunk1000", 1000);
}
