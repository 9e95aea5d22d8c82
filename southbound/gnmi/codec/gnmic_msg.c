/* SPDX-License-Identifier: Apache-2.0 */
/* The eight messages of gNMI: guarded, unpacked and turned into structs of ours, and back. */
#include <string.h>

#include "southbound/gnmi/codec/gnmic_int.h"

#define NS_A_SECOND INT64_C(1000000000)

/* ---- capabilities ---- */

const char *gnmic_caps_request_read(const void *data, size_t len, struct arena *a)
{
	const char *why;

	(void)pb_unpack(&gnmipb__capability_request__descriptor, data, len, a, &why);
	return why;
}

const char *gnmic_caps_read(const void *data, size_t len, struct arena *a, struct gnmic_caps *out)
{
	struct gnmic_conv c = { .a = a };
	const Gnmipb__CapabilityResponse *m =
		pb_unpack(&gnmipb__capability_response__descriptor, data, len, a, &c.why);

	*out = (struct gnmic_caps){ .version = "" };
	if (!m)
		return c.why;
	out->version = m->gnmi_version;
	for (size_t i = 0; i < m->n_supported_encodings; i++)
		if ((unsigned)m->supported_encodings[i] < 32)
			out->encodings |= UINT32_C(1) << m->supported_encodings[i];
	out->models = GNMIC_ROOM(&c, m->n_supported_models, struct gnmic_model);
	for (; !c.why && out->n_models < m->n_supported_models; out->n_models++) {
		const Gnmipb__ModelData *d = m->supported_models[out->n_models];

		out->models[out->n_models] = (struct gnmic_model){ d->name, d->organization, d->version };
	}
	return c.why;
}

uint8_t *gnmic_caps_write(const struct gnmic_caps *caps, struct arena *a, size_t *len)
{
	struct gnmic_conv c = { .a = a };
	Gnmipb__ModelData *models = GNMIC_ROOM(&c, caps->n_models, Gnmipb__ModelData);
	Gnmipb__ModelData **list = GNMIC_ROOM(&c, caps->n_models, Gnmipb__ModelData *);
	Gnmipb__Encoding encodings[32];
	Gnmipb__CapabilityResponse m;

	if (c.why)
		return NULL;
	gnmipb__capability_response__init(&m);
	for (; m.n_supported_models < caps->n_models; m.n_supported_models++) {
		const struct gnmic_model *from = &caps->models[m.n_supported_models];
		Gnmipb__ModelData *d = &models[m.n_supported_models];

		gnmipb__model_data__init(d);
		d->name = gnmic_text_of(from->name);
		d->organization = gnmic_text_of(from->organization);
		d->version = gnmic_text_of(from->version);
		list[m.n_supported_models] = d;
	}
	m.supported_models = list;
	for (unsigned i = 0; i < 32; i++)
		if (caps->encodings >> i & 1)
			encodings[m.n_supported_encodings++] = (Gnmipb__Encoding)i;
	m.supported_encodings = encodings;
	m.gnmi_version = gnmic_text_of(caps->version);
	return pb_pack(&m.base, a, len);
}

/* ---- get ---- */

const char *gnmic_get_read(const void *data, size_t len, struct arena *a, struct gnmic_get *out)
{
	struct gnmic_conv c = { .a = a };
	const Gnmipb__GetRequest *m = pb_unpack(&gnmipb__get_request__descriptor, data, len, a, &c.why);

	*out = (struct gnmic_get){ .prefix = { .origin = "", .target = "" } };
	if (!m)
		return c.why;
	if ((unsigned)m->type > GNMIC_GET_OPERATIONAL || (unsigned)m->encoding > GNMIC_ENC_JSON_IETF)
		return "an unknown type or encoding";
	out->type = (enum gnmic_type)m->type;
	out->encoding = (enum gnmic_encoding)m->encoding;
	gnmic_path_from(&c, m->prefix, &out->prefix);
	out->paths = gnmic_paths_from(&c, m->path, m->n_path);
	if (c.why)
		return c.why;
	out->n_paths = m->n_path;
	for (size_t i = 0; i < out->n_paths; i++)
		gnmic_origin_once(&c, &out->prefix, &out->paths[i]);
	return c.why;
}

