#!/bin/bash
# If this fails, a broken or hostile file makes ingest read memory that is not its own, or give other data on other ranks.
# FUZZ_SECONDS=1800 tests/cli_fuzz_text.sh BUILD runs it for longer.
. "$(dirname "$0")/lib.sh"
command -v clang >/dev/null || skip "no clang for the fuzzer"
cd "$tests/.." || exit 1
echo 'int LLVMFuzzerTestOneInput(const char *d, long n); int LLVMFuzzerTestOneInput(const char *d, long n) { return (int)(n > 0 && d[0] == 1 && 0); }' >"$work/none.c"
clang -fsanitize=fuzzer,address,undefined "$work/none.c" -o "$work/none" 2>"$work/err" || skip "clang has no fuzzer here"
good "the fuzzer builds" clang -std=c17 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
  -D_POSIX_C_SOURCE=200809L -I. tests/fuzz/fuzz_text.c io/{events,id,id_table,mem,sort,status}.c io/text*.c -lm -o "$work/fuzz_text"
seeds=$work/seeds
mkdir "$seeds"
seed() { printf '%b' "$2" >"$seeds/$1"; }
seed csv '\0\0\0\0\0\0200user,item,rating,time\n1,2,3,964982703\n"a,b","c""d",1e3,2009-05-04T23:08:57Z\r\n'
seed quotes '\0001\0001\0003\0\0\0100u,i,r\n"x\ny",2,3\n4,"open,5\n6,7,8\n'
seed colons '\0002\0\0\0\0\01001::1193::5::978300760\n1::661::3::978302109\n'
seed tabs '\0004\0\0\0\0\0100userID\tartistID\tweight\r\n2\t51\t13883\r\n'
seed lists '\0005\0\0\0\0\0100ann jazz rock\nbob\n\n eve a b\n'
seed netflix '\0006\0\0\0\0\01001:\n1488844,3,2005-09-06\n2:\n885013,4,2005-10-19\n'
seed mtx '\0007\0\0\0\0\0100%%%%MatrixMarket matrix coordinate real general\n%%\n3 4 2\n1 4 2.5\n3 1 -1e2\n'
seed titles '\0\0\0\0\0\0100movieId,title,genres\n1,"Alpha, one",a|b\n2,Am\0351lie,\n'
mkdir "$work/corpus"
# A run stops at the first finding; what it is about is in the log, the input in $work/crash-*.
status=0
ASAN_OPTIONS=detect_leaks=1 "$work/fuzz_text" -max_total_time="${FUZZ_SECONDS:-15}" -max_len=2048 -timeout=20 -seed=1 \
  -artifact_prefix="$work/" "$work/corpus" "$seeds" >"$work/log" 2>&1 || status=$?
good "no finding" [ "$status" -eq 0 ]
[ "$status" -eq 0 ] || { tail -n 30 "$work/log"; for f in "$work"/crash-* "$work"/leak-* "$work"/timeout-*; do [ -e "$f" ] && od -c "$f" | head -20; done; }
grep -E 'DONE|Done' "$work/log"
good "it did run" grep -q 'Done [0-9]* runs' "$work/log"
finish
