# Reads facts below /proc and /sys, which the runtime may not read, with commands of the shell only. The
# header passes them to the program as $HTSERVER_SYSTEM (lib/cli/system_facts.ts). $root is for tests.

# Sets $memory to the limit in the file $1 if it is lower. Only digits are a limit.
note_memory() {
  [ -r "$1" ] && read -r limit <"$1" || return 0
  case $limit in
  '' | *[!0-9]* | ????????????????*) return ;; # 16 digits or more: version 1 has no word for "no limit"
  esac
  if [ -z "$memory" ] || [ "$limit" -lt "$memory" ]; then memory=$limit; fi
}

# Notes the limits of a control group and of its parents: $1 mount point of the hierarchy, $2 path of the
# group, $3 name of the file. In a container, the path may be that of the machine, and the mount point
# the group itself.
note_group() {
  group=$2
  while note_memory "$1$group/$3" && [ "$group" ]; do group=${group%/*}; done
}

note_groups() {
  while IFS=: read -r _ controllers path; do
    case $path in
    /?*) ;;
    *) path= ;;
    esac
    case ,$controllers, in
    ,,)
      note_group "$root/sys/fs/cgroup" "$path" memory.max
      note_group "$root/sys/fs/cgroup/unified" "$path" memory.max
      ;;
    *,memory,*) note_group "$root/sys/fs/cgroup/memory" "$path" memory.limit_in_bytes ;;
    esac
  done
}

note_limits() {
  while read -r _ what size limit files _; do
    case $what-$size in
    file-size) file=$limit ;;
    open-files) open_files=$limit ;;
    address-space) address_space=$limit ;;
    data-size) data_size=$limit ;;
    stack-size) stack_size=$limit ;;
    esac
  done
}

# SIGHUP is the lowest bit of the mask of ignored signals.
note_ignored() {
  while read -r what mask; do
    case $what$mask in SigIgn:*[13579bdf])
      hangup=ignored
      return
      ;;
    SigIgn:*) return ;;
    esac
  done
}

memory= file= open_files= address_space= data_size= stack_size= hangup=
[ -r "$root/proc/self/cgroup" ] && note_groups <"$root/proc/self/cgroup"
[ -r "$root/proc/self/limits" ] && note_limits <"$root/proc/self/limits"
[ -r "$root/proc/self/status" ] && note_ignored <"$root/proc/self/status"