uint8_t *gnmic_get_write(const struct gnmic_get *get, struct arena *a, size_t *len)
{
	struct gnmic_conv c = { .a = a };
	Gnmipb__GetRequest m;

	gnmipb__get_request__init(&m);
	m.prefix = gnmic_prefix_to(&c, &get->prefix);
	m.path = gnmic_paths_to(&c, get->paths, get->n_paths);
	m.n_path = get->n_paths;
	m.type = (Gnmipb__GetRequest__DataType)get->type;
	m.encoding = (Gnmipb__Encoding)get->encoding;
	return c.why ? NULL : pb_pack(&m.base, a, len);
}

const char *gnmic_get_reply_read(const void *data, size_t len, struct arena *a,
				 struct gnmic_get_reply *out)
{
	struct gnmic_conv c = { .a = a };
	const Gnmipb__GetResponse *m = pb_unpack(&gnmipb__get_response__descriptor, data, len, a, &c.why);

	*out = (struct gnmic_get_reply){ 0 };
	if (!m)
		return c.why;
	out->notifications = GNMIC_ROOM(&c, m->n_notification, struct gnmic_notification);
	for (; !c.why && out->n_notifications < m->n_notification; out->n_notifications++)
		gnmic_notification_from(&c, m->notification[out->n_notifications],
					&out->notifications[out->n_notifications]);
	return c.why;
}

uint8_t *gnmic_get_reply_write(const struct gnmic_get_reply *reply, struct arena *a, size_t *len)
{
	struct gnmic_conv c = { .a = a };
	Gnmipb__GetResponse m;

	gnmipb__get_response__init(&m);
	m.notification = GNMIC_ROOM(&c, reply->n_notifications, Gnmipb__Notification *);
	for (; !c.why && m.n_notification < reply->n_notifications; m.n_notification++)
		m.notification[m.n_notification] =
			gnmic_notification_to(&c, &reply->notifications[m.n_notification]);
	return c.why ? NULL : pb_pack(&m.base, a, len);
}

/* ---- set ---- */

static void duration_from(struct gnmic_conv *c, const Gnmipb__Duration *d, uint64_t *ns)
{
	*ns = 0;
	if (!d)
		return;
	if (d->seconds < 0 || d->seconds > INT64_MAX / NS_A_SECOND - 1 || d->nanos < 0 ||
	    d->nanos >= NS_A_SECOND)
		c->why = "not a time to roll back after";
	else
		*ns = (uint64_t)(d->seconds * NS_A_SECOND + d->nanos);
}

static void commit_from(struct gnmic_conv *c, const Gnmipb__Commit *m, struct gnmic_set *out)
{
	if (out->commit != GNMIC_COMMIT_NONE) {
		c->why = "commit is there twice";
		return;
	}
	out->commit_id = m->id;
	switch (m->action_case) {
	case GNMIPB__COMMIT__ACTION_COMMIT:
		out->commit = GNMIC_COMMIT_START;
		duration_from(c, m->commit->rollback_duration, &out->rollback_ns);
		break;
	case GNMIPB__COMMIT__ACTION_CONFIRM:
		out->commit = GNMIC_COMMIT_CONFIRM;
		break;
	case GNMIPB__COMMIT__ACTION_CANCEL:
		out->commit = GNMIC_COMMIT_CANCEL;
		break;
	case GNMIPB__COMMIT__ACTION_SET_ROLLBACK_DURATION:
		out->commit = GNMIC_COMMIT_SET_ROLLBACK;
		duration_from(c, m->set_rollback_duration->rollback_duration, &out->rollback_ns);
		break;
	default:
		c->why = "a commit without action";
		break;
	}
}

static void origins_of_set(struct gnmic_conv *c, const struct gnmic_set *s)
{
	for (size_t i = 0; i < s->n_deletes; i++)
		gnmic_origin_once(c, &s->prefix, &s->deletes[i]);
	for (size_t i = 0; i < s->n_replaces; i++)
		gnmic_origin_once(c, &s->prefix, &s->replaces[i].path);
	for (size_t i = 0; i < s->n_updates; i++)
		gnmic_origin_once(c, &s->prefix, &s->updates[i].path);
	for (size_t i = 0; i < s->n_union_replaces; i++)
		gnmic_origin_once(c, &s->prefix, &s->union_replaces[i].path);
}

