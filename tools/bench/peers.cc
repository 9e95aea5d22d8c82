// SPDX-License-Identifier: Apache-2.0
//
// Other libraries on the benchmark's graphs, in a process of their own: bench-peers KIND GRAPH
// QUERIES. The graph is text, "n m" then m lines "from to igp delay"; queries are "src dst" lines.
// Prints "median-ms V", "checksum C", "found F": the checksum adds up the costs found (all
// distances of a tree, both paths of a pair, all paths of a list), so that answers can be
// compared; times are of processor time. Exit codes: 0 fine, 1 bad input, 2 usage, 3 the library
// of that kind was not there when this was built.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#ifdef PEERS_BGL
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/dijkstra_shortest_paths.hpp>
#endif
#ifdef PEERS_LEMON
#include <lemon/static_graph.h>
#include <lemon/suurballe.h>
#endif
#ifdef PEERS_IGRAPH
#include <igraph/igraph.h>
#endif

namespace
{

struct line {
	int from, to;
	int igp;
};

struct query {
	int src, dst;
};

struct input {
	int n = 0;
	std::vector<line> arcs; // by (from, to)
	std::vector<query> queries;
};

struct answer {
	std::uint64_t cost = 0;
	bool found = false;
};

using solver = std::function<answer(const query &)>;

bool read_graph(const char *name, input &in)
{
	std::ifstream f(name);
	std::size_t m = 0;
	line l{};
	long delay = 0;

	if (!(f >> in.n >> m) || in.n <= 0)
		return false;
	in.arcs.reserve(m);
	while (f >> l.from >> l.to >> l.igp >> delay) {
		if (l.from < 0 || l.from >= in.n || l.to < 0 || l.to >= in.n || l.igp < 0)
			return false;
		in.arcs.push_back(l);
	}
	std::stable_sort(in.arcs.begin(), in.arcs.end(),
			 [](const line &a, const line &b) { return a.from < b.from; });
	return in.arcs.size() == m;
}

bool read_queries(const char *name, input &in)
{
	std::ifstream f(name);
	query q{};

	while (f >> q.src >> q.dst) {
		if (q.src < 0 || q.src >= in.n || q.dst < 0 || q.dst >= in.n)
			return false;
		in.queries.push_back(q);
	}
	return !in.queries.empty();
}

double now_ms()
{
	timespec t{};

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
}

void measure(const input &in, const solver &solve)
{
	std::vector<double> took;
	std::uint64_t sum = 0;
	unsigned found = 0;

	(void)solve(in.queries.front()); // warms caches and allocators
	for (const query &q : in.queries) {
		const double start = now_ms();
		const answer a = solve(q);

		took.push_back(now_ms() - start);
		sum += a.cost;
		found += a.found;
	}
	std::nth_element(took.begin(), took.begin() + static_cast<long>(took.size() / 2),
			 took.end());
	std::printf("median-ms %.6f\nchecksum %llu\nfound %u\n", took[took.size() / 2],
		    static_cast<unsigned long long>(sum), found);
}

#ifdef PEERS_BGL
struct weight {
	int igp;
};

int spf_bgl(const input &in)
{
	using graph = boost::compressed_sparse_row_graph<boost::directedS, boost::no_property,
							 weight>;
	std::vector<std::pair<int, int>> ends;
	std::vector<weight> weights;

	for (const line &l : in.arcs) {
		ends.emplace_back(l.from, l.to);
		weights.push_back({ l.igp });
	}
	const auto n = static_cast<std::size_t>(in.n);
	const graph g(boost::edges_are_sorted, ends.begin(), ends.end(), weights.begin(), n);
	std::vector<int> dist(n);
	std::vector<graph::vertex_descriptor> pred(n);

	measure(in, [&](const query &q) {
		answer a;

		boost::dijkstra_shortest_paths(
			g, static_cast<graph::vertex_descriptor>(q.src),
			boost::weight_map(boost::get(&weight::igp, g))
				.distance_map(boost::make_iterator_property_map(
					dist.begin(), boost::get(boost::vertex_index, g)))
				.predecessor_map(boost::make_iterator_property_map(
					pred.begin(), boost::get(boost::vertex_index, g))));
		for (int d : dist)
			a.cost += d == std::numeric_limits<int>::max() ? 0U : static_cast<unsigned>(d);
		a.found = dist[static_cast<std::size_t>(q.dst)] != std::numeric_limits<int>::max();
		return a;
	});
	return 0;
}
#else
int spf_bgl(const input &)
{
	return 3;
}
#endif

#ifdef PEERS_LEMON
int disjoint_lemon(const input &in)
{
	using graph = lemon::StaticDigraph;
	std::vector<std::pair<int, int>> ends;
	graph g;

	for (const line &l : in.arcs)
		ends.emplace_back(l.from, l.to);
	g.build(in.n, ends.begin(), ends.end());
	graph::ArcMap<int> length(g);
	for (std::size_t i = 0; i < in.arcs.size(); i++)
		length[g.arc(static_cast<int>(i))] = in.arcs[i].igp;

	measure(in, [&](const query &q) {
		lemon::Suurballe<graph, graph::ArcMap<int>> s(g, length);
		answer a;

		a.found = s.run(g.node(q.src), g.node(q.dst), 2) == 2;
		a.cost = a.found ? static_cast<std::uint64_t>(s.totalLength()) : 0;
		return a;
	});
	return 0;
}
#else
int disjoint_lemon(const input &)
{
	return 3;
}
#endif

#ifdef PEERS_IGRAPH
struct igraph_net {
	igraph_t graph{};
	igraph_vector_t weights{};

