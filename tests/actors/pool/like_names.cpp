#include "actors/pool/like_names.hpp"

namespace like_names {
namespace {
// The same names as in the other file.
int work(int n) { return n + 20; }
int by_lambda(troupe::pool& pool, const std::vector<int>& items) {
  return pool.map([](int n) { return n + 200; }, items).front();
}
}  // namespace

std::vector<int> those_of_the_second_file(troupe::pool& pool) {
  const std::vector<int> one{1};
  return {pool.map<work>(one).front(), by_lambda(pool, one), pool.submit<work>(1).get(),
          *pool.imap<work>(one).begin()};
}

}  // namespace like_names