const char *gnmic_set_read(const void *data, size_t len, struct arena *a, struct gnmic_set *out)
{
	struct gnmic_conv c = { .a = a };
	const Gnmipb__SetRequest *m = pb_unpack(&gnmipb__set_request__descriptor, data, len, a, &c.why);

	*out = (struct gnmic_set){ .prefix = { .origin = "", .target = "" }, .commit_id = "" };
	if (!m)
		return c.why;
	gnmic_path_from(&c, m->prefix, &out->prefix);
	out->deletes = gnmic_paths_from(&c, m->delete_, m->n_delete_);
	out->replaces = gnmic_updates_from(&c, m->replace, m->n_replace);
	out->updates = gnmic_updates_from(&c, m->update, m->n_update);
	out->union_replaces = gnmic_updates_from(&c, m->union_replace, m->n_union_replace);
	for (size_t i = 0; !c.why && i < m->n_extension; i++) {
		if (m->extension[i]->ext_case == GNMIPB__EXTENSION__EXT_COMMIT)
			commit_from(&c, m->extension[i]->commit, out);
		else
			out->unknown_extensions++;
	}
	if (c.why)
		return c.why;
	out->n_deletes = m->n_delete_;
	out->n_replaces = m->n_replace;
	out->n_updates = m->n_update;
	out->n_union_replaces = m->n_union_replace;
	origins_of_set(&c, out);
	return c.why;
}

static Gnmipb__Duration *duration_to(struct gnmic_conv *c, uint64_t ns)
{
	Gnmipb__Duration *d = GNMIC_ROOM(c, 1, Gnmipb__Duration);

	if (!d)
		return NULL;
	gnmipb__duration__init(d);
	d->seconds = (int64_t)(ns / (uint64_t)NS_A_SECOND);
	d->nanos = (int32_t)(ns % (uint64_t)NS_A_SECOND);
	return d;
}

static void action_to(struct gnmic_conv *c, const struct gnmic_set *set, Gnmipb__Commit *m)
{
	union {
		Gnmipb__CommitRequest start;
		Gnmipb__CommitConfirm confirm;
		Gnmipb__CommitCancel cancel;
		Gnmipb__CommitSetRollbackDuration rollback;
	} *u = gnmic_room(c, 1, sizeof(*u));

	if (!u)
		return;
	switch (set->commit) {
	case GNMIC_COMMIT_NONE:
		break;
	case GNMIC_COMMIT_START:
		gnmipb__commit_request__init(&u->start);
		u->start.rollback_duration = duration_to(c, set->rollback_ns);
		m->action_case = GNMIPB__COMMIT__ACTION_COMMIT;
		m->commit = &u->start;
		break;
	case GNMIC_COMMIT_CONFIRM:
		gnmipb__commit_confirm__init(&u->confirm);
		m->action_case = GNMIPB__COMMIT__ACTION_CONFIRM;
		m->confirm = &u->confirm;
		break;
	case GNMIC_COMMIT_CANCEL:
		gnmipb__commit_cancel__init(&u->cancel);
		m->action_case = GNMIPB__COMMIT__ACTION_CANCEL;
		m->cancel = &u->cancel;
		break;
	case GNMIC_COMMIT_SET_ROLLBACK:
		gnmipb__commit_set_rollback_duration__init(&u->rollback);
		u->rollback.rollback_duration = duration_to(c, set->rollback_ns);
		m->action_case = GNMIPB__COMMIT__ACTION_SET_ROLLBACK_DURATION;
		m->set_rollback_duration = &u->rollback;
		break;
	}
}

static void commit_to(struct gnmic_conv *c, const struct gnmic_set *set, Gnmipb__SetRequest *m)
{
	Gnmipb__Extension *e = GNMIC_ROOM(c, 1, Gnmipb__Extension);
	Gnmipb__Commit *commit = GNMIC_ROOM(c, 1, Gnmipb__Commit);

	m->extension = GNMIC_ROOM(c, 1, Gnmipb__Extension *);
	if (c->why)
		return;
	gnmipb__extension__init(e);
	gnmipb__commit__init(commit);
	commit->id = gnmic_text_of(set->commit_id);
	action_to(c, set, commit);
	e->ext_case = GNMIPB__EXTENSION__EXT_COMMIT;
	e->commit = commit;
	m->extension[0] = e;
	m->n_extension = 1;
}

