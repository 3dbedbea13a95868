/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The BPF object inside the library: no file to find at run time. */
	.section .rodata
	.balign 16
	.global afxdp_rx_object
	.hidden afxdp_rx_object
afxdp_rx_object:
	.incbin AFXDP_RX_OBJECT
	.global afxdp_rx_object_end
	.hidden afxdp_rx_object_end
afxdp_rx_object_end:
	.byte 0
	.section .note.GNU-stack,"",@progbits
