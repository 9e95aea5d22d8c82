/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands: what there is, what it takes, what it says of itself. */
#include "cli.h"

#define KEY_HELP "KEY is HEADEND,COLOR,ENDPOINT; routers by name, node id or address."

static const struct cli_option o_create[] = {
	{ "name", "TEXT", "name of the policy (default: one is made)" },
	CLI_OPTIONS_DEMAND,
	{ "hold-priority", "N", "0 (best) to 7 (default)" },
	{ "protect-bandwidth", "none|link|node|srlg|srlg-node", "what single failure it is to survive" },
	{ "max-lists", "N", "weighted lists it may have, where one cannot carry the bandwidth: 1 (default) to 8" },
	{ "group", "N", "of policies to be kept disjoint from one another, 1 to 65534" },
	{ "disjoint", "link|node|srlg|srlg-node", "what the group must not share (default link)" },
	{ "best-available", NULL, "of the group: what shares least, where there is nothing better" },
	{ "preference", "N", "of the candidate path (default 100)" },
	CLI_OPTIONS_CONSTRAINTS,
	{ "segment", "SID..", "an explicit list: SRv6 SIDs, or labels with --dataplane mpls" },
	{ "admin-down", NULL, "keep it, but do not use it" },
	{ "replace", NULL, "put it in the place of one that is there" },
	{ "if-match", "ETAG", "with --replace: only if it is still the one 'policy show' showed" },
	{ "dry-run", NULL, "check it, change nothing" },
	CLI_OPTION_KEY,
	{ 0 },
};

static const struct cli_option o_delete[] = {
	CLI_OPTION_KEY,
	{ "if-match", "ETAG", "only if it is still the one 'policy show' showed" },
	{ 0 },
};

static const struct cli_option o_path[] = { CLI_OPTIONS_CONSTRAINTS, CLI_OPTIONS_DEMAND, { 0 } };

static const struct cli_option o_path_disjoint[] = {
	{ "type", "link|node|srlg|srlg-node", "what must not be shared (default link)" },
	{ "count", "K", "how many paths, 2 to 8 (default 2)" },
	{ "best-available", NULL, "if there are none, what shares least" },
	{ "first-shortest", NULL, "the first as if it were alone" },
	{ "delay-difference", "TIME", "bound on the difference of their delays" },
	{ "leg", "\"N --option..\"..", "what the N-th has of its own: --from, --to and what a path can ask for" },
	CLI_OPTIONS_CONSTRAINTS,
	CLI_OPTIONS_DEMAND,
	{ 0 },
};

static const struct cli_option o_path_list[] = {
	{ "count", "K", "how many paths, 1 to 256 (default 4)" },
	CLI_OPTIONS_CONSTRAINTS,
	CLI_OPTIONS_DEMAND,
	{ 0 },
};

static const struct cli_option o_path_multi[] = {
	{ "lists", "K", "how many at most, 1 to 16 (default 4)" },
	{ "weights", "N", "what they add up to at most, 1 to 256 (default 64)" },
	CLI_OPTIONS_CONSTRAINTS,
	CLI_OPTIONS_DEMAND,
	{ 0 },
};

static const struct cli_option o_backup[] = {
	{ "link", "LINK", "that fails, as 'p1>p2' or its id" },
	{ "node", "NODE", "that fails: name, id or address" },
	{ "srlg", "N", "all links in it fail" },
	{ "dataplane", "srv6|mpls", "of the repair lists (default srv6)" },
	{ 0 },
};

#define PLAN_FILES                                                                                 \
	{ "topology", "FILE", "the network: JSON, REPETITA's .graph, or topo.csv" },               \
		{ "demands", "FILE", "who sends how much: JSON or REPETITA's .demands" },          \
		{ "requests", "FILE", "paths wanted: JSON or tunnel.csv" }

static const struct cli_option o_plan_path[] = {
	PLAN_FILES,
	{ "book", NULL, "each request takes its bandwidth from those behind it" },
	{ 0 },
};