uint8_t *gnmic_set_write(const struct gnmic_set *set, struct arena *a, size_t *len)
{
	struct gnmic_conv c = { .a = a };
	Gnmipb__SetRequest m;

	gnmipb__set_request__init(&m);
	m.prefix = gnmic_prefix_to(&c, &set->prefix);
	m.delete_ = gnmic_paths_to(&c, set->deletes, set->n_deletes);
	m.n_delete_ = set->n_deletes;
	m.replace = gnmic_updates_to(&c, set->replaces, set->n_replaces);
	m.n_replace = set->n_replaces;
	m.update = gnmic_updates_to(&c, set->updates, set->n_updates);
	m.n_update = set->n_updates;
	m.union_replace = gnmic_updates_to(&c, set->union_replaces, set->n_union_replaces);
	m.n_union_replace = set->n_union_replaces;
	if (set->commit != GNMIC_COMMIT_NONE)
		commit_to(&c, set, &m);
	return c.why ? NULL : pb_pack(&m.base, a, len);
}

const char *gnmic_set_reply_read(const void *data, size_t len, struct arena *a,
				 struct gnmic_set_reply *out)
{
	struct gnmic_conv c = { .a = a };
	const Gnmipb__SetResponse *m = pb_unpack(&gnmipb__set_response__descriptor, data, len, a, &c.why);

	*out = (struct gnmic_set_reply){ .prefix = { .origin = "", .target = "" } };
	if (!m)
		return c.why;
	out->timestamp_ns = m->timestamp;
	gnmic_path_from(&c, m->prefix, &out->prefix);
	out->results = GNMIC_ROOM(&c, m->n_response, struct gnmic_result);
	for (; !c.why && out->n_results < m->n_response; out->n_results++) {
		const Gnmipb__UpdateResult *r = m->response[out->n_results];
		struct gnmic_result *to = &out->results[out->n_results];

		gnmic_path_from(&c, r->path, &to->path);
		to->op = (unsigned)r->op <= GNMIC_OP_UNION_REPLACE ? (enum gnmic_op)r->op : GNMIC_OP_INVALID;
	}
	return c.why;
}

uint8_t *gnmic_set_reply_write(const struct gnmic_set_reply *reply, struct arena *a, size_t *len)
{
	struct gnmic_conv c = { .a = a };
	Gnmipb__UpdateResult *results = GNMIC_ROOM(&c, reply->n_results, Gnmipb__UpdateResult);
	Gnmipb__SetResponse m;

	gnmipb__set_response__init(&m);
	m.prefix = gnmic_prefix_to(&c, &reply->prefix);
	m.response = GNMIC_ROOM(&c, reply->n_results, Gnmipb__UpdateResult *);
	m.timestamp = reply->timestamp_ns;
	for (; !c.why && m.n_response < reply->n_results; m.n_response++) {
		Gnmipb__UpdateResult *r = &results[m.n_response];

		gnmipb__update_result__init(r);
		r->path = gnmic_path_to(&c, &reply->results[m.n_response].path);
		r->op = (Gnmipb__UpdateResult__Operation)reply->results[m.n_response].op;
		m.response[m.n_response] = r;
	}
	return c.why ? NULL : pb_pack(&m.base, a, len);
}

/* ---- subscribe ---- */

static void subscription_from(struct gnmic_conv *c, const Gnmipb__Subscription *m,
			      struct gnmic_subscription *out)
{
	gnmic_path_from(c, m->path, &out->path);
	if ((unsigned)m->mode > GNMIC_SAMPLE)
		c->why = "an unknown mode of subscription";
	else
		out->mode = (enum gnmic_sub_mode)m->mode;
	out->sample_ns = m->sample_interval;
	out->heartbeat_ns = m->heartbeat_interval;
	out->suppress_redundant = m->suppress_redundant != 0;
}

static const char *list_from(struct gnmic_conv *c, const Gnmipb__SubscriptionList *m,
			     struct gnmic_subscribe *out)
{
	if ((unsigned)m->mode > GNMIC_POLL || (unsigned)m->encoding > GNMIC_ENC_JSON_IETF)
		return "an unknown mode or encoding";
	out->mode = (enum gnmic_mode)m->mode;
	out->encoding = (enum gnmic_encoding)m->encoding;
	out->updates_only = m->updates_only != 0;
	gnmic_path_from(c, m->prefix, &out->prefix);
	out->subs = GNMIC_ROOM(c, m->n_subscription, struct gnmic_subscription);
	for (; !c->why && out->n_subs < m->n_subscription; out->n_subs++) {
		subscription_from(c, m->subscription[out->n_subs], &out->subs[out->n_subs]);
		if (!c->why)
			gnmic_origin_once(c, &out->prefix, &out->subs[out->n_subs].path);
	}
	return c->why;
}

