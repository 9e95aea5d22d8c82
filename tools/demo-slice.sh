# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The demo's second act, sourced by tools/demo: a network slice on a ring of four routers that the
# controller configures by gNMI. A partition gets queues and SIDs; an order gets its room, its tables, a standby, the
# class of its packets, and is probed before they come; they are measured. Then, in a time in which the switch alone is
# approved, some are dropped silently inside a router: the slice goes to its standby, and the report tells of it.

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
# A busy machine is not to look like a dead path: what switches here is the controller's.
sed -i '/^liveness:/d' "$ring_run/r1/agent.yaml"
echo 'liveness: { interval: 500, missed: 10, wait-to-revert: 1 }' >>"$ring_run/r1/agent.yaml"
kill -HUP "$(cut -d' ' -f1 "$ring_run/r1/agent.pid")"
rx_shown device list

# ---- a partition: queues and SIDs ----

cat >"$work/nrp.json" <<'TEXT'
{ "ietf-network:networks": { "ietf-nrp:nrp-policies": { "nrp-policy": [ { "name": "gold-class", "nrp-id": 7,
  "mode": "ietf-nrp:hybrid-plane-partition", "resource-reservation": { "maximum-bandwidth": "20000000" },
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
	echo "{ \"id\": \"$1\", \"node-id\": \"$2\", \"service-match-criteria\": { \"match-criterion\": [ { \"index\": 1,
		\"match-type\": [ { \"type\": \"$m:dscp\", \"dscp\": [34] } ], \"target-connection-group-id\": \"g\" } ] }, \"attachment-circuits\": { \"attachment-circuit\": [
		{ \"id\": \"ac\", \"ac-tp-id\": \"gold\", \"ac-ipv6-address\": \"2001:db8:$3::1\", \"ac-ipv6-prefix-length\": 64 } ] } }"
}
order() { # ID MB/S: there and back between r1 and r4, as a file
	cat >"$work/$1.json" <<-TEXT
		{ "$m:slice-service": [ { "id": "$1",
		  "service-slo-sle-policy": { "slo-policy": { "metric-bound": [
		    { "metric-type": "$m:one-way-bandwidth", "metric-unit": "Mbps", "bound": "$2" },
		    { "metric-type": "$m:one-way-packet-loss", "metric-unit": "ppm", "bound": "5000" } ] },
		    "sle-policy": { "path-constraints": { "diversity": { "diversity-type": "link" } } } },
		  "sdps": { "sdp": [ $(end east r1 a), $(end west r4 b) ] },
		  "connection-groups": { "connection-group": [ { "id": "g", "connectivity-type": "$m:point-to-point",
		    "connectivity-construct": [ { "id": "there", "p2p-sender-sdp": "east", "p2p-receiver-sdp": "west" },
		      { "id": "back", "p2p-sender-sdp": "west", "p2p-receiver-sdp": "east" } ] } ] },
		  "sextant-slice:realisation": { "nrp-id": 7, "sharing": "dedicated" },
		  "sextant-slice:assurance-policy": { "period": 400, "hop-by-hop": "on-degrade", "windows-to-violate": 2,
		    "windows-to-clear": 3 },
		  "sextant-slice:repair-policy": { "action": [ { "order": 1, "type": "switch-to-protect" },
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
check 'one of more than there is is refused, and says what is' refused "$work/greedy-order.json"
rx_shown slice check "$work/gold.json"
ring exec r4 nft 'table ip6 seen { counter probes { }; chain i { type filter hook input priority -10; udp dport 862 counter name probes; }; }'
probes() { ring exec r4 nft list counter ip6 seen probes | grep -oE 'packets [0-9]+' | cut -d' ' -f2; }
rx_shown slice apply "$work/gold.json" --idempotency-key demo-1
check 'the slice is active' within 60 life gold active
rx_shown event --type slice-state
rx_shown book
rx_shown slice show gold
check "before its packets STAMP went its way: $(probes) probes came to r4" test "$(probes)" -ge 150
ring exec r4 nft delete table ip6 seen
marks() { ring exec r1 nft list ruleset | grep -E 'iifname "gold".*dscp (af41|0x22|34)'; }
check 'what it takes is DSCP 34' within 5 marks
show "r1's kernel: $(marks | head -n 1 | sed 's/^[[:space:]]*//')"
listed() { ring exec r1 ip -6 route show table all | grep '2001:db8:b::/64' | grep -o 'fd5e:64:[0-9a-f:]*' | head -n 1; }
show "r1 encapsulates it with $(listed)"
check 'in SIDs of the partition' test -n "$(listed)"
reach() { ip netns exec "${name}2-sitea" ping -n -q -c 3 -i 0.1 -W 1 "$@" 2001:db8:b::2 >/dev/null; }
check 'its sites reach each other by that' within 20 reach -Q 136
check 'and by nothing else' eval '! reach'

# ---- measured on its own packets ----

flow=$build/tools/lab/sextant-flow
(exec ip netns exec "${name}2-siteb" "$flow" receive --on 2001:db8:b::2) >"$work/flow-rx" 2>&1 &
flow_rx=$!
within 10 grep -q listening "$work/flow-rx"
(exec ip netns exec "${name}2-sitea" "$flow" send --to 2001:db8:b::2 --rate 500 --size 200 --dscp 34) >"$work/flow-tx" 2>&1 &
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

# ---- two in a hundred are lost silently inside of a router, in a time in which the switch alone is approved ----

head_line 'A time in which nothing but the switch to the standby may be done'
begin=$(date -u -d '-1 sec' +%Y-%m-%dT%H:%M:%SZ)
window() { # SECONDS: from its begin
	jq -n --arg b "$begin" --argjson s "$1" '{ "sextant-assurance:window": [ { name: "final", start: $b, duration: $s,
		slice: ["gold"], "approved-action": ["switch-to-protect"] } ] }' >"$work/window.json"
	rx window apply "$work/window.json" >/dev/null
}
check 'a window of assurance' window 600
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
measured=$(rx slice measure gold 2>&1)
check 'the slice is switched to its standby, three windows verify that, and it is kept' within 40 kept
alone() { incident | jq -e '.actions == 1' >/dev/null; }
check 'and nothing else was done' alone
show 'what its packets told before:'
sed -n '/^says/p; /^WHERE/,/^$/p; /^WINDOW/q' <<<"$measured" | sed 's/^/    /'
rx_shown incident show 1
received >/dev/null
none_lost() { # of the next five hundred packets
	local got=0 lost=0 r end=$((SECONDS + 30))
	while ((got < 500)); do
		((SECONDS < end)) || return 1
		r=$(received)
		got=$((got + $(jq .received <<<"$r"))) lost=$((lost + $(jq .lost <<<"$r")))
	done
	((lost == 0))
}
check 'the receiver misses none of five hundred packets any more' none_lost
note "silent loss in r2: incident opened to repair kept: $(incident | jq -r '[.entry[0].time, .entry[-1].time] | map(sub("\\.[0-9]+.*$"; "Z") | fromdate) | .[1] - .[0]') s"

check 'the window ends' window $(($(date +%s) - $(date -d "$begin" +%s) + 2))
report() { rx window report final --json | jq -e '.. | objects | select(has("refused-writes")) | .incident == [1] and .service[0].beyond > 0 and .service[0].within > 0'; }
over() { rx window show final --json | jq -e '.. | objects | select(has("level")) | .state.active == false'; }
check 'it is over' within 10 over
check 'and its report tells of the loss and of the incident' within 15 report
rx_shown window report final

# ---- gone ----

head_line 'The slice and its partition go, to the last of them'
kill "$flow_tx" "$flow_rx"
wait "$flow_tx" "$flow_rx" 2>/dev/null
rx window delete final >/dev/null 2>&1
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
empty() { [[ $(rx book --json | jq '[.. | .reserved? // empty | tonumber] | add // 0') == 0 ]]; }
check 'the ledger is empty' within 20 empty
audit_clean() { rx slice audit | grep -qx clean; }
check 'and an audit is clean' within 20 audit_clean
