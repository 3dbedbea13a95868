/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* constant.c - what a program knows when it is loaded. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include "prog.h"

int afxdp_prog_set_const(struct bpf_object *obj, const char *name, const void *value, size_t size)
{
	const struct btf *btf = bpf_object__btf(obj);
	int id = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);
	const struct btf_type *section = id < 0 ? NULL : btf__type_by_id(btf, id);
	const struct btf_var_secinfo *var = section ? btf_var_secinfos(section) : NULL;
	struct bpf_map *map;
	size_t map_size;
	uint8_t *image;

	for (uint32_t i = 0; section && i < btf_vlen(section); i++, var++) {
		const struct btf_type *t = btf__type_by_id(btf, var->type);

		if (strcmp(btf__name_by_offset(btf, t->name_off), name) || var->size != size)
			continue;
		bpf_object__for_each_map(map, obj) {
			const char *m = bpf_map__name(map);

			/* "afxdp_rx.rodata": the object's name comes first. */
			if (strlen(m) < 7 || strcmp(m + strlen(m) - 7, ".rodata"))
				continue;
			image = (uint8_t *)bpf_map__initial_value(map, &map_size);
			if (!image || var->offset + size > map_size)
				return -EINVAL;
			memcpy(image + var->offset, value, size);
			return 0;
		}
	}
	return -ENOENT;
}
