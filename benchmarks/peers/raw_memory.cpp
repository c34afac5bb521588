// W8 without a copy through a socket: the worker hands over memory. Metrics:
//   array           the array was made inside a memfd, whose descriptor is passed and mapped
//   copy_in         the array is a vector, copied into a fresh memfd first: mmap and memcpy
//   copy_in_write   the same by write(2), which saves the page faults and the zeroing
//   vm_readv        the receiver takes it out of the worker's memory, process_vm_readv(2), into fresh memory
#include "workloads.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

using namespace bench;

namespace {

/// A message of one byte with room for a descriptor.
struct parcel {
  char byte = 0, control[CMSG_SPACE(sizeof(int))] = {};
  iovec io{&byte, 1};
  msghdr header{};
  parcel() {
    header.msg_iov = &io;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
  }
};

void send_descriptor(int socket, int descriptor) {
  parcel out;
  cmsghdr* const what = CMSG_FIRSTHDR(&out.header);
  what->cmsg_level = SOL_SOCKET;
  what->cmsg_type = SCM_RIGHTS;
  what->cmsg_len = CMSG_LEN(sizeof descriptor);
  std::memcpy(CMSG_DATA(what), &descriptor, sizeof descriptor);
  check(sendmsg(socket, &out.header, 0) == 1, "sendmsg");
}

int receive_descriptor(int socket) {
  parcel in;
  check(recvmsg(socket, &in.header, 0) == 1, "recvmsg");
  int descriptor;
  std::memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(&in.header)), sizeof descriptor);
  return descriptor;
}

/// Of a memfd, or fresh for -1.
void* map(int descriptor) {
  const int how = descriptor < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
  void* memory = mmap(nullptr, array_bytes, PROT_READ | PROT_WRITE, how, descriptor, 0);
  check(memory != MAP_FAILED, "mmap");
  return memory;
}

enum class copying { by_memcpy, by_write };

int into_memfd(const std::vector<double>& array, copying how) {
  const int descriptor = memfd_create("array", MFD_CLOEXEC);
  check(descriptor >= 0 && ftruncate(descriptor, array_bytes) == 0, "memfd");
  if (how == copying::by_memcpy) {
    void* memory = map(descriptor);
    std::memcpy(memory, array.data(), array_bytes);
    munmap(memory, array_bytes);
    return descriptor;
  }
  const auto* from = reinterpret_cast<const char*>(array.data());
  for (std::size_t done = 0; done < array_bytes;) {
    const ssize_t wrote = write(descriptor, from + done, array_bytes - done);
    check(wrote > 0, "write");
    done += static_cast<std::size_t>(wrote);
  }
  return descriptor;
}

void await(int socket) {
  char c = 0;
  check(write(socket, &c, 1) == 1 && read(socket, &c, 1) == 1, "ready, and asked");
}

/// The worker prepares, awaits the question and answers; the parent fetches.
template <class Worker, class Fetch>
void measure(const std::string& metric, Worker worker, Fetch fetch) {
  time_array(metric, [&](auto start, auto stop) {
    int ends[2];
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
    const pid_t pid = fork_run([&] {
      worker(ends[1]);
      pause();
    });
    char c;
    check(read(ends[0], &c, 1) == 1, "ready");
    start();
    check(write(ends[0], &c, 1) == 1, "ask");
    void* const array = fetch(ends[0], pid);
    stop(static_cast<const double*>(array));
    munmap(array, array_bytes);
    end(pid);
    close(ends[0]);
    close(ends[1]);
  });
}

void* fetch_memfd(int socket, pid_t) {
  const int descriptor = receive_descriptor(socket);
  void* const memory = map(descriptor);
  close(descriptor);
  return memory;
}

void* fetch_by_readv(int socket, pid_t pid) {
  char* from;
  check(read(socket, &from, sizeof from) == sizeof from, "address");
  auto* to = static_cast<char*>(map(-1));
  for (std::size_t done = 0; done < array_bytes;) {
    const iovec here{to + done, array_bytes - done}, there{from + done, array_bytes - done};
    const ssize_t got = process_vm_readv(pid, &here, 1, &there, 1, 0);
    check(got > 0, "process_vm_readv");
    done += static_cast<std::size_t>(got);
  }
  return to;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2 || std::string{arguments[1]} != "W8") return 2;
  const auto made_there = [](int socket) {
    const int descriptor = into_memfd(make_array(), copying::by_memcpy);
    await(socket);
    send_descriptor(socket, descriptor);
  };
  measure("array", made_there, fetch_memfd);
  for (const auto how : {copying::by_memcpy, copying::by_write}) {
    const auto copied = [how](int socket) {
      const auto array = make_array();
      await(socket);
      send_descriptor(socket, into_memfd(array, how));
    };
    measure(how == copying::by_write ? "copy_in_write" : "copy_in", copied, fetch_memfd);
  }
  const auto pulled = [](int socket) {
    const auto array = make_array();
    const double* where = array.data();
    await(socket);
    check(write(socket, &where, sizeof where) == sizeof where, "address");
    pause();
  };
  measure("vm_readv", pulled, fetch_by_readv);
}
