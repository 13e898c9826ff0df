#!/bin/bash
# If this fails, reviews that come as JSON lines become other events than those that Python reads from them, or the result
# depends on the number of ranks; or dates and numbers are guessed at where a person has to say what they are.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

# --- 20,000 random lines against Python's json module ---
cat >make.py <<'PY'
import json, random, sys
random.seed(7)
texts = ["plain", "a \"quoted\" word", "back\\slash", "tab\tand\nline", "é", "日本", "😀", "\x7f", "/", "{[\"}]", "", "\u2028", "x" * 300]
ids = ["u%d", "%d", "0%d", "ü%d", "a \"%d\"", "😀%d", "%d.0", "-%d", "t\t%d", "\\%d"]
def any_value(depth):
    kind = random.randrange(8 if depth < 5 else 5)
    if kind == 0: return random.choice(texts) * random.randrange(4)
    if kind == 1: return random.choice([0, -1, 12345678901234567890123, 1.5, -2.5e-9, 1e300])
    if kind == 2: return random.choice([True, False])
    if kind == 3: return None
    if kind == 4: return random.choice([[], {}])
    if kind < 7: return {random.choice(["user", "item", "k", "é", "a.b", "a\"b"]) + str(i): any_value(depth + 1) for i in range(random.randrange(4))}
    return [any_value(depth + 1) for _ in range(random.randrange(4))]
with open("lines.jsonl", "w", encoding="utf-8", newline="") as out:
    for n in range(20000):
        user = random.choice([random.randrange(300), random.choice(ids) % random.randrange(300)])
        line = {"who": {"id": user, "name": random.choice(texts)}, "what": random.choice(ids) % random.randrange(500),
                "stars": random.choice([random.randrange(6), random.randrange(50) / 10, str(random.randrange(6)), "4.5"]),
                "at": random.choice([random.randrange(900000000, 1700000000), "2011-11-28T12:38:05Z", 1441324800.25])}
        for i in range(random.randrange(5)):
            line["extra%d" % i] = any_value(0)
        keys = list(line)
        random.shuffle(keys)
        text = json.dumps({k: line[k] for k in keys}, ensure_ascii=random.random() < 0.5,
                          separators=random.choice([(",", ":"), (", ", ": "), (" ,\t", "\t: ")]))
        out.write(random.choice(["", "", "  ", "\t"]) + text + random.choice(["\n", "\n", "\r\n", " \n", "\n\n"]))
    out.write('{"who": {"id": "last"}, "what": "no line end", "stars": 1, "at": 7}')
