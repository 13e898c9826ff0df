#!/bin/bash
# If this fails, readers get a snapshot that is damaged, half made, or not the one that was published; or a night's
# clearing up takes away the snapshot they are reading.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

ends() { # STATUS ARG...
  local want=$1
  shift
  run 0 "$@"
  good "palate $* ends with $want, not $status" [ "$status" -eq "$want" ]
}
latest() { readlink s/latest; }

must 0 synth -o d.h5 --users 200 --items 50 --events 3000 --groups 3 --factors 4 --quiet
for name in a b c d; do
  must 1 train d.h5 --factors 4 --sweeps 2 --quiet -o s
  eval "$name=$(cat out)"
done
id() { basename "$1"; }
# What follows removes files by these names.
[ -e "$a/model.h5" ] && [ -e "$b/model.h5" ] && [ -e "$c/model.h5" ] && [ -e "$d/model.h5" ] || finish
# shellcheck disable=SC2154
good "names ascend in the order of making" eval '[[ $a < $b && $b < $c && $c < $d ]]'

# Publishing seals, and flips.
ends 66 info s
ends 66 rollback s
must 0 publish "$a"
good "the published path alone is printed" [ "$(cat out)" = "$a" ]
good "latest points at it" [ "$(latest)" = "$(id "$a")" ]
must 0 publish "$b"
good "latest points at the next" [ "$(latest)" = "$(id "$b")" ]
good "sha256sum agrees with the seal" eval '(cd $b && sha256sum --quiet --strict -c SHA256SUMS)'
good "the manifest names the parent" grep -q "\"parent\": \"$(id "$a")\"" "$b/manifest.json"
must 0 verify s
good "verify lists every file" grep -q '^model.h5: OK' out
good "sealed files are read-only" [ -z "$(find "$b" -type f -perm /222)" ]
must 0 publish "$b"
must 0 info s

# Rolling back, and going on from there.
must 0 rollback s
good "rolled back" [ "$(latest)" = "$(id "$a")" ]
ends 65 rollback s
must 0 publish "$b"

# A flipped bit in any file, a missing file, an additional one: found, named, and not published.
for file in model.h5 manifest.json train.jsonl SHA256SUMS; do
  for place in 0 middle last; do
    cp -r "$b" keep
    size=$(stat -c %s "$b/$file")
    case $place in 0) at=0 ;; middle) at=$((size / 2)) ;; last) at=$((size - 1)) ;; esac
    chmod u+w "$b/$file"
    "$python" - "$b/$file" "$at" <<'PY'
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(int(sys.argv[2]))
    byte = f.read(1)[0]
    f.seek(int(sys.argv[2]))
    f.write(bytes([byte ^ 4]))
PY
    ends 74 verify "$b"
    [ "$file" = SHA256SUMS ] || good "verify names $file" grep -q "$file: changed" out
    ends 74 publish "$b"
    chmod -R u+w "$b"
    rm -rf "$b"
    mv keep "$b"
  done
done
must 0 verify "$b"
mv "$b/train.jsonl" kept
ends 74 verify "$b"
good "verify names the missing file" grep -q 'train.jsonl: missing' out
mv kept "$b/train.jsonl"
for extra in extra.txt .hidden; do
  touch "$b/$extra"
  ends 74 verify "$b"
  rm "$b/$extra"
done
mkdir "$b/folder"
ends 74 verify "$b" --json
good "the JSON says it" grep -q '"whole": false' out
rmdir "$b/folder"
mv "$b/model.h5" kept
ln -s ../../kept "$b/model.h5"
ends 74 verify "$b"
rm "$b/model.h5"
ends 74 verify "$b"
mv kept "$b/model.h5"
must 0 verify "$b"
ends 65 verify "$c"
cp "$c/model.h5" "$c/pipe.h5"
mkfifo "$c/pipe"
ends 65 publish "$c"
rm "$c/pipe" "$c/pipe.h5"
good "a snapshot that could not be sealed has no seal" [ ! -e "$c/SHA256SUMS" ]
good "latest is where it was" [ "$(latest)" = "$(id "$b")" ]

# A damaged parent is not gone back to.
chmod u+w "$a/train.jsonl"
cp -p "$a/train.jsonl" kept
echo >>"$a/train.jsonl"
ends 74 rollback s
good "latest is where it was" [ "$(latest)" = "$(id "$b")" ]
mv kept "$a/train.jsonl"

# latest that is something else.
mv s/latest s/l
for target in .. /etc ../s/"$(id "$b")" .lock; do
  ln -s "$target" s/latest
  ends 65 info s
  ends 65 prune s
  rm s/latest
done
mkdir s/latest
ends 65 prune s
ends 65 publish "$b"
rmdir s/latest
mv s/l s/latest

