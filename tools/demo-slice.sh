# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The demo's second act, sourced by tools/demo: a network slice on a ring of four routers that the
# controller configures by gNMI. A partition gets queues and SIDs, an order gets its room, tables and a
# measurement of its own packets; then packets are dropped silently inside a router.

m=ietf-network-slice-service
ring() { "$repo/tools/lab/lab" --name "${name}2" "$@"; }
rx() { ring exec ctl "$build/tools/cli/sextant" "$@"; }
rx_shown() { printf '  $ sextant %s\n' "$*"; rx "$@" 2>&1 | sed 's/^/    /'; }

head_line 'Act two: a slice, on routers that the controller configures'
cat >"$work/ring.topo" <<'TEXT'
router r1 bgpls=export
router r2
router r3
router r4
link r1-r2 metric=10 te=300 delay=3000 bw=100 loss=1
link r2-r4 metric=10 te=310 delay=3000 bw=100 loss=1
link r1-r3 metric=20 te=320 delay=1000 bw=100 loss=1
link r3-r4 metric=20 te=330 delay=1000 bw=100 loss=1
TEXT
ring up --topology "$work/ring.topo" --devices --controller "$build/src/sextantd" \
	--agents "$build/tools/agent/sextant-agent" >"$work/ring-up" 2>&1 || { sed 's/^/    /' "$work/ring-up"; exit 1; }
ring_up=1
ring_run=${SEXTANT_LAB_RUN:-/run/sextant-lab}/${name}2
site() { # SIDE ROUTER: a customer's host behind a router
	local ns=${name}2-site$1
	echo "$ns" >>"$ring_run/namespaces"
	ip netns add "$ns"
	ip -n "${name}2-$2" link add gold type veth peer name eth0 netns "$ns"
	ip -n "${name}2-$2" link set gold up
	ip -n "${name}2-$2" -6 addr add fe80::1/64 dev gold nodad
	ip -n "$ns" link set lo up
	ip -n "$ns" link set eth0 mtu 1400 up
	ip -n "$ns" -6 addr add "2001:db8:$1::2/64" dev eth0 nodad
	ip -n "$ns" -6 route add default via fe80::1 dev eth0
}
site a r1
site b r4
ring_learned() { rx topology summary --json | jq -e '[.. | ."sextant-topology:network-attributes"? // empty][0] | .nodes == 4 and .links == 8 and (.stale | not)'; }
sessions() { [[ $(rx device list --json | jq '[.. | objects | select(.protocol? == "gnmi" and .up == true)] | length') == 4 ]]; }
check 'four routers, eight link directions' within 60 ring_learned
check 'and a gNMI session to each' within 30 sessions
rx_shown device list

# ---- a partition: queues and SIDs ----

cat >"$work/nrp.json" <<'TEXT'
{ "ietf-network:networks": { "ietf-nrp:nrp-policies": { "nrp-policy": [ { "name": "gold-class", "nrp-id": 7,
  "mode": "ietf-nrp:data-plane-partition", "resource-reservation": { "maximum-bandwidth": "20000000" },
  "selector-id": { "ipv6": { "srv6-sid": [ "fd5e:64::/32" ] } } } ] } } }
TEXT
nrp=/restconf/data/ietf-network:networks/ietf-nrp:nrp-policies/nrp-policy=gold-class
nrp_in() { [[ $(rx nrp show gold-class --json | jq -r '.["ietf-nrp:nrp-policy"][0]["sextant-nrp:realised"].status') == in ]]; }
class() { ring exec "$1" tc class show dev "$2" | grep 'htb 5e78:107 '; } # ROUTER INTERFACE
rx_shown slice apply "$work/nrp.json"
check 'a partition of 20 Mb/s is in the network' within 30 nrp_in
show "r1's kernel, towards r2: $(class r1 to-r2)"
everywhere() { class r1 to-r2 && class r1 to-r3 && class r2 to-r4 && class r3 to-r4 && class r4 to-r2 && class r4 to-r3; }
check 'its queue is on every link' within 5 everywhere
carried() { ring exec r1 ip -6 route show fd5e:64:4::/48 | grep -q 'proto isis'; }
check 'its SIDs travel in IS-IS' within 30 carried

# ---- an order ----

