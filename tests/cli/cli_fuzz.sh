#!/bin/bash
# If this fails, a broken or hostile file makes palate read memory that is not its own, take wrong for right, or leave
# memory behind. The fuzzers of tests/fuzz, a few seconds each.
#   FUZZ_SECONDS=1800 FUZZ_CORPUS=DIR bash tests/cli/cli_fuzz.sh BUILD [NAME...]
# runs them (or those of NAME: text json dataset snapshot marks bytes) for longer, and keeps their inputs under DIR. The
# seconds are those the processor worked for a fuzzer: on a machine with other work on it the clock says little.
. "$(dirname "$0")/lib.sh"
command -v clang >/dev/null || skip "no clang for the fuzzers"
cd "$tests/.." || exit 1
shift
names=${*:-text json dataset snapshot marks bytes}
seconds=${FUZZ_SECONDS:-4}
echo 'int LLVMFuzzerTestOneInput(const char *d, long n); int LLVMFuzzerTestOneInput(const char *d, long n) { return (int)(n > 0 && d[0] == 1 && 0); }' >"$work/none.c"
clang -fsanitize=fuzzer,address,undefined "$work/none.c" -o "$work/none" 2>"$work/err" || skip "clang has no fuzzer here"

# --- building: what they read with, once ---
packages="ompi-c jansson libxxhash libcrypto"
# shellcheck disable=SC2046
flags="-std=c17 -g -O1 -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -D_POSIX_C_SOURCE=200809L \
-D_XOPEN_SOURCE=700 -I. $(echo $(pkg-config --cflags hdf5-openmpi $packages))"
libraries="$(pkg-config --libs hdf5-openmpi $packages) -lm"
readers=$(echo io/{base,values,text,detect,tables,ranks,hdf5,snapshot,schema}/*.c io/matrix/npy.c eval/measure/done_rows.c tests/fuzz/recipe.c)
mkdir "$work/objects"
# shellcheck disable=SC2086
build() { printf '%s\n' $readers | xargs -P "$(nproc)" -I{} sh -c "clang $flags -Wno-string-plus-int -c {} -o $work/objects/\$(basename {} .c).o"; }
good "the readers build" build
for name in $names; do
  # shellcheck disable=SC2086
  good "fuzz_$name builds" clang $flags -fsanitize=fuzzer tests/fuzz/fuzz_$name.c "$work"/objects/*.o $libraries -o "$work/fuzz_$name"
done

# --- what they start from ---
seed() { # NAME FILE TEXT
  mkdir -p "$work/seeds-$1"
  printf '%b' "$3" >"$work/seeds-$1/$2"
}
seed text csv '\0\0\0\0\0\0200user,item,rating,time\n1,2,3,964982703\n"a,b","c""d",1e3,2009-05-04T23:08:57Z\r\n'
seed text quotes '\0001\0001\0003\0\0\0100u,i,r\n"x\ny",2,3\n4,"open,5\n6,7,8\n'
seed text colons '\0002\0\0\0\0\01001::1193::5::978300760\n1::661::3::978302109\n'
seed text tabs '\0004\0\0\0\0\0100userID\tartistID\tweight\r\n2\t51\t13883\r\n'
seed text lists '\0005\0\0\0\0\0100ann jazz rock\nbob\n\n eve a b\n'
seed text netflix '\0006\0\0\0\0\01001:\n1488844,3,2005-09-06\n2:\n885013,4,2005-10-19\n'
seed text mtx '\0007\0\0\0\0\0100%%%%MatrixMarket matrix coordinate real general\n%%\n3 4 2\n1 4 2.5\n3 1 -1e2\n'
seed text returns '\0\0\0\0\0\0100user,item,rating\r1,2,3\r\n,,\r"a\rb",4,5\n6,7,x\r'
seed text json '\0\0\0\0\0\0100[{"user": 1}, {"a": "]\\\\""}]\n'
seed text baskets '\0011\0\0\0\0\0100milk,bread\nbread, butter ,jam\n\n"a,b",c\n'
seed text fields '\0011\0\0\0\0\0100user,date,items\nann,2020-01-02,a b c\nbob,2020-01-03,b\n'
seed text matrix '\0012\0\0\0\0\0100user,abba,air\n1,0,2.5\n2,,1\n"x\ny",NA,3\n'
seed text comments '\0\0\0\0\0\0100# user item plays\nu0 i2 32\n# x\nu1 i2\nu1 i3 4\n'
seed text titles '\0\0\0\0\0\0100movieId,title,genres\n1,"Alpha, one",a|b\n2,Am\0351lie,\n'
seed text dates '\0001\0\0\0\0\0100user,item,rating,date\na,x,"1,234",28/11/2011 8:05 PM\nb,y,$4.50,Nov 9, 2011\nc,z,1:02:03,20111128\n'
seed json reviews '\0\0\0100{"reviewerID": "A1", "asin": "B1", "overall": 5.0, "unixReviewTime": 1441324800, "reviewText": "a \\"b\\", c"}\n{"asin":"B2","reviewerID":"\\ud83d\\ude00"}\n'
seed json nested '\0031\0\0101{"user":{"x":[1,{"y":null}],"id":2},"item":"\0303\0251","a":{"b":[true,false,-1.5e3]}}\r\n\n {"a":[7,{}],"user":"x","user":"y"}'
seed dataset good ''
seed snapshot groups '\0'
seed snapshot model '\0001'
seed marks manifest '\0{"parent": "20260131T235959Z-0123abcd", "gate": {}}'
seed marks seal '\0001ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  model.h5\n44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a  manifest.json\n'
seed marks marker '\0002{"format":"palate-checkpoint","format_version":2,"kind":"sweep","step":5,"tables":[{"name":"user factors","rows":7,"row_bytes":8},{"name":"user biases","rows":7,"row_bytes":4},{"name":"item factors","rows":3,"row_bytes":8},{"name":"item biases","rows":3,"row_bytes":4}],"state":null,"shards":[{"first":[0,0,0,0],"rows":[7,7,3,3],"xxh3":8115135841655704307}],"xxh3":1}'
seed marks shards '\0002{"format":"palate-checkpoint","format_version":2,"kind":"sweep","step":5,"tables":[{"name":"user factors","rows":7,"row_bytes":8},{"name":"user biases","rows":7,"row_bytes":4},{"name":"item factors","rows":3,"row_bytes":8},{"name":"item biases","rows":3,"row_bytes":4}],"state":null,"shards":[{"first":[0,0,0,0],"rows":[4,4,3,0],"xxh3":1},{"first":[4,4,3,0],"rows":[3,3,0,3],"xxh3":-5}],"xxh3":1}'
seed marks written '\0002'
seed marks lock '\0003host a-machine\npid 77\nstart 5\nsince 2026-01-31T23:59:59Z\nwhat palate refresh\n'
seed marks done '\0005[[0,10],[700,1000],[10,20],[500,500]]'
seed marks latest '\000420260131T235959Z-0123abcd'
case $names in *bytes*)
  must 0 synth -o "$work/d.h5" --users 6 --items 5 --events 20 --groups 2 --factors 2 --loss explicit --quiet
  must 0 train "$work/d.h5" -o "$work/s" --loss explicit --factors 2 --sweeps 1 --quiet
  snapshot=$(echo "$work"/s/2*)
  must 0 cluster "$snapshot" --groups 2 --quiet
  mkdir "$work/seeds-bytes"
  # As palate lays files out, where most of the metadata is under checksums, and as HDF5 did of old, where none is.
  "$python" - "$work/d.h5" "$snapshot/model.h5" "$snapshot/groups.h5" "$work/seeds-bytes" <<'PY'
import sys, h5py
for i in range(3):
    old = f"{sys.argv[4]}/old{i}.h5"
    with h5py.File(sys.argv[1 + i]) as a, h5py.File(old, "w", libver="earliest") as b:
        for name in a:
            if name != "checksums":
                a.copy(name, b)
        for name, value in a.attrs.items():
            b.attrs[name] = value
    for name, path in (f"new{i}", sys.argv[1 + i]), (f"old{i}", old):
        open(f"{sys.argv[4]}/{name}", "wb").write(bytes([i]) + open(path, "rb").read())
PY
  rm -f "$work"/seeds-bytes/*.h5
  ;;
esac

# --- running: each stops at the first finding; its input is in tests/fuzz/found from then on ---
# A size that no machine has is refused, as it is without the sanitizer.
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1
# The clock ticks that a process and its children, ended or not, have used; fails where it has ended.
ticks() { # PID
  local id stat sum=0
  for id in "$1" $(pgrep -P "$1"); do
    stat=$(cat "/proc/$id/stat" 2>"$work/err") || { [ "$id" != "$fuzzer" ] || return 1; continue; }
    # shellcheck disable=SC2086
    set -- ${stat##*) }
    sum=$((sum + ${12} + ${13} + ${14} + ${15}))
    [ "$1" != Z ] || [ "$id" != "$fuzzer" ] || return 1
  done
  echo "$sum"
}
# A single input may take a minute; the clock also runs while other work, or somebody's hand, holds the fuzzer up.
patience=$((60 + seconds))
fuzz() { # NAME OPTION...
  local name=$1 corpus=${FUZZ_CORPUS:-$work}/corpus-$1 used
  shift
  mkdir -p "$corpus" "$work/found-$name"
  "$work/fuzz_$name" -timeout="$patience" -rss_limit_mb=3000 -print_final_stats=1 -handle_usr1=1 -artifact_prefix="$work/found-$name/" "$@" \
    "$corpus" "$work/seeds-$name" >"$work/log" 2>&1 &
  fuzzer=$!
  while sleep 0.5 && used=$(ticks "$fuzzer") && [ "$used" -lt $((seconds * $(getconf CLK_TCK))) ]; do :; done
  kill -USR1 "$fuzzer" 2>"$work/err"
  status=0
  wait "$fuzzer" || status=$?
}
for name in $names; do
  for input in tests/fuzz/found/"$name"-*; do
    [ ! -e "$input" ] || good "what was found once is mended: $input" "$work/fuzz_$name" "$input"
  done
  case $name in
    text | json) fuzz "$name" -max_len=2048 ;;
    dataset | snapshot) fuzz "$name" -max_len=120 -len_control=0 ;;
    marks) fuzz marks -max_len=2000 -len_control=0 ;;
    bytes) # HDF5 leaves memory behind where it gives a file up, which is not ours to mend
      ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 fuzz bytes -max_len=12000 -fork=1 -ignore_crashes=1 -ignore_ooms=1 -ignore_timeouts=1
      status=0
      theirs=0
      for input in "$work"/found-bytes/*; do
        [ -e "$input" ] || continue
        # What was only slow on a busy machine does not repeat.
        ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 "$work/fuzz_bytes" -timeout=60 -rss_limit_mb=3000 "$input" >"$work/report" 2>&1 && continue
        # HDF5's own: the first frame that is neither the sanitizer's nor the C library's is in libhdf5, and what was
        # overrun, if anything, was allocated there as well.
        first=$(grep -E '^ +#[0-9]+ ' "$work/report" |
          grep -vE '__sanitizer|__interceptor|__asan|libc\.so|fuzzer::|/multiarch/| in (malloc|calloc|realloc|free|mem[a-z]+|str[a-z]+) ' |
          head -n 1)
        if [[ $first == *libhdf5* ]] && ! grep -q ' in mem_alloc ' "$work/report"; then theirs=$((theirs + 1)); else
          status=1
          cp "$work/report" "$work/log"
        fi
      done
      echo "$theirs inputs crash within the HDF5 library"
      ;;
  esac
  good "$name: no finding" [ "$status" -eq 0 ]
  [ "$status" -eq 0 ] || { tail -n 30 "$work/log"; for f in "$work/found-$name"/*; do [ ! -e "$f" ] || base64 "$f" | head -n 20; done; }
  echo "$name: $(grep -E 'cov:' "$work/log" | tail -n 1) $(grep number_of_executed_units "$work/log")"
  good "$name did run" grep -qE '^#[0-9]+.*cov: [0-9]+' "$work/log"
done
finish
