# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Namespaces, links and processes of a lab.  Sourced by tools/lab/lab.
# Everything made here carries the name of the lab or lies in its run folder, and net_down takes
# away nothing else.

# ---- processes ----

start_time() { # PID: in clock ticks after boot; nothing when there is no such process
	local s
	s=$(<"/proc/$1/stat") 2>/dev/null || return 1
	s=${s##*) }
	# shellcheck disable=SC2086
	set -- $s
	echo "${20}"
}

record_pid() { # FILE PID
	local t
	t=$(start_time "$2" 2>/dev/null) || return 1
	echo "$2 $t" >"$1"
}

recorded_pid() { # FILE: the pid, if that process still lives
	local pid t
	[[ -f $1 ]] && read -r pid t <"$1" && [[ -n ${t:-} ]] || return 1
	[[ $(start_time "$pid" 2>/dev/null) == "$t" ]] || return 1
	echo "$pid"
}

end_recorded() { # FILE SIGNAL SECONDS: ends the process and waits for it
	local pid i
	if pid=$(recorded_pid "$1"); then
		kill "-$2" "$pid" 2>/dev/null || true
		for ((i = 0; i < $3 * 20; i++)); do
			recorded_pid "$1" >/dev/null || break
			sleep 0.05
		done
		if recorded_pid "$1" >/dev/null; then
			kill -KILL "$pid" 2>/dev/null || true
			sleep 0.05
		fi
	fi
	rm -f "$1"
}

# Pids of all processes in the namespaces of this lab.
lab_pids() {
	local ns=() n ino
	for n in $(lab_namespaces); do [[ -e /run/netns/$n ]] && ns+=("/run/netns/$n"); done
	((${#ns[@]})) || return 0
	ino=$(stat -Lc '%i' "${ns[@]}" 2>/dev/null | tr '\n' ' ')
	stat -Lc '%i %n' /proc/[0-9]*/ns/net 2>/dev/null |
		awk -v list="$ino" 'BEGIN { n = split(list, a, " "); for (i = 1; i <= n; i++) mine[a[i]] = 1 }
			$1 in mine { split($2, p, "/"); print p[3] }' || true
}

# ---- namespaces ----

# Those which are written down, and those which carry the name (if the run folder was lost).
lab_namespaces() {
	{
		[[ ! -f $RUN/namespaces ]] || cat "$RUN/namespaces"
		ip netns list 2>/dev/null | awk '{ print $1 }' | grep -Ex "$NAME-(ctl|r[0-9]{1,3}|ce[0-9]{1,2})" || true
	} | sort -u
}

# Can this machine make namespaces and TAP devices at all?  Says what is missing.
net_possible() {
	((EUID == 0)) || { echo 'must run as root'; return 1; }
	[[ -c /dev/net/tun ]] || { echo 'no /dev/net/tun'; return 1; }
	unshare --net --mount --uts true 2>/dev/null || { echo 'no right to make namespaces'; return 1; }
	mkdir -p /run/netns 2>/dev/null || { echo '/run is not writable'; return 1; }
}

sysctls() { # NETNS FORWARDING: before the links are there, so that they are born with them
	nsenter --net="/run/netns/$1" sh -c '
		set_() { [ ! -w "/proc/sys/net/$1" ] || echo "$2" >"/proc/sys/net/$1"; }
		for c in all default lo; do
			set_ ipv6/conf/$c/seg6_enabled 1; set_ ipv6/conf/$c/accept_dad 0
			set_ ipv6/conf/$c/keep_addr_on_down 1; set_ ipv6/conf/$c/accept_ra 0
			set_ ipv4/conf/$c/rp_filter 0
			set_ ipv6/conf/$c/forwarding '"$2"'
		done
		set_ ipv4/ip_forward '"$2"'
		set_ ipv6/fib_multipath_hash_policy 1; set_ ipv6/seg6_flowlabel 1
	'
}

net_namespaces() {
	local n all=()
	for n in ctl "${ROUTERS[@]}" "${CES[@]}"; do all+=("$NAME-$n"); done
	for n in "${all[@]}"; do
		[[ ! -e /run/netns/$n ]] || die "namespace $n exists already: 'lab down --name $NAME' takes it away"
	done
	printf '%s\n' "${all[@]}" >"$RUN/namespaces"
	for n in "${all[@]}"; do
		ip netns add "$n" || die "cannot make namespace $n"
	done
	for n in ctl "${CES[@]}"; do sysctls "$NAME-$n" 0; done
	for n in "${ROUTERS[@]}"; do sysctls "$NAME-$n" 1; done
}

# The management network: a bridge in the controller's namespace, one port a router.
net_management() {
	local r b
	b="link add mgmt type bridge
link set mgmt up
link set lo up
addr add $CTL_V6/64 dev mgmt nodad
addr add $CTL_V4/24 dev mgmt"
	for r in "${ROUTERS[@]}"; do
		b+="
link add $r type veth peer name mgmt netns $NAME-$r
link set $r master mgmt up"
	done
	ip -n "$NAME-ctl" -batch - <<<"$b" || die 'cannot make the management network'
}

sid_device() { # NETNS: FRR hangs the SIDs on a device named sr0
	ip -n "$1" link add sr0 type dummy 2>/dev/null || ip -n "$1" link add sr0 type ifb 2>/dev/null ||
		die 'this kernel has neither dummy nor ifb devices (needed for sr0)'
}

net_wires() {
	local n a b
	for n in "${LINKS[@]}"; do
		a=${L[$n.a]} b=${L[$n.b]}
		echo "$n $NAME-$a $(ifname "$n" "$a") $NAME-$b $(ifname "$n" "$b")" \
			"${L[$n.delay]} ${L[$n.delay]} ${L[$n.jitter]} ${L[$n.loss]} ${L[$n.rate]} ${L[$n.mtu]}"
	done >"$RUN/wire.conf"
	ip netns exec "$NAME-ctl" "$WIRE" run --config "$RUN/wire.conf" --socket "$RUN/wire.sock" \
		--pid "$RUN/wire.tmp" 9>&- || die 'the link emulator does not start'
	record_pid "$RUN/wire.pid" "$(<"$RUN/wire.tmp")" || die 'the link emulator died'
	rm -f "$RUN/wire.tmp"
}

router_links() { # ROUTER
	local r=$1 n b
	sid_device "$NAME-$r"
	b="link set lo up
link set sr0 up
link set mgmt up
addr add $(mgmt_v6 "$r")/64 dev mgmt nodad
addr add 192.0.2.${R[$r.num]}/24 dev mgmt"
	[[ -z ${R[$r.pathd]} ]] || b+="
addr add $(pathd_v6 "$r")/128 dev mgmt nodad preferred_lft 0" # nobody else is to pick it
	for n in ${RLINKS[$r]}; do
		# addresses that do not change from run to run make captures easier to read
		b+="
link set $(ifname "$n" "$r") address $(printf '02:5e:00:%02x:%02x:0%d' $((L[$n.num] / 256)) $((L[$n.num] % 256)) "$(side "$n" "$r")")
link set $(ifname "$n" "$r") up"
	done
	ip -n "$NAME-$r" -batch - <<<"$b" || die "cannot set up the links of $r"
}

# A customer edge: its prefix lies on the PE's interface, outside IS-IS, and in table 100 for an
# End.DT6 SID that looks only there.
ce_links() { # CE
	local c=$1 pe=${C[$1.router]} p=${C[$1.prefix]%/64} k=${C[$1.num]}
	ip -n "$NAME-$pe" -batch - <<-TEXT || die "cannot set up $c"
		link add to-$c type veth peer name to-$pe netns $NAME-$c
		addr add ${p}1/64 dev to-$c nodad
		addr add 10.201.$k.1/24 dev to-$c
		link set to-$c up
		route add $p/64 dev to-$c table 100
		route add 10.201.$k.0/24 dev to-$c table 100
	TEXT
	ip -n "$NAME-$c" -batch - <<-TEXT || die "cannot set up $c"
		link set lo up
		addr add ${p}2/64 dev to-$pe nodad
		addr add ${p}3/64 dev to-$pe nodad
		addr add 10.201.$k.2/24 dev to-$pe
		link set to-$pe up
		route add ::/0 via ${p}1
		route add default via 10.201.$k.1
	TEXT
}

net_up() {
	local x
	net_namespaces
	net_management
	net_wires
	for x in "${ROUTERS[@]}"; do router_links "$x"; done
	for x in "${CES[@]}"; do ce_links "$x"; done
}

# Ends every process in the lab's namespaces, then the namespaces (their links go with them).
net_down() {
	local pids n i
	for ((i = 0; i < 60; i++)); do
		pids=$(lab_pids)
		[[ -n $pids ]] || break
		# shellcheck disable=SC2086
		kill -KILL $pids 2>/dev/null || true
		sleep 0.05
	done
	[[ -z $pids ]] || warn "still running in lab $NAME: $(tr '\n' ' ' <<<"$pids")"
	for n in $(lab_namespaces); do
		[[ ! -e /run/netns/$n ]] || ip netns del "$n" || warn "cannot delete namespace $n"
	done
}

# ---- links while the lab runs ----

wire() { # COMMAND...
	"$WIRE" ctl "$RUN/wire.sock" "$@"
}
