// SPDX-License-Identifier: GPL-2.0-only
/*
 * irq.c - interrupts and NAPI.
 *
 * With MSI-X, three of the part's five vectors: one for each queue pair (its receive and its
 * transmit causes), one for the rest. A pair's causes mask themselves when they fire; NAPI unmasks
 * them when it is done. What happens in between fires at once then, so nothing is lost. With MSI or
 * an interrupt line there is one vector and one pair.
 */
#include <linux/interrupt.h>

#include "xnic.h"

#define XNIC_VECTORS	    (XNIC_HW_QUEUES + 1)
#define XNIC_VECTOR_OTHER   XNIC_HW_QUEUES
#define XNIC_CAUSES_PAIR(i) ((XNIC_INT_RXQ(0) | XNIC_INT_TXQ(0)) << (i))
/* Without MSI-X the queues share causes. */
#define XNIC_CAUSES_SINGLE  (XNIC_INT_RXT0 | XNIC_INT_RXDMT0 | XNIC_INT_TXDW)

static bool irq_msix(const struct xnic_adapter *ad)
{
	return ad->vectors == XNIC_VECTORS;
}

/* ---- vectors: from probe to remove ---- */

/**
 * xnic_irq_alloc_vectors() - MSI-X, or MSI, or the line.
 * @ad: the port.
 */
int xnic_irq_alloc_vectors(struct xnic_adapter *ad)
{
	int n = pci_alloc_irq_vectors(ad->pdev, XNIC_VECTORS, XNIC_VECTORS, PCI_IRQ_MSIX);

	if (n < 0)
		n = pci_alloc_irq_vectors(ad->pdev, 1, 1, PCI_IRQ_MSI | PCI_IRQ_INTX);
	if (n < 0)
		return n;
	ad->vectors = n;
	return 0;
}

/** xnic_irq_free_vectors() - give them back; see XNIC_IRQ_SETTLE_MS. */
void xnic_irq_free_vectors(struct xnic_adapter *ad)
{
	xnic_irq_disable_all(ad);
	msleep(XNIC_IRQ_SETTLE_MS);
	pci_free_irq_vectors(ad->pdev);
}

/* ---- masking ---- */

/** xnic_irq_disable_all() - mask every cause; handlers under way have ended on return only if
 * interrupts are requested no more.
 */
void xnic_irq_disable_all(struct xnic_adapter *ad)
{
	xnic_wr(ad, XNIC_IMC, ~0U);
	xnic_flush(ad);
}

/** xnic_irq_quiesce() - mask every cause and wait for the handlers, which are installed. May
 * sleep. */
void xnic_irq_quiesce(struct xnic_adapter *ad)
{
	int i;

	xnic_irq_disable_all(ad);
	for (i = 0; i < ad->vectors; i++)
		synchronize_irq(pci_irq_vector(ad->pdev, i));
	xnic_irq_disable_all(ad); /* one that was under way may have unmasked its own */
}

/** xnic_irq_enable_pair() - unmask a pair's causes; those that came up meanwhile fire. */
void xnic_irq_enable_pair(struct xnic_queue *q)
{
	if (irq_msix(q->ad))
		xnic_wr(q->ad, XNIC_IMS, XNIC_CAUSES_PAIR(q->index));
	else
		xnic_wr(q->ad, XNIC_IMS, XNIC_CAUSES_SINGLE | XNIC_INT_LSC);
}

/** xnic_irq_disable_pair() - mask a pair's causes and wait for its handler. May sleep. */
void xnic_irq_disable_pair(struct xnic_queue *q)
{
	struct xnic_adapter *ad = q->ad;
	u32 causes = irq_msix(ad) ? XNIC_CAUSES_PAIR(q->index) : XNIC_CAUSES_SINGLE;

	xnic_wr(ad, XNIC_IMC, causes);
	xnic_flush(ad);
	synchronize_irq(pci_irq_vector(ad->pdev, irq_msix(ad) ? q->index : 0));
}

/** xnic_irq_enable_other() - unmask link changes. */
void xnic_irq_enable_other(struct xnic_adapter *ad)
{
	xnic_wr(ad, XNIC_IMS, irq_msix(ad) ? XNIC_INT_OTHER | XNIC_INT_LSC : XNIC_INT_LSC);
}

/* ---- throttle ---- */

static void irq_write_throttle(struct xnic_queue *q, unsigned int usecs)
{
	u32 count = usecs * 1000 / XNIC_EITR_NS;

	if (irq_msix(q->ad)) /* not 0, with which no driver of the part has ever run */
		xnic_wr(q->ad, XNIC_EITR(q->index), max(count, 1U));
	else if (!q->index) /* the one vector is the first pair's */
		xnic_wr(q->ad, XNIC_ITR, count);
}

