#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# --check says of every option, file and sink what a start then says of it: the same exit status, the same line, and it touches nothing. Each case is started for
# real; only what the moment decides (another daemon, program or socket) is not looked for.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 2
mkdir "$dir/files" "$dir/open"
chmod 1777 "$dir/open"
plugin=$BUILD/plugins/hello.so
[ -f "$plugin" ] || plugin=$(find "$BUILD/plugins" -name '*.so' | head -n 1)

# run WHAT ARGS...: as WHAT (start, check) in $rx: its status in $got, its errors in $dir/WHAT.
run() {
	local what=$1 more=(--duration 0.01)
	shift
	[ "$what" = start ] || more=(--check)
	got=0
	in_ns "$rx" "${as[@]}" timeout 30 "$BUILD/afxdpd" "$@" "${more[@]}" >"$dir/out" 2>"$dir/$what" || got=$?
}
as=()
what_is_there() { (cd "$dir/files" && find . -printf '%p %s %T@\n' | sort); }
# same ARGS...: both have one opinion.
same() {

	local before checked
	before=$(what_is_there)
	run check "$@"
	checked=$got
	[ "$(what_is_there)" = "$before" ] || fail "--check $*: it changed files: $(what_is_there)"
	no_pins || fail "--check $*: pins"
	if [ "$checked" = 0 ]; then
		expect_eq "--check $*" "$(cat "$dir/out")" "afxdpd: options are good"
	fi
	run start "$@"
	expect_eq "afxdpd $*: a start ends with $got ($(cat "$dir/start")), --check ($(cat "$dir/check"))" "$checked" "$got"
	[ "$checked" = 0 ] || expect_eq "afxdpd $*: --check's words" "$(cat "$dir/check")" "$(tail -n 1 "$dir/start")"
	verdicts=$verdicts$checked
}
verdicts=
on() { same -i "$rxif" "$@"; }
# config LINE...: a file of these lines.
config() {
	printf '%s\n' "$@" >"$dir/config"
	same -c "$dir/config"
}

same -i nosuch0
same -i "$rxif@if2"
ip -n "$rx" tuntap add "tu$RUN_ID" mode tun
same -i "tu$RUN_ID"
ip -n "$rx" link del "tu$RUN_ID"
on -q 0,2
on -q 1
on --cpus 1023
on --cpus 0,1023 -q 0
on --user nobody-at-all
on --user nobody
on -z on
on -a generic -z on
on --ring 64 --frames 32
on --report /nonexistent/report
on --report "$dir/files"
on --report "$dir/files/report"
on --report "$dir/files/none/"
on --metrics 192.0.2.1:9100
on --metrics 127.0.0.1:9100
on --metrics 'nowhere:9100'
on --control /nonexistent/socket
on --control "$dir/config"
on --control "$dir/files/socket"
: >"$dir/files/file"
echo "no capture" >"$dir/files/text"
on --control "$dir/files/file"
ln -s file "$dir/open/link"
for sink in nowhere count count:3 drop pcap "pcap:/nonexistent/x" "pcap:$dir/files" "pcap:$dir/files/new/" "pcap:$dir/open/link" \
	"pcap:$dir/files/file" "pcap:$dir/files/file,append" "pcap:$dir/files/text,append" "pcap:$dir/files/text,excl" "pcap:$dir/files/fresh,excl" "pcap:$dir/files/a,size=1" "pcap:/dev/null,size=1M" "pcap:-,size=1M" echo echo:192.0.2.1 echo:nobody \
	"forward:nosuch0" "forward:$rxif" "forward:lo" "forward:$rxif,dst=1" plugin:/nonexistent.so "plugin:$dir/files/file" "plugin:$plugin"; do
	on -s "$sink"
done
ip -n "$rx" link set lo up
on -s forward:lo
on -s first=drop -s "second=pcap:/nonexistent/x"
on -s first=echo:192.0.2.1 -s second=echo:192.0.2.2
on -s echo -s second=echo:192.0.2.2
printf 'capture to first udp\n' >"$dir/rules"
on -r "$dir/rules"
on -r "$dir/rules" -s first=drop
on -r "$dir/files"
on -f 'udp port nonsense-port'
on -f udp
config "interface $rxif" "mode spin"
config "interface $rxif" "mode turbo"
config "interface $rxif" "sink first drop" "rules $dir/rules"
config "interface $rxif" "sink first drop" "sink first count"
config "interface nosuch0" "wait"
# Without rights: --check is for everybody, and the files are then that user's to write.
chmod 755 "$dir"
install -m 755 "$BUILD/afxdpd" "$dir/afxdpd"
as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
in_ns "$rx" "${as[@]}" "$dir/afxdpd" -i "$rxif" --check >/dev/null || fail "without rights: refused"
! in_ns "$rx" "${as[@]}" "$dir/afxdpd" -i "$rxif" --report "$dir/files/other" --check 2>/dev/null || fail "without rights: a report that it could not write is taken"
as=()
# Beside the daemon that is to read the new configuration.
start_daemon --metrics 127.0.0.1:9100
printf 'interface %s\nmetrics 127.0.0.1:9100\nmode spin\n' "$rxif" >"$dir/config"
run check -c "$dir/config"
expect_eq "beside a running daemon ($(cat "$dir/check"))" "$got" 0
end_daemon
balanced "the daemon beside"
[[ $verdicts == *0* && $verdicts == *2* && $verdicts == *3* ]] || fail "verdicts: $verdicts"
