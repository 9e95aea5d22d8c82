/* SPDX-License-Identifier: Apache-2.0 */
/* Owners of policies (slices) hear of what becomes of them, once a turn each. */
#include "intent/intent_priv.h"

static void tell(void *arg)
{
	struct intent *i = arg;
	struct intent_watch *w = &i->watch;
	struct list *n;

	while ((n = list_pop(&w->told))) {
		const struct sr_policy_key key = LIST_OF(n, struct intent_pol, told_link)->key;

		if (w->fn)
			w->fn(w->arg, &key);
	}
	for (size_t k = 0; k < w->gone.n; k++) {
		const struct sr_policy_key key = w->gone.at[k];

		if (w->fn)
			w->fn(w->arg, &key);
	}
	w->gone.n = 0;
}

void intent_watch_init(struct intent *i)
{
	list_init(&i->watch.told);
	loop_task_init(&i->watch.task, i->loop, tell, i);
}

void intent_watch_fini(struct intent *i)
{
	loop_task_cancel(&i->watch.task);
	VEC_FINI(&i->watch.gone);
}

void intent_owned_watch(struct intent *i, void (*fn)(void *arg, const struct sr_policy_key *key), void *arg)
{
	i->watch.fn = fn;
	i->watch.arg = arg;
}

void intent_owner_tell(struct intent_pol *p)
{
	struct intent_watch *w = &p->i->watch;

	if (!w->fn || !p->desired || !p->desired->p.owner[0])
		return;
	if (!list_linked(&p->told_link))
		list_add(&w->told, &p->told_link);
	loop_task_run(&w->task);
}

void intent_owner_gone(struct intent_pol *p)
{
	struct intent_watch *w = &p->i->watch;

	list_del(&p->told_link);
	if (!w->fn || p->tentative || !p->desired || !p->desired->p.owner[0])
		return;
	if (!VEC_ADD(&w->gone, p->key))
		log_event("", LOG_ERROR, "intent.owner.memory", "policy=%s", p->lsp_name);
	loop_task_run(&w->task);
}
