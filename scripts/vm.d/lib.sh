# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What scripts/vm is made of: finding a kernel, choosing the accelerator, the initramfs, and judging the kernel's log.
# Source it after scripts/lib.sh.

CACHE=${AFXDP_CACHE:-${HOME:-/root}/.cache/afxdp}
VM_PARTS=$ROOT/scripts/vm.d
# Kernels that are not this machine's, unpacked by scripts/vm.d/newer-kernel; and which of them the tests mean by the newest.
NEWER_ROOT=$CACHE/trixie/root
# shellcheck disable=SC2034 # used by those who source this
NEWEST_KERNEL=7.3

# The file names of a busybox that needs no libraries.
static_busybox() {
	local b
	for b in /bin/busybox /usr/bin/busybox; do
		[ -x "$b" ] && ! ldd "$b" >/dev/null 2>&1 && { echo "$b"; return; }
	done
	return 1
}

# find_kernel PREFIX: sets RELEASE, VMLINUZ, and MODULES to nothing: the modules are where the guest expects them. Or else it is one of
# newer-kernel's, and they are there.
find_kernel() {
	RELEASE=$(newest_release "$1" "") MODULES=
	VMLINUZ=/boot/vmlinuz-$RELEASE
	[ -z "$RELEASE" ] || return 0
	RELEASE=$(newer_release "$1") || return 1
	VMLINUZ=$NEWER_ROOT/boot/vmlinuz-$RELEASE MODULES=$NEWER_ROOT/lib/modules/$RELEASE
}
# newest_release PREFIX TREE: the newest release that begins so and has image and modules below TREE; nothing if there is none.
newest_release() {
	local image release newest=
	for image in "$2/boot/vmlinuz-$1"*; do
		release=${image##*/vmlinuz-}
		[[ $release =~ ^"$1"($|[.+-]) && -d $2/lib/modules/$release ]] || continue
		newest=$(printf '%s\n' "$newest" "$release" | sort -V | tail -n 1)
	done
	echo "$newest"
}
# newer_release PREFIX: the same of newer-kernel's tree, if it is complete.
newer_release() {
	local release
	release=$(newest_release "$1" "$NEWER_ROOT")
	[[ -n $release && -e $NEWER_ROOT/lib/modules/$release/.complete ]] && echo "$release"
}
kernel_advice() {
	case $1 in
	7* | 6.1[3-9]*) echo "run 'scripts/vm.d/newer-kernel fetch $1', which unpacks a kernel of Debian 13 or its backports into the cache" ;;
	6.12*) echo "run 'scripts/deps vm' (it installs linux-image-6.12-amd64, or linux-image-amd64 on Debian 13)" ;;
	*) echo "install its linux-image package; there are: $(cd /boot && echo vmlinuz-* | sed 's/vmlinuz-//g')" ;;
	esac
}

