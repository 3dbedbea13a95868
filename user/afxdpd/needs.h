/* SPDX-License-Identifier: GPL-2.0-only */
/* needs.h - what sinks and options ask of the XDP program beside its verdicts. */
#ifndef AFXDP_NEEDS_H
#define AFXDP_NEEDS_H

#include <stdbool.h>
#include <stdint.h>

struct needs {
	uint8_t program; /* AFXDP_NEED_* */
	bool sparse;	 /* struct afxdp_config.sparse: metadata only where there is a time */
	uint32_t stamp;	 /* struct afxdp_config.stamp */
};

#endif
