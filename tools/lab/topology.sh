# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# Reads a topology file into tables.  Sourced by tools/lab/lab; touches nothing but variables.
#
#   ROUTERS, CES, LINKS      names in file order
#   R[rN.key]                sid, bgpls, pathd, num
#   C[ceN.key]               router, prefix, num
#   L[LINK.key]              a, b, tag, num, metric, te, delay, jitter, loss, rate, bw, affinity, mtu
#   AFFINITY[NAME]           bit
#   RLINKS[rN]               the links of a router, by blanks

declare -ga ROUTERS=() CES=() LINKS=()
declare -gA R=() C=() L=() AFFINITY=() RLINKS=()

topo_fail() { die "$TOPO_AT: $1" 2; }

# A whole number within bounds.
topo_number() { # WORD-FOR-MESSAGE VALUE MIN MAX
	[[ $2 =~ ^(0|[1-9][0-9]{0,9})$ ]] && (($2 >= $3 && $2 <= $4)) ||
		topo_fail "$1 must be a number from $3 to $4, not '$2'"
}

topo_router() { # NAME KEY=VALUE...
	local n=$1 w
	shift
	[[ $n =~ ^r([1-9][0-9]{0,2})$ ]] || topo_fail "router '$n': must be r1 .. r255"
	topo_number "the number of $n" "${BASH_REMATCH[1]}" 1 255
	# fd00:5e::c is the controller on the management network
	((BASH_REMATCH[1] != 12)) || topo_fail 'r12 would have the address of the controller: leave it out'
	[[ -z ${R[$n.num]:-} ]] || topo_fail "router $n is there twice"
	ROUTERS+=("$n")
	R[$n.num]=${BASH_REMATCH[1]} R[$n.sid]=usid R[$n.bgpls]='' R[$n.pathd]='' RLINKS[$n]=''
	for w; do
		case $w in
		sid=usid | sid=classic | bgpls=export | bgpls=distribute) R[$n.${w%%=*}]=${w#*=} ;;
		*) topo_fail "router $n: unknown '$w' (sid=usid|classic, bgpls=export|distribute)" ;;
		esac
	done
}

topo_ce() { # NAME ROUTER PREFIX
	(($# == 3)) || topo_fail 'ce: NAME ROUTER PREFIX'
	[[ $1 =~ ^ce([1-9][0-9]?)$ ]] || topo_fail "ce '$1': must be ce1 .. ce99"
	[[ -z ${C[$1.num]:-} ]] || topo_fail "$1 is there twice"
	[[ -n ${R[$2.num]:-} ]] || topo_fail "ce $1: no router '$2' above this line"
	[[ $3 =~ ^[0-9a-f:]+::/64$ ]] || topo_fail "ce $1: '$3' is not an IPv6 prefix written X::/64"
	CES+=("$1")
	C[$1.router]=$2 C[$1.prefix]=$3
	C[$1.num]=${1#ce}
}

topo_affinities() { # LINK LIST
	local x
	for x in ${2//,/ }; do
		[[ -n ${AFFINITY[$x]:-} ]] || topo_fail "link $1: no affinity '$x' above this line"
	done
}

topo_link() { # NAME KEY=VALUE...
	local n=$1 w k v a b
	shift
	[[ $n =~ ^(r[0-9]+)-(r[0-9]+)([a-z]?)$ ]] || topo_fail "link '$n': must be rA-rB or rA-rB and a letter"
	a=${BASH_REMATCH[1]} b=${BASH_REMATCH[2]}
	[[ -n ${R[$a.num]:-} && -n ${R[$b.num]:-} && $a != "$b" ]] ||
		topo_fail "link $n: both ends must be different routers above this line"
	[[ -z ${L[$n.num]:-} && -z ${L[$b-$a${BASH_REMATCH[3]}.num]:-} ]] || topo_fail "link $n is there twice"
	LINKS+=("$n")
	L[$n.a]=$a L[$n.b]=$b L[$n.tag]=${BASH_REMATCH[3]} L[$n.num]=${#LINKS[@]}
	L[$n.metric]=10 L[$n.te]=$((1000 + 10 * ${#LINKS[@]})) L[$n.delay]=1000 L[$n.jitter]=0
	L[$n.loss]=0 L[$n.rate]=0 L[$n.bw]=10000 L[$n.affinity]='' L[$n.mtu]=2000
	for w; do
		k=${w%%=*} v=${w#*=}
		case $k in
		metric) topo_number "$n metric" "$v" 1 16777214 ;;
		te) topo_number "$n te" "$v" 1 4294967294 ;;
		delay | jitter) topo_number "$n $k" "$v" 0 10000000 ;;
		loss) topo_number "$n loss" "$v" 0 500000 ;;
		rate) topo_number "$n rate" "$v" 0 100000000 ;;
		bw) topo_number "$n bw" "$v" 1 400000 ;;
		mtu) topo_number "$n mtu" "$v" 1280 9000 ;;
		affinity) topo_affinities "$n" "$v" ;;
		*) topo_fail "link $n: unknown '$w'" ;;
		esac
		L[$n.$k]=$v
	done
	# FRR 10.7 writes metrics 64..255 in a form that other BGP-LS speakers read wrongly
	((L[$n.metric] <= 63 || L[$n.metric] >= 256)) || topo_fail "link $n: metric must be <= 63 or >= 256"
	# FRR 10.7 forwards over the last of several links to a neighbour, whatever they cost
	for w in ${RLINKS[$a]}; do
		[[ ${L[$w.a]} != "$b" && ${L[$w.b]} != "$b" ]] || ((L[$w.metric] == L[$n.metric])) ||
			topo_fail "link $n: parallel to $w, so it must have the same metric"
	done
	RLINKS[$a]+=" $n"
	RLINKS[$b]+=" $n"
}