end() { # SDP NODE SIDE
	echo "{ \"id\": \"$1\", \"node-id\": \"$2\", \"attachment-circuits\": { \"attachment-circuit\": [
		{ \"id\": \"ac\", \"ac-tp-id\": \"gold\", \"ac-ipv6-address\": \"2001:db8:$3::1\", \"ac-ipv6-prefix-length\": 64 } ] } }"
}
order() { # ID MB/S: there and back between r1 and r4, as a file
	cat >"$work/$1.json" <<-TEXT
		{ "$m:slice-service": [ { "id": "$1",
		  "service-slo-sle-policy": { "slo-policy": { "metric-bound": [
		    { "metric-type": "$m:one-way-bandwidth", "metric-unit": "Mbps", "bound": "$2" },
		    { "metric-type": "$m:one-way-packet-loss", "metric-unit": "ppm", "bound": "5000" } ] } },
		  "sdps": { "sdp": [ $(end east r1 a), $(end west r4 b) ] },
		  "connection-groups": { "connection-group": [ { "id": "g", "connectivity-type": "$m:point-to-point",
		    "connectivity-construct": [ { "id": "there", "p2p-sender-sdp": "east", "p2p-receiver-sdp": "west" },
		      { "id": "back", "p2p-sender-sdp": "west", "p2p-receiver-sdp": "east" } ] } ] },
		  "sextant-slice:realisation": { "nrp-id": 7, "sharing": "reserved" },
		  "sextant-slice:assurance-policy": { "period": 400, "hop-by-hop": "on-degrade", "windows-to-violate": 2,
		    "windows-to-clear": 3 },
		  "sextant-slice:repair-policy": { "action": [ { "order": 1, "type": "reroute" },
		    { "order": 2, "type": "notify-only" } ], "hold-down": 5 } } ] }
	TEXT
	echo "$work/$1.json"
}
life() { [[ $(rx slice show "$1" --json | jq -r '.. | ."life-cycle"? // empty') == "$2" ]]; } # ID STATE
refused() { # FILE: for want of room
	local code=0
	printf '  $ sextant slice apply %s\n' "$1"
	rx slice apply "$1" >"$work/refused" 2>&1 || code=$?
	sed 's/^/    /' "$work/refused"
	((code == 3))
}
order gold 5 >/dev/null
jq 'del(.. | ."attachment-circuits"?)' "$(order greedy 21)" >"$work/greedy-order.json" # no circuits: they are gold's
rx_shown slice check "$work/gold.json"
rx_shown slice apply "$work/gold.json" --idempotency-key demo-1
check 'the slice is active' within 60 life gold active
rx_shown slice show gold
check 'a second one of more than is left is refused, and says what is' refused "$work/greedy-order.json"
listed() { ring exec r1 ip -6 route show table all | grep '2001:db8:b::/64' | grep -o 'fd5e:64:[0-9a-f:]*' | head -n 1; }
show "r1 encapsulates it with $(listed)"
check 'in SIDs of the partition' test -n "$(listed)"
check 'its sites reach each other' within 20 ip netns exec "${name}2-sitea" ping -n -q -c 3 -i 0.1 -W 1 2001:db8:b::2

# ---- measured on its own packets ----

flow=$build/tools/lab/sextant-flow
(exec ip netns exec "${name}2-siteb" "$flow" receive --on 2001:db8:b::2) >"$work/flow-rx" 2>&1 &
flow_rx=$!
within 10 grep -q listening "$work/flow-rx"
(exec ip netns exec "${name}2-sitea" "$flow" send --to 2001:db8:b::2 --rate 500 --size 200) >"$work/flow-tx" 2>&1 &
flow_tx=$!
received() { # what was since the last time
	local lines
	lines=$(wc -l <"$work/flow-rx")
	kill -USR1 "$flow_rx"
	within 5 eval '(($(wc -l <"$work/flow-rx") > lines))'
	tail -n 1 "$work/flow-rx"
}
stream_is() { [[ $(rx slice measure gold --json | jq -r '[.. | objects | select(.sender? == "east" and has("flow"))][0].state') == "$1" ]]; }
check 'with packets in it, it keeps its promise' within 30 stream_is compliant
rx_shown slice measure gold

# ---- two in a hundred are lost silently inside of a router ----

head_line 'Two packets in a hundred are lost inside of r2, silently'
outer=$(ring exec r1 ip sr tunsrc show | awk '{ print $3 }')
ring exec r2 nft -f - <<-TEXT
	table ip6 hole {
		counter gone { }
		chain f {
			type filter hook forward priority 0
			ip6 saddr $outer exthdr dst exists numgen inc mod 50 0 counter name gone drop
		}
	}
TEXT
incident() { rx incident show 1 --json | jq -c '.. | objects | select(has("phase"))'; }
told() { incident | jq -e --arg w "$1" --arg t "$2" '[.entry[] | select(.what == $w and (.text | contains($t)))] | length > 0'; }
kept() { incident | jq -e '.outcome == "kept"'; }
check 'it is placed there' within 30 told located 'silent-loss-node in r2'
check 'the slice is sent around it, three windows verify that, and it is kept' within 40 kept
rx_shown incident show 1
received >/dev/null
seen() { (($(received | jq .received) > 200)); }
within 10 seen
lost=$(received | jq .lost)
check "the receiver misses none any more" test "$lost" = 0
note "silent loss in r2: incident opened to repair kept: $(incident | jq -r '[.entry[0].time, .entry[-1].time] | map(sub("\\.[0-9]+.*$"; "Z") | fromdate) | .[1] - .[0]') s"

# ---- gone ----

head_line 'The slice and its partition go, to the last of them'
kill "$flow_tx" "$flow_rx"
wait "$flow_tx" "$flow_rx" 2>/dev/null
rx incident release gold >/dev/null 2>&1
rx_shown slice delete gold
gone() { ! rx slice show gold; }
check 'the slice is gone' within 30 gone
check 'then its partition' within 20 rx api delete "$nrp"
nothing() { # of slices in any router's kernel
	local r
	for r in r1 r2 r3 r4; do
		! ring exec "$r" tc qdisc show | grep -q 5e78: && ! ring exec "$r" ip -6 route show table all | grep -q 'proto 201' &&
			! ring exec "$r" nft list ruleset | grep -q sx- || return 1
	done
}
check 'no queue, table, SID or packet rule of it is left' within 30 nothing
audit_clean() { rx slice audit | grep -qx clean; }
check 'and an audit is clean' within 20 audit_clean