	explicit igraph_net(const input &in)
	{
		const auto m = static_cast<igraph_integer_t>(in.arcs.size());
		igraph_vector_int_t ends;

		igraph_vector_int_init(&ends, 2 * m);
		igraph_vector_init(&weights, m);
		for (igraph_integer_t i = 0; i < m; i++) {
			const line &l = in.arcs[static_cast<std::size_t>(i)];

			VECTOR(ends)[2 * i] = l.from;
			VECTOR(ends)[2 * i + 1] = l.to;
			VECTOR(weights)[i] = l.igp;
		}
		igraph_create(&graph, &ends, in.n, IGRAPH_DIRECTED);
		igraph_vector_int_destroy(&ends);
	}
	~igraph_net()
	{
		igraph_destroy(&graph);
		igraph_vector_destroy(&weights);
	}
	igraph_net(const igraph_net &) = delete;
	igraph_net &operator=(const igraph_net &) = delete;
};

int spf_igraph(const input &in)
{
	const igraph_net net(in);
	igraph_matrix_t dist;

	igraph_matrix_init(&dist, 0, 0);
	measure(in, [&](const query &q) {
		answer a;

		igraph_distances_dijkstra(&net.graph, &dist, igraph_vss_1(q.src), igraph_vss_all(),
					  &net.weights, IGRAPH_OUT);
		for (igraph_integer_t i = 0; i < in.n; i++) {
			const igraph_real_t d = MATRIX(dist, 0, i);

			a.cost += d < 1e15 ? static_cast<std::uint64_t>(d) : 0;
		}
		a.found = MATRIX(dist, 0, q.dst) < 1e15;
		return a;
	});
	igraph_matrix_destroy(&dist);
	return 0;
}

int ksp16_igraph(const input &in)
{
	const igraph_net net(in);
	igraph_vector_int_list_t paths;

	igraph_vector_int_list_init(&paths, 0);
	measure(in, [&](const query &q) {
		answer a;

		igraph_get_k_shortest_paths(&net.graph, &net.weights, nullptr, &paths, 16, q.src,
					    q.dst, IGRAPH_OUT);
		a.found = igraph_vector_int_list_size(&paths) > 0;
		for (igraph_integer_t i = 0; i < igraph_vector_int_list_size(&paths); i++) {
			const igraph_vector_int_t *p = igraph_vector_int_list_get_ptr(&paths, i);

			for (igraph_integer_t k = 0; k < igraph_vector_int_size(p); k++)
				a.cost += static_cast<std::uint64_t>(
					VECTOR(net.weights)[VECTOR(*p)[k]]);
		}
		return a;
	});
	igraph_vector_int_list_destroy(&paths);
	return 0;
}
#else
int spf_igraph(const input &)
{
	return 3;
}

int ksp16_igraph(const input &)
{
	return 3;
}
#endif

struct kind {
	const char *name;
	int (*run)(const input &);
};

const kind kinds[] = {
	{ "spf-bgl", spf_bgl },
	{ "spf-igraph", spf_igraph },
	{ "disjoint-lemon", disjoint_lemon },
	{ "ksp16-igraph", ksp16_igraph },
};

} // namespace

int main(int argc, char **argv)
{
	input in;

	for (const kind &k : kinds) {
		if (argc != 4 || std::strcmp(k.name, argv[1]) != 0)
			continue;
		if (!read_graph(argv[2], in) || !read_queries(argv[3], in)) {
			std::fputs("bench-peers: graph or queries cannot be read\n", stderr);
			return 1;
		}
		return k.run(in);
	}
	std::fputs("usage: bench-peers spf-bgl|spf-igraph|disjoint-lemon|ksp16-igraph GRAPH QUERIES\n",
		   stderr);
	return 2;
}
