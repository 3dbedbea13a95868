/* SPDX-License-Identifier: GPL-2.0-only */
/* page.S - page.html, as it is, for http.c. */
	.section .rodata
	.global http_page, http_page_end
http_page:
	.incbin "user/afxdpd/page.html"
http_page_end:
	.byte 0
	.section .note.GNU-stack, "", %progbits
