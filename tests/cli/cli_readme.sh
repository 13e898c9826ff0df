#!/bin/bash
# If this fails, a newcomer types a command of the README and gets something else than it shows.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
printf 'userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n1,1029,3.0,1260759179\n2,31,4.0,835355493\n' >ratings.csv
printf 'movieId,title,genres\n31,Dangerous Minds (1995),Drama\n1029,Dumbo (1941),Animation|Children\n' >movies.csv
printf 'userID\tartistID\tweight\n2\t51\t13883\n2\t52\t11690\n3\t51\t120\n' >plays.tsv
printf 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID\n536365,85123A,LAMP,6,2020-01-02 08:26:00,2.5,17850
536365,22752,NEST BOX,2,2020-01-02 08:26:00,1.5,17850\n536401,85123A,LAMP,1,2020-01-03 09:00:00,2.5,13047\n' >retail.csv
printf '{"reviewerID": "A1", "asin": "B1", "overall": 5.0, "unixReviewTime": 1441324800}
{"reviewerID": "A2", "asin": "B2", "overall": 4.0, "unixReviewTime": 1441324801}\n' >reviews.jsonl
printf 'milk,bread\nbread,butter,jam\nmilk\n' >baskets.csv
cp "$tests/cases/nullable.h5ad" cells.h5ad
printf '%%%%MatrixMarket matrix coordinate integer general\n2 3 3\n1 1 4\n1 3 1\n2 2 7\n' >matrix.mtx
printf 'ann heat alien\nbob alien\n' >lists.txt
printf '1:\n1488844,3,2005-09-06\n885013,4,2005-10-19\n2:\n1488844,5,2005-09-09\n' >netflix.txt
printf '1,2003,Dinosaur Planet\n2,2004,Isle of Man, TT 2004, Review\n' >movie_titles.csv
"$python" -c "
import numpy as np, scipy.sparse as s
s.save_npz('counts.npz', s.csr_matrix(np.array([[1, 0, 2], [0, 3, 0]], dtype=np.float32)))"

typed=0
while IFS= read -r line; do
  case $line in
  '    $ palate ingest '*)
    rm -f d.h5
    # shellcheck disable=SC2086
    must 0 ${line#*palate }
    typed=$((typed + 1))
    ;;
  '    '*': '*) good "as the README shows: $line" grep -qxF -- "${line#    }" err ;;
  esac
done < <(sed -n '/^## Bring your data/,/^## The path/p' "$tests/../README.md")
good "ten commands" [ $typed -eq 10 ]
finish