static const struct cli_option o_plan_disjoint[] = {
	PLAN_FILES,
	{ "work", "N", "branchings a request may take (default 20000)" },
	{ "delay-difference", NULL, "apply the DelayDifference column of a tunnel.csv" },
	{ 0 },
};

static const struct cli_option o_plan_fail[] = {
	PLAN_FILES,
	{ "book", NULL, "requests only get what others leave" },
	{ 0 },
};

#define REACH_TERMS                                                                                \
	{ "metric", "igp|te|delay|hops", "what is to be least (default igp)" },                    \
		{ "delay-max", "TIME", "bound on the delay; links without one are not used" },     \
		{ "sids-max", "N", "of a list, 1 to 16 (default 10)" },                            \
		{ "dataplane", "srv6|mpls", "with srv6 (default) an adjacency SID is routed to its router, one SID in all" }

static const struct cli_option o_plan_reach[] = {
	{ "topology", "FILE", "the network: JSON, REPETITA's .graph, or topo.csv" },
	{ "from", "NODE", "where lists begin: name, node id or address" },
	REACH_TERMS,
	{ 0 },
};

static const struct cli_option o_path_reach[] = {
	REACH_TERMS,
	{ "limit", "N", "with --json: destinations of a page, 1 to 1000 (default 256)" },
	{ "after", "NODE", "with --json: the page behind this node id" },
	{ 0 },
};

static const struct cli_option o_plan_optimise[] = {
	PLAN_FILES,
	{ "seconds", "S", "stop after so long with the best so far" },
	{ "work", "N", "stop after so much work: the same on every machine (default 200000000)" },
	{ "seed", "N", "of the search (default 1)" },
	{ "midpoints", "N", "a demand, at most 3 (default 2)" },
	{ "charge", "PPM", "utilisation each moved demand must be worth" },
	{ 0 },
};

static const struct cli_option o_optimise[] = {
	{ "dry-run", NULL, "only say what would be moved (the default)" },
	{ "apply", NULL, "move the policies, step by step" },
	{ "seconds", "S", "stop after so long with the best so far (default 5)" },
	{ "work", "N", "stop after so much work: the same on every machine" },
	{ "seed", "N", "of the search (default 1)" },
	{ "midpoints", "K", "a policy, at most 3 (default 2)" },
	{ "charge", "PPM", "utilisation each changed policy must be worth" },
	{ 0 },
};

static const struct cli_option o_slice[] = {
	CLI_OPTION_KEY,
	{ 0 },
};

static const struct cli_option o_clear[] = {
	{ "protocol", "bgp|pcep|gnmi", "when there are several with the peer" },
	{ 0 },
};

static const struct cli_option o_event[] = {
	{ "follow", NULL, "go on with what happens from now" },
	{ "since", "ID", "only what came after this event" },
	{ "type", "TYPE..", "only events of these types" },
	{ 0 },
};

static const struct cli_option o_audit[] = {
	{ "last", "N", "so many entries (default 20)" },
	{ 0 },
};

static const struct cli_option o_write[] = {
	{ "data", "JSON", "the body: text, @FILE, or @- for standard input" },
	{ "if-match", "ETAG", "only if the resource still has this entity tag" },
	CLI_OPTION_KEY,
	{ 0 },
};

static const char create_more[] =
	"Makes an SR Policy with one candidate path: computed under constraints, or explicit\n"
	"with --segment. Routers by name, node id or address. Lists take several words, commas,\n"
	"or the option again.\n"
	"\n"
	"  sextant policy create pe1 100 pe9 --metric delay --delay-max 20ms --bandwidth 10M\n"
	"  sextant policy create pe1 200 pe9 --exclude 'p1>p2' p4 --affinity-exclude 3\n"
	"  sextant policy create pe1 300 pe9 --segment fcbb:bb00:4::,fcbb:bb00:9:: --dry-run\n"
	"\n"
	"Policies of one --group share no link (or node, or risk: --disjoint) with each other, of\n"
	"whatever headends they are; all say the same --disjoint and --best-available.\n"
	"\n"
	"  sextant policy create pe1 401 pe9 --group 7 --disjoint srlg-node\n"
	"  sextant policy create pe2 402 pe9 --group 7 --disjoint srlg-node";

