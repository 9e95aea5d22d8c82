/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's device as strangers give it: JSON of a file, and gNMI SetRequests on a device that
 * has something of everything. No crash, no leak; refused means why; what was taken is text that is
 * taken again and means the same.
 */
#include <assert.h>
#include <libyang/libyang.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/proto/pb.h"
#include "tools/agent/gnmi/gnmi_edit.h"
#include "tools/agent/slices/nft.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char base_text[] =
	"{\"sextant-device:device\":{\"underlay\":[\"fc00::/16\"],\"link\":[{\"name\":\"core\","
	"\"capacity\":\"10000000\",\"nrp\":[{\"id\":1,\"rate\":\"6000000\",\"sid-block\":"
	"[\"fc00:1::/32\"]}]}],\"locator\":[{\"prefix\":\"fc00:2:1::/48\",\"adjacency\":"
	"[{\"interface\":\"core\",\"sid\":\"fc00:2:e001::/48\",\"next-hop\":\"fe80::1\"}]}],\"table\":[{\"id\":100,\"sid\":[\"fc00:0:1::\"],\"interface\":[\"ce1\"],"
	"\"route\":[{\"prefix\":\"2001:db8::/32\",\"segment\":[\"fc00:0:2::\"]},{\"prefix\":"
	"\"2001:db9::/32\",\"policy\":{\"color\":10,\"endpoint\":\"2001:db8::8\"},\"segment\":[\"fd00::\"]}]}],\"classifier\":"
	"[{\"id\":1,\"name\":\"gold\",\"dscp\":34,\"table\":100}],\"policer\":[{\"name\":\"p\","
	"\"interface\":\"ce1\",\"rate\":\"8000\"}],\"source-filter\":[{\"interface\":\"ce1\"}],"
	"\"sextant-device-measure:measure\":{\"stamp\":{\"session\":[{\"name\":\"s\",\"reflector\":"
	"\"fd00::1\",\"segment\":[\"fc00::1\"]}]},\"marking\":{\"period\":400,\"port\":[{\"name\":"
	"\"core\"}],\"flow\":[{\"id\":7,\"last\":\"fc00::9\"}]}}}}";

static struct ly_ctx *ctx; /* made once for all inputs */
static struct agent_device *base;

static void begin(void)
{
	STR_AUTO struct str errors = { 0 };

	if (ctx)
		return;
	assert(agent_device_models(&ctx, &errors) == 0);
	assert(agent_device_parse(ctx, base_text, strlen(base_text), &base, &errors) == 0);
}

static void taken(const struct agent_device *d)
{
	STR_AUTO struct str errors = { 0 }, x = { 0 }, y = { 0 };
	struct agent_device *again = NULL;
	char *text = NULL;

	assert(!d->tree ||
	       lyd_print_mem(&text, d->tree, LYD_JSON, LYD_PRINT_WITHSIBLINGS) == LY_SUCCESS);
	if (!text)
		return;
	assert(agent_device_parse(ctx, text, strlen(text), &again, &errors) == 0);
	agent_nft_script(d, &x);
	agent_nft_script(again, &y);
	assert(strcmp(str_text(&x), str_text(&y)) == 0);
	assert(d->n_links == again->n_links && d->n_tables == again->n_tables);
	assert(d->measure.stamp.n_sessions == again->measure.stamp.n_sessions);
	assert(agent_altmark_cfg_same(&d->measure.marking, &again->measure.marking));
	assert(d->n_locators == again->n_locators && d->n_underlay == again->n_underlay);
	agent_device_free(again);
	free(text);
}

static void file(const char *text, size_t len)
{
	STR_AUTO struct str errors = { 0 };
	struct agent_device *d = NULL;

	if (agent_device_parse(ctx, text, len, &d, &errors) == 0)
		taken(d);
	else
		assert(errors.len > 0);
	agent_device_free(d);
}

static void request(const uint8_t *data, size_t len)
{
	struct agent_gerror e = { 0 };
	struct agent_device *d = NULL;
	Gnmipb__SetRequest *q;
	struct arena a;
	const char *why;

	arena_init(&a, 64 << 20);
	q = pb_unpack(&gnmipb__set_request__descriptor, data, len, &a, &why);
	if (q && agent_gnmi_edit(ctx, base, q, &d, &e))
		taken(d);
	else if (q)
		assert(e.code != RPC_OK && e.text[0]);
	agent_device_free(d);
	arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	begin();
	if (size == 0)
		return 0;
	if (data[0] == '{')
		file((const char *)data, size);
	else
		request(data, size);
	return 0;
}
