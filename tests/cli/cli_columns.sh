#!/bin/bash
# If this fails, a file that is not what palate takes it for becomes a dataset without a word, or a person is told
# something that does not help: the command in a message has to work.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

cat >holds.py <<'PY'
"""holds.py DATASET ROW...: the events, each as user|item|value or user|item|value|time, in any order."""
import sys, h5py
with h5py.File(sys.argv[1]) as f:
    g = f["interactions"]
    ptr, ids = g["indptr"][:], {s: [x.decode() for x in f[s + "/id"][:]] for s in ("users", "items")}
    time = g["time"][:] if "time" in g else None
    rows = ["|".join([ids["users"][u], ids["items"][g["indices"][e]], "%g" % g["data"][e]] + ([str(time[e])] if time is not None else []))
            for u in range(len(ptr) - 1) for e in range(ptr[u], ptr[u + 1])]
assert sorted(rows) == sorted(sys.argv[2:]), sorted(rows)
PY

# reads ARG... -- ROW...: ingested on 1, 2 and 3 ranks to the same dataset, which holds the rows; and the command that
# --dry-run shows reads the same.
reads() {
  local args=() ranks
  while [ "$1" != -- ]; do
    args+=("$1")
    shift
  done
  shift
  some_ranks 1 2 3
  for ranks in "${at_ranks[@]}"; do
    must $ranks ingest "${args[@]}" -o r$ranks.h5 --quiet
    good "${args[*]}: the same on $ranks ranks" cmp r1.h5 r$ranks.h5
  done
  good "${args[*]} holds what it should" "$python" holds.py r1.h5 "$@"
  must 1 ingest "${args[@]}" --dry-run
  local command
  command=$(tail -n 1 out)
  rm -f again.h5
  must 2 ingest "${args[@]}" -o again.h5 --dry-run --json
  good "${args[*]}: --dry-run writes nothing" [ ! -e again.h5 ]
  good "${args[*]}: the JSON is JSON, with the same command" "$python" -c '
import json, sys
assert json.load(open("out"))["command"].replace("-o again.h5", "-o DATASET") == sys.argv[1]' "$command"
  good "${args[*]}: the command begins with palate" [ "${command#palate ingest }" != "$command" ]
  bash -c "${command/#palate/\"$palate\"} --quiet" 2>err || true
  good "${args[*]}: the command of --dry-run reads the same" "$python" holds.py DATASET "$@"
  rm -f DATASET
}

# stops STATUS WORD ARG...: refused, with the word in the message and nothing written.
stops() {
  local want=$1 word=$2
  shift 2
  rm -f s.h5
  for ranks in 1 2; do
    run $ranks ingest "$@" -o s.h5
    good "ingest $* ends with $want, not $status" [ "$status" -eq "$want" ]
    good "ingest $* speaks of $word" grep -qF -- "$word" err
    good "ingest $* writes nothing" [ ! -e s.h5 ]
  done
}

# typed FILE MORE... -- ROW...: the command that the message of `palate ingest FILE` shows, with MORE in place of what is
# to be filled in, reads the rows.
typed() {
  local file=$1 more=() said command
  shift
  while [ "$1" != -- ]; do
    more+=("$1")
    shift
  done
  shift
  run 1 ingest "$file" -o t.h5
  good "$file is refused" [ "$status" -ne 0 ]
  said=$(grep -o 'palate ingest [^;(]*-o DATASET' err | head -n 1)
  good "$file: the message has a command" [ -n "$said" ]
  command=$(sed -E 's/ --[a-z]+-column (NAME|N)(\|none)?//g; s/-o DATASET//' <<<"$said")
  rm -f t.h5
  bash -c "${command/#palate/\"$palate\"} ${more[*]} -o t.h5 --quiet" 2>err || true
  good "$file: what the message says to type works" "$python" holds.py t.h5 "$@"
}

