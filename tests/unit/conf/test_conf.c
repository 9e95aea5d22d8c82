/* SPDX-License-Identifier: Apache-2.0 */
#include "check_main.h"

#include <libyang/libyang.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "conf/conf.h"

static char dir[64];

static const char *in_dir(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void write_file(const char *name, const char *text, size_t len)
{
	FILE *f = fopen(in_dir(name), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text, 1, len, f), len);
	fclose(f);
}

static EVP_PKEY *write_cert(const char *cert_name, const char *key_name)
{
	EVP_PKEY *k = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509 *x = X509_new();
	FILE *f;

	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, k);
	X509_sign(x, k, EVP_sha256());
	f = fopen(in_dir(cert_name), "w");
	PEM_write_X509(f, x);
	fclose(f);
	f = fopen(in_dir(key_name), "w");
	PEM_write_PrivateKey(f, k, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	X509_free(x);
	return k;
}

static void setup(void)
{
	(void)snprintf(dir, sizeof(dir), "/tmp/test_conf.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	write_file("key", "secret\n", 7);
	write_file("empty", "\n", 1);
	write_file("long",
		   "0123456789012345678901234567890123456789012345678901234567890123456789012345678"
		   "901",
		   82);
	EVP_PKEY_free(write_cert("c.pem", "c.key"));
	EVP_PKEY_free(write_cert("other.pem", "other.key"));
}

static void teardown(void)
{
	static const char *const names[] = { "key",   "empty",	   "long",	"c.pem",
					     "c.key", "other.pem", "other.key", "f.yaml" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)unlink(in_dir(names[i]));
	(void)rmdir(dir);
}

static int load(const char *text, struct conf **out, struct str *errors)
{
	*out = NULL;
	write_file("f.yaml", text, strlen(text));
	return conf_load(in_dir("f.yaml"), out, errors);
}

static size_t lines(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += *s == '\n';
	return n;
}

static const char full[] =
	"node: ctl\n"
	"log: { level: debug, format: json }\n"
	"store: { path: /var/lib/sextant/x.db }\n"
	"workers: 3\n"
	"listen:\n"
	"  restconf:\n"
	"    - { address: \"::1\", port: 8080 }\n"
	"    - { address: \"::\", port: 8443, tls: { certificate: c.pem, key: c.key, client-ca: "
	"c.pem } }\n"
	"access:\n"
	"  - { common-name: noc-1, role: read }\n"
	"  - { common-name: noc-2, role: admin }\n"
	"bgp:\n"
	"  as: 4200000000\n"
	"  router-id: 192.0.2.1\n"
	"  listen: { address: \"::\", port: 1179 }\n"
	"  peer:\n"
	"    - address: fd00:5e::1\n"
	"      remote-as: 65000\n"
	"      insecure: true\n"
	"    - { remote-as: 65001, address: 192.0.2.9, passive: true, md5-key-file: key, "
	"hold-time: 30 }\n"
	"pcep:\n"
	"  keepalive: 10\n"
	"  dead-timer: 40\n"
	"  listen: { address: \"::\", tls: { certificate: c.pem, key: c.key, client-ca: c.pem } }\n"
	"  peer:\n"
	"    - { address: \"fd00:5e::1\", headend: \"2001:db8:0:1::1\", tls: true, msd: 8 }\n"
	"    - { address: \"fd00:5e::2\", insecure: true, profile: frr }\n"
	"devices:\n"
	"  tls: { certificate: c.pem, key: c.key, ca: c.pem }\n"
	"  probes: { authenticated: true, key-lifetime: 3600 }\n"
	"  links: { delay: prefer, load: book, window: 2, keep: 90 }\n"
	"  device:\n"
	"    - { name: r1, address: \"fd00::1\" }\n"
	"    - { name: r2, address: \"fd00::2\", port: 57400, kind: vrp, server-name: r2.example,\n"
	"        policies: true, router: \"fd00::102\" }\n"
	"topology: { settle-ms: 5, objects-max: 5000 }\n"
	"availability: { link: 99.95, part: [ { name: \"r1>r2\", percent: 99.999999 }, { name: r3, percent: 100 } ] }\n"
	"slices: { outside-partitions: false }\n"
	"policy: { binding-sid-block: \"fcbb:bbbb:b000::/48\", wait-to-revert: 0 }\n";

START_TEST(a_full_file_becomes_the_struct)
{
	STR_AUTO struct str e = { 0 };
	AUTO(conf_free) struct conf *c = NULL;
	char t[IP_TEXT_MAX];

	ck_assert_msg(load(full, &c, &e) == 0, "%s", str_text(&e));
	ck_assert_str_eq(c->node, "ctl");
	ck_assert_int_eq(c->log.level, LOG_DEBUG);
	ck_assert_int_eq(c->log.format, LOG_JSON);
	ck_assert_uint_eq(c->workers, 3);
	ck_assert_str_eq(c->store, "/var/lib/sextant/x.db");
	ck_assert_uint_eq(c->n_restconf, 2);
	ck_assert(!c->restconf[0].has_tls && c->restconf[1].has_tls);
	ck_assert_str_eq(c->restconf[1].tls.cert, in_dir("c.pem"));
	ck_assert_uint_eq(c->restconf[1].port, 8443);
	ck_assert_uint_eq(c->n_roles, 2);
	ck_assert_uint_eq(c->roles[0].role, 1);
	ck_assert_uint_eq(c->roles[1].role, 3);
	ck_assert_uint_eq(c->bgp_as, 4200000000u);
	ck_assert_uint_eq(c->n_bgp_peers, 2);
	ck_assert_str_eq(ip_text(&c->bgp_peers[0].addr, t, sizeof(t)), "fd00:5e::1");
	ck_assert_uint_eq(c->bgp_peers[0].port, 179);
	ck_assert_uint_eq(c->bgp_peers[0].hold_s, 90);
	ck_assert(c->bgp_peers[1].passive && c->bgp_peers[1].hold_s == 30);
	ck_assert_uint_eq(c->bgp_peers[1].md5.len, 6);
	ck_assert_mem_eq(c->bgp_peers[1].md5.key, "secret", 6);
	ck_assert_uint_eq(c->pcep_listen.port, 4189);
	ck_assert(c->pcep_listen.has_tls);
	ck_assert_uint_eq(c->pcep_keepalive_s, 10);
	ck_assert_uint_eq(c->pcep_dead_s, 40);
	ck_assert_uint_eq(c->n_pcep_peers, 2);
	ck_assert(c->pcep_peers[0].tls && c->pcep_peers[0].msd == 8);
	ck_assert_str_eq(c->pcep_peers[0].profile, "rfc");
	ck_assert_str_eq(c->pcep_peers[1].profile, "frr");
	ck_assert(c->has_devices);
	ck_assert_str_eq(c->devices_tls.ca, in_dir("c.pem"));
	ck_assert(!c->slices_outside);
	ck_assert_uint_eq(c->n_devices, 2);
	ck_assert_str_eq(c->devices[0].name, "r1");
	ck_assert_uint_eq(c->devices[0].port, 9339);
	ck_assert_str_eq(c->devices[0].kind, "");
	ck_assert_uint_eq(c->devices[1].port, 57400);
	ck_assert_str_eq(c->devices[1].kind, "vrp");
	ck_assert_str_eq(c->devices[1].server_name, "r2.example");
	ck_assert(!c->devices[0].policies && c->devices[1].policies);
	ck_assert_str_eq(ip_text(&c->devices[1].router, t, sizeof(t)), "fd00::102");
	ck_assert_str_eq(c->links_delay, "prefer");
	ck_assert_str_eq(c->links_load, "book");
	ck_assert(c->probes_authenticated && c->probes_key_s == 3600);
	ck_assert(c->links_window_s == 2 && c->links_keep_s == 90 && c->links_hold_s == 60);
	ck_assert(c->avail_link_ppb == 999500000 && c->avail_node_ppb == 0 && c->n_avail == 2);
	ck_assert_str_eq(c->avail[0].name, "r1>r2");
	ck_assert(c->avail[0].ppb == 999999990 && c->avail[1].ppb == 1000000000);
	ck_assert_uint_eq(c->topo_quiet_ms, 5);
	ck_assert_uint_eq(c->topo_age_out_s, 120);
	ck_assert_uint_eq(c->topo_objects_max, 5000);
	ck_assert_uint_eq(c->wait_to_revert_s, 0);
	ck_assert(c->has_bsid_block && c->bsid_block.len == 48);
	ck_assert_str_eq(ip_text(&c->originator, t, sizeof(t)), "192.0.2.1");
}
END_TEST

START_TEST(the_shortest_file_gets_every_default)
{
	STR_AUTO struct str e = { 0 };
	AUTO(conf_free) struct conf *c = NULL;

	ck_assert_msg(load("node: a\n", &c, &e) == 0, "%s", str_text(&e));
	ck_assert_uint_eq(c->workers, 0);
	ck_assert(!c->has_bgp && !c->has_pcep && !c->has_devices);
	ck_assert_uint_eq(c->n_restconf, 1);
	ck_assert(ip_is_loopback(&c->restconf[0].addr));
	ck_assert_uint_eq(c->restconf[0].port, 8080);
	ck_assert_uint_eq(c->topo_eor_cap_s, 60);
	ck_assert_uint_eq(c->confirm_s, 10);
	ck_assert_uint_eq(c->policies_max, 100000);
	ck_assert(c->slices_outside);
}
END_TEST

#define DEVICES                                                                                    \
	"node: a\ndevices:\n  tls: { certificate: c.pem, key: c.key, ca: c.pem }\n  device:\n"

/* One mistake, one line, at the right place, with the words that help. */
static const struct {
	const char *text;
	const char *at; /* what follows the file's name */
	const char *has;
} mistakes[] = {
	{ "node: a\nworkrs: 2\n", ":2: ", "unknown key 'workrs', did you mean 'workers'?" },
	{ "node: a\nxyzzyxyzzy: 2\n", ":2: ", "unknown key 'xyzzyxyzzy'" },
	{ "node: a\nbgp:\n  as: 1\n  router-id: 1.1.1.1\n  peer:\n  - address: \"::1\"\n"
	  "    remote-as: 1\n    insecure: true\n    hold-tme: 9\n",
	  ":9: bgp/peer[1]: ", "did you mean 'hold-time'" },
	{ "node: a\nworkers: many\n", ":2: workers: ", "wants a whole number 1..64" },
	{ "node: a\navailability: { link: 101 }\n", ":2: availability/link: ", "wants percent" },
	{ "node: a\navailability: { link: 0 }\n", ":2: availability/link: ", "'0' is wrong" },
	{ "node: a\nworkers: 65\n", ":2: workers: ", "'65' is wrong" },
	{ "node: a\nworkers: -1\n", ":2: workers: ", "'-1' is wrong" },
	{ "node: a\nworkers: [1]\n", ":2: workers: ", "not a list" },
	{ "node: a\nworkers:\n", ":2: workers: ", "has no value" },
	{ "node: a\nlog: { level: loud }\n",
	  ":2: log/level: ", "one of: error, warning, notice, info, debug" },
	{ "node: a\nlog: noisy\n", ":2: log: ", "wants keys and values" },
	{ "workers: 1\n", ":1: ", "'node' is missing" },
	{ "node: a\nnode: b\n", ":2: ", "given twice, first in line 1" },
	{ "node: \"bad name\"\n", ":1: node: ", "letters, digits" },
	{ "node: a\nlisten:\n  restconf:\n  - { address: \"::\", port: 80 }\n",
	  ":4: listen/restconf", "beyond loopback needs 'tls'" },
	{ "node: a\nlisten:\n  restconf:\n  - { address: localhost, port: 80 }\n",
	  ":4: listen/restconf[1]/address: ", "wants an IPv6 or IPv4 address" },
	{ "node: a\nlisten:\n  restconf:\n  - { address: \"::1\" }\n",
	  ":4: listen/restconf[1]: ", "'port' is missing" },
	{ "node: a\nlisten:\n  restconf:\n  - { address: \"::1\", port: 70000 }\n",
	  ":4: listen/restconf[1]/port: ", "port number 1..65535" },
	{ "node: a\nlisten:\n  restconf: { address: \"::1\", port: 7 }\n",
	  ":3: listen/restconf: ", "wants a list" },
	{ "node: a\nlisten:\n  restconf:\n  - { address: \"::1\", port: 7 }\n"
	  "  - { address: \"0::1\", port: 7 }\n",
	  ":5: listen/restconf[2]: ", "given twice, first in line 4" },
	{ "node: a\nbgp: { as: 1 }\n", ":2: bgp: ", "'router-id' is missing" },
	{ "node: a\nbgp: { as: 0, router-id: 1.1.1.1 }\n", ":2: bgp/as: ", "AS number" },
	{ "node: a\nbgp: { as: 1, router-id: \"::1\" }\n", ":2: bgp/router-id: ", "IPv4 address" },
	{ "node: a\nbgp: { as: 1, router-id: 0.0.0.0 }\n", ":2: bgp/router-id: ", "0.0.0.0" },
	{ "node: a\nbgp:\n  as: 1\n  router-id: 1.1.1.1\n  peer:\n  - { address: \"::1\", "
	  "remote-as: 1 }\n",
	  ":6: bgp/peer", "'md5-key-file', or say 'insecure: true'" },
	{ "node: a\nbgp:\n  as: 1\n  router-id: 1.1.1.1\n  peer:\n"
	  "  - { address: \"::1\", remote-as: 1, insecure: true, passive: true }\n",
	  ":6: bgp/peer", "passive peer needs" },
	{ "node: a\nbgp:\n  as: 1\n  router-id: 1.1.1.1\n  peer:\n"
	  "  - { address: \"::1\", remote-as: 1, insecure: yes }\n",
	  ":6: bgp/peer[1]/insecure: ", "true or false" },
	{ "node: a\nbgp:\n  as: 1\n  router-id: 1.1.1.1\n  peer:\n"
	  "  - { address: \"::1\", remote-as: 1, insecure: true, local-address: 10.0.0.1 }\n",
	  ":6: bgp/peer", "another address family" },
	{ "node: a\nbgp:\n  as: 1\n  router-id: 1.1.1.1\n  peer:\n"
	  "  - { address: \"::1\", remote-as: 1, md5-key-file: absent }\n",
	  ":6: bgp/peer", "absent: No such file" },
	{ "node: a\nbgp:\n  as: 1\n  router-id: 1.1.1.1\n  peer:\n"
	  "  - { address: \"::1\", remote-as: 1, md5-key-file: empty }\n",
	  ":6: bgp/peer", "1 to 80 octets" },
	{ "node: a\nbgp:\n  as: 1\n  router-id: 1.1.1.1\n  peer:\n"
	  "  - { address: \"::1\", remote-as: 1, md5-key-file: long }\n",
	  ":6: bgp/peer", "1 to 80 octets" },
	{ "node: a\npcep:\n  peer:\n  - { address: \"::1\" }\n", ":4: pcep/peer",
	  "or say 'insecure: true'" },
	{ "node: a\npcep:\n  peer:\n  - { address: \"::1\", tls: true }\n", ":4: pcep/peer",
	  "certificates under" },
	{ "node: a\npcep:\n  keepalive: 60\n  dead-timer: 50\n",
	  ":4: pcep/dead-timer: ", "longer than 'keepalive'" },
	{ "node: a\npcep:\n  peer:\n  - { address: \"::1\", insecure: true, headend: \"::9\" }\n"
	  "  - { address: \"::2\", insecure: true, headend: \"::9\" }\n",
	  ":", "headend" },
	{ DEVICES "  - { name: r, address: \"::1\", policies: true }\n", ":5: devices/device",
	  "needs 'router'" },
	{ DEVICES "  - { name: r, address: \"::1\", policies: true, router: \"::9\", kind: openconfig }\n",
	  ":5: devices/device", "have no SRv6 policies" },
	{ DEVICES "  - { name: r, address: \"::1\", policies: true, router: \"0::9\" }\n"
		  "pcep:\n  peer:\n  - { address: \"::2\", insecure: true, headend: \"::9\" }\n",
	  ":5: devices/device[name='r']/router: ", "PCEP peer ::2 is the same headend" },
	{ DEVICES "  - { name: r, address: \"::1\", policies: true, router: \"::9\" }\n"
		  "  - { name: s, address: \"::2\", policies: true, router: \"::9\" }\n",
	  ":", "router" },
	{ "node: a\nlisten:\n  restconf:\n  - { address: \"::\", port: 1, tls: { certificate: "
	  "nowhere.pem, "
	  "key: c.key, client-ca: c.pem } }\n",
	  ":4: listen/restconf", "nowhere.pem: No such file" },
	{ "node: a\nlisten:\n  restconf:\n  - { address: \"::\", port: 1, tls: { certificate: key, "
	  "key: c.key, client-ca: c.pem } }\n",
	  ":4: listen/restconf", "holds no PEM certificate" },
	{ "node: a\nlisten:\n  restconf:\n  - { address: \"::\", port: 1, tls: { certificate: "
	  "c.pem, "
	  "key: other.key, client-ca: c.pem } }\n",
	  ":4: listen/restconf", "is not the key of" },
	{ "node: a\nlisten:\n  restconf:\n  - { address: \"::\", port: 1, tls: { certificate: "
	  "c.pem, "
	  "key: c.pem, client-ca: c.pem } }\n",
	  ":4: listen/restconf", "no PEM private key" },
	{ "node: a\nlisten:\n  restconf:\n  - address: \"::\"\n    port: 1\n    tls:\n"
	  "      certificate: c.pem\n      key: c.key\n",
	  ":6: listen/restconf[1]/tls: ", "'client-ca' is missing" },
	{ "node: a\naccess:\n  - { common-name: x, role: god }\n",
	  ":3: access[1]/role: ", "one of: read, operate, admin" },
	{ "node: a\ntopology: { settle-ms: 600 }\n", ":2: topology", "smaller than 'settle-ms'" },
	{ "node: a\npolicy: { binding-sid-block: \"fcbb::\" }\n",
	  ":2: policy/binding-sid-block: ", "IPv6 prefix" },
	{ "node: a\npolicy: { binding-sid-block: \"fcbb::/120\" }\n",
	  ":2: policy/binding-sid-block: ", "too few SIDs" },
	{ "node: &x a\n", ":1: ", "anchors" },
	{ "node: !!str a\n", ":1: ", "tags" },
	{ "node: a\nlog: { level: *x }\n", ":2: ", "aliases" },
	{ "node: a\n<<: { workers: 1 }\n", ":2: ", "merge keys" },
	{ "node: a\n---\nnode: b\n", ":2: ", "only one document" },
	{ "node: [a\n", ":", "not YAML" },
	{ "node: a\n\tworkers: 2\n", ":2: ", "not YAML" },
	{ "", ": ", "is empty" },
	{ "# nothing\n", ": ", "is empty" },
	{ "just text\n", ":1: ", "wants keys and values" },
	{ "? [a, b]\n: c\n", ":1: ", "a key must be plain text" },
	{ "a: [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]\n", ":1: ", "nested too deeply" },
	{ "node: \xff\xfe\n", ":", "UTF-8" },
};

START_TEST(each_mistake_is_one_clear_line)
{
	STR_AUTO struct str e = { 0 };
	AUTO(conf_free) struct conf *c = NULL;
	char at[256];

	ck_assert_int_lt(load(mistakes[_i].text, &c, &e), 0);
	ck_assert_ptr_null(c);
	(void)snprintf(at, sizeof(at), "%s%s", in_dir("f.yaml"), mistakes[_i].at);
	ck_assert_msg(strncmp(str_text(&e), at, strlen(at)) == 0, "%s\nbut wants %s", str_text(&e),
		      at);
	ck_assert_msg(strstr(str_text(&e), mistakes[_i].has) != NULL, "%s\nlacks %s", str_text(&e),
		      mistakes[_i].has);
	ck_assert_msg(lines(str_text(&e)) == 1, "%s", str_text(&e));
}
END_TEST

START_TEST(all_mistakes_of_a_file_are_told_at_once)
{
	STR_AUTO struct str e = { 0 };
	AUTO(conf_free) struct conf *c = NULL;

	ck_assert_int_lt(
		load("workrs: 2\nlog: { level: loud }\nbgp:\n  as: 1\n  router-id: 1.1.1.1\n"
		     "  peer:\n  - { address: \"::1\", remote-as: 1 }\n"
		     "  - { address: \"::2\", remote-as: 1, md5-key-file: absent }\n"
		     "listen: { restconf: [ { address: \"::\", port: 5 } ] }\n",
		     &c, &e),
		0);
	ck_assert_msg(lines(str_text(&e)) == 6, "%s", str_text(&e));
}
END_TEST

START_TEST(error_lines_are_bounded_and_hold_no_control_octets)
{
	STR_AUTO struct str e = { 0 };
	STR_AUTO struct str text = { 0 };
	AUTO(conf_free) struct conf *c = NULL;

	str_add(&text, "node: a\n");
	for (unsigned i = 0; i < 100; i++)
		str_addf(&text, "\"k\\n%u\": \"\\e[2J\"\n", i);
	ck_assert_int_lt(load(str_text(&text), &c, &e), 0);
	ck_assert_uint_eq(lines(str_text(&e)), 65);
	ck_assert_ptr_null(strchr(str_text(&e), '\033'));
}
END_TEST

START_TEST(a_missing_file_is_one_line)
{
	STR_AUTO struct str e = { 0 };
	AUTO(conf_free) struct conf *c = NULL;

	ck_assert_int_lt(conf_load("/nonexistent/f.yaml", &c, &e), 0);
	ck_assert_str_eq(str_text(&e), "/nonexistent/f.yaml: No such file or directory\n");
	str_fini(&e);
	ck_assert_int_lt(conf_load("/tmp", &c, &e), 0);
	ck_assert_str_eq(str_text(&e), "/tmp: is not a file\n");
}
END_TEST

START_TEST(what_is_printed_loads_again_and_prints_the_same)
{
	STR_AUTO struct str e = { 0 };
	STR_AUTO struct str one = { 0 };
	STR_AUTO struct str two = { 0 };

	write_file("f.yaml", full, sizeof(full) - 1);
	ck_assert_msg(conf_print(in_dir("f.yaml"), &one, &e) == 0, "%s", str_text(&e));
	ck_assert_ptr_nonnull(strstr(str_text(&one), "      hold-time: 90\n"));
	ck_assert_ptr_nonnull(strstr(str_text(&one), "md5-key-file: key\n"));
	ck_assert_ptr_null(strstr(str_text(&one), "secret"));
	write_file("f.yaml", str_text(&one), one.len);
	ck_assert_msg(conf_print(in_dir("f.yaml"), &two, &e) == 0, "%s%s", str_text(&e),
		      str_text(&one));
	ck_assert_str_eq(str_text(&one), str_text(&two));
}
END_TEST

static const char *const modules[] = { "sextant-config", "sextant-agent" };

START_TEST(the_reference_tells_every_key)
{
	STR_AUTO struct str md = { 0 };

	ck_assert_int_eq(conf_reference(modules[_i], &md), 0);
	ck_assert_ptr_nonnull(strstr(str_text(&md), "| `node` | text | *required* | Name of this"));
	for (const char *row = str_text(&md); (row = strchr(row, '\n')) && row[1]; row++) {
		unsigned bars = 0;

		for (const char *p = row + 1; *p && *p != '\n'; p++)
			bars += *p == '|' && p[-1] != '\\';
		ck_assert_uint_eq(bars, 5);
		ck_assert_int_ne(strncmp(row + 1, "| `` ", 5), 0);
	}
	ck_assert_ptr_null(strstr(str_text(&md), "|  |  |  |"));
}
END_TEST

START_TEST(the_reference_of_an_unknown_model_fails)
{
	STR_AUTO struct str md = { 0 };

	ck_assert_int_lt(conf_reference("no-such-model", &md), 0);
}
END_TEST

START_TEST(no_prefix_of_a_file_crashes)
{
	static const char *const models[] = { "sextant-config", "sextant-agent", NULL };
	STR_AUTO struct str e = { 0 };
	struct ly_ctx *ctx = NULL;

	ck_assert_int_eq(conf_models(&ctx, models, &e), 0);
	for (size_t n = 0; n < sizeof(full); n++) {
		char *exact = malloc(n ? n : 1);
		struct lyd_node *tree;
		bool ok = false;
		STR_AUTO struct str err = { 0 };

		memcpy(exact, full, n);
		tree = conf_tree_mem(ctx, models[0], "x", exact, n, &err, &ok);
		ck_assert(!tree || strcmp(tree->schema->name, "sextant") == 0);
		conf_tree_free(tree);
		ck_assert(ok == (err.len == 0));
		free(exact);
	}
	ly_ctx_destroy(ctx);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("conf");
	TCase *t = tcase_create("conf");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_full_file_becomes_the_struct);
	tcase_add_test(t, the_shortest_file_gets_every_default);
	tcase_add_loop_test(t, each_mistake_is_one_clear_line, 0, (int)ARRAY_LEN(mistakes));
	tcase_add_test(t, all_mistakes_of_a_file_are_told_at_once);
	tcase_add_test(t, error_lines_are_bounded_and_hold_no_control_octets);
	tcase_add_test(t, a_missing_file_is_one_line);
	tcase_add_test(t, what_is_printed_loads_again_and_prints_the_same);
	tcase_add_loop_test(t, the_reference_tells_every_key, 0, (int)ARRAY_LEN(modules));
	tcase_add_test(t, the_reference_of_an_unknown_model_fails);
	tcase_add_test(t, no_prefix_of_a_file_crashes);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return check_main(suite());
}
