/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a move leaves in writing: its events, and the record of the list that was sent. None of it is
 * waited for by anybody, and together they cost as much as the request itself: while waves are on
 * their way the requests go first. When very many wait, some are written all the same. Whatever else
 * is told of a policy comes after what it owes.
 */
#include "intent/intent_priv.h"

enum { WAIT_MAX = 4096, PER_TURN = 128 };

void intent_paper_write(struct intent_pol *p)
{
	bool event = p->owes_event, state = p->owes_state, record = p->owes_record;

	if (!list_linked(&p->paper_link))
		return;
	intent_paper_forget(p);
	if (event && p->want.set)
		intent_path_event(p);
	if (state)
		intent_state_event(p, p->owed_was, INTENT_PENDING);
	if (record && p->want.set)
		intent_path_save(p);
}

void intent_paper_forget(struct intent_pol *p)
{
	if (list_linked(&p->paper_link))
		p->i->n_papers--;
	list_del(&p->paper_link);
	p->owes_event = p->owes_state = p->owes_record = false;
}

static bool may_wait(const struct intent *i)
{
	return i->admitting || i->n_waves > 0;
}

static void owe(struct intent_pol *p)
{
	struct intent *i = p->i;

	if (!list_linked(&p->paper_link)) {
		list_add(&i->papers, &p->paper_link);
		i->n_papers++;
	}
	if (may_wait(i))
		loop_task_run(&i->paper_task);
	else
		intent_paper_write(p);
}

void intent_owe_event(struct intent_pol *p)
{
	p->owes_event = true;
	owe(p);
}

bool intent_owe_state(struct intent_pol *p, enum intent_state was)
{
	if (!may_wait(p->i) || p->state != INTENT_PENDING)
		return false;
	p->owes_state = true;
	p->owed_was = was;
	owe(p);
	return true;
}

void intent_owe_record(struct intent_pol *p)
{
	p->owes_record = true;
	owe(p);
}

void intent_papers_run(void *arg)
{
	struct intent *i = arg;

	for (unsigned k = 0; k < PER_TURN && !list_empty(&i->papers); k++) {
		if (may_wait(i) && i->n_papers < WAIT_MAX)
			return; /* the end of the wave comes back here */
		intent_paper_write(LIST_OF(i->papers.next, struct intent_pol, paper_link));
	}
	if (!list_empty(&i->papers))
		loop_task_run(&i->paper_task);
}

void intent_papers_write_all(struct intent *i)
{
	while (!list_empty(&i->papers))
		intent_paper_write(LIST_OF(i->papers.next, struct intent_pol, paper_link));
}