# --- headers ---
cat >retail.csv <<'CSV'
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID
536365,85123A,"HEART, LAMP",6,2020-01-02 08:26:00,2.5,17850
536401,22752,NEST BOX,1,2020-01-03 09:00:00,2.5,13047
CSV
reads retail.csv -- '17850|85123A|6|1577953560' '13047|22752|1|1578042000'
printf 'user_id:token\titem_id:token\trating:float\n1\t10\t3\n2\t11\t4\n' >rb.inter
reads rb.inter -- '1|10|3' '2|11|4'
printf '# exported by hand\n#user,item,plays\nann,x,3\nbob,y,4\n' >hash.csv
reads hash.csv -- 'ann|x|3' 'bob|y|4'
printf 'user;item;rating\na;b;1,5\nc;d;2,5' >decimal.csv
reads decimal.csv -- 'a|b|1.5' 'c|d|2.5'
printf 'user,item,when it was\nann,x,2020-01-02\nbob,y,2020-01-03\n' >when.csv
stops 64 '--time-column NAME|none' when.csv
typed when.csv --time-column "'when it was'" -- 'ann|x|1|1577923200' 'bob|y|1|1578009600'
reads when.csv --time-column 'when it was' -- 'ann|x|1|1577923200' 'bob|y|1|1578009600'
printf 'Wer,Was,Wieviel\nann,x,3\nbob,y,4\n' >german.csv
stops 64 'header: `Wer, Was, Wieviel`' german.csv
typed german.csv --user-column Wer --item-column Was --value-column Wieviel -- 'ann|x|3' 'bob|y|4'
printf 'user_id\tanime_id\tFeedback\n1\t1\t8\n' >feedback.tsv
stops 64 '--value-column NAME|none' feedback.tsv
typed feedback.tsv --value-column none -- '1|1|1'
printf 'user,item\n1,2\nuser,item\n3,4\n' >twice.csv
stops 65 'twice.csv:3:1: the header again' twice.csv
must 2 ingest twice.csv --max-bad-lines 1 -o twice.h5
good "a second header is no event" "$python" holds.py twice.h5 '1|2|1' '3|4|1'
printf 'user,title,item\n1,Good, Bad,10\n2,Fine,11\n' >comma.csv
stops 65 'comma.csv:2:' comma.csv
printf '"user","item","rating"\n"1","a","x",5\n"2","b","y",3\n' >rows.csv
stops 65 "sed '1s/^/row,/'" rows.csv
sed '1s/^/row,/' rows.csv >named.csv
reads named.csv -- 'a|x|5' 'b|y|3'
printf 'ann,heat\nbob,alien\n' >words.csv
stops 64 '--header yes or --header no' words.csv
reads words.csv --header no -- 'ann|heat|1' 'bob|alien|1'

# --- no header ---
printf '1,2014-04-07T10:51:09Z,214536502,0\n2,2014-04-07T10:54:09Z,214536500,0\n' >clicks.dat
stops 64 '--item-column' clicks.dat
reads clicks.dat --user-column 1 --item-column 3 --value-column none -- '1|214536502|1|1396867869' '2|214536500|1|1396868049'
printf '1,2268318,2520377,pv,1511544070\n1,2333346,2520771,pv,1511561733\n' >taobao.csv
stops 64 '5 columns' taobao.csv
printf 'u0 i0 1\nu1 i1 2\nu2 i2\nu3 i3 4\nu4 i4 5\n' >short.csv
stops 65 'short.csv:3:6: too few columns' short.csv
printf '# user item plays\nu0 i2 32\nu1 i4 50\n' >comment.txt
reads comment.txt -- 'u0|i2|32' 'u1|i4|50'
printf '#u0,i0,3\nu1,i1,4\nu2,i2,5\n' >hashed.csv
stops 64 '--comment none' hashed.csv
reads hashed.csv --comment none -- '#u0|i0|3' 'u1|i1|4' 'u2|i2|5'