static const char path_more[] =
	"Asks for a path on the present topology and bandwidth book; nothing is booked or sent.\n"
	"explain tells what the path leaves of each constraint, and which of them it would be\n"
	"better without. When there is no path, both say which constraints conflict and the\n"
	"nearest change that would help; exit code 3.\n"
	"\n"
	"  sextant path compute pe1 pe9 --metric delay --bandwidth 2.5G --dataplane srv6\n"
	"  sextant path explain pe1 pe9 --delay-max 20ms --loss-max 50ppm --include p4,=p7";

static const char disjoint_more[] =
	"Asks for paths that share no link, node or risk, the sum of their costs the least there is,\n"
	"on the present topology and bandwidth book; nothing is booked or sent. --leg says in quotes\n"
	"what one path has of its own: its number, then --from, --to, --bandwidth, --msd, --reserved\n"
	"or any term of a path; what it does not say is as for all. Exit code 3: there are none, or\n"
	"one has no list.\n"
	"\n"
	"  sextant path disjoint pe1 pe9 --type srlg-node --delay-max 20ms\n"
	"  sextant path disjoint pe1 pe9 --leg '1 --delay-max 5ms' --leg '2 --from pe2 --metric te'";

static const char paths_more[] =
	"Asks for several paths on the present topology and bandwidth book; nothing is booked or\n"
	"sent. list: the cheapest paths in order, and whether there are no others; without any, or\n"
	"any that has a list, why. multipath: paths that carry the bandwidth together, with weights,\n"
	"or what no paths could carry more than. Exit code 3: there are none, or none (of multipath:\n"
	"not each) has a list.\n"
	"\n"
	"  sextant path list pe1 pe9 --count 8 --metric delay\n"
	"  sextant path multipath pe1 pe9 --bandwidth 400G --lists 4";

#define PLAN_FORMATS "Formats, units and what comes out: tools/plan/README.md. Asks no controller.\n"

static const char plan_path_more[] =
	"Computes a path and its SID list for every request (or, without requests, every demand)\n"
	"of the files, on the network of a file. Exit code 3: at least one has no path; the answer\n"
	"says which, why, and how near one is.\n" PLAN_FORMATS "\n"
	"  sextant plan path --topology net.json --requests wanted.json -o json";

static const char plan_disjoint_more[] =
	"Computes sets of paths that share no link, node or SRLG, least in sum, each leg under the\n"
	"bounds of its request, for the requests that ask for it. If none does, all get a pair that\n"
	"shares no link.\n"
	"Exit code 3: at least one has no set.\n" PLAN_FORMATS "\n"
	"  sextant plan disjoint --topology topo.csv --requests tunnel.csv -o json";

static const char plan_optimise_more[] =
	"Finds midpoints for all demands together so that the fullest link is as empty as can be, a\n"
	"bound below which no placement gets, and an order to roll it out in that overloads no link.\n"
	"Progress goes to standard error; an interrupt gives the best so far. The answer is the same\n"
	"for a seed and --work.\n" PLAN_FORMATS "\n"
	"  sextant plan optimise --topology net.graph --demands net.demands --seconds 5";

static const char path_reach_more[] =
	"What every router can be reached for from one, at the least cost within a delay and so many\n"
	"SIDs, by node and adjacency segments: a segment costs what its worst equal-cost path does, a\n"
	"container of several counts as several; bandwidth, and which SIDs are advertised, are not looked\n"
	"at (path compute does).\n"
	"Exit code 3: at least one router is not reached.\n\n"
	"  sextant path reach pe1 --delay-max 20ms --sids-max 3";

