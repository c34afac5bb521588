// What calls another node's actors: every call is a message to this system's gateway.
#pragma once

#include <troupe/actor.hpp>
#include <troupe/remote.hpp>

#include "node_gateway.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace troupe::detail {

/// One node, as a process of another one sees it. Thread-safe.
///
/// How much of what it has told one actor may be unread: `mailbox` bytes, as with actors of its own node. Each quarter of that
/// a mark follows what was told, and is answered when all before it is in the actor's mailbox; with four marks unanswered the
/// next tell waits for the first of them.
///
/// What an open turn tells is kept here until its end, and is the gateway's with it: a process has one channel for what goes to
/// all nodes, and a question that is asked meanwhile shows what is in that.
class node_endpoint final : public remote::endpoint,
                            public remote::turn_part,
                            public std::enable_shared_from_this<node_endpoint> {
 public:
  node_endpoint(std::shared_ptr<remote::endpoint> local, const remote::gateway_entry& by,
                std::uint32_t number);

  spawned spawn(remote::method what, const std::string& default_name, const spawn_options& options,
                const remote::raw_message& arguments) override;
  bool tell(const remote::address& to, remote::method what, const remote::raw_message& arguments,
            remote::patience how) override;
  std::shared_ptr<remote::answer> ask(const remote::address& to, remote::method what,
                                      const remote::raw_message& arguments) override;
  void stop(const remote::address& whom) override;
  void signal(const remote::address& whom, int number) override;
  std::optional<exit_status> join(const remote::address& whom, remote::deadline until) override;
  std::shared_ptr<remote::answer> ended(const remote::address& whom) override;
  int pid(const remote::address& whom) override;
  int death_descriptor(const remote::address& whom) override;
  listed_actors actors() override;
  void preload(const std::string& path) override;
  void on_down(const remote::address& whom, std::function<void(const exit_status&)> callback) override;
  std::shared_ptr<remote::endpoint> home(remote::address& ref) override;
  void send() override;
  void sent() override;

  void give_up(std::uint64_t label, bool by_force);
  /// Answered by a bool, false too where it has been answered.
  [[nodiscard]] std::shared_ptr<remote::answer> ask_whether_begun(std::uint64_t label);

 private:
  /// The way to one actor.
  struct way {
    std::recursive_mutex mutex;  // held while something is told, so that marks are where they belong
    std::size_t unmarked = 0;
    std::deque<std::shared_ptr<remote::answer>> marks;
    std::shared_ptr<remote::answer> end;
  };
  struct held_message {
    std::shared_ptr<way> on;
    frame_head head;
    packed_bytes bytes;
    bool is_sent = false;
  };
  std::shared_ptr<way> way_to(const remote::address& whom);
  void forget_ended_ways();
  [[nodiscard]] std::shared_ptr<remote::answer> request(const frame_head& head, const packed_bytes& payload,
                                                        std::uint64_t label = 0);
  /// Null: for this object itself, which an answer that it keeps must not keep.
  [[nodiscard]] std::shared_ptr<remote::answer> request_for(std::shared_ptr<node_endpoint> whom,
                                                            const frame_head& head,
                                                            const packed_bytes& payload, std::uint64_t label);
  [[nodiscard]] bool make_room(way& on, const remote::address& to, remote::patience how);
  void check_alive(way& on) const;
  [[nodiscard]] bool holds_for(const remote::address& whom) const;
  void send_held(const remote::address& to);
  void forward_at_once(const frame_head& head);

  std::shared_ptr<remote::endpoint> local_;
  std::uint32_t own_number_;
  std::uint32_t number_;
  remote::address gateway_address_;
  actor<gateway> gateway_;
  std::mutex mutex_;
  std::map<std::uint32_t, std::shared_ptr<way>> ways_;  // by the actors' numbers
  std::size_t many_ways_ = 256;                         // with so many, those of ended actors are forgotten
  std::vector<held_message> held_;                      // by the open turn
};

}  // namespace troupe::detail
