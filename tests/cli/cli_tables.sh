#!/bin/bash
# If this fails, titles, tags and names come to the wrong items and users, or are parts of other columns: a year for a
# title, a gender for a name, one tag where there are three, half a title where it has a comma.
. "$(dirname "$0")/lib.sh"
"$python" -c 'import h5py' 2>/dev/null || skip "no python3-h5py"
cd "$work" || exit 1
export OMP_NUM_THREADS=1
printf 'user,item,rating\nA,10,5\nB,11,3\nB,10,2\nC,12,4\n' >ev.csv

cat >texts.py <<'PY'
import sys, h5py
def texts(path, what):
    with h5py.File(path) as f:
        side = what.split("/")[0]
        if what not in f:
            return None
        return {i.decode(): t.decode() for i, t in zip(f[side + "/id"][:], f[what][:])}
PY
# has FILE DATASET ID TEXT [ID TEXT...]: these texts, and no other one
has() {
  "$python" - "$@" <<'PY'
import sys
from texts import texts
have = {i: t for i, t in (texts(sys.argv[1], sys.argv[2]) or {}).items() if t}
want = dict(zip(sys.argv[3::2], sys.argv[4::2]))
assert have == want, (have, want)
PY
}
reads() { # NAME ARG...: at 1 to 4 ranks, the same file
  local name=$1
  shift
  some_ranks 1 2 3 4
  for ranks in "${at_ranks[@]}"; do
    must $ranks ingest "$@" -o "$name$ranks.h5"
    good "$* on $ranks ranks" cmp "$name$ranks.h5" "${name}1.h5"
  done
}
refused() { # STATUS PATTERN ARG...
  local want=$1 pattern=$2
  shift 2
  for ranks in 1 3; do
    run $ranks ingest "$@" -o no.h5
    good "status $want for $*, not $status" [ "$status" -eq "$want" ]
    good "the message for $* tells" grep -qE -- "$pattern" err
    good "nothing is left behind" [ ! -e no.h5 ]
  done
}

# --- the first title that says something ---
printf 'item,title\n10,\n11,NA\n10,???\n12,-\n10,LAMP\n11,null\n10,Other\n12,n/a\n' >first.csv
reads first ev.csv --items first.csv
good "empty titles, NA and marks give way" has first1.h5 items/title 10 LAMP 12 -
printf 'item,title\n12,"*"\n11,MUG\n10,Late\n' >second.csv
reads both ev.csv --items first.csv --items second.csv
good "a second table fills what the first lacks" has both1.h5 items/title 10 LAMP 11 MUG 12 -
reads turned ev.csv --items second.csv --items first.csv
good "the order of the tables counts" has turned1.h5 items/title 10 Late 11 MUG 12 '*'
good "both tables are among the sources" "$python" -c '
import h5py
assert [bytes(s).decode() for s in h5py.File("both1.h5").attrs["source"]] == ["ev.csv", "first.csv", "second.csv"]'
printf 'items = first.csv\nitems = second.csv\n' >two.conf
must 1 ingest ev.csv --config two.conf -o conf.h5
good "a config names several, too" has conf.h5 items/title 10 LAMP 11 MUG 12 -
must 1 ingest ev.csv --config two.conf --items second.csv -o conf2.h5
good "the command line wins over all of them" has conf2.h5 items/title 10 Late 11 MUG 12 '*'
printf 'user,item,rating\nD,13,5\nD,10,5\n' >more.csv
printf 'item,title\n13,New\n11,\n10,Changed\n' >third.csv
reads append more.csv --append both1.h5 --items third.csv
good "titles of the base stay where the table says nothing" has append1.h5 items/title 10 Changed 11 MUG 12 - 13 New