static const char plan_reach_more[] =
	"What every router can be reached for from one, at the least cost within a delay and so many\n"
	"SIDs, by node and adjacency segments: a segment costs what its worst equal-cost path does, a\n"
	"container of several counts as several, and which SIDs are advertised is not looked at (plan\n"
	"path does). With -o json also every other trade of cost, delay and SIDs.\n"
	"Exit code 3: at least one router is not reached.\n" PLAN_FORMATS "\n"
	"  sextant plan reach --topology net.json --from pe1 --delay-max 20ms --sids-max 3 -o json";

static const char plan_fail_more[] =
	"For every link, node and SRLG: which requests (or demands) lose what they asked for when it\n"
	"fails, and what the fullest link is then.\n" PLAN_FORMATS "\n"
	"  sextant plan fail --topology net.json --requests wanted.json";

static const char optimise_more[] =
	"Places all live policies that can be moved together, so that the fullest link is as empty as\n"
	"can be: what it carries before and after, a bound below which no placement gets, who changes,\n"
	"and an order of moves in which no link is overloaded. With --apply the moves are made, each\n"
	"when the one before is reported up. Explicit, foreign and Flex-Algo paths stay as load.\n"
	"What was moved keeps its path until something breaks or 'policy reoptimise' is asked for.\n"
	"An interrupt ends the search with the best so far, or the moves. Exit code 3: there is no plan\n"
	"or no such order; 1: the moves were stopped.\n"
	"\n"
	"  sextant optimise --seconds 10\n"
	"  sextant optimise --apply --midpoints 1 --charge 500";

static const char fail_more[] =
	"Which policies lose their way or a bound once the network has converged without it, before\n"
	"anything is repaired, and what the fullest link is then by reservations. Nothing is changed.\n"
	"\n"
	"  sextant fail link 'p1>p2'\n"
	"  sextant fail node p1\n"
	"  sextant fail srlg 17";

static const char backup_more[] =
	"What the router next to a failure does with packets until the network has converged: over\n"
	"which link they leave, and the segments that keep them on paths that will be shortest then\n"
	"(TI-LFA). Exit code 3: there is no such router or failure.\n"
	"\n"
	"  sextant path backup p1 --link 'p1>p2'";

static const char slice_more[] =
	"FILE (- for standard input) is JSON (RFC 7951) of the standard models, in one of three forms:\n"
	"ietf-network-slice-service:network-slice-services with templates and slices, or\n"
	"ietf-network:networks with ietf-nrp:nrp-policies, both merged with what there is, all or\n"
	"nothing; or one ietf-network-slice-service:slice-service, which takes the place of the one of\n"
	"its id. check only asks, as does an order that says test-only. Exit code 3: there is no room;\n"
	"the link and what would be possible are named.\n"
	"\n"
	"  sextant slice check order.json && sextant slice apply order.json --idempotency-key o-17";

static const char vpn_more[] =
	"FILE (- for standard input) is one ietf-l3vpn-ntw:vpn-service (RFC 9182) as JSON, which takes\n"
	"the place of the one of its vpn-id. underlay-transport names the slice it runs in: what its\n"
	"accesses may send is taken from that one. check only asks. Exit code 3: there is no room.\n"
	"\n"
	"  sextant vpn check line.json && sextant vpn apply line.json --idempotency-key o-18";

static const char window_more[] =
	"FILE (- for standard input) is JSON: one sextant-assurance:window.\n"
	"\n"
	"  {\"sextant-assurance:window\":[{\"name\":\"final\",\"start\":\"2026-12-01T18:00:00Z\",\n"
	"   \"duration\":10800,\"slice\":[\"tv-01\"],\"level\":\"high\",\n"
	"   \"approved-action\":[\"switch-to-protect\",\"reroute\"]}]}\n"
	"\n"
	"While it is on nothing else is changed, unless it says \"freeze\":false.";