# --- what is not a list of events ---
printf '0 0 3 0 5\n1 0 0 2 0\n0 4 0 0 0\n' >dense.txt
stops 65 'dense matrix' dense.txt
typed dense.txt -- '1|3|3' '1|5|5' '2|1|1' '2|4|2' '3|2|4'
printf '2,-7.8,99,4.2\n3,1.0,2.0,3.0\n1,99,99,5.0\n4,99,1,99\n2,1,1,99\n' >jester.csv
printf '%s\n' 2,-7.8,99,4.2,99 3,1.0,2.0,3.0,99 1,99,99,5.0,99 >jester.csv
stops 65 '99' jester.csv
command=$(grep -o 'awk .* > events.csv' err)
bash -c "$command" # what the message says to type
reads events.csv -- '1|1|-7.8' '1|3|4.2' '2|1|1' '2|2|2' '2|3|3' '3|3|5'
printf 'user,abba,ac/dc,air\n1,0,1,0\n2,1.5,,0\n3,NA,1,1\n' >wide.csv
stops 64 'wide matrix' wide.csv
reads wide.csv --format matrix -- '1|ac/dc|1' '2|abba|1.5' '3|ac/dc|1' '3|air|1'
printf '3 11 12 13\n1 12\n2 11 14\n' >counts.txt
stops 65 'count of the rest' counts.txt
command=$(grep -o "cut .* > lists.txt" err)
bash -c "$command"
reads lists.txt --format baskets --separator blank -- '1|11|1' '1|12|1' '1|13|1' '2|12|1' '3|11|1' '3|14|1'
printf ' 00004 0001 19970101  2   29.33\n 00004 0001 19970118  2   29.73\n 00021 0002 19970101  3   63.34\n' >till.txt
stops 64 '--format csv' till.txt
reads till.txt --format csv --separator blank --user-column 1 --item-column 2 --value-column 4 --time-column 3 \
  -- '00004|0001|2|852076800' '00004|0001|2|853545600' '00021|0002|3|852076800'
printf '[{"user": 1, "item": 2}]\n' >array.json
stops 65 'JSON array' array.json

# --- baskets ---
printf 'whole milk,bread\nbread,citrus fruit,yogurt\n\nwhole milk' >groceries.csv
stops 64 '--format baskets' groceries.csv
typed groceries.csv -- '1|whole milk|1' '1|bread|1' '2|bread|1' '2|citrus fruit|1' '2|yogurt|1' '4|whole milk|1'
reads groceries.csv --format baskets -- '1|whole milk|1' '1|bread|1' '2|bread|1' '2|citrus fruit|1' '2|yogurt|1' '4|whole milk|1'
reads groceries.csv groceries.csv --format baskets --time-column none -- \
  'groceries.csv:1|whole milk|1' 'groceries.csv:1|bread|1' 'groceries.csv:2|bread|1' 'groceries.csv:2|citrus fruit|1' \
  'groceries.csv:2|yogurt|1' 'groceries.csv:4|whole milk|1' 'groceries.csv:1|whole milk|1' 'groceries.csv:1|bread|1' \
  'groceries.csv:2|bread|1' 'groceries.csv:2|citrus fruit|1' 'groceries.csv:2|yogurt|1' 'groceries.csv:4|whole milk|1'
printf 'customer_id,order_date,items\nc1,2020-01-02,a b c\nc2,2020-01-03,b\n' >orders.csv
stops 64 '--format baskets' orders.csv
reads orders.csv --format baskets -- 'c1|a|1|1577923200' 'c1|b|1|1577923200' 'c1|c|1|1577923200' 'c2|b|1|1578009600'
printf 'c1;a|b;x\nc2;c;y\n' >bars.csv
reads bars.csv --format baskets --user-column 1 --item-column 2 --item-separator '|' -- 'c1|a|1' 'c1|b|1' 'c2|c|1'
must 1 ingest orders.csv --format baskets -o base.h5
stops 64 '--user-column' groceries.csv --format baskets --time-column none --append base.h5

# Many lines over many ranks: a line's number is its user.
"$python" - <<'PY'
with open("many.csv", "w") as f:
    for i in range(5000):
        f.write("".join("%s\n" % ("\"i%d,\",i%d" % (i % 7, i % 11)) if i % 97 else "\n"))
PY
for ranks in 1 2 3 4; do
  must $ranks ingest many.csv --format baskets --separator comma -o many$ranks.h5
  good "lines are users on $ranks ranks" cmp many1.h5 many$ranks.h5
done
good "each line is the user of its number" "$python" -c '
import h5py
with h5py.File("many1.h5") as f:
    ids = [int(x) for x in f["users/id"][:]]
    assert ids == [i + 1 for i in range(5000) if i % 97], ids[:5]
    assert (f["interactions/indptr"][:] == range(0, 2 * len(ids) + 1, 2)).all()'

# --- odd sizes ---
printf 'user,item' >head.csv
stops 65 'no events' head.csv
printf '1,2' >one.csv
reads one.csv -- '1|2|1'
printf '\n\n# only a comment\n' >only.csv
run 1 ingest only.csv -o s.h5
good "a comment alone is no dataset" [ "$status" -ne 0 ]
printf '\xef\xbb\xbfuser,item\r\n1,2\r\n' >bom.csv
reads bom.csv -- '1|2|1'
finish