# --- tags ---
tags() { # NAME TEXT-OF-TABLE ARG...
  printf '%b' "$2" >"$1.csv"
  reads "$1" ev.csv --items "$1.csv" "${@:3}"
}
tags comma 'item,name,genre\n10,Toy,"Action, Comedy"\n11,Gold,"Action,Drama , Action"\n12,,\n'
good "tags split at commas" has comma1.h5 items/tags 10 'Action|Comedy' 11 'Action|Drama'
good "what they are split at is said" grep -q 'tags = column 3 (genre) split at' err
tags barq 'item;name;genre\n10;Toy, the;Action|Sci-Fi, old\n11;Gold/Silver;R&B/Soul\n'
good "with bars, commas and slashes belong to names" has barq1.h5 items/tags 10 'Action|Sci-Fi, old' 11 'R&B/Soul'
good "titles are never split" has barq1.h5 items/title 10 'Toy, the' 11 'Gold/Silver'
tags slash 'item,name,genre\n10,Toy,Action/Comedy\n11,Gold,Drama\n'
good "tags split at slashes" has slash1.h5 items/tags 10 'Action|Comedy' 11 Drama
tags semicolon 'item,name,genre\n10,Toy,Action; Comedy\n11,Gold,Drama;NA;\n'
good "tags split at semicolons" has semicolon1.h5 items/tags 10 'Action|Comedy' 11 Drama
tags inner 'item,name,genre\n10,Toy,"R&B/Soul, Pop"\n11,Gold,Hip-Hop/Rap\n'
good "a slash beside a comma belongs to a name" has inner1.h5 items/tags 10 'R&B/Soul|Pop' 11 'Hip-Hop/Rap'
tags list "item;name;genre\n10;Toy;['Action', 'Comedy']\n11;Gold;[]\n12;Mug;[\"Drama\"]\n"
good "lists as Python writes them" has list1.h5 items/tags 10 'Action|Comedy' 12 Drama
tags given 'item,name,genre\n10,Toy,Home > Kitchen\n11,Gold,Home\n' --tag-separator '>'
good "--tag-separator" has given1.h5 items/tags 10 'Home|Kitchen' 11 Home
tags whole 'item,name,genre\n10,Toy,"Action, Comedy"\n11,Gold,a|b\n' --tag-separator none
good "--tag-separator none" has whole1.h5 items/tags 10 'Action, Comedy' 11 a/b
tags lines 'item,genre\n10,Action\n11,Drama\n10,Comedy\n10,Action\n10,(no genres listed)\n'
good "a tag a line" has lines1.h5 items/tags 10 'Action|Comedy' 11 Drama
printf 'item,tags\n10,"new, Action"\n12,old\n' >moretags.csv
reads joined ev.csv --items lines.csv --items moretags.csv
good "tags of several tables join" has joined1.h5 items/tags 10 'Action|Comedy|new' 11 Drama 12 old
printf 'item;name;genres\n10;Toy;[{"id": 28}]\n' >json.csv
refused 65 'json.csv:2:8: the tags are JSON objects; --tags-column none' ev.csv --items json.csv
must 2 ingest ev.csv --items json.csv --tags-column none -o json.h5
good "without them the titles are read" has json.h5 items/title 10 Toy
"$python" - <<'PY'
import random
random.seed(3)
ids = list(range(400))
with open("manyev.csv", "w") as f:
    f.write("user,item\n" + "".join("%d,%d\n" % (k % 7, k) for k in ids))
with open("manytags.csv", "w") as f: # each item's lines everywhere, tags over the limit of a dataset
    f.write("item,title,tags\n" + "".join('%d,%s,"%s"\n' % (random.choice(ids), random.choice(["", "NA", "T%d" % k, "?"]),
        ", ".join("tag %d" % random.randrange(900) for _ in range(random.randrange(60)))) for k in range(4000)))
PY
reads many manyev.csv --items manytags.csv
good "what is cut is said" grep -q 'were cut to' err

# --- Netflix: titles with commas, Latin-1, years ---
printf '1:\n1488844,3,2005-09-06\n822109,5,2005-05-13\n2:\n822109,4,2005-10-19\n3:\n7,1,2005-10-20\n' >nf.txt
printf '1,2003,Dinosaur Planet\n2,2004,Isle of Man, TT 2004, Review\n3,NULL,"Am\351lie", or so\n4,1999,None here' >movie_titles.csv
reads netflix nf.txt --items movie_titles.csv
good "titles of Netflix" has netflix1.h5 items/title 1 'Dinosaur Planet' 2 'Isle of Man, TT 2004, Review' 3 '"Amélie", or so'

# --- MovieLens 100K: genre flags, and users without names ---
printf '1\t10\t5\t881250949\n2\t11\t3\t891717742\n2\t12\t3\t891717743\n' >u.data
zeros='|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0'
printf '10|Toy, Story (1995)|01-Jan-1995||http://x%s\n11|Am\351lie (2001)|01-Jan-1995||http://x%s\n12|unknown||||1%s\n' \
  '|0|0|0|1|1|1|0|0|0|0|0|0|0|0|0|0|0|0|0' "$zeros" '|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|1' >u.item
reads ml100k u.data --items u.item
good "titles of u.item" has ml100k1.h5 items/title 10 'Toy, Story (1995)' 11 'Amélie (2001)' 12 unknown
good "flags of u.item" has ml100k1.h5 items/tags 10 "Animation|Children's|Comedy" 12 'unknown|Western'
printf 'movie_id|movie_title|Action|Comedy|Drama|War|Sci-Fi\n10|Toy|0|1|0|0|1\n11|Gold|0|0|0|0|0\n' >flags.csv
reads flags ev.csv --items flags.csv
good "flags under the names of genres" has flags1.h5 items/tags 10 'Comedy|Sci-Fi'
printf '1|24|M|technician|85711\n2|53|F|other|94043\n' >u.user
refused 64 'no header that names the column of names; first row: `1.24.M.technician.85711`.*--user-id-column and --user-name-column' u.data --users u.user