/* What a pair's throttle is to be now: DIM's last word, or what was asked for. */
static void irq_restore_throttle(struct xnic_queue *q)
{
	struct dim_cq_moder moder = net_dim_get_rx_moderation(q->dim.mode, q->dim.profile_ix);

	irq_write_throttle(q, READ_ONCE(q->adaptive) ? moder.usec : q->usecs);
}

/**
 * xnic_irq_cancel_dim() - have no conclusion of DIM's under way. May sleep.
 * @q: the queue pair; its NAPI is disabled, or @q->adaptive off.
 *
 * A work item that is taken off its queue does not run, and DIM would wait for it for ever: so it
 * is told to measure afresh.
 */
void xnic_irq_cancel_dim(struct xnic_queue *q)
{
	cancel_work_sync(&q->dim.work);
	q->dim.state = DIM_START_MEASURE;
}

/**
 * xnic_irq_throttle() - set how far apart a pair's interrupts are to be. May sleep.
 * @q: the queue pair.
 * @usecs: at least this far, up to XNIC_USECS_MAX; 0: as they come.
 * @adaptive: let DIM choose instead, from the traffic.
 *
 * The work item writes the same register. One that runs now is waited for, one that a poll still
 * starts sees that it is not wanted.
 */
void xnic_irq_throttle(struct xnic_queue *q, unsigned int usecs, bool adaptive)
{
	q->usecs = usecs;
	if (adaptive && READ_ONCE(q->adaptive))
		return;
	WRITE_ONCE(q->adaptive, false);
	xnic_irq_cancel_dim(q);
	WRITE_ONCE(q->adaptive, adaptive);
	irq_restore_throttle(q);
}

/** xnic_irq_raise() - have a pair's interrupt fire. Its causes are unmasked. */
void xnic_irq_raise(struct xnic_queue *q)
{
	xnic_wr(q->ad, XNIC_ICS, irq_msix(q->ad) ? XNIC_INT_RXQ(q->index) : XNIC_INT_RXT0);
}

/** xnic_dim_work() - DIM has come to another conclusion: use it. */
void xnic_dim_work(struct work_struct *work)
{
	struct dim *dim = container_of(work, struct dim, work);
	struct xnic_queue *q = container_of(dim, struct xnic_queue, dim);
	struct dim_cq_moder moder = net_dim_get_rx_moderation(dim->mode, dim->profile_ix);

	if (READ_ONCE(q->adaptive)) {
		xnic_fault_stall(q->ad, XNIC_FAULT_DIM);
		irq_write_throttle(q, moder.usec);
	}
	dim->state = DIM_START_MEASURE;
}

static void irq_dim(struct xnic_queue *q)
{
	struct xnic_rx *rx = &q->ad->rx[q->index];
	struct dim_sample sample = {};

	dim_update_sample(READ_ONCE(q->interrupts), u64_stats_read(&rx->n[XNIC_RX_PACKETS]),
			  u64_stats_read(&rx->n[XNIC_RX_BYTES]), &sample);
	xnic_net_dim(&q->dim, &sample);
}

/* ---- handlers: acknowledge and schedule, nothing else ---- */

static irqreturn_t irq_pair(int irq, void *data)
{
	struct xnic_queue *q = data;

	WRITE_ONCE(q->interrupts, q->interrupts + 1);
	if (xnic_fault(q->ad, XNIC_FAULT_IRQ))
		return IRQ_HANDLED;
	napi_schedule_irqoff(&q->napi);
	return IRQ_HANDLED;
}

static irqreturn_t irq_other(int irq, void *data)
{
	struct xnic_adapter *ad = data;
	u32 causes = xnic_rd(ad, XNIC_ICR), queues;

	/* Hardware clears everything on this read: what belongs to the pairs is raised again. */
	queues = causes & (XNIC_CAUSES_PAIR(0) | XNIC_CAUSES_PAIR(1));
	if (queues)
		xnic_wr(ad, XNIC_ICS, queues);
	xnic_wr(ad, XNIC_ICR, XNIC_INT_OTHER | XNIC_INT_LSC);
	if (causes & XNIC_INT_LSC)
		xnic_notify(ad, &ad->link_irq);
	xnic_irq_enable_other(ad);
	return IRQ_HANDLED;
}

static irqreturn_t irq_single(int irq, void *data)
{
	struct xnic_queue *q = data;
	struct xnic_adapter *ad = q->ad;
	u32 causes = xnic_rd(ad, XNIC_ICR);

	/* All ones: asleep or gone, and another device's on the line. */
	if (!causes || causes == ~0U || (!ad->pdev->msi_enabled && !(causes & XNIC_INT_ASSERTED)))
		return IRQ_NONE;
	xnic_wr(ad, XNIC_ICR, causes);
	WRITE_ONCE(q->interrupts, q->interrupts + 1);
	if (causes & XNIC_INT_LSC)
		xnic_notify(ad, &ad->link_irq);
	if (causes & XNIC_CAUSES_SINGLE && napi_schedule_prep(&q->napi)) {
		xnic_wr(ad, XNIC_IMC, XNIC_CAUSES_SINGLE);
		__napi_schedule_irqoff(&q->napi);
	}
	return IRQ_HANDLED;
}

