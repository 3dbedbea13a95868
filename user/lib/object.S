/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The BPF objects inside the library: no files to find at run time. */
	.section .rodata

	.macro object name, path
	.balign 16
	.global \name, \name\()_end
	.hidden \name, \name\()_end
\name:
	.incbin "\path"
\name\()_end:
	.byte 0
	.endm

	object afxdp_rx_object, AFXDP_RX_OBJECT
	object afxdp_rx_hw_object, AFXDP_RX_HW_OBJECT

	.section .note.GNU-stack,"",@progbits
