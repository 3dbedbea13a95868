// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs.c - /sys/kernel/debug/xnic/PCI-ADDRESS/control: the control plane as it is now. Takes no
 * lock, so that it can be read when the thread hangs.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "xnic.h"

static const char *const directions[] = {
	[DOMAIN_INCOMING] = "incoming",
	[DOMAIN_INTERNAL] = "internal",
	[DOMAIN_OUTGOING] = "outgoing",
};

static int control_show(struct seq_file *m, void *unused)
{
	struct xnic_adapter *ad = m->private;
	const struct domain *d = &ad->domain;
	struct domain_thread *thread;
	struct domain_mailbox *box;

	seq_printf(m, "domain %s state %s%s\n", d->name, READ_ONCE(d->state),
		   READ_ONCE(d->stopping) ? " stopping" : "");
	for (thread = READ_ONCE(d->threads); thread; thread = READ_ONCE(thread->next))
		seq_printf(m, "thread %s %s turns %lu\n", thread->name,
			   domain_thread_state_name(READ_ONCE(thread->state)),
			   READ_ONCE(thread->turns));
	for (box = d->boxes; box; box = box->next)
		seq_printf(m, "mailbox %s %s queued %lu deepest %lu received %lu joined %lu\n",
			   box->name, directions[box->direction], domain_queued(box),
			   READ_ONCE(box->deepest), READ_ONCE(box->taken),
			   os_counter_read(&box->coalesced));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(control);

/**
 * xnic_debugfs_add() - the port's directory. What fails here is not missed.
 * @ad: the port; its domain has been started.
 * @parent: the driver's directory.
 */
void xnic_debugfs_add(struct xnic_adapter *ad, struct dentry *parent)
{
	ad->debugfs = debugfs_create_dir(pci_name(ad->pdev), parent);
	debugfs_create_file("control", 0400, ad->debugfs, ad, &control_fops);
	xnic_faults_add(ad);
}

/** xnic_debugfs_remove() - remove it, once nobody reads there any more. */
void xnic_debugfs_remove(struct xnic_adapter *ad)
{
	debugfs_remove_recursive(ad->debugfs);
}
