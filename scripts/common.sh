# Shared by the scripts beside it; sourced, never run: headings, and children that do not outlive us.

# A progress heading with the time since the script began.
heading() {
  printf '\n==> [%02d:%02d] %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*"
}

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Runs a command as root, for the package manager.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Runs a command and answers its status. Bash would put off our traps until a foreground child ends, so the child is
# waited for instead, and a signal that is meant for us reaches it at once.
supervise() {
  local child status=0
  "$@" <&0 &
  child=$!
  trap 'kill -TERM "$child" 2>/dev/null || true' INT TERM HUP
  wait "$child" || status=$?
  while kill -0 "$child" 2>/dev/null; do # the wait was cut short by a signal
    status=0
    wait "$child" || status=$?
  done
  trap - INT TERM HUP
  return "$status"
}