/**
 * xnic_irq_request() - install the handlers. Every cause is masked.
 * @ad: the port.
 *
 * Return: 0, or -errno and none is installed.
 */
int xnic_irq_request(struct xnic_adapter *ad)
{
	struct pci_dev *pdev = ad->pdev;
	int i, err;

	if (!irq_msix(ad))
		return pci_request_irq(pdev, 0, irq_single, NULL, &ad->queue[0], "%s",
				       ad->netdev->name);
	for (i = 0; i < XNIC_HW_QUEUES; i++) {
		err = pci_request_irq(pdev, i, irq_pair, NULL, &ad->queue[i], "%s-%d",
				      ad->netdev->name, i);
		if (err)
			goto free_pairs;
	}
	err = pci_request_irq(pdev, XNIC_VECTOR_OTHER, irq_other, NULL, ad, "%s-other",
			      ad->netdev->name);
	if (!err)
		return 0;

free_pairs:
	while (i--)
		pci_free_irq(pdev, i, &ad->queue[i]);
	return err;
}

/** xnic_irq_of_pair() - the interrupt's number, for people who look at a NAPI. */
int xnic_irq_of_pair(const struct xnic_adapter *ad, unsigned int i)
{
	return pci_irq_vector(ad->pdev, irq_msix(ad) ? i : 0);
}

/** xnic_irq_free() - undo xnic_irq_request(). Every cause is masked. */
void xnic_irq_free(struct xnic_adapter *ad)
{
	unsigned int i;

	if (!irq_msix(ad)) {
		pci_free_irq(ad->pdev, 0, &ad->queue[0]);
		return;
	}
	pci_free_irq(ad->pdev, XNIC_VECTOR_OTHER, ad);
	for (i = XNIC_HW_QUEUES; i--;)
		pci_free_irq(ad->pdev, i, &ad->queue[i]);
}

/** xnic_irq_setup() - program which cause goes where, and the throttles. Causes stay masked. */
void xnic_irq_setup(struct xnic_adapter *ad)
{
	u32 ctrl_ext = xnic_rd(ad, XNIC_CTRL_EXT) & ~XNIC_CTRL_EXT_IAME;
	u32 ivar = XNIC_IVAR_OTHER(XNIC_VECTOR_OTHER), causes = 0;
	unsigned int i;

	for (i = 0; i < XNIC_HW_QUEUES; i++) {
		struct xnic_queue *q = &ad->queue[i];

		ivar |= XNIC_IVAR_RXQ(i, i) | XNIC_IVAR_TXQ(i, i);
		causes |= XNIC_CAUSES_PAIR(i);
		irq_restore_throttle(q);
	}
	if (!irq_msix(ad))
		return;
	xnic_wr(ad, XNIC_EITR(XNIC_VECTOR_OTHER), XNIC_USECS_OTHER * 1000 / XNIC_EITR_NS);
	xnic_wr(ad, XNIC_IVAR, ivar);
	xnic_wr(ad, XNIC_IAM, causes);
	xnic_wr(ad, XNIC_EIAC, causes);
	xnic_wr(ad, XNIC_CTRL_EXT, ctrl_ext | XNIC_CTRL_EXT_EIAME | XNIC_CTRL_EXT_PBA_CLR);
}

/* ---- NAPI ---- */

/**
 * xnic_poll() - a pair's NAPI poll: clean, send for AF_XDP, receive, and unmask when all is done.
 * @napi: the pair's.
 * @budget: frames that may be received.
 */
int xnic_poll(struct napi_struct *napi, int budget)
{
	struct xnic_queue *q = container_of(napi, struct xnic_queue, napi);
	struct xnic_rx *rx = &q->ad->rx[q->index];
	struct xnic_tx *tx = &q->ad->tx[q->index];
	bool idle = xnic_tx_clean(tx, budget);
	int done;

	if (unlikely(!budget))
		return 0; /* netpoll: nothing may be received, no program run */
	if (tx->pool)
		idle &= xnic_xsk_tx_poll(tx);
	done = rx->pool ? xnic_xsk_rx_poll(rx, budget) : xnic_rx_poll(rx, budget);
	if (done >= budget || !idle)
		return budget;
	if (napi_complete_done(napi, done)) {
		if (READ_ONCE(q->adaptive))
			irq_dim(q);
		xnic_irq_enable_pair(q);
	}
	return done;
}