const char *gnmic_subscribe_read(const void *data, size_t len, struct arena *a,
				 struct gnmic_subscribe *out)
{
	struct gnmic_conv c = { .a = a };
	const Gnmipb__SubscribeRequest *m =
		pb_unpack(&gnmipb__subscribe_request__descriptor, data, len, a, &c.why);

	*out = (struct gnmic_subscribe){ .prefix = { .origin = "", .target = "" } };
	if (!m)
		return c.why;
	if (m->request_case == GNMIPB__SUBSCRIBE_REQUEST__REQUEST_SUBSCRIBE)
		return list_from(&c, m->subscribe, out);
	out->poll = m->request_case == GNMIPB__SUBSCRIBE_REQUEST__REQUEST_POLL;
	return out->poll ? NULL : "neither a subscription nor a poll";
}

static Gnmipb__Subscription *subscription_to(struct gnmic_conv *c, const struct gnmic_subscription *s)
{
	Gnmipb__Subscription *m = GNMIC_ROOM(c, 1, Gnmipb__Subscription);

	if (!m)
		return NULL;
	gnmipb__subscription__init(m);
	m->path = gnmic_path_to(c, &s->path);
	m->mode = (Gnmipb__SubscriptionMode)s->mode;
	m->sample_interval = s->sample_ns;
	m->heartbeat_interval = s->heartbeat_ns;
	m->suppress_redundant = s->suppress_redundant;
	return m;
}

uint8_t *gnmic_subscribe_write(const struct gnmic_subscribe *sub, struct arena *a, size_t *len)
{
	struct gnmic_conv c = { .a = a };
	Gnmipb__SubscribeRequest m;
	Gnmipb__SubscriptionList list;
	Gnmipb__Poll poll;

	gnmipb__subscribe_request__init(&m);
	if (sub->poll) {
		gnmipb__poll__init(&poll);
		m.request_case = GNMIPB__SUBSCRIBE_REQUEST__REQUEST_POLL;
		m.poll = &poll;
		return pb_pack(&m.base, a, len);
	}
	gnmipb__subscription_list__init(&list);
	list.prefix = gnmic_prefix_to(&c, &sub->prefix);
	list.mode = (Gnmipb__SubscriptionList__Mode)sub->mode;
	list.encoding = (Gnmipb__Encoding)sub->encoding;
	list.updates_only = sub->updates_only;
	list.subscription = GNMIC_ROOM(&c, sub->n_subs, Gnmipb__Subscription *);
	for (; !c.why && list.n_subscription < sub->n_subs; list.n_subscription++)
		list.subscription[list.n_subscription] = subscription_to(&c, &sub->subs[list.n_subscription]);
	m.request_case = GNMIPB__SUBSCRIBE_REQUEST__REQUEST_SUBSCRIBE;
	m.subscribe = &list;
	return c.why ? NULL : pb_pack(&m.base, a, len);
}

const char *gnmic_event_read(const void *data, size_t len, struct arena *a, struct gnmic_event *out)
{
	struct gnmic_conv c = { .a = a };
	const Gnmipb__SubscribeResponse *m =
		pb_unpack(&gnmipb__subscribe_response__descriptor, data, len, a, &c.why);

	*out = (struct gnmic_event){ .update.prefix = { .origin = "", .target = "" } };
	if (!m)
		return c.why;
	if (m->response_case == GNMIPB__SUBSCRIBE_RESPONSE__RESPONSE_UPDATE)
		gnmic_notification_from(&c, m->update, &out->update);
	else if (m->response_case == GNMIPB__SUBSCRIBE_RESPONSE__RESPONSE_SYNC_RESPONSE)
		out->sync = m->sync_response != 0;
	else
		return "neither an update nor a sync";
	return c.why;
}

uint8_t *gnmic_event_write(const struct gnmic_event *ev, struct arena *a, size_t *len)
{
	struct gnmic_conv c = { .a = a };
	Gnmipb__SubscribeResponse m;

	gnmipb__subscribe_response__init(&m);
	if (ev->sync) {
		m.response_case = GNMIPB__SUBSCRIBE_RESPONSE__RESPONSE_SYNC_RESPONSE;
		m.sync_response = 1;
	} else {
		m.response_case = GNMIPB__SUBSCRIBE_RESPONSE__RESPONSE_UPDATE;
		m.update = gnmic_notification_to(&c, &ev->update);
	}
	return c.why ? NULL : pb_pack(&m.base, a, len);
}
