#!/bin/sh
# @NAME@ @VERSION@, portable form: this header, then the program and the runtime
# (Deno @DENO_VERSION@ for @TARGET@), each compressed. The first start unpacks them
# into the cache folder of the user, and later starts use them. For help: --help.

name=@NAME@
program=@PROGRAM_FILE@
runtime=@RUNTIME_FILE@

# Variables that the runtime reads must not change the program.
unset GZIP NODE_CHANNEL_FD NODE_CHANNEL_SERIALIZATION_MODE NODE_CLUSTER_SCHED_POLICY NODE_DEBUG \
  NODE_DEBUG_NATIVE NODE_EXTRA_CA_CERTS NODE_ICU_DATA NODE_OPTIONS NODE_PATH \
  NODE_TLS_REJECT_UNAUTHORIZED NODE_UNIQUE_ID NODE_USE_ENV_PROXY NODE_USE_SYSTEM_CA \
  NODE_V8_COVERAGE OTEL_DENO OTEL_DENO_CONSOLE OTEL_DENO_METRICS OTEL_DENO_TRACING \
  RUST_BACKTRACE RUST_LIB_BACKTRACE RUST_LOG RUST_MIN_STACK TOKIO_WORKER_THREADS \
  DENO_AUDIT_PERMISSIONS DENO_AUTO_SERVE DENO_CACHE_DB_MODE DENO_CACHE_LSC_ENDPOINT DENO_CERT \
  DENO_COMPAT DENO_CONDITIONS DENO_COVERAGE_DIR DENO_DISABLE_NODE_SHIM \
  DENO_DONT_USE_INTERNAL_NODE_COMPAT_STATE_FD DENO_EMIT_CACHE_MODE DENO_EXTRA_STDIO_FDS \
  DENO_FORCE_OPENSSL DENO_INTERNAL_CHILD_ENTRYPOINT DENO_INTERNAL_FAST_CHECK_OVERWRITE DENO_JOBS \
  DENO_LOG DENO_NODE_SHIM_ACTIVE DENO_NODE_TRACE_EVENT_CATEGORIES DENO_NODE_USE_OPENSSL_CA \
  DENO_NO_PACKAGE_JSON DENO_NO_PROMPT DENO_PERMISSION_BROKER_PATH DENO_SERVE_ADDRESS \
  DENO_TLS_CA_STORE DENO_TOKIO_EVENT_INTERVAL DENO_TOKIO_MAX_IO_EVENTS_PER_TICK \
  DENO_TRACE_PERMISSIONS DENO_TRUST_PROXY_HEADERS DENO_UNSTABLE_CONTROL_SOCK \
  DENO_UNSTABLE_OTEL_DETERMINISTIC DENO_USE_CGROUPS DENO_V8_FLAGS \
  DENO_LOG_STYLE DENO_SERVE_AUTOMATIC_COMPRESSION DENO_STARTUP_PHASES \
  DENO_TOKIO_GLOBAL_QUEUE_INTERVAL DENO_TOKIO_METRICS DENO_UNSTABLE_CRON_SOCK \
  DENO_USR2_MEMORY_TRIM

# A write beyond `ulimit -f` fails instead of killing the process. Files of the runtime can reach the
# limit before the program starts.
trap '' XFSZ

report() {
  printf '%s: %s\n' "$name" "$1" >&2
}

fail() {
  report "$1"
  exit 1
}

root=
@SYSTEM_FACTS@
# The number of replacement characters in the arguments. The runtime replaces bytes that are not UTF-8
# with such characters, and the program must distinguish both.
replacements=0
for word; do
  while :; do
    case $word in
    *�*) word=${word#*�} replacements=$((replacements + 1)) ;;
    *) break ;;
    esac
  done
done

# Without these conditions the runtime ends with its own message or a panic.
[ "$PWD" -ef . ] ||
  fail "Cannot start in a folder that was deleted or may not be entered: change to another one (cd) first"
require_limit() { # $1 name of the limit, $2 its value, $3 the value that is required, $4 command that sets it
  case $2 in '' | *[!0-9]*) return ;; esac
  [ "$2" -ge "$3" ] || fail "Cannot start with a limit of $2 $1: it takes $3 ($4)"
}
require_limit "open files" "$open_files" 32 "ulimit -n 32"
# V8 reserves address space without using it. Measured: 39.4 GB; 601 MB of data, 434 kB of stack.
require_limit "bytes of address space" "$address_space" 41943040000 "ulimit -v 40960000"
require_limit "bytes of data" "$data_size" 655360000 "ulimit -d 640000"
require_limit "bytes of stack" "$stack_size" 1048576 "ulimit -s 1024"

