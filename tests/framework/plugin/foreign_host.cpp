// foreign_host LIBRARY: a program that is not linked with Troupe. It loads libraries, and calls what it is told to by lines
// of its standard input: "load PATH", or a function and its arguments; it prints what that returns, and for -1 why.
#include <cstdlib>
#include <dlfcn.h>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace {

void* newest = nullptr;
void* core = nullptr;

template <class Function>
Function* function(const std::string& name) {
  void* found = ::dlsym(newest, name.c_str());
  if (found == nullptr) found = ::dlsym(core, name.c_str());
  if (found == nullptr) {
    std::cout << "no function " << name << std::endl;
    std::exit(3);
  }
  return reinterpret_cast<Function*>(found);
}

int load(const std::string& path) {
  newest = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (core == nullptr) core = newest;
  if (newest != nullptr) return 0;
  std::cout << ::dlerror() << std::endl;
  return -2;
}

int call(const std::string& name, const std::vector<std::string>& given) {
  const auto text = [&](std::size_t i) {
    return given.size() > i && given[i] != "-" ? given[i].c_str() : nullptr;
  };
  const auto number = [&](std::size_t i) { return std::stoi(given.at(i)); };
  if (name == "load") return load(given.at(0));
  if (name == "core_start") return function<int(const char*, const char*)>(name)(text(0), text(1));
  if (name == "core_preload") return function<int(const char*)>(name)(text(0));
  if (name == "core_stop") return function<int()>(name)();
  if (name == "late_multiply") return function<int(int, int, int)>(name)(number(0), number(1), number(2));
  return function<int(int)>(name)(number(0));
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words{line};
    std::string name;
    words >> name;
    std::vector<std::string> given;
    for (std::string word; words >> word;) given.push_back(word);
    const int result = call(name, given);
    std::cout << result;
    if (result == -1) std::cout << ' ' << function<const char*()>("core_problem")();
    std::cout << std::endl;
  }
}
