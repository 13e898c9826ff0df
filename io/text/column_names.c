#include "io/text/column_names.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { RANKS = 4 };

/* Plain names between blanks; a list for each rank. */
static const char *const NAMES[N_COLUMN_USES][RANKS] = {
    [NAMES_USER] =
        {/* 0: the user itself */
         "userid user_id userno useridx userindex userkey usercode usernumber uid users user useruuid userguid "
         "customerid customer customerno customernumber customercode customerkey customeridx custid custno custkey "
         "custcode cust custnumber customernr "
         "memberid member memberno membernumber memberkey clientid client clientno clientnumber clientcode clientkey "
         "visitorid visitor visitorkey fullvisitorid reviewerid reviewer accountid account accountno accountnumber "
         "accountkey profileid profile playerid player playerno personid person peopleid subscriberid subscriber "
         "buyerid buyer shopperid shopper consumerid consumer patronid patron borrowerid borrower readerid reader "
         "listenerid listener viewerid viewer raterid rater passengerid guestid guest gamerid studentid student "
         "learnerid learner householdid household householdkey householdnumber householdno hshdnum panelid panelist "
         "panelistid membershipid msno loyaltyid loyaltycard loyaltycardid loyaltycardno loyaltycardnumber "
         "cardholderid cardid cardno cardnumber steamid mid judgeid customeruniqueid usersha1 usermboxsha1 partyid "
         "contactid patientid subjectid workerid donorid donor authorid kunde kundennummer kundennr kundenid kundeid "
         "kundenr nutzer nutzerid benutzer benutzerid client_id idclient idcliente cliente clienteid codcliente "
         "utilisateur usuario usuarioid idusuario iduser idcustomer idmember hashedid encodeduserid anonid",
         /* 1: names of users */
         "username usernm nickname screenname login loginname membername customername clientname reviewername "
         "accountname playername profilename reviewprofilename reviewerprofilename displayname handle "
         "useremail customeremail emailaddress email mail",
         /* 2: words for one visitor only */
         "cookieid cookie deviceid device anonymousid anonymoususerid visitid", NULL},
    [NAMES_ITEM] =
        {/* 0: the item itself */
         "itemid item itemno itemidx itemindex itemkey itemcode itemnumber items iid itemnr "
         "movieid movie filmid film showid show seriesid videoid video artistid artist artistmbid musicbrainzartistid "
         "productid product productno productnumber productcode productkey productidx prodid prodno prodcode "
         "prod pid productnr productsku skuid sku skuno skucode stockcode stockid stockno asin parentasin "
         "titleid trackid track musicbrainztrackid trackmbid songid song musicid articleid article articleno "
         "articlenumber articlecode articlekey articlenr artid artno bookid book isbn isbn10 isbn13 gameid game appid "
         "app animeid anime mangaid manga beerid beer beerbeerid wineid wine restaurantid restaurant businessid "
         "business venueid venue placeid place placecode poi poiid locationid jokeid joke newsid news storyid story "
         "postid post recipeid recipe courseid course eventid albumid album podcastid podcast episodeid adid "
         "hotelid hotel listingid listing propertyid jobid job vacancyid repoid repo repository repositoryid "
         "photoid imageid paperid paper docid documentid document pageid tmdbid imdbid gtin ean ean13 upc "
         "upccode barcode materialid material materialnumber materialno partno partnumber partid merchandiseid "
         "goodsid goods goodid goodsno offerid dishid dish menuitemid drugid toolid contentid content assetid "
         "brandid channelid playlistid artikel artikelnummer artikelnr artikelid produkt produktid produktnummer "
         "produktnr produit produitid idproduit idproduct producto productoid idproducto idarticle iditem "
         "nonggoods fundid titleno goodsidx clickarticleid",
         /* 1: names of items */
         "title itemname itemtitle itemnm movietitle movienm moviename filmtitle artistname artname productname "
         "producttitle productnm trackname tracktitle songname songtitle articlename articletitle booktitle bookname "
         "gamename gametitle game_name animename animetitle animenm beername winename restaurantname businessname "
         "venuename placename albumname albumtitle recipename showname showtitle videotitle coursename "
         "itemdescription productdescription",
         "name", NULL},
    [NAMES_VALUE] =
        {/* 0: a rating, or what is counted */
         "rating ratings rate userrating userrate itemrating ratingvalue bookrating beerrating reviewoverall "
         "overallrating ratingoverall ratingscore reviewrating reviewscore reviewstars animerating myrating "
         "movierating "
         "moviescore restaurantrating starrating score scores userscore myscore stars star overall preference value "
         "values quantity qty quantityordered orderquantity orderqty orderedquantity unitssold unitsordered units "
         "quantitysold soldquantity itemquantity salesquantity salesqty itemqty productquantity nunits pieces "
         "plays playcount nplays numplays nbplays totalplays playscount listens listencount listeningcount "
         "scrobbles count counts cnt freq frequency ncount eventcount numevents purchases npurchases purchasecount "
         "numpurchases clicks clickcount nclicks views viewcount nviews visits visitcount hours hoursplayed "
         "playtime playtimeforever playhours hoursonrecord minutesplayed secondsplayed listeningtime listentime "
         "watchtime watchseconds timespent dwelltime watchratio weight strength interactions ninteractions "
         "menge anzahl bewertung quantite quantity_sold cantidad note punkte stueck stuck confidence feedbackscore "
         "implicitrating explicitrating interactionweight interactioncount timesplayed timesbought timespurchased",
         /* 1: words of several meanings */
         "amount minutes seconds events duration times number num like liked likes islike isliked target "
         "label relevance relevancescore grade opinion vote votes watched msplayed",
         NULL, NULL},
    [NAMES_TIME] =
        {/* 0: when it happened */
         "time timestamp timestamps timestampms timestampsec tstamp ts datetime dateandtime eventtime eventtimestamp "
         "eventdate eventdatetime unixtime unixtimestamp unixreviewtime epoch epochtime utctime utctimestamp "
         "when createdat created createdtime createdate creationdate createdon creationtime createtime "
         "invoicedate invoicetime invoicedatetime orderdate ordertime orderdatetime orderedat ordertimestamp "
         "orderpurchasetimestamp purchasedate purchasetime purchasedat purchasetimestamp purchasedon "
         "transactiondate transactiontime transactiondatetime transactiondt transdate transtime tdat trandate "
         "reviewtime reviewdate reviewcreationdate reviewtimestamp reviewedat ratingdate ratingtime ratingtimestamp "
         "ratedat playedat playtimestamp listenedat listentimestamp watchedat watchdate viewedat viewdate visitdate "
         "visittime clicktime clickdate clicktimestamp actiontime actiondate saledate saletime salesdate salestime "
         "solddate soldat checkintime checkindate dateadded dateread dateofpurchase dateofsale dateofinvoice "
         "dateoforder bookingdate logtime logdate logtimestamp interactiontime interactiondate interactiontimestamp "
         "servertime datum zeitstempel bestelldatum kaufdatum rechnungsdatum belegdatum fecha timems timesec "
         "startedat starttime endtime lastplayed lastplayedat requesttime impressiontime shipdate addedat "
         "eventtimets sessiontime visitstarttime localtime",
         "date", "day reviewtimetext updatedat modifiedat dateupdated", NULL},
    [NAMES_TITLE] =
        {"title itemtitle itemname movietitle moviename filmtitle artistname productname producttitle trackname "
         "tracktitle songname songtitle booktitle bookname articlename articletitle gamename gametitle animename "
         "animetitle animenm prodname albumname showname restaurantname businessname beername winename",
         "name", "label description itemdescription productdescription", NULL},
    [NAMES_TAGS] = {"genres genre tags tag categories category keywords subjects department style class", NULL, NULL,
                    NULL},
    [NAMES_OTHER] = {
        "id index idx row rowid rowno rownumber rownum rn rank ranking position pos no nr line lineno linenumber "
        "lineid unnamed0 unnamed key uuid guid hash "
        /* orders and sessions */
        "orderid order orderno ordernumber ordernr orderitemid orderline orderlineid ordersequence invoice invoiceno "
        "invoiceid invoicenumber invoicenr transactionid transaction transactionno transactionnumber transid transno "
        "receiptid receipt receiptno receiptnumber basketid basket basketno cartid cart bill billno billid sessionid "
        "session sessionkey sessionno visit queryid query searchid impressionid impression requestid ticketid ticket "
        "tripid utripid checkoutid reviewid ratingid playid eventtype evaltype eventname event eventkind action "
        "actiontype behavior behaviortype behaviour behaviourtype interaction interactiontype type kind status state "
        "orderstatus evalset addtocartorder reordered ordersinceprior dayssinceprior dayssincepriororder orderdow "
        "orderhourofday reorder clicked purchased "
        /* money */
        "price unitprice itemprice productprice listprice saleprice salesprice sellingprice retailprice baseprice "
        "actualprice discountedprice discountprice cost unitcost total totalprice totalamount totalcost subtotal "
        "grandtotal revenue sales salesamount salesvalue spend discount discountpercentage discountamount retaildisc "
        "coupondisc couponmatchdisc tax vat profit margin currency freightvalue freight shipping shippingcost fee "
        "paymentvalue payment paymentmethod paymenttype promo promotion coupon preis einzelpreis betrag umsatz "
        "lineamount linetotal amountpaid actualpayment msrp "
        /* about items */
        "category categoryid categorycode categoryname categories subcategory maincategory categoryl1 categoryl2 "
        "class classid subclass department departmentid dept deptid aisle aisleid genre genres tag tags keyword "
        "keywords brand brandname brandcode manufacturer vendor vendorid seller sellerid supplier supplierid store "
        "storeid storeno shop shopid merchant merchantid description desc details color colour size model year "
        "yearofpublication releaseyear releasedate publisher author authors bookauthor director cast actors language "
        "plot overview summary summaryreview url link image imageurl imageurls img images thumbnail runtime length "
        "format pages averagerating avgrating ratingaverage ratingsaverage meanrating ratingnumber ratingcount "
        "ratingscount numratings numratingsreceived reviewcount numreviews nreviews popularity budget beerstyle "
        "beerabv abv breweryid breweryname album artistmbname mbid ingredients weightkg barcodetype "
        "reviewaroma reviewappearance reviewpalate reviewtaste aroma appearance palate taste food service ambience "
        "ratingfood ratingservice foodrating servicerating "
        /* about users */
        "age agegroup gender sex country countryid countryname region regionid city cityname state province address "
        "street zip zipcode zipcodeid postcode postalcode plz location latitude longitude lat lon lng long geohash "
        "venuecategoryid venuecategory venuecatid timezone timezoneoffset timezoneoffsetinminutes utcoffset altitude "
        "occupation job income education maritalstatus birthdate birthday birthyear dateofbirth dob phone "
        "phonenumber ip ipaddress useragent browser os platform devicetype devicefamily channel saleschannel "
        "saleschannelid source medium campaign referrer referer segment customersegment loyalty loyaltystatus "
        "firstname lastname fashionnewsfrequency fn active clubmemberstatus familysize householdsize "
        /* about reviews */
        "review reviewtext reviews reviewbody reviewtitle reviewheadline reviewsummary comment comments text body "
        "content contents message note notes headline helpful helpfulness helpfulvotes helpfulvote totalvotes "
        "helpfulyes upvotes downvotes useful funny cool vine verified verifiedpurchase marketplace hasspoiler "
        "isspoiler spoiler isread isreviewed productparent productcategory shipmode shipregion "
        /* the calendar */
        "month week weekday weekno dayofweek dow hour hourofday quarter weekofyear dayofmonth minute second "
        "fold split set partition issue",
        NULL, NULL, NULL}};