# The path of this file. A comma would separate two paths in the permission to start programs.
case $0 in
*,*) self= ;;
/*) self=$0 ;;
*) case $PWD in
  *,*) self= ;;
  *) self=$PWD/$0 ;;
  esac ;;
esac

# Tests that $cache is a folder of this user, not a link, with mode 0700 (and perhaps set-group-ID or
# sticky): other users cannot write there.
is_private() {
  [ -O "$cache" ] && [ -d "$cache" ] && ! [ -h "$cache" ] || return
  case $(ls -ld "$cache") in drwx--[-S]--[-T]*) ;; *) return 1 ;; esac
}

# Tests that $cache is private and contains both files.
is_unpacked() {
  [ -O "$cache/$program" ] && [ -s "$cache/$program" ] &&
    [ -O "$cache/$runtime" ] && [ -s "$cache/$runtime" ] && [ -x "$cache/$runtime" ] && is_private
}

# Replaces this process by the program, which gets its process ID and signals.
run() {
  DENO_DIR=$cache/deno # the code cache of V8, which makes a start a third shorter
  DENO_NO_UPDATE_CHECK=1
  HTSERVER_EXECUTABLE=$self # for a program that starts itself
  HTSERVER_SYSTEM="memory=$memory file=$file files=$open_files hangup=$hangup replacements=$replacements"
  export DENO_DIR DENO_NO_UPDATE_CHECK HTSERVER_EXECUTABLE HTSERVER_SYSTEM
  exec "$cache/$runtime" run @FLAGS@ "$cache/$program" "$@"
}

case ${XDG_CACHE_HOME:-} in
/*) cache=$XDG_CACHE_HOME/htserver ;;
*) case ${HOME:-} in
  /*) cache=$HOME/.cache/htserver ;;
  *) cache= ;;
  esac ;;
esac
if [ "$cache" ] && is_unpacked; then run "$@"; fi

# The rest is for the first start.

# Makes the folder $cache if it is missing, and makes it private. It rejects a folder that others can
# write, because their files would stay in it.
claim_cache() {
  [ "$cache" ] || return
  [ -d "$cache" ] || (umask 077 && mkdir -p "$cache") 2>/dev/null || return
  if [ -h "$cache" ]; then
    refuse_cache "it must be a folder, not a link; move its target there, or set XDG_CACHE_HOME"
  elif ! [ -O "$cache" ]; then
    refuse_cache "it must belong to the user who starts this; remove it, or set XDG_CACHE_HOME"
  elif ! is_utf8 "$cache"; then
    refuse_cache "its path must be UTF-8; set XDG_CACHE_HOME"
  else
    mode=$(ls -ld "$cache")
    case $mode in
    d????-??-*) chmod 700 "$cache" 2>/dev/null && [ -w "$cache" ] ;;
    *) refuse_cache "others can write into it (${mode%% *}); remove it: rm -r '$cache'" ;;
    esac
  fi
}

refuse_cache() {
  report "Not using the cache folder '$cache': $1"
  return 1
}

# The runtime needs paths in UTF-8. Without iconv the header cannot check them.
is_utf8() {
  command -v iconv >/dev/null 2>&1 || return 0
  printf '%s' "$1" | iconv -f UTF-8 -t UTF-8 >/dev/null 2>&1
}

# Claims a temporary folder for users without a cache folder. An existing folder may be a trap of
# another user, so it must be private.
claim_temporary() {
  case ${TMPDIR:-} in
  /*) cache=$TMPDIR/htserver-$(id -u) ;;
  *) cache=/tmp/htserver-$(id -u) ;;
  esac
  (umask 077 && mkdir "$cache") 2>/dev/null && return
  is_private && return
  cache=$(mktemp -d "$cache.XXXXXX" 2>/dev/null)
}

sha256() { # of stdin; empty without a program for it
  if command -v sha256sum >/dev/null 2>&1; then
    sha256sum
  elif command -v shasum >/dev/null 2>&1; then
    shasum -a 256
  else
    report "Only gzip's checksum is checked: neither sha256sum nor shasum is installed"
  fi
}

one_line() { # the words of $1, for a message; runs in a subshell, because of set -f
  set -f
  # shellcheck disable=SC2086
  set -- $1
  printf '%s' "$*"
}

# Writes one part of this file to a new file, $fresh, and checks its digest.
unpack() { # $1 name of the part, $2 offset of its first byte, $3 its size in bytes, $4 its SHA-256
  fresh=$(mktemp "$cache/fresh.XXXXXX") || fail "Cannot write into '$cache'"
  problem=$({ tail -c "+$2" | head -c "$3" | gzip -dc >"$fresh"; } 2>&1 <"$0") ||
    fail "Cannot unpack the $1 of '$0' into '$cache': the file must be whole and the disk have room for it, but: $(one_line "$problem")"
  found=$(sha256 <"$fresh")
  found=${found%% *}
  [ "${found:-$4}" = "$4" ] ||
    fail "Cannot start: '$0' is damaged, copy it again (its $1 must have the SHA-256 digest $4, not $found)"
}

# Renames $fresh, so that other starts see only whole files. It is on the disk before it has its name.
place() { # $1 name of the file
  sync "$fresh" 2>/dev/null
  mv -f "$fresh" "$cache/$1" || fail "Cannot place '$1' in '$cache'"
  fresh=
}

claim_cache || { claim_temporary && is_utf8 "$cache"; } ||
  fail "Cannot find a folder to unpack into: \$XDG_CACHE_HOME, \$HOME/.cache or \$TMPDIR must be one that can be written, with a path in UTF-8"
if is_unpacked; then run "$@"; fi

fresh=
trap '[ -z "$fresh" ] || rm -f "$fresh"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
if ! [ -s "$cache/$runtime" ]; then
  unpack runtime @RUNTIME_AT@ @RUNTIME_BYTES@ @RUNTIME_DIGEST@
  chmod 700 "$fresh"
  problem=$("$fresh" --version 2>&1 >/dev/null </dev/null) ||
    fail "Cannot run the runtime in '$cache': this is for @TARGET@ and needs a folder where programs may run (another one: set XDG_CACHE_HOME), but: $(one_line "$problem")"
  place "$runtime"
fi
if ! [ -s "$cache/$program" ]; then
  unpack program @PROGRAM_AT@ @PROGRAM_BYTES@ @PROGRAM_DIGEST@
  place "$program"
fi
[ -x "$cache/$runtime" ] || fail "Cannot start: '$cache/$runtime' must be allowed to run"
run "$@"
exit 1
