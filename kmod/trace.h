/* SPDX-License-Identifier: GPL-2.0-only */
/* trace.h - xnic's tracepoints: every message of the control plane. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM xnic

#if !defined(XNIC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define XNIC_TRACE_H

#include <linux/tracepoint.h>

struct domain_mailbox;
struct domain_msg;

DECLARE_EVENT_CLASS(xnic_msg,
	TP_PROTO(struct domain_mailbox *box, const struct domain_msg *msg),
	TP_ARGS(box, msg),
	TP_STRUCT__entry(
		__string(domain, box->domain->name)
		__string(box, box->name)
		__string(type, domain_type_name(box->domain, msg->node.type))
		__field(const void *, msg)
		__field(unsigned long, queued)
	),
	TP_fast_assign(
		__assign_str(domain);
		__assign_str(box);
		__assign_str(type);
		__entry->msg = msg;
		__entry->queued = domain_queued(box);
	),
	TP_printk("%s %s %s msg=%p queued=%lu", __get_str(domain), __get_str(box), __get_str(type),
		  __entry->msg, __entry->queued)
);

/* Sent; "queued" counts it already. */
DEFINE_EVENT(xnic_msg, xnic_msg_send,
	TP_PROTO(struct domain_mailbox *box, const struct domain_msg *msg),
	TP_ARGS(box, msg)
);

/* Taken by its receiver. */
DEFINE_EVENT(xnic_msg, xnic_msg_receive,
	TP_PROTO(struct domain_mailbox *box, const struct domain_msg *msg),
	TP_ARGS(box, msg)
);

/* A call answered. */
TRACE_EVENT(xnic_msg_reply,
	TP_PROTO(struct domain_mailbox *box, const struct domain_msg *msg, int status),
	TP_ARGS(box, msg, status),
	TP_STRUCT__entry(
		__string(domain, box->domain->name)
		__string(box, box->name)
		__string(type, domain_type_name(box->domain, msg->node.type))
		__field(const void *, msg)
		__field(int, status)
	),
	TP_fast_assign(
		__assign_str(domain);
		__assign_str(box);
		__assign_str(type);
		__entry->msg = msg;
		__entry->status = status;
	),
	TP_printk("%s %s %s msg=%p status=%d", __get_str(domain), __get_str(box), __get_str(type),
		  __entry->msg, __entry->status)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
