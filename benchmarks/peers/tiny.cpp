// The smallest worker program: answers each byte on descriptor 0 until its input ends (W5).
#include <unistd.h>

int main() {
  for (char c; read(0, &c, 1) == 1;) {
    ++c;
    if (write(0, &c, 1) != 1) return 1;
  }
}