# --- RecBole ---
printf 'user_id:token\titem_id:token\trating:float\n1\t10\t3\n2\t11\t4\n' >rb.inter
printf 'item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n10\tToy Story\t1995\tAnimation Comedy\n11\tGoldenEye\t1995\tAction\n' >rb.item
reads recbole rb.inter --items rb.item
good "titles of RecBole" has recbole1.h5 items/title 10 'Toy Story' 11 GoldenEye
good "token_seq is words" has recbole1.h5 items/tags 10 'Animation|Comedy' 11 Action
printf 'user_id:token\tage:token\tgender:token\n1\t24\tM\n2\t53\tF\n' >rb.user
refused 64 "known as the user's name; header: .*first row: .*--user-name-column" rb.inter --users rb.user

# --- quotes escaped by backslashes, cut anywhere ---
"$python" - <<'PY'
import json, random
random.seed(8)
rows, want = [], {}
for k in range(700):
    title = random.choice(['Classical "Mythology"; a Reader', 'two\nlines "of" text', 'plain', 'ends "so"', 'back\\slash', '"all"', 'a\\"b', 'x\\\\'])
    want[str(k)] = " ".join((title + " %d" % k).split("\n"))
    quoted = (title + " %d" % k).replace("\\", "\\\\").replace('"', '\\"' if k % 3 else '""')
    rows.append('"%d";"%s";"by ""him"" \\"her\\""' % (k, quoted))
open("books.csv", "w").write('"ISBN";"Book-Title";"Book-Author"\n' + "\r\n".join(rows))
open("bookev.csv", "w").write("user;ISBN\n" + "".join("u;%d\n" % k for k in range(700)))
json.dump(want, open("books.json", "w"))
PY
reads books bookev.csv --items books.csv
good "titles with escaped quotes" "$python" -c '
import json
from texts import texts
have, want = texts("books1.h5", "items/title"), json.load(open("books.json"))
assert have == want, [(k, have[k], want[k]) for k in want if have[k] != want[k]][:4]'
printf 'user;item;note\nA;"x\\"y; 1";n\nB;"z";"m"\n' >bsev.csv
must 2 ingest bsev.csv --quoting backslash --user-column user --item-column item --value-column none -o bsev.h5
good "events with escaped quotes, where asked for" "$python" -c '
import h5py
assert [i.decode() for i in h5py.File("bsev.h5")["items/id"][:]] == ["x\"y; 1", "z"]'
printf 'item;title\n10;"C:\\dir\\"\n11;"say ""hi"""\n' >rfc.csv
must 1 ingest ev.csv --items rfc.csv -o rfc.h5
good "a backslash at the end of a quoted text is one" has rfc.h5 items/title 10 'C:\dir\' 11 'say "hi"'