PY
cat >same.py <<'PY'
import datetime, json, sys
import h5py
import numpy as np
def seconds(t):
    return int(datetime.datetime.fromisoformat(t.replace("Z", "+00:00")).timestamp()) if isinstance(t, str) else int(t // 1)
rows = []
with open("lines.jsonl", encoding="utf-8", newline="\n") as lines:
    for line in lines:
        if line.strip():
            o = json.loads(line)
            rows.append((str(o["who"]["id"]), o["what"], np.float32(o["stars"]), seconds(o["at"])))
with h5py.File(sys.argv[1]) as f:
    users, items = [s.decode() for s in f["users/id"][:]], [s.decode() for s in f["items/id"][:]]
    g = f["interactions"]
    user = np.repeat(np.arange(len(users)), np.diff(g["indptr"][:]))
    got = [(users[u], items[i], v, int(t)) for u, i, v, t in zip(user, g["indices"][:], g["data"][:], g["time"][:])]
assert len(rows) > 20000 and sorted(rows) == sorted(got)
PY
"$python" make.py
columns="--user-column who.id --item-column what --value-column stars --time-column at"
for ranks in 1 2 3 4; do
  for threads in 1 2; do
    # shellcheck disable=SC2086
    OMP_NUM_THREADS=$threads must $ranks ingest lines.jsonl $columns -o j$ranks$threads.h5
    good "$ranks ranks and $threads threads give the same dataset" cmp j$ranks$threads.h5 j11.h5
  done
done
good "the dataset is what Python's json module reads" "$python" same.py j11.h5
gzip -k lines.jsonl
# shellcheck disable=SC2086
must 2 ingest lines.jsonl.gz $columns -o packed.h5
good "packed, the same events" "$python" same.py packed.h5

# --- bad lines, by number, on any number of ranks ---
{
  for i in $(seq 1 500); do printf '{"user": "u%d", "item": %d, "rating": %d}\n' "$((i % 7))" "$((i % 11))" "$((i % 5))"; done
  echo '{"user": "u1", "item": 5}'
  echo '{"user": "u1", "item": 5, "rating": 1'
  for i in $(seq 1 500); do printf '{"user": "u%d", "item": %d, "rating": %d}\n' "$((i % 7))" "$((i % 11))" "$((i % 5))"; done
} >bad.jsonl
for ranks in 1 3 4; do
  ends 65 $ranks ingest bad.jsonl -o x.h5
  good "the first bad line is named" grep -q 'bad.jsonl:501:26: the key of the value is missing' err
  must $ranks ingest bad.jsonl --max-bad-lines 2 -o b$ranks.h5
  good "bad lines on $ranks ranks" cmp b$ranks.h5 b1.h5
  good "they are listed" grep -q "$(printf 'bad.jsonl\t502\t38\tnot JSON: a comma or } is missing')" b$ranks.h5.rejected
done

# --- what a person has to say is asked for, with the options to type ---
refused() { # TEXT-OF-THE-FILE WORD OPTION...
  printf '%b' "$1" >ask.txt
  local word=$2
  shift 2
  run 0 ingest ask.txt "$@" -o ask.h5
  good "refused, not $status: $word" [ "$status" -eq 64 -o "$status" -eq 65 ]
  good "says $word" grep -qF -e "$word" err
}
refused '{"a": "x", "b": "y"}\n' '--user-column KEY'
refused '{"user": 1, "item": 2, "zork": 3}\n' '--value-column none'
refused '{\n "user": 1\n}\n' 'jq -c .'
refused "{'user': 1, 'item': 2}\n" 'literal_eval'
refused 'user,item,plays\na,x,"1,234"\nb,y,12\n' '--thousands ,'
refused 'user;item;plays\na;x;1.234\nb;y;12\n' '--decimal .'
refused 'user,item,rating\na,x,85%\n' '--value-format share'
refused 'user,item,hours\na,x,2:30\n' '--value-format m:s'
refused 'user,item,rating,date\na,x,1,3/4/2011 8:05\n' '--time-format "%d/%m/%Y %H:%M"'
refused 'user,item,rating,date\na,x,1,3/4/11\n' '--time-format "%d/%m/%y"'
refused 'user,item,rating,date\na,x,1,19970101\nb,y,2,852076800\n' '--time-unit date'
refused 'user,item,rating\na,x,1\n' 'not `x`' --decimal x
refused 'user,item,rating,date\na,x,1,2011\n' '%q' --time-format %q

# --- and what was asked for is read ---
says() { # VALUE TIME TEXT OPTION...
  local value=$1 time=$2
  printf '%b' "$3" >said.txt
  shift 3
  must 0 ingest said.txt "$@" -o said.h5
  good "$* reads $value at $time" "$python" -c 'import h5py, sys
g = h5py.File("said.h5")["interactions"]
assert abs(g["data"][0] - float(sys.argv[1])) < 1e-6 * abs(float(sys.argv[1])) and ("time" not in g or g["time"][0] == int(sys.argv[2]))' "$value" "$time"
}
says 1234 0 'user,item,plays\na,x,"1,234"\nb,y,12\n' --thousands ,
says 1.234 0 'user,item,plays\na,x,"1,234"\nb,y,12\n' --decimal comma
says 1234 0 'user;item;plays\na;x;1 234\nb;y;12\n'
says 0.85 0 'user,item,rating\na,x,85%\n' --value-format share
says 150 0 'user,item,hours\na,x,2:30\n' --value-format m:s
says 3723 0 'user,item,hours\na,x,1:02:03\n'
says 4.5 0 'user,item,amount\na,x,$4.50\n'
says 1 1301817900 'user,item,rating,date\na,x,1,3/4/2011 8:05\n' --time-format '%d/%m/%Y %H:%M'
says 1 1322438400 'user,item,rating,date\na,x,1,28.11.2011\nb,y,1,1.2.2011\n'
says 1 852076800 'user,item,rating,date\na,x,1,19970101\n'
says 1 19970101 'user,item,rating,date\na,x,1,19970101\n' --time-unit s
says 1 1700000000 'user,item,rating,timestamp\na,x,1,1700000000000000000\n'

# --- where the first 64 kB do not tell day from month, the first 4 MB may ---
"$python" - <<'PY'
with open("late.csv", "w") as f:
    f.write("user,item,date\n")
    for day in range(1, 21):
        for i in range(2000):
            f.write(f"u{i % 97},i{i % 89},12/{day}/2010 8:{i % 60:02}\n")
PY
for ranks in 1 4; do
  must $ranks ingest late.csv -o late$ranks.h5
  good "told late, on $ranks ranks" cmp late$ranks.h5 late1.h5
done
good "and said" grep -q 'month/day/year, as `12/13/2010 8:00` (line 24002) tells' err
head -n 24001 late.csv >early.csv
ends 64 0 ingest early.csv -o x.h5
finish