topo_line() { # WORDS...
	local kind=$1
	shift
	case $kind in
	affinity)
		(($# == 2)) || topo_fail 'affinity: NAME BIT'
		topo_number "affinity $1" "$2" 0 255
		AFFINITY[$1]=$2
		;;
	router) topo_router "$@" ;;
	ce) topo_ce "$@" ;;
	link) topo_link "$@" ;;
	pathd)
		[[ -n ${R[${1:-}.num]:-} ]] || topo_fail "pathd: no router '${1:-}' above this line"
		R[$1.pathd]=1
		;;
	*) topo_fail "unknown word '$kind' (affinity, router, ce, link, pathd)" ;;
	esac
}

topo_read() { # FILE
	local line n=0
	local -a words
	[[ -r $1 ]] || die "no topology file $1" 2
	while IFS= read -r line || [[ -n $line ]]; do
		TOPO_AT="${1##*/}:$((++n))"
		read -ra words <<<"${line%%#*}"
		((${#words[@]} == 0)) || topo_line "${words[@]}"
	done <"$1"
	TOPO_AT=${1##*/}
	((${#ROUTERS[@]} > 0)) || topo_fail 'no routers'
}

# ---- what follows from the tables ----

other_end() { # LINK ROUTER
	if [[ ${L[$1.a]} == "$2" ]]; then echo "${L[$1.b]}"; else echo "${L[$1.a]}"; fi
}

ifname() { # LINK ROUTER: the interface of ROUTER on LINK
	if [[ ${L[$1.a]} == "$2" ]]; then echo "to-${L[$1.b]}${L[$1.tag]}"; else echo "to-${L[$1.a]}${L[$1.tag]}"; fi
}

side() { # LINK ROUTER: 1 at end a, 2 at end b
	if [[ ${L[$1.a]} == "$2" ]]; then echo 1; else echo 2; fi
}

link_v4() { echo "10.$((1 + L[$1.num] / 256)).$((L[$1.num] % 256)).$(side "$1" "$2")"; }
link_v6() { printf '2001:db8:1:%x::%d' "${L[$1.num]}" "$(side "$1" "$2")"; }
loop_v4() { echo "10.0.0.${R[$1.num]}"; }
loop_v6() { printf '2001:db8:0:%x::1' "${R[$1.num]}"; }
mgmt_v6() { printf 'fd00:5e::%x' "${R[$1.num]}"; }
pathd_v6() { printf 'fd00:5e::a:%x' "${R[$1.num]}"; }

locator() { # ROUTER: the first 48 bits of all its SIDs, without the trailing "::/48"
	if [[ ${R[$1.sid]} == classic ]]; then
		printf 'fc00:0:%x' "${R[$1.num]}"
	else
		printf 'fcbb:bbbb:%x' "${R[$1.num]}"
	fi
}

# A link by its name, from either side.
resolve_link() { # NAME
	local n=$1
	if [[ -z ${L[$n.num]:-} && $n =~ ^(r[0-9]+)-(r[0-9]+)([a-z]?)$ ]]; then
		n=${BASH_REMATCH[2]}-${BASH_REMATCH[1]}${BASH_REMATCH[3]}
	fi
	[[ -n ${L[$n.num]:-} ]] || die "no link '$1' in lab $NAME (links: ${LINKS[*]})" 2
	echo "$n"
}