static const char api_more[] =
	"PATH begins with a slash: /restconf/data/..., /restconf/operations/... (RFC 8040), or any\n"
	"other the controller serves. The body of the answer goes to standard output as it came.\n"
	"\n"
	"  sextant api get /restconf/data/sextant-system:system/sessions\n"
	"  sextant api post /restconf/operations/sextant-policy:hold \\\n"
	"      --data '{\"sextant-policy:input\":{\"set\":true}}'";

#define ROW(WORDS, OPERANDS, MIN, MAX, RUN, OPTIONS, HELP, MORE)                                   \
	{                                                                                          \
		.words = WORDS, .operands = OPERANDS, .help = HELP, .more = MORE,                  \
		.operands_min = MIN, .operands_max = MAX, .options = OPTIONS, .run = RUN           \
	}

const struct cli_command cli_commands[] = {
	ROW("status", "", 0, 0, cli_status, NULL, "is all well, on one screen",
	    "With --json the same as one object, made here."),
	ROW("topology summary", "", 0, 0, cli_topology_summary, NULL, "size, freshness and sources", NULL),
	ROW("topology nodes", "", 0, 0, cli_topology_nodes, NULL, "routers, their locators and SIDs", NULL),
	ROW("topology links", "", 0, 0, cli_topology_links, NULL, "links: metrics, delay, bandwidth", NULL),
	ROW("topology export", "", 0, 0, cli_topology_export, NULL, "the network as a file for 'sextant plan'",
	    "Goes to standard output, JSON whatever --output says.\n\n"
	    "  sextant topology export > net.json"),
	ROW("policy list", "", 0, 0, cli_policy_list, NULL, "every SR Policy and its state", NULL),
	ROW("policy show", "KEY", 1, 1, cli_policy_show, NULL, "one policy, wanted and reported", KEY_HELP),
	ROW("policy create", "HEADEND COLOR ENDPOINT", 3, 3, cli_policy_create, o_create, "make or replace one",
	    create_more),
	ROW("policy delete", "KEY", 1, 1, cli_policy_delete, o_delete, "remove one from the network", KEY_HELP),
	ROW("policy adopt", "KEY", 1, 1, cli_policy_action, NULL, "manage one that was only observed",
	    KEY_HELP "\nA path that does not change sends nothing."),
	ROW("policy release", "KEY", 1, 1, cli_policy_action, NULL, "only observe it from now on", KEY_HELP),
	ROW("policy reoptimise", "KEY", 1, 1, cli_policy_action, NULL, "look for a better path now", KEY_HELP),
	ROW("policy hold", "on|off|status", 1, 1, cli_policy_hold, NULL, "compute and show, but send nothing",
	    "Durable: it outlives a restart of the controller."),
	ROW("path compute", "SRC DST", 2, 2, cli_path_compute, o_path, "a path and its SID list", path_more),
	ROW("path explain", "SRC DST", 2, 2, cli_path_compute, o_path, "the same, and what constraints removed",
	    path_more),
	ROW("path disjoint", "SRC DST", 2, 2, cli_paths, o_path_disjoint, "paths that share nothing",
	    disjoint_more),
	ROW("path list", "SRC DST", 2, 2, cli_paths, o_path_list, "the cheapest paths, in order", paths_more),
	ROW("path multipath", "SRC DST", 2, 2, cli_paths, o_path_multi,
	    "paths that carry a bandwidth together", paths_more),
	ROW("path reach", "NODE", 1, 1, cli_path_reach, o_path_reach, "what all routers can be reached for from one",
	    path_reach_more),
	ROW("path backup", "NODE", 1, 1, cli_path_backup, o_backup, "how a router repairs what fails next to it",
	    backup_more),
	ROW("fail link", "LINK", 1, 1, cli_fail_what, NULL, "who loses what if a link failed", fail_more),
	ROW("fail node", "NODE", 1, 1, cli_fail_what, NULL, "the same for a node", fail_more),
	ROW("fail srlg", "N", 1, 1, cli_fail_what, NULL, "the same for an SRLG", fail_more),
	ROW("optimise", "", 0, 0, cli_optimise, o_optimise, "move live policies, the fullest link low",
	    optimise_more),
	ROW("plan path", "", 0, 0, cli_plan, o_plan_path, "paths for requests, on a network of a file", plan_path_more),
	ROW("plan disjoint", "", 0, 0, cli_plan, o_plan_disjoint, "paths that share nothing, for requests",
	    plan_disjoint_more),
	ROW("plan optimise", "", 0, 0, cli_plan, o_plan_optimise, "place all demands, the fullest link low",
	    plan_optimise_more),
	ROW("plan reach", "", 0, 0, cli_plan, o_plan_reach, "what all routers can be reached for from one",
	    plan_reach_more),
	ROW("plan fail", "", 0, 0, cli_plan, o_plan_fail, "who loses what when X fails", plan_fail_more),
	ROW("slice list", "", 0, 0, cli_slice_list, NULL, "every network slice and its state", NULL),
	ROW("slice show", "SLICE", 1, 1, cli_slice_show, NULL, "one slice: state, constructs, their policies", NULL),
	ROW("slice measure", "SLICE", 1, 1, cli_slice_measure, NULL, "what its packets tell: loss and delay by hop",
	    "Every bound that is promised and what is measured of it; of promised availability the time it was up, down,\n"
	    "and neither (unknown) in the last 30 days, against the time it may be down. It is insufficient while less\n"
	    "than half of that is known, at risk from the at-risk-threshold of the time on."),
	ROW("slice history", "SLICE", 1, 1, cli_slice_history, NULL, "how it kept its promise, by the hour", NULL),
	ROW("slice apply", "FILE", 1, 1, cli_slice_order, o_slice, "order slices, templates, partitions",
	    slice_more),
	ROW("slice check", "FILE", 1, 1, cli_slice_order, NULL, "would the order be admitted", slice_more),
	ROW("slice delete", "SLICE", 1, 1, cli_slice_delete, o_delete, "take one away, and all that is its", NULL),
	ROW("slice audit", "", 0, 0, cli_slice_audit, NULL, "is nothing left of those that are gone",
	    "And is everything there of those that are. Exit code 1: something is not as it should be."),
	ROW("slice reach", "SLICE", 1, 1, cli_slice_reach, NULL, "who is reached from it, by the tables of routers",
	    "Of each SDP its prefixes, and whether packets to them come where they are to (proven), somewhere else (missing),\n"
	    "to somebody they are not for (leak), or nobody can say (unsure: a router on the way does not tell). With --json\n"
	    "all of it, as a proof to keep. Exit code 1: there is a leak, or something is missing."),
	ROW("vpn list", "", 0, 0, cli_vpn_list, NULL, "every L3VPN and its state", NULL),
	ROW("vpn show", "VPN", 1, 1, cli_vpn_show, NULL, "one L3VPN: state, routers, accesses", NULL),
	ROW("vpn apply", "FILE", 1, 1, cli_slice_order, o_slice, "order a private line or VPN (RFC 9182)", vpn_more),
	ROW("vpn check", "FILE", 1, 1, cli_slice_order, NULL, "would it be admitted", vpn_more),
	ROW("vpn delete", "VPN", 1, 1, cli_vpn_delete, o_delete, "take one away, and all that is its", NULL),
	ROW("incident list", "", 0, 0, cli_incident_list, NULL, "slices that broke their promise, and what is done", NULL),
	ROW("incident show", "ID", 1, 1, cli_incident_show, NULL, "one of them: causes, timeline", NULL),
	ROW("incident approve", "ID", 1, 1, cli_incident_say, NULL, "take the action that waits for an operator", NULL),
	ROW("incident reject", "ID", 1, 1, cli_incident_say, NULL, "not this action: try the next", NULL),
	ROW("incident accept", "ID", 1, 1, cli_incident_say, NULL, "take the slice as it is, try no more", NULL),
	ROW("incident release", "SLICE", 1, 1, cli_incident_release, NULL, "take away what repairs changed of a slice",
	    "It runs as ordered again, and is let on if it was shed. Not while an open incident has to do with it."),
	ROW("diagnose", "", 0, 0, cli_diagnose, NULL, "what is wrong in the network, and who it hits", NULL),
	ROW("window list", "", 0, 0, cli_window_list, NULL, "assurance windows, and which is on", NULL),
	ROW("window show", "NAME", 1, 1, cli_window_show, NULL, "one of them, and what single failures would do", NULL),
	ROW("window apply", "FILE", 1, 1, cli_window_apply, NULL, "make or replace one", window_more),
	ROW("window check", "NAME", 1, 1, cli_window_check, NULL, "work out now what single failures would do", NULL),
	ROW("window report", "NAME", 1, 1, cli_window_report, NULL, "how its slices fared; with --json the export", NULL),
	ROW("window delete", "NAME", 1, 1, cli_window_delete, NULL, "take one away; a freeze ends with it", NULL),
	ROW("nrp list", "", 0, 0, cli_nrp_list, NULL, "every partition, and how far it is in the network", NULL),
	ROW("nrp show", "NAME", 1, 1, cli_nrp_show, NULL, "one partition: its queues with counters, its SIDs",
	    "Partitions are written by 'sextant slice apply', and go by deleting their nrp-policy."),
	ROW("session list", "", 0, 0, cli_session_list, NULL, "BGP, PCEP and gNMI sessions", NULL),
	ROW("session clear", "PEER", 1, 1, cli_session_clear, o_clear, "reset one; it comes up again by itself",
	    NULL),
	ROW("device list", "", 0, 0, cli_device_list, NULL, "devices spoken to by gNMI, and their kinds", NULL),
	ROW("headend list", "", 0, 0, cli_headend_list, NULL, "routers that take policies", NULL),
	ROW("book", "[LINK]", 0, 1, cli_book, NULL, "bandwidth reserved and free",
	    "With a LINK (its label, as 'p1>p2', or its id): by priority."),
	ROW("event", "", 0, 0, cli_event, o_event, "what happened, and with --follow what happens",
	    "Without --follow ends when the controller has had nothing more to tell for half a second."),
	ROW("alarm list", "", 0, 0, cli_alarm, NULL, "what is wrong now", NULL),
	ROW("audit", "", 0, 0, cli_audit, o_audit, "who changed what",
	    "With --json the whole log, whatever --last says."),
	ROW("operation list", "", 0, 0, cli_operation_list, NULL, "writes with a key, or not waited for", NULL),
	ROW("operation show", "ID", 1, 1, cli_operation_show, NULL, "one of them: steps, how it ended", NULL),
	ROW("operation cancel", "ID", 1, 1, cli_operation_cancel, NULL, "take back what has not begun", NULL),
	ROW("backup", "FILE", 1, 1, cli_backup, NULL, "copy the store, while it works",
	    "FILE is a name alone, in the backup directory of the controller."),
	ROW("api get", "PATH", 1, 1, cli_api, NULL, "GET a resource", api_more),
	ROW("api post", "PATH", 1, 1, cli_api, o_write, "POST to a resource or operation", api_more),
	ROW("api put", "PATH", 1, 1, cli_api, o_write, "PUT a resource", api_more),
	ROW("api patch", "PATH", 1, 1, cli_api, o_write, "PATCH a resource", api_more),
	ROW("api delete", "PATH", 1, 1, cli_api, o_delete, "DELETE a resource", api_more),
	ROW("version", "", 0, 0, cli_version, NULL, "of this program and of the controller",
	    "'sextant --version' asks no controller."),
	ROW("completion", "bash|zsh|fish", 1, 1, cli_completion, NULL, "the script that completes with Tab",
	    "  source <(sextant completion bash)"),
	{ 0 },
};