/* Types that RecBole writes behind the names of its atomic files. */
static size_t without_type(const char *field, size_t n) {
  static const char *const TYPES[] = {":token", ":float", ":token_seq", ":float_seq"};
  for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
    size_t length = strlen(TYPES[i]);
    if (n > length && strncasecmp(field + n - length, TYPES[i], length) == 0)
      return n - length;
  }
  return n;
}

void column_plain_name(const char *field, size_t n, char out[COLUMN_NAME_MAX]) {
  size_t length = 0, i = 0;
  if (n > 0 && field[n - 1] == '"') /* a quoted field of a text without quoting */
    n--;
  n = without_type(field, n);
  while (i < n && length + 1 < COLUMN_NAME_MAX) {
    unsigned char c = (unsigned char)field[i];
    if (n - i >= 3 && memcmp(field + i, "\xef\xbb\xbf", 3) == 0) {
      i += 3;
      continue;
    }
    if (isalnum(c) || c >= 0x80)
      out[length++] = (char)tolower(c);
    i++;
  }
  out[length] = '\0';
}

/* Returns true if the blank-separated list holds the name. */
static bool in_list(const char *list, const char *name) {
  size_t n = strlen(name);
  if (n == 0)
    return false;
  for (const char *s = list; (s = strstr(s, name)) != NULL; s += n)
    if ((s == list || s[-1] == ' ') && (s[n] == ' ' || s[n] == '\0'))
      return true;
  return false;
}

int column_name_rank(column_use use, const char *plain) {
  for (int rank = 0; rank < RANKS && NAMES[use][rank] != NULL; rank++)
    if (in_list(NAMES[use][rank], plain))
      return rank;
  return -1;
}