# The lock: held by a living run, left by a dead one, named by another machine.
exec 7<>s/.lock
flock 7
ends 73 publish "$b"
flock -u 7
exec 7>&-
sleep 60 &
sleeper=$!
host=$(hostname | tr -c 'A-Za-z0-9-\n' _)
start=$(awk '{print $22}' /proc/$sleeper/stat)
printf 'host %s\npid %d\nstart %s\nsince 2026-01-01T00:00:00Z\nwhat palate refresh\n' "$host" "$sleeper" "$start" >s/.lock
ends 73 publish "$b"
good "the message says who" grep -q "process $sleeper" err
kill "$sleeper"
wait "$sleeper" 2>/dev/null
must 0 publish "$b"
good "the takeover is told" grep -q 'taking over the lock' err
printf 'host %s\npid %d\nstart 1\nsince 2026-01-01T00:00:00Z\nwhat palate refresh\n' "$host" $$ >s/.lock
must 0 publish "$b"
good "a later process of the same number is not the holder" grep -q 'taking over the lock' err
printf 'host elsewhere\npid 1\nstart 1\nsince 2026-01-01T00:00:00Z\nwhat palate refresh\n' >s/.lock
ends 73 publish "$b"
good "the message says what to do" grep -q 'remove the lock' err
touch -d '1 hour ago' s/.lock
ends 73 publish "$b" # a holder that gives no signs of life cannot be missed
printf 'host elsewhere\npid 1\nstart 1\nsince 2026-01-01T00:00:00Z\nwhat palate refresh\nbeat 60\n' >s/.lock
touch -d '10 minutes ago' s/.lock
ends 73 publish "$b"
touch -d '20 minutes ago' s/.lock
must 0 publish "$b"
good "the takeover from a machine that fell silent is told" grep -q 'elsewhere.*no sign of life' err
must 0 publish "$b"

# Pruning: never latest, never its parent, never what may still be worked on.
must 0 publish "$c"
must 0 rollback s
good "rolled back to b" [ "$(latest)" = "$(id "$b")" ]
must 0 prune s --keep 1
good "c is gone, a (the parent) and b (latest) are not" eval '[ ! -e $c ] && [ -e $a/SHA256SUMS ] && [ -e $b/SHA256SUMS ]'
good "what went is printed" [ "$(cat out)" = "$c" ]
good "an unsealed one that is fresh stays" [ -e "$d/model.h5" ]
touch -d '2 days ago' "$d" "$d"/*
must 0 prune s --keep 0
good "an unsealed one that is old goes" [ ! -e "$d" ]
good "latest and its parent are whole" eval '"$palate" verify "$a" >/dev/null && "$palate" verify "$b" >/dev/null'

# Refit nights: the measured model may go, and nothing else. Its digest is in the manifest.
for night in 1 2 3 4; do
  must 1 refresh d.h5 --factors 4 --groups 2 --quiet -o n
  eval "n$night=$(cat out)"
done
# shellcheck disable=SC2154
{
  good "sha256sum agrees with the seal" eval '(cd $n4 && sha256sum --quiet --strict -c SHA256SUMS)'
  must 0 verify n
  good "verify looks at the measured model" grep -q '^measured.h5: OK' out
  good "it is read-only too" [ -z "$(find "$n4" -type f -perm /222)" ]
  cp -p "$n4/measured.h5" kept
  chmod u+w "$n4/measured.h5"
  byte "$n4/measured.h5" 3000
  ends 74 verify n
  good "a changed one is found" grep -q '^measured.h5: changed' out
  mv -f kept "$n4/measured.h5"
  must 0 verify n
  must 0 prune n --keep 3
  good "one is gone, of two the measured model stays" \
    eval '[ ! -e $n1 ] && [ ! -e $n2/measured.h5 ] && [ -e $n3/measured.h5 ] && [ -e $n4/measured.h5 ]'
  good "what went is printed" [ "$(cat out)" = "$(printf '%s\n%s' "$n1" "$n2/measured.h5")" ]
  for night in "$n2" "$n3" "$n4"; do must 0 verify "$night"; done
  must 0 prune n --keep 3
  good "nothing more" [ ! -s out ]
  must 0 info "$n2"
  good "info says that it went" grep -q 'measured.h5 (pruned)' out
  ends 64 evaluate "$n2" d.h5
  good "evaluate says that it went" grep -q 'palate prune.* removed the model' err
  # A newer one than latest may be published yet.
  must 0 rollback n
  must 0 prune n --keep 3
  good "it keeps its measured model" [ -e "$n4/measured.h5" ]
}
ends 66 prune nowhere
ends 64 prune s --keep many
good "no partial files are left" [ -z "$(find s -name '*.part-*')" ]
finish