# debug_kernel_dir SOURCE-VERSION: where the debug kernel of the present configuration and compiler is, or will be.
debug_kernel_dir() {
	echo "$CACHE/debug-kernel/$(sha256sum <"$VM_PARTS/debug-kernel.config" | cut -c1-10)-gcc$(gcc -dumpfullversion)-$1"
}
# newest_debug_kernel DIR...: the last of these to be built, if one was.
newest_debug_kernel() {
	local dir newest=
	for dir; do
		[[ -e $dir/bzImage && $dir != *.new ]] || continue
		[ -n "$newest" ] && [ "$newest" -nt "$dir" ] || newest=$dir
	done
	echo "$newest"
}
# find_debug_kernel: the same three, and DEBUG_KERNEL, its directory; the newest one if there are several source versions. Until that of the present
# configuration is built, one of an earlier configuration serves: a test that needs what it lacks says so.
find_debug_kernel() {
	local present
	present=$(debug_kernel_dir '')
	DEBUG_KERNEL=$(newest_debug_kernel "$present"*)
	: "${DEBUG_KERNEL:=$(newest_debug_kernel "$CACHE"/debug-kernel/*"-gcc${present##*-gcc}"*)}"
	[ -n "$DEBUG_KERNEL" ] || return 1
	RELEASE=$(cat "$DEBUG_KERNEL/release") VMLINUZ=$DEBUG_KERNEL/bzImage MODULES=$DEBUG_KERNEL/lib/modules/$RELEASE
}

# module_files RELEASE NAME...: the files of these modules and of what they need, in load order; built-in ones have none.
module_files() {
	local release=$1 base=/
	shift
	[ -z "$MODULES" ] || base=${MODULES%/lib/modules/*}
	modprobe -d "$base" -S "$release" --show-depends -a "$@" 2>/dev/null | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}
unpack_module() {
	case $1 in
	*.xz) xz -dc "$1" ;;
	*.zst) zstd -qdc "$1" ;;
	*) cat "$1" ;;
	esac
}

# take_along DIR FILE: FILE at its own path below DIR, with the libraries that it is linked with.
take_along() {
	local f
	for f in "$2" $(ldd "$2" 2>/dev/null | grep -oE '/[^ ]+'); do
		[ -e "$1$f" ] || install -D "$(realpath "$f")" "$1$f"
	done
}

# disk_free_tree DIR WITH...: what a guest without a root file system has.
disk_free_tree() {
	local dir=$1 tool item f modules=()
	shift
	for tool in bash ip ethtool kmod flock; do take_along "$dir" "$(command -v "$tool")"; done
	for item in "$VM_PARTS"/bin/* "$@"; do
		if [ -f "$item" ]; then take_along "$dir" "$(realpath -s "$item")"; else modules+=("$item"); fi
	done
	mkdir -p "$dir$ROOT"
	for tool in modprobe insmod rmmod lsmod; do ln -sf "$(command -v kmod)" "$dir/sbin/$tool"; done
	for item in "${modules[@]}"; do
		tool=$(module_files "$RELEASE" "$item")
		[ -n "$tool" ] || modinfo -b "${MODULES%/lib/modules/*}/" -k "$RELEASE" "$item" >/dev/null 2>&1 || no_vm "--with '$item' is neither a file nor a module of $RELEASE"
		for f in $tool; do
			install -d "$dir/lib/modules/$RELEASE"
			unpack_module "$f" >"$dir/lib/modules/$RELEASE/$(basename "${f%%.ko*}").ko"
		done
	done
	[ ! -d "$dir/lib/modules/$RELEASE" ] || depmod -b "$dir" "$RELEASE" 2>/dev/null
}

# write_initramfs COMMAND...: $VM_DIR/initramfs from the settings of scripts/vm.
# shellcheck disable=SC2154 # they are set there
write_initramfs() {
	local tree=$VM_DIR/tree f name shell=/bin/bash
	mkdir -p "$tree"/{usr/{bin,sbin,lib,lib64},job/modules,dev}
	for name in bin sbin lib lib64; do ln -s "usr/$name" "$tree/$name"; done
	cp "$(static_busybox)" "$tree/bin/busybox"
	cp "$VM_PARTS/init" "$tree/init"
	cp "$VM_PARTS/run" "$tree/job/run"
	if [ "$disk_free" = 1 ]; then
		disk_free_tree "$tree" "${with[@]}"
	else
		# Numbered, because the order of loading matters.
		local n=10
		for f in $(module_files "$RELEASE" virtio_pci virtio_console 9p 9pnet_virtio overlay); do
			name=$(basename "${f%%.ko*}")
			unpack_module "$f" >"$tree/job/modules/$n-$name.ko"
			n=$((n + 1))
		done
	fi
	{
		printf 'CHECKOUT=%q\nMODULES=%q\nSHARES=%q\nDRIVERS=%q\nDISK_FREE=%q\nCOMMAND_SHELL=%q\n' \
			"$ROOT" "$MODULES" "${shares[*]}" "$drivers" "$disk_free" "$shell"
		printf 'export PATH=%q\n' "$VM_PARTS/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	} >"$tree/job/settings"
	{
		printf 'export HOME=/root LANG=C.UTF-8\ncd %q || exit 126\n' "$ROOT"
		printf 'exec'
		printf ' %q' "$@"
		echo
	} >"$tree/job/command"
	(cd "$tree" && find . | cpio -o -H newc --quiet -R 0:0 | gzip -1) >"$VM_DIR/initramfs"
	rm -rf "$tree"
}

# probed_accel: kvm or tcg. That /dev/kvm exists proves nothing: nested in another hypervisor a kernel may die early. So one is
# booted, once per boot of this machine and kernel.
probed_accel() {
	local cache answer=tcg boot
	boot=$(cat /proc/sys/kernel/random/boot_id)
	cache=$CACHE/accel-$(id -u)-$RELEASE
	[[ -r /dev/kvm && -w /dev/kvm ]] || { echo tcg; return; }
	mkdir -p "$CACHE"
	exec 8>>"$cache"
	flock 8
	if [ "$(sed -n 1p "$cache")" = "$boot" ]; then
		sed -n 2p "$cache"
		return
	fi
	boots_under_kvm && answer=kvm
	printf '%s\n' "$boot" "$answer" >"$cache"
	exec 8>&-
	echo "$answer"
}
boots_under_kvm() {
	local dir=$VM_DIR/probe pid tries=0
	mkdir -p "$dir/tree/bin"
	cp "$(static_busybox)" "$dir/tree/bin/busybox"
	cp "$VM_PARTS/init" "$dir/tree/init"
	(cd "$dir/tree" && find . | cpio -o -H newc --quiet | gzip -1) >"$dir/initramfs"
	touch "$dir/console" "$dir/qemu"
	timeout 30 qemu-system-x86_64 -nodefaults -no-user-config -no-reboot -display none -machine q35 -accel kvm -cpu host -m 256M \
		-kernel "$VMLINUZ" -initrd "$dir/initramfs" -append "console=ttyS0 loglevel=5 panic=-1 vm.probe" \
		-serial "file:$dir/console" </dev/null >"$dir/qemu" 2>&1 &
	pid=$!
	# After an internal error QEMU does not end but stops the machine.
	while kill -0 $pid 2>/dev/null && ! grep -q 'internal error' "$dir/qemu" && [ $((tries++)) -lt 300 ]; do sleep 0.1; done
	kill $pid 2>/dev/null || true
	wait $pid 2>/dev/null || true
	grep -q 'this accelerator boots' "$dir/console"
}

# What in a kernel's log means that something is wrong with the kernel or a driver.
REPORTS='(^|[^[:alnum:]_])(BUG[: ]|Oops: |WARNING: |Kernel panic|KASAN: |KFENCE: |UBSAN: |ODEBUG: |general protection fault|double fault'
REPORTS+='|INFO: task .* blocked for more than|INFO: trying to register non-static key|rcu: INFO: .* stall|rcu_.* kthread .*starved'
REPORTS+='|stalled pool|DMA-API: |DMAR: .*fault|NETDEV WATCHDOG|unregister_netdevice: waiting|kmemleak: [1-9][0-9]* new suspected'
REPORTS+='|pagealloc: |Memory corruption|soft lockup|hard LOCKUP|ref_tracker: )'
# The announcements of DMA-API and what kernels of every machine say at boot.
NO_REPORTS='DMA-API: (debugging enabled|preallocated|dma_debug_entry pool grown|disable)'

# kernel_reports LOG [-e REGEX]...: prints the first report with what follows it, and the first lines of the others; fails if there is none.
kernel_reports() {
	local log=$1 hits first
	shift
	hits=$(grep -anE "$REPORTS" "$log" | grep -avE -e "$NO_REPORTS" "$@") || return 1
	first=${hits%%:*}
	tail -n "+$((first > 1 ? first - 1 : 1))" "$log" | head -n 60
	hits=$(printf '%s\n' "$hits" | awk -F: -v end=$((first + 58)) '$1 > end' | head -n 10)
	[ -z "$hits" ] || printf '... and further down:\n%s\n' "$hits"
}