# --- which columns ---
printf 'sku;prix\n10;3.5\n11;4\n' >unknown.csv
refused 64 'known as the title; header: `sku;prix`, first row: `10;3.5`; .*--item-id-column, --title-column and --tags-column' ev.csv --items unknown.csv
printf 'nummer x,bezeichnung\n10,Toy\n' >foreign.csv
refused 64 'header: `nummer x,bezeichnung`, first row: `10,Toy`' ev.csv --items foreign.csv
must 1 ingest ev.csv --items foreign.csv --item-id-column 1 --title-column bezeichnung -o foreign.h5
good "columns by name and number" has foreign.h5 items/title 10 Toy
printf '10,1995,3\n11,1994,4\n12,1990,4\n' >years.csv
refused 64 'second column does not look like one of titles' ev.csv --items years.csv
printf 'track_id,artist_id,name\n10,11,Toy\n' >twoids.csv
refused 64 'two columns may be the id, track_id and artist_id' ev.csv --items twoids.csv
sed s/item/track_id/ ev.csv >trackev.csv
must 1 ingest trackev.csv --items twoids.csv -o twoids.h5
good "the events' own name of the column decides" has twoids.h5 items/title 10 Toy
printf 'track_id,artist_name,track_name\n10,Them,Toy\n' >twonames.csv
must 1 ingest ev.csv --items twonames.csv -o twonames.h5
good "a title is named as the id is" has twonames.h5 items/title 10 Toy
printf 'id,imdb_id,title\n10,tt11,Toy\n' >imdb.csv
must 1 ingest ev.csv --items imdb.csv -o imdb.h5
good "id is the table's own, imdb_id another's" has imdb.h5 items/title 10 Toy
printf 'item,title,price\n10,Toy,1\n11,Isle of Man, TT,5\n' >unquoted.csv
refused 65 'unquoted.csv:3:20: more columns than the first line has; .*quotes' ev.csv --items unquoted.csv
printf 'item,title,price\n10,Toy,1,,\n11,Gold,2\n' >trailing.csv
must 1 ingest ev.csv --items trailing.csv -o trailing.h5
good "empty columns at the end are no fault" has trailing.h5 items/title 10 Toy 11 Gold
printf 'item,title\n,Toy\n' >noid.csv
refused 65 'noid.csv:2:1: the id is empty' ev.csv --items noid.csv
printf 'item^title^tags\n10^Toy, the^a\n11^Gold, old^b\n' >caret.csv
sed 's/,/^/g' ev.csv >caretev.csv
reads caret caretev.csv --separator '^' --items caret.csv
good "the separator of the events" has caret1.h5 items/title 10 'Toy, the' 11 'Gold, old'
printf 'item,title\n77,Toy\n78,Gold\n' >foreignids.csv
must 2 ingest ev.csv --items foreignids.csv -o foreignids.h5
good "a table of which no id is known is said" grep -q 'none of its 2 ids is one of the events; is column 1, item the id? --item-id-column' err
gzip -k first.csv
reads gz ev.csv --items first.csv.gz
good "packed tables" has gz1.h5 items/title 10 LAMP 12 -
printf 'item,title\n' >headonly.csv
must 3 ingest ev.csv --items headonly.csv -o headonly.h5
good "a table with a header alone" has headonly.h5 items/title
printf '10,Toy' >oneline.csv
must 3 ingest ev.csv --items oneline.csv -o oneline.h5
good "one line without an end" has oneline.h5 items/title 10 Toy
: >empty.csv
refused 65 'empty.csv is empty' ev.csv --items empty.csv
printf '10::Toy (1995)::Animation|Comedy\n11::Gold::Drama\n' >movies.dat
reads dat ev.csv --items movies.dat
good "movies.dat: titles" has dat1.h5 items/title 10 'Toy (1995)' 11 Gold
good "movies.dat: tags" has dat1.h5 items/tags 10 'Animation|Comedy' 11 Drama
refused 64 'and there is none' ev.csv --title-column 2
refused 64 'and there is none' ev.csv --user-name-column 2
refused 64 'and there is none' ev.csv --tag-separator ,
refused 66 'missing.csv' ev.csv --items missing.csv
refused 64 'one column would be taken twice' ev.csv --items first.csv --title-column 1

printf '# made by hand\n# twice\nitem,title\n10,Toy\n' >comments.csv
must 2 ingest ev.csv --items comments.csv -o comments.h5
good "comments above a table" has comments.h5 items/title 10 Toy
printf '#item,title\n10,Toy\n' >hash.csv
must 1 ingest ev.csv --items hash.csv -o hash.h5
good "a header behind a mark" has hash.h5 items/title 10 Toy
printf 'user,item\nA,#10\nA,x11\n' >hashev.csv
printf '#10,Toy\nx11,Gold\n' >hashid.csv
must 1 ingest hashev.csv --items hashid.csv -o hashid.h5
good "an id that begins as a comment does is not one" has hashid.h5 items/title '#10' Toy x11 Gold

# --- users ---
printf 'user,gender,age,name\nA,F,20,Ann\nB,M,30,\nB,M,30,Bob\n' >users.csv
reads users ev.csv --users users.csv
good "names of users" has users1.h5 users/name A Ann B Bob
printf 'user,gender,age\nA,F,20\n' >nonames.csv
refused 64 "known as the user's name; header: .user,gender,age., first row: .A,F,20.; .*--user-id-column and --user-name-column" ev.csv --users nonames.csv
must 1 ingest ev.csv --users nonames.csv --user-name-column gender -o gender.h5
good "any column that is asked for" has gender.h5 users/name A F
printf 'F,A,Ann\nM,B,Bob\n' >order.csv
must 1 ingest ev.csv --users order.csv --user-id-column 2 --user-name-column 3 -o order.h5
good "columns of users by number" has order.h5 users/name A Ann B Bob
printf 'A,Ann\nB,Bob\n' >pairs.csv
must 1 ingest ev.csv --users pairs.csv --users users.csv -o pairs.h5
good "two columns without a header, and a second table" has pairs.h5 users/name A Ann B Bob
printf 'A,F\nB,M\n' >sexes.csv
refused 64 'no header that names the column of names' ev.csv --users sexes.csv
finish
