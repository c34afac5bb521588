# Sourced by the checks: the files of a tree, their includes, and complaints.
#
# A check is called as  check_<name> ROOT  and prints  <file>:<line>: <what> [<rule>]  for each breach; it ends with
# status 1 if there was one. Paths are relative to ROOT. Needs no more than bash, POSIX awk and find.
set -euo pipefail
export LC_ALL=C

(($# >= 1)) || { echo "usage: $(basename "$0") ROOT" >&2 && exit 2; }
cd "$1"

breaches=0
complain() {  # FILE LINE WHAT
  printf '%s:%s: %s [%s]\n' "$1" "$2" "$3" "$rule"
  breaches=$((breaches + 1))
}

finish() {
  if ((breaches > 0)); then
    printf '%d breach(es) of: %s\n' "$breaches" "$rule"
    exit 1
  fi
  exit 0
}

# sources [FOLDER...]: the tree's own .hpp and .cpp files, tracked or about to be; everything ignored is left out.
sources() {
  local all
  if [[ $(git rev-parse --show-toplevel 2>/dev/null) == "$(pwd -P)" ]]; then
    all=$(git ls-files --cached --others --exclude-standard -- '*.hpp' '*.cpp')
  else
    all=$(find . \( -path ./build -o -name .git \) -prune -o -type f \( -name '*.hpp' -o -name '*.cpp' \) -print)
  fi
  local folder
  sed 's|^\./||' <<<"$all" | sort -u | while read -r file; do
    [[ -f $file ]] || continue
    (($#)) || echo "$file"
    for folder in "$@"; do [[ $file == "$folder"/* ]] && echo "$file"; done
  done || true
}

[[ -n $(sources) ]] || { echo "$(pwd): no sources here to check" && exit 1; }

public_headers() { sources framework actors | grep -E '^(framework|actors/[^/]+)/include/troupe/.*\.hpp$' || true; }

# includes: reads file names, writes  file<TAB>line<TAB>quote<TAB>what  for each include directive in them.
includes() {
  xargs -r awk '/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
    match($0, /[<"]/); quote = substr($0, RSTART, 1); what = substr($0, RSTART + 1); sub(/[>"].*/, "", what)
    printf "%s\t%d\t%s\t%s\n", FILENAME, FNR, quote, what
  }'
}

# Headers that declare system calls; their place is framework/src/platform.
is_system_header() {
  case $1 in
    sys/* | linux/* | asm/* | net/* | netinet/* | arpa/*) return 0 ;;
    unistd.h | fcntl.h | poll.h | signal.h | csignal | pthread.h | sched.h | spawn.h | dlfcn.h | link.h) return 0 ;;
    syscall.h | wait.h | mqueue.h | semaphore.h | dirent.h | ftw.h | glob.h | netdb.h | pwd.h | grp.h) return 0 ;;
    termios.h | pty.h | syslog.h | ucontext.h) return 0 ;;
  esac
  return 1
}
